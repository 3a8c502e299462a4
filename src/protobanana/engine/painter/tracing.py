"""Drawings looked for by their lines, where colours alone do not part a thing from what is around it.

The lines of a drawing are laid over the lines of the picture in all places and many sizes, and compared in direction
as well as strength (a correlation of double-angle gradient fields, so that light on dark counts like dark on light).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from protobanana.engine import raster
from protobanana.engine.painter.pictograms import Tile, draw, extent, natural_colour
from protobanana.engine.painter.regions import View, widened
from protobanana.engine.values import Array, Bits

Field = NDArray[np.complexfloating]
_SMALLEST, _LARGEST, _STEP = 0.09, 1.05, 1.09
_TINY = 8
_FULL = 0.1
"""The step of colour, in units of the whole range, from which a line is as strong as any."""
_LEAST, _SLOPE = 0.34, 0.55
"""The agreement that a drawing of many lines must reach, and how much more a plainer one must (measured on scenes)."""
_LOOSE = 0.5
"""How much less a place is worth whose drawing cuts through coloured areas."""
_SNUG = 0.7
_FEW = 2.5
"""Small drawings have few lines, which agree with something sooner: what that is worth, over their side in pixels."""
_PLAIN = 0.8
"""Drawings that agree this well with a plain shape are one."""
_SHAPES = ("oval", "rectangle", "stripe", "hexagon", "triangle", "ring")
_NEUTRAL = (0.5, 0.5, 0.55)


@dataclass(frozen=True)
class Trace:
    """A drawing found again: how well it agrees (0..1), and its area on the small copy."""

    score: float
    mask: Bits


@dataclass(frozen=True, order=True)
class _Spot:
    """How well the lines agree with a drawing of `side` pixels whose tile has its corner at x, y."""

    score: float
    x: int
    y: int
    side: int


def traces(view: View, noun: str, most: int = 1) -> list[Trace]:
    """Where the picture surely has the lines of a noun's drawing, best first, at most `most` that do not overlap.

    None for drawings that are little more than a plain shape: such lines are in every picture.
    """
    if chance(noun) > _PLAIN:
        return []
    result: list[Trace] = []
    # At night neighbouring colours run together, so that their areas tell little.
    trust = contrast(view) ** 2
    needed = _LEAST + _SLOPE * max(0.0, chance(noun) - 0.2)
    for spot in sorted(_spots(view, noun, most), reverse=True)[: 8 * most]:
        if spot.score < needed or len(result) == most:
            break
        mask = _laid(view, noun, spot)
        if any((mask & other.mask).sum() > 0.2 * min(mask.sum(), other.mask.sum()) for other in result):
            continue
        fit = _fit(view, mask)
        score = spot.score * (1 - _LOOSE * trust * (1 - fit))
        if score > needed:
            result.append(Trace(score, _followed(view, mask) if fit > _SNUG else mask))
    return sorted(result, key=lambda one: -one.score)


def _spots(view: View, noun: str, most: int) -> list[_Spot]:
    """The best few places for each size of a drawing."""
    height, width = view.small.shape[:2]
    if min(height, width) < _TINY:
        return []
    reach = (_power(height), _power(width))
    lines = np.fft.fft2(lines_of(view.small, _FULL * contrast(view)), reach)
    found: list[_Spot] = []
    for side in sides(min(height, width)):
        pattern, (left, top) = pattern_of(noun, side)
        high, wide = pattern.shape
        if high > height or wide > width:
            break
        spots = _agreement(lines, pattern)[: height - high + 1, : width - wide + 1]
        for _ in range(most + 1):
            y, x = divmod(int(spots.argmax()), spots.shape[1])
            found.append(_Spot(float(spots[y, x]) * (1 - _FEW / side), x - left, y - top, side))
            spots[max(0, y - high // 2) : y + high // 2 + 1, max(0, x - wide // 2) : x + wide // 2 + 1] = 0
    return found


def _agreement(lines: Field, pattern: Field) -> Array:
    """The correlation of a picture's lines, given as their Fourier transform, with a drawing's."""
    return raster.f32(np.fft.ifft2(lines * np.conj(np.fft.fft2(pattern, lines.shape))).real)


def _power(size: int) -> int:
    """The next power of two."""
    return 1 << (size - 1).bit_length()


@cache
def chance(noun: str) -> float:
    """How well a drawing's lines agree with one plain shape or another: what it may score by accident, 0..1."""
    best = 0.0
    for shape in _SHAPES:
        outline = np.pad(np.repeat(tile(shape, 40).alpha[..., None], 3, axis=-1), ((2, 2), (2, 2), (0, 0)))
        lines = np.fft.fft2(lines_of(outline), (128, 128))
        for one in (24, 32, 40, 50, 62):
            best = max(best, float(_agreement(lines, pattern_of(noun, one)[0]).max()))
    return best


