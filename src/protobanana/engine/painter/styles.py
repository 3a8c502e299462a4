"""Looks laid over a finished picture: black and white, sketch, watercolour, pixels and the like."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

import numpy as np
from PIL import ImageFilter

from protobanana.engine import raster
from protobanana.engine.values import Array, Picture

Style = Callable[[Picture, random.Random], Picture]
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def apply(picture: Picture, names: Iterable[str], dice: random.Random) -> Picture:
    """The picture in the named styles, in order."""
    for name in names:
        if name in _STYLES:
            picture = np.clip(_STYLES[name](picture, dice), 0, 1).astype(np.float32)
    return picture


def grey(picture: Picture) -> Array:
    """Luma, `[H, W]`."""
    return picture @ _LUMA


def edges(picture: Picture) -> Array:
    """How strong the outline is at each pixel, `[H, W]` in 0..1."""
    smooth = raster.gaussian(grey(picture), max(0.8, min(picture.shape[:2]) / 700))
    down, right = np.gradient(smooth)
    return raster.f32(np.clip(np.hypot(down, right) * (min(picture.shape[:2]) / 60), 0, 1))


def _monochrome(picture: Picture, _dice: random.Random) -> Picture:
    return np.repeat(grey(picture)[..., None], 3, axis=-1)


def _sepia(picture: Picture, _dice: random.Random) -> Picture:
    tone = 0.1 + 0.88 * grey(picture)[..., None]
    return tone * np.array((1.0, 0.86, 0.66), np.float32)


def _sketch(picture: Picture, _dice: random.Random) -> Picture:
    paper = np.array((0.98, 0.97, 0.94), np.float32)
    tone = grey(picture)
    rows, columns = np.ogrid[: picture.shape[0], : picture.shape[1]]
    period = max(4, min(picture.shape[:2]) // 110)
    hatch = (np.abs((rows + columns) % period - period / 2) / period).astype(np.float32)
    shading = np.clip((0.62 - tone) * 1.1, 0, 0.5) * (0.45 + hatch)
    ink = np.clip(edges(picture) * 0.95 + shading, 0, 0.92)[..., None]
    return raster.f32(paper * (1 - ink) + ink * np.array((0.2, 0.2, 0.23), np.float32))


def _grain(picture: Picture, dice: random.Random, cell: int) -> Array:
    """Soft blotches, `[H, W, 1]` around 0."""
    height, width = picture.shape[:2]
    rng = np.random.default_rng(dice.getrandbits(32))
    coarse = rng.random((height // cell + 2, width // cell + 2), dtype=np.float32)
    return raster.f32(raster.resize(coarse[None, ..., None], width, height, "bicubic")[0] - 0.5)


def _simplified(picture: Picture, side: int, window: int) -> Picture:
    """Flat patches: the commonest colour around each pixel, judged on a copy whose short side is `side`."""
    height, width = picture.shape[:2]
    scale = min(1.0, side / min(height, width))
    small = raster.to_pil(picture).resize((max(1, round(width * scale)), max(1, round(height * scale))))
    flat = raster.from_pil(small.filter(ImageFilter.ModeFilter(window)).filter(ImageFilter.GaussianBlur(0.7)))
    return raster.f32(raster.resize(flat[None], width, height)[0])


def _watercolor(picture: Picture, dice: random.Random) -> Picture:
    short = min(picture.shape[:2])
    wash = _simplified(picture, 300, 5) * 0.8 + 0.19
    wash = wash + _grain(picture, dice, max(6, short // 9)) * 0.09 + _grain(picture, dice, max(2, short // 90)) * 0.03
    return raster.f32(wash - edges(wash.astype(np.float32))[..., None] * 0.14)


def _oil(picture: Picture, dice: random.Random) -> Picture:
    short = min(picture.shape[:2])
    base = _simplified(picture, 220, 7)
    strokes = _grain(picture, dice, max(3, short // 60)) * 0.09 + _grain(picture, dice, max(2, short // 160)) * 0.05
    return (base - 0.5) * 1.08 + 0.5 + strokes


def _pixel_art(picture: Picture, _dice: random.Random) -> Picture:
    height, width = picture.shape[:2]
    cell = max(3, min(height, width) // 56)
    small = raster.resize(picture[None], max(1, width // cell), max(1, height // cell), "area")
    return raster.f32(raster.resize(raster.f32(np.round(small * 9) / 9), width, height, "nearest-exact")[0])


def _cartoon(picture: Picture, _dice: random.Random) -> Picture:
    flat = np.round(picture * 6) / 6
    return flat * (1 - edges(picture)[..., None] * 0.9)


def _neon(picture: Picture, _dice: random.Random) -> Picture:
    outline = edges(picture)
    dark = picture * np.array((0.3, 0.16, 0.42), np.float32)
    rows = np.linspace(0, 1, picture.shape[0], dtype=np.float32)[:, None, None]
    glow = np.array((1.0, 0.15, 0.8), np.float32) * rows + np.array((0.1, 0.9, 1.0), np.float32) * (1 - rows)
    halo = raster.gaussian(outline, min(picture.shape[:2]) / 90)[..., None]
    return raster.f32(dark + glow * np.maximum(outline[..., None], halo * 1.4))


def _colourful(picture: Picture, _dice: random.Random) -> Picture:
    tone = grey(picture)[..., None]
    return tone + (picture - tone) * 1.6


def _toned(gain: tuple[float, float, float], lift: float = 0.0) -> Style:
    def style(picture: Picture, _dice: random.Random) -> Picture:
        return picture * np.array(gain, np.float32) + np.float32(lift)

    return style


def _blur(picture: Picture, _dice: random.Random) -> Picture:
    return raster.gaussian(picture, min(picture.shape[:2]) / 60)


_STYLES: dict[str, Style] = {
    "monochrome": _monochrome,
    "sepia": _sepia,
    "sketch": _sketch,
    "watercolor": _watercolor,
    "oil": _oil,
    "pixel-art": _pixel_art,
    "cartoon": _cartoon,
    "neon": _neon,
    "blur": _blur,
    "invert": lambda picture, _dice: 1 - picture,
    "brighten": _toned((1.12, 1.12, 1.12), 0.06),
    "darken": _toned((0.62, 0.62, 0.64)),
    "warm": _toned((1.08, 0.98, 0.8)),
    "cool": _toned((0.82, 0.97, 1.1)),
    "colourful": _colourful,
    "flip": lambda picture, _dice: np.flip(picture, 1),
}
