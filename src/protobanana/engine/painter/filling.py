"""Unknown pixels taken from the known ones around them."""

from __future__ import annotations

import numpy as np

from protobanana.engine import raster
from protobanana.engine.values import Array, Bits, Picture


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
