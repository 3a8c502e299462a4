"""Finding things in pixels: flat areas, what is background, filling holes, soft outlines.

All searching is done on a copy whose longer side is at most `SIDE` pixels; outlines are refined on the real pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pil

from protobanana.engine import raster
from protobanana.engine.values import Array, Picture

SIDE = 192
Bits = NDArray[np.bool_]
Labels = NDArray[np.int32]
_ALIKE = 0.115
_SMALLEST = 0.0015


@dataclass(frozen=True)
class Region:
    """A connected area of the small copy. `whole` marks a blob of several colours standing before the background."""

    mask: Bits
    whole: bool = False

    @cached_property
    def area(self) -> float:
        """Share of the picture."""
        return float(self.mask.mean())

    @cached_property
    def box(self) -> tuple[int, int, int, int]:
        """x0, y0, x1, y1 in pixels of the small copy, the end excluded."""
        rows, columns = np.flatnonzero(self.mask.any(1)), np.flatnonzero(self.mask.any(0))
        return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1

    @property
    def cut(self) -> Bits:
        """The mask within its box."""
        x0, y0, x1, y1 = self.box
        return self.mask[y0:y1, x0:x1]


class View:
    """A picture and its small copy, with what can be told from it."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        height, width = picture.shape[:2]
        scale = min(1.0, SIDE / max(height, width))
        self.size = (max(1, round(width * scale)), max(1, round(height * scale)))
        self.small = raster.from_pil(raster.to_pil(picture).resize(self.size, Pil.Resampling.BOX))

    @cached_property
    def labels(self) -> Labels:
        """The colour class of each small pixel: 20 palette colours, alike ones taken together."""
        image = raster.to_pil(self.small).quantize(20, Pil.Quantize.MEDIANCUT, dither=Pil.Dither.NONE)
        index = np.asarray(image, dtype=np.int32)
        count = int(index.max()) + 1
        means = np.stack(
            [self.small[index == one].mean(0) if (index == one).any() else np.full(3, 9.0) for one in range(count)]
        )
        group = list(range(count))
        for one in range(count):
            for other in range(one):
                if np.linalg.norm(means[one] - means[other]) < _ALIKE:
                    old, new = group[one], group[other]
                    group = [new if entry == old else entry for entry in group]
        return np.asarray(group, dtype=np.int32)[index]

    @cached_property
    def parts(self) -> Labels:
        """Connected areas of one colour class, numbered from 0."""
        return connected(self.labels)

    @cached_property
    def ground(self) -> Bits:
        """The background: areas along much of the border, or reaching far across the picture from one side."""
        parts = self.parts
        sides = [parts[0], parts[-1], parts[:, 0], parts[:, -1]]
        found = [one for one in np.unique(np.concatenate(sides)) if self._is_ground(int(one), sides)]
        return np.isin(parts, found)

    def _is_ground(self, one: int, sides: list[Labels]) -> bool:
        shares = [float((side == one).mean()) for side in sides]
        if max(shares) >= 0.5 or (sum(share > 0 for share in shares) > 1 and sum(shares) >= 0.28):
            return True
        if max(shares[2:]) == 0:
            return False
        columns = np.flatnonzero((self.parts == one).any(0))
        return bool(columns[-1] - columns[0] >= 0.6 * self.size[0])

    @cached_property
    def blobs(self) -> list[Region]:
        """What stands before the background, largest first."""
        front = without_holes(~self.ground, 0.12)
        return sorted(self._listed(connected(front.astype(np.int32)), front, whole=True), key=lambda one: -one.area)

    @cached_property
    def pieces(self) -> list[Region]:
        """Connected areas of one colour that are not background, largest first."""
        return sorted(self._listed(self.parts, ~self.ground, whole=False), key=lambda one: -one.area)

    @cached_property
    def clusters(self) -> list[Region]:
        """Same-coloured pieces of one blob taken together, with what lies between them (a hat with its band)."""
        found = []
        for blob in self.blobs:
            for one in np.unique(self.labels[blob.mask]):
                mask = (self.labels == one) & blob.mask
                if int(mask.sum()) < _SMALLEST * mask.size or len(np.unique(self.parts[mask])) < 2:
                    continue
                closed = ~widened(~widened(mask, 3), 3) & blob.mask
                joined = connected(closed.astype(np.int32))
                found += self._listed(joined, closed, whole=False)
        return found

    def _listed(self, parts: Labels, front: Bits, *, whole: bool) -> list[Region]:
        ids, counts = np.unique(parts[front], return_counts=True)
        large = ids[counts >= _SMALLEST * parts.size]
        found = [Region((parts == one) & front, whole) for one in large]
        return [region for region in found if not self._is_mark(region)]

    def _is_mark(self, region: Region) -> bool:
        x0, y0, _, _ = region.box
        width, height = self.size
        return x0 > 0.76 * width and y0 > 0.93 * height and region.area < 0.02

    @property
    def busy(self) -> bool:
        """Whether this is more like a photo: hardly any plain background, or countless little areas."""
        return float(self.ground.mean()) < 0.12 or len(np.unique(self.parts)) > 900


