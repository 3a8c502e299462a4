"""Array and Pillow plumbing: resizing as ComfyUI does it, 8-bit conversion, PNG and JPEG bytes."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping

import numpy as np
from PIL import Image as Pil
from PIL import ImageFilter
from PIL.PngImagePlugin import PngInfo

from protobanana.engine.values import Array, Image, Mask


def f32(values: object) -> Array:
    """Any numeric array as float32."""
    return np.asarray(values, dtype=np.float32)


def to_bytes(pixels: Array) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """0..1 floats as 8-bit levels, truncated as ComfyUI truncates (every 8-bit level survives the round trip)."""
    return np.asarray(np.clip(pixels * np.float32(255), 0, 255), dtype=np.uint8)


def to_pil(pixels: Array) -> Pil.Image:
    """One `[H, W, 1, 3 or 4]` or `[H, W]` array as a Pillow picture."""
    levels = to_bytes(pixels)
    return Pil.fromarray(levels[..., 0] if levels.ndim == 3 and levels.shape[2] == 1 else levels)


def from_pil(picture: Pil.Image) -> Array:
    """A Pillow picture as float32 `[H, W(, C)]` in 0..1."""
    return np.asarray(picture, dtype=np.uint8).astype(np.float32) / np.float32(255)


def png(pixels: Array, compress_level: int, text: Mapping[str, str] | None = None) -> bytes:
    """PNG bytes of one picture, with optional text chunks."""
    info = PngInfo()
    for key, value in (text or {}).items():
        info.add_text(key, value)
    buffer = io.BytesIO()
    to_pil(pixels).save(buffer, "PNG", pnginfo=info, compress_level=compress_level)
    return buffer.getvalue()


def jpeg(pixels: Array, quality: int = 95) -> bytes:
    """JPEG bytes of one picture (alpha is dropped)."""
    buffer = io.BytesIO()
    to_pil(pixels[..., :3]).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _cubic(x: Array) -> Array:
    """The cubic kernel with a = -0.75, the one PyTorch interpolates with."""
    a = np.float32(-0.75)
    x = np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((x - 5) * x + 8) * x * a - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, np.float32(0))).astype(np.float32)


def _taps(size: int, target: int, method: str) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.intp]], Array]:
    """Source indices and weights of each target sample, `[target, taps]`, pixel centres aligned at halves."""
    centre = (np.arange(target, dtype=np.float64) + 0.5) * size / target
    if method == "nearest-exact":
        return np.clip(centre.astype(np.intp), 0, size - 1)[:, None], np.ones((target, 1), np.float32)
    position = centre - 0.5
    if method == "bilinear":
        position = np.clip(position, 0, None)
        offsets = np.arange(2)
    else:
        offsets = np.arange(-1, 3)
    base = np.floor(position).astype(np.intp)
    index = base[:, None] + offsets
    distance = (position[:, None] - index).astype(np.float32)
    weights = np.clip(1 - np.abs(distance), 0, None) if method == "bilinear" else _cubic(distance)
    return np.clip(index, 0, size - 1), weights.astype(np.float32)


def _interpolate(pixels: Array, axis: int, target: int, method: str) -> Array:
    size = pixels.shape[axis]
    if size == target:
        return pixels
    if method == "area":
        return _area(pixels, axis, target)
    index, weights = _taps(size, target, method)
    shape = [1] * pixels.ndim
    shape[axis] = target
    result = np.zeros((*pixels.shape[:axis], target, *pixels.shape[axis + 1 :]), np.float32)
    for tap in range(index.shape[1]):
        result += np.take(pixels, index[:, tap], axis=axis) * weights[:, tap].reshape(shape)
    return result


def _area(pixels: Array, axis: int, target: int) -> Array:
    """Average of the source samples that each target sample covers, touched ones counted whole."""
    size = pixels.shape[axis]
    start = np.arange(target) * size // target
    end = -((-(np.arange(target) + 1) * size) // target)
    total = np.cumsum(pixels, axis=axis, dtype=np.float64)
    total = np.concatenate([np.zeros_like(np.take(total, [0], axis=axis)), total], axis=axis)
    shape = [1] * pixels.ndim
    shape[axis] = target
    span = np.take(total, end, axis=axis) - np.take(total, start, axis=axis)
    return f32((span / (end - start).reshape(shape)).astype(np.float32))


def _lanczos(pixels: Array, width: int, height: int) -> Array:
    resized = [from_pil(to_pil(one).resize((width, height), Pil.Resampling.LANCZOS)) for one in pixels]
    stacked = np.stack(resized)
    return stacked if stacked.ndim == pixels.ndim else stacked[..., None]


def resize(pixels: Image, width: int, height: int, method: str = "bilinear", crop: str = "disabled") -> Image:
    """`[B, H, W, C]` resized. `method` is one of ComfyUI's upscale methods; `crop="center"` keeps the proportions."""
    if crop == "center":
        pixels = _crop_to_aspect(pixels, width / height)
    if pixels.shape[2] == width and pixels.shape[1] == height:
        return pixels
    if method == "lanczos":
        return _lanczos(pixels, width, height)
    name = "bicubic" if method == "bislerp" else method
    return _interpolate(_interpolate(pixels, 1, height, name), 2, width, name)


def resize_mask(mask: Mask, width: int, height: int, method: str = "bilinear", crop: str = "disabled") -> Mask:
    """`[B, H, W]` resized like an image."""
    return resize(mask[..., None], width, height, method, crop)[..., 0]


def _crop_to_aspect(pixels: Image, wanted: float) -> Image:
    height, width = pixels.shape[1:3]
    aspect = width / height
    x = round((width - width * wanted / aspect) / 2) if aspect > wanted else 0
    y = round((height - height * aspect / wanted) / 2) if aspect < wanted else 0
    return pixels[:, y : height - y, x : width - x]


def same_channels(image: Image, like: Image) -> Image:
    """`image` with the channel count of `like`: alpha is dropped, or added fully opaque."""
    have, want = image.shape[-1], like.shape[-1]
    if have == want:
        return image
    if have > want:
        return image[..., :want]
    return np.concatenate([image, np.ones((*image.shape[:-1], want - have), np.float32)], axis=-1)


def repeat_to(batch: Array, count: int) -> Array:
    """The batch cut or repeated (from its start) to `count` items."""
    if len(batch) >= count:
        return batch[:count]
    return np.concatenate([batch] * math.ceil(count / len(batch)))[:count]


def gaussian(pixels: Array, sigma: float) -> Array:
    """`[H, W]` or `[H, W, 3]` softened; `sigma` in pixels. Exact to 8 bits, which is what painting needs."""
    if sigma <= 0:
        return pixels
    return from_pil(to_pil(pixels).filter(ImageFilter.GaussianBlur(sigma)))


def map_batch(pixels: Array, change: Callable[[Array], Array]) -> Array:
    """`change` applied to each item of a batch."""
    return np.stack([change(one) for one in pixels])
