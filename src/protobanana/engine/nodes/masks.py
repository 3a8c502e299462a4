"""Masks: made, combined, grown, feathered, turned into pictures and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image as Pil
from PIL import ImageDraw, ImageFilter

from protobanana.engine import raster
from protobanana.engine.nodes.base import Context, Outputs, node
from protobanana.engine.values import Array, Image, Mask


def batched(mask: Mask) -> Mask:
    """A mask as `[B, H, W]`, whatever way it was given."""
    return mask.reshape((-1, *mask.shape[-2:]))


@node("SolidMask")
def solid_mask(_ctx: Context, *, value: float, width: int, height: int) -> Outputs:
    """A mask of one value."""
    return (np.full((1, height, width), value, np.float32),)


@node("InvertMask")
def invert_mask(_ctx: Context, *, mask: Mask) -> Outputs:
    """1 - mask."""
    return (1 - mask,)


@node("MaskToImage")
def mask_to_image(_ctx: Context, *, mask: Mask) -> Outputs:
    """A grey picture."""
    return (np.repeat(batched(mask)[..., None], 3, axis=-1),)


@node("ImageToMask")
def image_to_mask(_ctx: Context, *, image: Image, channel: str) -> Outputs:
    """One channel of a picture."""
    return (image[..., ["red", "green", "blue", "alpha"].index(channel)],)


@node("ImageColorToMask")
def image_color_to_mask(_ctx: Context, *, image: Image, color: int) -> Outputs:
    """1 where a pixel has exactly the colour 0xRRGGBB."""
    levels = np.round(np.clip(image[..., :3], 0, 1) * 255).astype(np.int64)
    packed = (levels[..., 0] << 16) + (levels[..., 1] << 8) + levels[..., 2]
    return ((packed == color).astype(np.float32),)


@node("CropMask")
def crop_mask(_ctx: Context, *, mask: Mask, x: int, y: int, width: int, height: int) -> Outputs:
    """A rectangle of the mask."""
    return (batched(mask)[:, y : y + height, x : x + width],)


@node("ThresholdMask")
def threshold_mask(_ctx: Context, *, mask: Mask, value: float) -> Outputs:
    """1 where the mask is above `value`."""
    return ((mask > value).astype(np.float32),)


@node("MaskComposite")
def mask_composite(_ctx: Context, *, destination: Mask, source: Mask, x: int, y: int, operation: str) -> Outputs:
    """The source laid over the destination with an arithmetic or logical operation."""
    result, above = batched(destination).copy(), batched(source)
    height, width = min(above.shape[1], result.shape[1] - y), min(above.shape[2], result.shape[2] - x)
    if height <= 0 or width <= 0:
        return (result,)
    region = result[:, y : y + height, x : x + width]
    over = above[:, :height, :width]
    low, high = np.round(region).astype(bool), np.round(over).astype(bool)
    operations: dict[str, Callable[[], Any]] = {
        "multiply": lambda: region * over,
        "add": lambda: region + over,
        "subtract": lambda: region - over,
        "and": lambda: low & high,
        "or": lambda: low | high,
        "xor": lambda: low ^ high,
    }
    region[...] = operations[operation]()
    return (np.clip(result, 0, 1),)


@node("FeatherMask")
def feather_mask(_ctx: Context, *, mask: Mask, left: int, top: int, right: int, bottom: int) -> Outputs:
    """The mask fading out towards its borders over the given pixels."""
    result = batched(mask).copy()
    height, width = result.shape[1:]
    rows, columns = np.ones(height, np.float32), np.ones(width, np.float32)
    for ramp, start, end in (
        (rows, min(top, height), min(bottom, height)),
        (columns, min(left, width), min(right, width)),
    ):
        ramp[:start] *= (np.arange(start, dtype=np.float32) + 1) / max(1, start)
        ramp[len(ramp) - end :] *= ((np.arange(end, dtype=np.float32) + 1) / max(1, end))[::-1]
    return (result * rows[None, :, None] * columns[None, None, :],)


@node("GrowMask")
def grow_mask(_ctx: Context, *, mask: Mask, expand: int, tapered_corners: bool) -> Outputs:
    """The mask wider (or, below 0, narrower) by `expand` pixels; tapered corners grow as a diamond."""
    return (grown(batched(mask), expand, tapered=tapered_corners),)


def grown(mask: Mask, expand: int, *, tapered: bool) -> Mask:
    """Grey dilation (erosion below 0), one pixel at a time, until it is done or nothing changes any more."""
    pick = np.maximum if expand >= 0 else np.minimum
    result = mask
    for _ in range(abs(expand)):
        padded = np.pad(result, ((0, 0), (1, 1), (1, 1)), mode="edge")
        wide = pick(pick(padded[:, :, :-2], padded[:, :, 1:-1]), padded[:, :, 2:])
        middle = padded[:, :, 1:-1] if tapered else wide
        after = pick(pick(middle[:, :-2], middle[:, 2:]), wide[:, 1:-1])
        if np.array_equal(after, result):
            break
        result = after
    return result


@node("BatchMasksNode")
def batch_masks(_ctx: Context, *, masks: dict[str, Mask]) -> Outputs:
    """Any number of masks as one batch, in the size of the first."""
    given = [batched(mask) for mask in masks.values()]
    height, width = given[0].shape[1:]
    return (np.concatenate([raster.resize_mask(mask, width, height, crop="center") for mask in given]),)


def refined(mask: Array, blur: float, offset: int) -> Array:
    """One `[H, W]` mask grown or shrunk by `offset` pixels, then blurred by `blur` pixels."""
    if offset:
        size = 2 * abs(offset) + 1
        order = ImageFilter.MaxFilter(size) if offset > 0 else ImageFilter.MinFilter(size)
        mask = raster.from_pil(raster.to_pil(mask).filter(order))
    return raster.gaussian(mask, blur)


def _filled(mask: Array) -> Array:
    """The mask with its holes closed: what the outside cannot reach is inside."""
    height, width = mask.shape
    outside = Pil.new("L", (width + 2, height + 2), 0)
    outside.paste(raster.to_pil((mask > 0.5).astype(np.float32)), (1, 1))
    ImageDraw.floodfill(outside, (0, 0), 128)
    reached = np.asarray(outside)[1:-1, 1:-1] == 128
    return np.where(reached, mask, 1).astype(np.float32)


@node("AILab_MaskEnhancer")
def mask_enhancer(
    _ctx: Context,
    *,
    mask: Mask,
    sensitivity: float = 1.0,
    mask_blur: int = 0,
    mask_offset: int = 0,
    smooth: float = 0.0,
    fill_holes: bool = False,
    invert_output: bool = False,
) -> Outputs:
    """Strengthened, holes filled, smoothed, grown, blurred, inverted: in that order."""

    def enhance(one: Array) -> Array:
        strong = np.clip(one * (1 + (1 - sensitivity)), 0, 1).astype(np.float32)
        strong = _filled(strong) if fill_holes else strong
        if smooth > 0:
            strong = (raster.gaussian(strong, smooth) > 0.5).astype(np.float32)
        done = refined(strong, mask_blur, mask_offset)
        return 1 - done if invert_output else done

    return (raster.map_batch(batched(mask), enhance),)


@node("AILab_MaskCombiner")
def mask_combiner(
    _ctx: Context,
    *,
    mask_1: Mask,
    mode: str,
    mask_2: Mask | None = None,
    mask_3: Mask | None = None,
    mask_4: Mask | None = None,
) -> Outputs:
    """Union, intersection or difference of up to four masks, in the size of the first."""
    result = batched(mask_1)
    for other in (mask_2, mask_3, mask_4):
        if other is None:
            continue
        sized = raster.resize_mask(batched(other), result.shape[2], result.shape[1])
        if mode == "combine":
            result = np.maximum(result, sized)
        elif mode == "intersection":
            result = np.minimum(result, sized)
        else:
            result = np.abs(result - sized)
    return (np.clip(result, 0, 1),)


@node("LanPaint_MaskBlend")
def mask_blend(_ctx: Context, *, image1: Image, image2: Image, mask: Mask, blend_overlap: int) -> Outputs:
    """The second picture within the mask over the first, the seam softened over `blend_overlap` pixels.

    Beyond the seam the first picture stays bit for bit.
    """
    height, width = image1.shape[1:3]
    reach = blend_overlap // 2
    weight = raster.resize_mask(batched(mask), width, height)
    weight = raster.map_batch(weight, lambda one: np.maximum(one, refined(one, reach / 2, reach)))
    share = raster.repeat_to(weight, len(image1))[..., None]
    above = raster.resize(raster.same_channels(image2, image1), width, height)
    return (raster.f32(image1 * (1 - share) + raster.repeat_to(above, len(image1)) * share),)
