"""Blending, blurring and other changes of the pixels in place."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from protobanana.engine import raster
from protobanana.engine.nodes.base import Context, Outputs, node
from protobanana.engine.values import Array, Image


def _soft_light(one: Array, two: Array) -> Array:
    curve = np.where(one <= 0.25, ((16 * one - 12) * one + 4) * one, np.sqrt(one))
    return np.where(two <= 0.5, one - (1 - 2 * two) * one * (1 - one), one + (2 * two - 1) * (curve - one))


_BLENDS: dict[str, Callable[[Array, Array], Array]] = {
    "normal": lambda _one, two: two,
    "multiply": lambda one, two: one * two,
    "screen": lambda one, two: 1 - (1 - one) * (1 - two),
    "overlay": lambda one, two: np.where(one <= 0.5, 2 * one * two, 1 - 2 * (1 - one) * (1 - two)),
    "soft_light": _soft_light,
    "difference": lambda one, two: one - two,
}


@node("ImageBlend")
def image_blend(_ctx: Context, *, image1: Image, image2: Image, blend_factor: float, blend_mode: str) -> Outputs:
    """The second picture blended over the first; it takes the first one's size."""
    second = raster.same_channels(image2, image1)
    if second.shape[1:3] != image1.shape[1:3]:
        second = raster.resize(second, image1.shape[2], image1.shape[1], "bicubic", "center")
    blended = _BLENDS[blend_mode](image1, second)
    return (np.clip(image1 * (1 - blend_factor) + blended * blend_factor, 0, 1).astype(np.float32),)


def _blurred(image: Image, radius: int, sigma: float) -> Image:
    """Gaussian over `2 * radius + 1` pixels; `sigma` is in units of the radius, borders are mirrored."""
    kernel = np.exp(-(np.linspace(-1, 1, 2 * radius + 1) ** 2) / (2 * sigma**2)).astype(np.float32)
    kernel /= kernel.sum()
    for axis in (1, 2):
        size = image.shape[axis]
        rim = [(radius, radius) if index == axis else (0, 0) for index in range(4)]
        padded = np.pad(image, rim, mode="reflect") if size > 1 else np.pad(image, rim, mode="edge")
        parts = [np.take(padded, range(tap, tap + size), axis=axis) * weight for tap, weight in enumerate(kernel)]
        image = np.add.reduce(parts)
    return image


@node("ImageBlur")
def image_blur(_ctx: Context, *, image: Image, blur_radius: int, sigma: float) -> Outputs:
    """Gaussian blur."""
    return (_blurred(image, blur_radius, sigma),)


@node("ImageSharpen")
def image_sharpen(_ctx: Context, *, image: Image, sharpen_radius: int, sigma: float, alpha: float) -> Outputs:
    """Unsharp mask; `alpha` counts ten times."""
    strength = np.float32(alpha * 10)
    return (np.clip((1 + strength) * image - strength * _blurred(image, sharpen_radius, sigma), 0, 1),)


@node("ImageAddNoise")
def image_add_noise(_ctx: Context, *, image: Image, seed: int, strength: float) -> Outputs:
    """Gaussian noise."""
    noise = np.random.default_rng(seed).standard_normal(image.shape, dtype=np.float32)
    return (np.clip(image + noise * np.float32(strength), 0, 1),)


@node("AdjustBrightness")
def adjust_brightness(_ctx: Context, *, images: Image, factor: float) -> Outputs:
    """Levels multiplied."""
    return (np.clip(images * np.float32(factor), 0, 1),)


@node("AdjustContrast")
def adjust_contrast(_ctx: Context, *, images: Image, factor: float) -> Outputs:
    """Distance from mid grey multiplied."""
    return (np.clip((images - 0.5) * np.float32(factor) + 0.5, 0, 1),)


@node("Canny")
def canny(_ctx: Context, *, image: Image, low_threshold: float, high_threshold: float) -> Outputs:
    """White outlines on black: strong edges, and weak ones next to them."""
    return (raster.map_batch(image, lambda one: _outlines(one, low_threshold, high_threshold)),)


def _outlines(picture: Array, low: float, high: float) -> Array:
    grey = raster.gaussian(picture[..., :3] @ np.array([0.299, 0.587, 0.114], np.float32), 1.4)
    down, right = np.gradient(grey)
    size = np.hypot(down, right) * 4
    level = np.abs(down) > np.abs(right)
    before = np.where(level, np.roll(size, 1, 0), np.roll(size, 1, 1))
    after = np.where(level, np.roll(size, -1, 0), np.roll(size, -1, 1))
    ridge = np.where((size >= before) & (size > after), size, 0)
    strong = (ridge > high * 0.5).astype(np.float32)
    near = raster.gaussian(strong, 2.0) > 0.02
    edges = ((strong > 0) | ((ridge > low * 0.5) & near)).astype(np.float32)
    return np.repeat(edges[..., None], 3, axis=-1)