def connected(labels: Labels) -> Labels:
    """Numbers for the 4-connected areas of equal labels."""
    height, width = labels.shape
    same_left = np.zeros((height, width), bool)
    same_left[:, 1:] = labels[:, 1:] == labels[:, :-1]
    runs = np.cumsum(~same_left.ravel()).reshape(height, width) - 1
    parent = list(range(int(runs.max()) + 1))

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    touching = labels[1:] == labels[:-1]
    pairs = np.unique(np.stack([runs[:-1][touching], runs[1:][touching]], axis=-1), axis=0) if touching.any() else ()
    for upper, lower in pairs:
        one, other = root(int(upper)), root(int(lower))
        if one != other:
            parent[max(one, other)] = min(one, other)
    roots = np.fromiter((root(one) for one in range(len(parent))), np.int32, len(parent))
    _, numbers = np.unique(roots, return_inverse=True)
    return np.asarray(numbers.astype(np.int32)[runs], dtype=np.int32)


def without_holes(mask: Bits, largest: float = 1.0) -> Bits:
    """The mask with enclosed holes closed, as long as they are below `largest` of the mask's area."""
    parts = connected(mask.astype(np.int32))
    border = np.unique(np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]]))
    ids, counts = np.unique(parts[~mask], return_counts=True)
    small = ids[(counts < largest * max(1, int(mask.sum()))) & ~np.isin(ids, border)]
    return mask | np.isin(parts, small)


def widened(mask: Bits, by: int) -> Bits:
    """The mask grown by `by` pixels, as a diamond."""
    for _ in range(by):
        wide = mask.copy()
        wide[1:] |= mask[:-1]
        wide[:-1] |= mask[1:]
        wide[:, 1:] |= mask[:, :-1]
        wide[:, :-1] |= mask[:, 1:]
        mask = wide
    return mask


def filled(picture: Picture, known: Bits) -> Picture:
    """The picture with its unknown pixels taken from the known ones around.

    Each takes the nearest known colours of its row and column, near ones more, its row most: horizons go on. Pixels
    that see nothing in four directions get a smooth average.
    """
    if not known.any() or known.all():
        return picture
    total = np.zeros(picture.shape, np.float32)
    weights = np.zeros((*known.shape, 1), np.float32)
    for axis, worth in ((1, 4.0), (0, 1.0)):
        for backwards in (False, True):
            colour, distance = _nearest(picture, known, axis, backwards=backwards)
            weight = np.where(np.isfinite(distance), worth / np.maximum(distance, 1) ** 1.5, 0).astype(np.float32)
            total += colour * weight[..., None]
            weights += weight[..., None]
    seen = weights[..., 0] > 0
    result = np.where(known[..., None], picture, total / np.maximum(weights, 1e-9))
    if not (seen | known).all():
        weight = known.astype(np.float32)[..., None]
        smooth = _pull(picture * weight, weight)
        result = np.where((seen | known)[..., None], result, smooth)
    return raster.f32(result)


def _nearest(picture: Picture, known: Bits, axis: int, *, backwards: bool) -> tuple[Picture, Array]:
    """The last known colour before each pixel along an axis (or the next one), and how far away it is."""
    size = known.shape[axis]
    shape = (-1, 1) if axis == 0 else (1, -1)
    place = np.broadcast_to(np.arange(size).reshape(shape), known.shape)
    if backwards:
        index = np.flip(np.minimum.accumulate(np.flip(np.where(known, place, size), axis), axis), axis)
    else:
        index = np.maximum.accumulate(np.where(known, place, -1), axis)
    found = (index >= 0) & (index < size)
    safe = np.clip(index, 0, size - 1)
    colour = np.take_along_axis(picture, safe[..., None], axis=axis)
    return colour, raster.f32(np.where(found, np.abs(place - index), np.inf))


