"""Drawings looked for by their lines, where colours alone do not part a thing from what is around it.

The lines of a drawing are laid over the lines of the picture in all places and many sizes, and compared in direction
as well as strength (a correlation of double-angle gradient fields, so that light on dark counts like dark on light).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from protobanana.engine import raster
from protobanana.engine.painter.pictograms import Tile, draw, extent, natural_colour
from protobanana.engine.painter.regions import View, widened
from protobanana.engine.values import Array, Bits

Field = NDArray[np.complex64]
_SMALLEST, _LARGEST, _STEP = 0.09, 1.05, 1.09
_FULL = 0.1
"""The step of colour, in units of the whole range, from which a line is as strong as any."""
_SURE = 0.5
_NEUTRAL = (0.5, 0.5, 0.55)


@dataclass(frozen=True)
class Trace:
    """A drawing found again: how well its lines agree (0..1), and its area on the small copy."""

    score: float
    mask: Bits


def traces(view: View, noun: str, most: int = 1, least: float = _SURE) -> list[Trace]:
    """Where the picture has the lines of a noun's drawing, best first; areas do not overlap."""
    height, width = view.small.shape[:2]
    reach = tuple(1 << (2 * size - 1).bit_length() - 1 for size in (height, width))
    lines = np.fft.fft2(lines_of(view.small, _FULL * contrast(view)), reach)
    found: list[tuple[float, int, int, int]] = []
    for side in sides(min(height, width)):
        pattern, (left, top) = pattern_of(noun, side)
        high, wide = pattern.shape
        if high > height or wide > width:
            break
        spots = np.fft.ifft2(lines * np.conj(np.fft.fft2(pattern, reach))).real[: height - high + 1, : width - wide + 1]
        for _ in range(most + 1):
            y, x = divmod(int(spots.argmax()), spots.shape[1])
            found.append((float(spots[y, x]) * _weight(side), x - left, y - top, side))
            spots[max(0, y - high // 2) : y + high // 2 + 1, max(0, x - wide // 2) : x + wide // 2 + 1] = 0
    return _best(view, noun, sorted(found, reverse=True), most, least)


def _best(view: View, noun: str, found: list[tuple[float, int, int, int]], most: int, least: float) -> list[Trace]:
    result: list[Trace] = []
    for score, x, y, side in found[: 12 * most]:
        if score < least or len(result) == most or (result and score < 0.75 * result[0].score):
            break
        mask = _laid(view, noun, x, y, side)
        if not any((mask & other.mask).sum() > 0.2 * mask.sum() for other in result):
            result.append(Trace(score, _followed(view, mask)))
    return result


def _weight(side: int) -> float:
    """Small drawings have few lines, which agree with something sooner."""
    return 1 - 2.5 / side


def _laid(view: View, noun: str, x: int, y: int, side: int) -> Bits:
    height, width = view.small.shape[:2]
    sheet = np.zeros((height + 2 * side, width + 2 * side), bool)
    sheet[y + side : y + 2 * side, x + side : x + 2 * side] = tile(noun, side).alpha > 0.5
    return sheet[side : side + height, side : side + width]


def _followed(view: View, mask: Bits) -> Bits:
    """The mask with its edge moved to the edges of the coloured areas that lie mostly within or mostly outside."""
    inside = np.bincount(view.parts[mask], minlength=int(view.parts.max()) + 1)
    share = (inside / np.maximum(1, np.bincount(view.parts.ravel())))[view.parts]
    return np.asarray((mask & (share > 0.12)) | ((share > 0.7) & widened(mask, 3)), dtype=bool)


def contrast(view: View) -> float:
    """How strong the lines of a picture are: 1 for one in daylight, less at night or in fog."""
    spread = float(np.percentile(view.small, 98) - np.percentile(view.small, 2))
    return min(1.0, max(0.2, spread / 0.7))


def sides(short: int) -> list[int]:
    """The sizes at which drawings are looked for, in pixels."""
    count = int(np.log(_LARGEST / _SMALLEST) / np.log(_STEP)) + 1
    return sorted({round(short * _SMALLEST * _STEP**step) for step in range(count)})


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