def _laid(view: View, noun: str, spot: _Spot) -> Bits:
    """The area of a drawing at its place."""
    height, width = view.small.shape[:2]
    side = spot.side
    sheet = np.zeros((height + 2 * side, width + 2 * side), bool)
    sheet[spot.y + side : spot.y + 2 * side, spot.x + side : spot.x + 2 * side] = tile(noun, side).alpha > 0.5
    return sheet[side : side + height, side : side + width]


def _shares(view: View, mask: Bits) -> Array:
    """For each pixel, which share of its coloured area lies within the mask."""
    inside = np.bincount(view.parts[mask], minlength=int(view.parts.max()) + 1)
    return raster.f32((inside / np.maximum(1, np.bincount(view.parts.ravel())))[view.parts])


def _fit(view: View, mask: Bits) -> float:
    """How nearly the mask is a union of coloured areas, 0..1."""
    union = _shares(view, mask) > 0.5
    return float((union & mask).sum() / max(1, (union | mask).sum()))


def _followed(view: View, mask: Bits) -> Bits:
    """The mask with its edge moved to the edges of the coloured areas that lie mostly within or mostly outside."""
    share = _shares(view, mask)
    return np.asarray((mask & (share > 0.12)) | ((share > 0.7) & widened(mask, 3)), dtype=bool)


def contrast(view: View) -> float:
    """How strong the lines of a picture are: 1 for one in daylight, less at night or in fog."""
    spread = float(np.percentile(view.small, 98) - np.percentile(view.small, 2))
    return min(1.0, max(0.2, spread / 0.7))


def sides(short: int) -> list[int]:
    """The sizes at which drawings are looked for, in pixels."""
    count = int(np.log(_LARGEST / _SMALLEST) / np.log(_STEP)) + 1
    found = {round(short * _SMALLEST * _STEP**step) for step in range(count)}
    return sorted(side for side in found if side >= _TINY)


@lru_cache(maxsize=512)
def tile(noun: str, side: int) -> Tile:
    """A drawing in its own colour."""
    return draw(noun, side, natural_colour(noun) or _NEUTRAL)


@lru_cache(maxsize=512)
def pattern_of(noun: str, side: int) -> tuple[Field, tuple[int, int]]:
    """The lines of a drawing, weighing 1 together, cut to where they are; and the corner of that cut in its tile."""
    own = tile(noun, side)
    sheet = np.pad(np.concatenate([own.rgb, *[own.alpha[..., None]] * 3], axis=-1), ((2, 2), (2, 2), (0, 0)))
    lines = lines_of(sheet)
    x0, y0, x1, y1 = extent(noun)
    left, top = int(x0 * side), int(y0 * side)
    right, bottom = int(np.ceil(x1 * side)) + 4, int(np.ceil(y1 * side)) + 4
    lines = lines[top:bottom, left:right]
    return lines / np.float32(max(1e-6, np.abs(lines).sum())), (left - 2, top - 2)


def lines_of(sheet: Array, full: float = _FULL) -> Field:
    """How strong (0..1) the lines through each pixel are, as a complex number with twice the angle of their normal."""
    down, across = np.gradient(sheet, axis=(0, 1))
    straight = (across**2 - down**2).sum(-1)
    slanted = 2 * (across * down).sum(-1)
    steep = (across**2 + down**2).sum(-1)
    strength = np.minimum(1, np.sqrt(steep) / full)
    return np.asarray((straight + 1j * slanted) / np.maximum(steep, 1e-8) * strength, dtype=np.complex64)
