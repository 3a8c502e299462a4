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
from protobanana.engine.painter.filling import filled
from protobanana.engine.values import Array, Bits, Picture

SIDE = 192
Labels = NDArray[np.int32]
_ALIKE = 0.115
_SMALLEST = 0.0015
_MOST_CLASSES = 48
_SMOOTH = 0.05


@dataclass(frozen=True, eq=False)
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
        """The colour class of each small pixel: common colours come first and draw those near to them."""
        levels = raster.to_bytes(self.small).astype(np.int64) >> 4
        bins, index, counts = np.unique(
            (levels[..., 0] << 8) + (levels[..., 1] << 4) + levels[..., 2], return_inverse=True, return_counts=True
        )
        index = index.reshape(levels.shape[:2])
        sums = [np.bincount(index.ravel(), self.small[..., channel].ravel(), len(bins)) for channel in range(3)]
        means = np.stack(sums, axis=-1) / counts[:, None]
        seeds: list[int] = []
        classes = np.zeros(len(bins), np.int32)
        for one in np.argsort(-counts, kind="stable"):
            near = np.linalg.norm(means[seeds] - means[one], axis=-1) if seeds else np.array([9.0])
            if near.min() > _ALIKE and len(seeds) < _MOST_CLASSES:
                classes[one] = len(seeds)
                seeds.append(int(one))
            else:
                classes[one] = int(near.argmin())
        return np.asarray(classes[index], dtype=np.int32)

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
        return np.isin(parts, found) | self._bands

    @cached_property
    def _bands(self) -> Bits:
        """Strips such as sea and foam that reach the left or right border, cut in pieces by what stands before them."""
        height = self.labels.shape[0]
        result = np.zeros(self.labels.shape, bool)
        for one in np.unique(np.concatenate([self.labels[:, 0], self.labels[:, -1]])):
            mask = self.labels == one
            rows = np.flatnonzero(mask[:, 0] | mask[:, -1])
            if len(rows) < 0.02 * height:
                continue
            margin = round(0.06 * height)
            strip = mask.copy()
            strip[: max(0, rows[0] - margin)] = strip[rows[-1] + margin + 1 :] = False
            # A disc that touches the border does so with a small part of its height, a strip with all of it.
            if strip.any(0).mean() > 0.55 and len(rows) > 0.4 * strip.any(1).sum():
                result |= strip
        return result

    def _is_ground(self, one: int, sides: list[Labels]) -> bool:
        shares = [float((side == one).mean()) for side in sides]
        if max(shares[0], *shares[2:]) == 0:
            return shares[1] > 0.85
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
        found = [
            Region(mask if whole else without_holes(mask, 0.35), whole)
            for mask in ((parts == one) & front for one in large)
        ]
        return [region for region in found if not self._is_mark(region)]

    def _is_mark(self, region: Region) -> bool:
        x0, y0, _, _ = region.box
        width, height = self.size
        return x0 > 0.76 * width and y0 > 0.93 * height and region.area < 0.02

    @cached_property
    def busy(self) -> bool:
        """Whether this is more like a photo: hardly any plain background, or much of it crumbs of colour."""
        _, index, counts = np.unique(self.parts, return_inverse=True, return_counts=True)
        crumbs = float((counts[index] < 8).mean())
        return float(self.ground.mean()) < 0.12 or crumbs > 0.2


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
    parts = [blob for blob in view.blobs if (blob.mask & mask).sum() > 0.8 * mask.sum()]
    part_of_more = any(blob.mask.sum() > 1.3 * mask.sum() for blob in parts)
    known = plain if not part_of_more and ring.any() and plain.any() and view.ground[ring].mean() > 0.6 else ~spread
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


def sky(view: View) -> Bits:
    """What goes on smoothly from the upper edge, down to the first line that crosses the picture."""
    down, across = (np.pad(np.abs(np.diff(view.small, axis=axis)).max(-1), ((0, 1 - axis), (0, axis)))
                    for axis in (0, 1))  # fmt: skip
    parts = connected((np.maximum(down, across) < _SMOOTH).astype(np.int32))
    ids, counts = np.unique(parts[0], return_counts=True)
    return without_holes(np.isin(parts, ids[counts > 0.1 * parts.shape[1]]))


def salient(view: View) -> Bits:
    """The part of a busy picture that is unlike its upper and side borders, with a preference for the middle."""
    smooth = raster.gaussian(view.small, 1.6)
    height, width = smooth.shape[:2]
    band = max(2, min(height, width) // 16)
    rim = np.zeros((height, width), bool)
    rim[:band] = rim[:, :band] = rim[:, -band:] = True
    rim[int(height * 0.8) :] = False
    samples = np.unique(np.round(smooth[rim] * 12) / 12, axis=0)
    pixels = smooth.reshape(-1, 3)
    unlike = np.full(len(pixels), 9.0, np.float32)
    for sample in samples[:: max(1, len(samples) // 160)]:
        np.minimum(unlike, np.linalg.norm(pixels - sample, axis=-1), out=unlike)
    rows, columns = np.ogrid[:height, :width]
    centre = np.exp(-(((rows / height - 0.55) / 0.5) ** 2 + ((columns / width - 0.5) / 0.36) ** 2) / 2)
    score = raster.gaussian(raster.f32(np.clip(unlike.reshape(height, width) * 3, 0, 1) * centre), 1.2)
    mask = score > max(0.16, float(score.max()) * 0.27)
    parts = connected(mask.astype(np.int32))
    ids, counts = np.unique(parts[mask], return_counts=True)
    if len(ids) == 0:
        return np.asarray(((rows / height - 0.5) ** 2 + (columns / width - 0.5) ** 2) < 0.06, dtype=bool)
    return without_holes(np.isin(parts, ids[counts > 0.2 * counts.max()]))