def _pull(colour: Array, weight: Array) -> Array:
    height, width = weight.shape[:2]
    average = colour / np.maximum(weight, 1e-6)
    if min(height, width) <= 1 or float(weight.min()) > 0.999:
        return np.where(weight > 0, average, average.sum((0, 1)) / max(1, int((weight > 0).sum())))
    pad = ((0, height % 2), (0, width % 2), (0, 0))
    colour2, weight2 = (np.pad(one, pad) for one in (colour, weight))
    half = (colour2.shape[0] // 2, 2, colour2.shape[1] // 2, 2, -1)
    coarse_colour, coarse_weight = (one.reshape(half).sum((1, 3)) for one in (colour2, weight2))
    scale = np.maximum(coarse_weight, 1)
    coarse = _pull(coarse_colour / scale, coarse_weight / scale)
    blown = raster.resize(coarse[None].astype(np.float32), colour2.shape[1], colour2.shape[0])[0][:height, :width]
    share = np.clip(weight, 0, 1)
    return raster.f32(average * share + blown * (1 - share))


def enlarged(small: Array, picture: Picture) -> Array:
    """A small copy's values at the size of the picture."""
    height, width = picture.shape[:2]
    resized = raster.to_pil(np.clip(small, 0, 1)).resize((width, height), Pil.Resampling.BILINEAR)
    return raster.from_pil(resized)


def behind(view: View, mask: Bits) -> Picture:
    """The picture as it may look behind `mask`: surroundings drawn together, at full size.

    What stands before a background leaves background behind, and nothing of its neighbours.
    """
    spread = widened(mask, 2)
    ring = widened(spread, 2) & ~spread
    plain = view.ground & ~spread
    known = plain if ring.any() and plain.any() and view.ground[ring].mean() > 0.6 else ~spread
    return enlarged(filled(view.small, known), view.picture)


def soft_mask(view: View, mask: Bits, back: Picture | None = None) -> Array:
    """`mask` at full size, float32 `[H, W]` in 0..1, its edge following the real pixels.

    Along the edge each pixel is placed between the colour behind it and the colour of the thing.
    """
    if not mask.any():
        return np.zeros(view.picture.shape[:2], np.float32)
    back = behind(view, mask) if back is None else back
    inner = ~widened(~mask, 1)
    core = inner if inner.any() else mask
    front = enlarged(filled(view.small, core), view.picture)
    difference = front - back
    length = np.maximum((difference**2).sum(-1), 1e-4)
    share = ((view.picture - back) * difference).sum(-1) / length
    share = np.clip((share - 0.08) / 0.84, 0, 1)
    reach = enlarged(widened(mask, 1).astype(np.float32), view.picture)
    sure = enlarged(core.astype(np.float32), view.picture)
    flat = (difference**2).sum(-1) < 0.003
    share = np.where(flat, enlarged(mask.astype(np.float32), view.picture), share)
    return np.where(sure > 0.97, 1.0, np.where(reach > 0.03, share, 0.0)).astype(np.float32)


def salient(view: View) -> Bits:
    """The part of a busy picture that differs most from its border, with a preference for the middle."""
    levels = np.clip((view.small * 5).astype(np.int64), 0, 4)
    code = (levels[..., 0] * 5 + levels[..., 1]) * 5 + levels[..., 2]
    height, width = code.shape
    band = max(2, min(height, width) // 14)
    rim = np.ones((height, width), bool)
    rim[band:-band, band:-band] = False
    common = np.bincount(code[rim], minlength=125) / max(1, int(rim.sum()))
    rows, columns = np.ogrid[:height, :width]
    centre = np.exp(-(((rows / height - 0.5) / 0.3) ** 2 + ((columns / width - 0.5) / 0.3) ** 2) / 2)
    rare = 1 - np.minimum(1, common[code] * 14)
    score = raster.gaussian((rare * centre).astype(np.float32), max(1.5, SIDE / 70))
    mask = score > max(0.22, float(score.max()) * 0.45)
    parts = connected(mask.astype(np.int32))
    ids, counts = np.unique(parts[mask], return_counts=True)
    if len(ids) == 0:
        return np.asarray(((rows / height - 0.5) ** 2 + (columns / width - 0.5) ** 2) < 0.06, dtype=bool)
    return without_holes(parts == ids[counts.argmax()])
