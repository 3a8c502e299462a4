"""Pictures and masks at another size."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from protobanana.engine import raster
from protobanana.engine.nodes.base import Context, Outputs, node
from protobanana.engine.values import Array, Image, UpscaleModel

_KONTEXT_SIZES = (
    (672, 1568), (688, 1504), (720, 1456), (752, 1392), (800, 1328), (832, 1248), (880, 1184), (944, 1104),
    (1024, 1024), (1104, 944), (1184, 880), (1248, 832), (1328, 800), (1392, 752), (1456, 720), (1504, 688),
    (1568, 672),
)  # fmt: skip
"""Width and height of the sizes FLUX.1 Kontext was trained on (published with the model)."""


@node("ImageScale")
def image_scale(_ctx: Context, *, image: Image, upscale_method: str, width: int, height: int, crop: str) -> Outputs:
    """To `width` x `height`; 0 for one keeps the proportions, 0 for both the picture."""
    if width == 0 and height == 0:
        return (image,)
    wide = width or max(1, round(image.shape[2] * height / image.shape[1]))
    high = height or max(1, round(image.shape[1] * width / image.shape[2]))
    return (raster.resize(image, wide, high, upscale_method, crop),)


@node("ImageScaleBy")
def image_scale_by(_ctx: Context, *, image: Image, upscale_method: str, scale_by: float) -> Outputs:
    """By a factor."""
    return (raster.resize(image, *_by(image, scale_by), method=upscale_method),)


def _by(image: Array, factor: float) -> tuple[int, int]:
    return max(1, round(image.shape[2] * factor)), max(1, round(image.shape[1] * factor))


def _to_pixels(image: Array, megapixels: float, multiple: int = 1) -> tuple[int, int]:
    """Width and height of about `megapixels` (of 1024 x 1024), in whole multiples."""
    factor = math.sqrt(megapixels * 1024 * 1024 / (image.shape[1] * image.shape[2]))
    wide, high = (
        max(multiple, round(side * factor / multiple) * multiple) for side in (image.shape[2], image.shape[1])
    )
    return wide, high


@node("ImageScaleToTotalPixels")
def image_scale_to_total_pixels(
    _ctx: Context, *, image: Image, upscale_method: str, megapixels: float, resolution_steps: int = 1
) -> Outputs:
    """To an area, proportions kept."""
    return (raster.resize(image, *_to_pixels(image, megapixels, resolution_steps), method=upscale_method),)


@node("ImageScaleToMaxDimension")
def image_scale_to_max_dimension(_ctx: Context, *, image: Image, upscale_method: str, largest_size: int) -> Outputs:
    """The longer side to `largest_size`, proportions kept."""
    factor = largest_size / max(image.shape[1:3])
    return (raster.resize(image, *_by(image, factor), method=upscale_method),)


@node("FluxKontextImageScale")
def flux_kontext_image_scale(_ctx: Context, *, image: Image) -> Outputs:
    """To the nearest of the sizes Kontext prefers, cut to its proportions from the middle."""
    aspect = image.shape[2] / image.shape[1]
    width, height = min(_KONTEXT_SIZES, key=lambda size: abs(aspect - size[0] / size[1]))
    return (raster.resize(image, width, height, "lanczos", "center"),)


@node("ImageUpscaleWithModel")
def image_upscale_with_model(_ctx: Context, *, upscale_model: UpscaleModel, image: Image) -> Outputs:
    """By the model's factor."""
    return (raster.resize(image[..., :3], *_by(image, upscale_model.scale), method="lanczos"),)


@node("ResizeImagesByLongerEdge")
def resize_by_longer_edge(_ctx: Context, *, images: Image, longer_edge: int) -> Outputs:
    """The longer side to `longer_edge`."""
    return (raster.resize(images, *_by(images, longer_edge / max(images.shape[1:3])), method="lanczos"),)


@node("ResizeImagesByShorterEdge")
def resize_by_shorter_edge(_ctx: Context, *, images: Image, shorter_edge: int) -> Outputs:
    """The shorter side to `shorter_edge`."""
    return (raster.resize(images, *_by(images, shorter_edge / min(images.shape[1:3])), method="lanczos"),)


@node("ResizeAndPadImage")
def resize_and_pad_image(
    _ctx: Context, *, image: Image, target_width: int, target_height: int, padding_color: str, interpolation: str
) -> Outputs:
    """Fitted into a size, proportions kept, the rest filled."""
    factor = min(target_width / image.shape[2], target_height / image.shape[1])
    wide, high = max(1, int(image.shape[2] * factor)), max(1, int(image.shape[1] * factor))
    shape = (len(image), target_height, target_width, image.shape[3])
    canvas = np.full(shape, 1.0 if padding_color == "white" else 0.0, np.float32)
    top, left = (target_height - high) // 2, (target_width - wide) // 2
    canvas[:, top : top + high, left : left + wide] = raster.resize(image, wide, high, interpolation)
    return (canvas,)


def _target(pixels: Array, kind: str, options: dict[str, Any]) -> tuple[int, int]:
    """Width and height that a `resize_type` and its own inputs ask for."""
    height, width = pixels.shape[1:3]
    if kind == "scale dimensions":
        wide, high = options["width"], options["height"]
        return wide or max(1, round(width * high / height)) if high else wide or width, (
            high or max(1, round(height * wide / width)) if wide else high or height
        )
    if kind == "match size":
        return options["match"].shape[2], options["match"].shape[1]
    if kind == "scale total pixels":
        return _to_pixels(pixels, options["megapixels"])
    if kind == "scale to multiple":
        multiple = options["multiple"]
        return max(multiple, width // multiple * multiple), max(multiple, height // multiple * multiple)
    factors = {
        "scale by multiplier": lambda: options["multiplier"],
        "scale longer dimension": lambda: options["longer_size"] / max(width, height),
        "scale shorter dimension": lambda: options["shorter_size"] / min(width, height),
        "scale width": lambda: options["width"] / width,
        "scale height": lambda: options["height"] / height,
    }
    return _by(pixels, factors[kind]())


@node("ResizeImageMaskNode")
def resize_image_mask(
    _ctx: Context,
    *,
    input: Array,  # noqa: A002 - the input's name
    resize_type: dict[str, Any],
    scale_method: str,
) -> Outputs:
    """A picture or a mask, resized in one of nine ways; `resize_type` holds the way and its own inputs."""
    kind = resize_type["resize_type"]
    is_mask = input.ndim == 3
    volume = input[..., None] if is_mask else input
    crop = "center" if kind == "scale to multiple" else resize_type.get("crop", "disabled")
    resized = raster.resize(volume, *_target(volume, kind, resize_type), method=scale_method, crop=crop)
    return (resized[..., 0] if is_mask else resized,)
