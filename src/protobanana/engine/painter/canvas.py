"""Pixel arrays to paint on: gradients, soft shapes, and tiles laid over them."""

from __future__ import annotations

import numpy as np

from protobanana.engine.painter.colours import RGB
from protobanana.engine.painter.pictograms import Tile
from protobanana.engine.values import Array, Picture


def plain(width: int, height: int, colour: RGB) -> Picture:
    """One colour."""
    return np.broadcast_to(np.array(colour, np.float32), (height, width, 3)).copy()


def gradient(width: int, height: int, top: RGB, bottom: RGB) -> Picture:
    """From one colour at the top to another at the bottom."""
    share = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    column = np.array(top, np.float32) * (1 - share) + np.array(bottom, np.float32) * share
    return np.broadcast_to(column[:, None, :], (height, width, 3)).copy()


def ridge(picture: Picture, curve: Array, colour: RGB) -> None:
    """Fill everything below `curve` (a y in pixels per column) with a colour, its edge anti-aliased."""
    start = max(0, int(curve.min()) - 1)
    rows = np.arange(start, picture.shape[0], dtype=np.float32)[:, None]
    coverage = np.clip(rows - curve[None, :] + 0.5, 0, 1)[..., None]
    region = picture[start:]
    region += (np.array(colour, np.float32) - region) * coverage


def disc(  # noqa: PLR0917 - coordinates are read in their order
    picture: Picture, x: float, y: float, radius: float, colour: RGB, strength: float = 1.0
) -> None:
    """A filled circle, in pixels, its edge anti-aliased."""
    oval(picture, x, y, radius, radius, colour, strength)


def oval(  # noqa: PLR0917 - coordinates are read in their order
    picture: Picture, x: float, y: float, rx: float, ry: float, colour: RGB, strength: float = 1.0, soft: float = 0
) -> None:
    """A filled ellipse, in pixels; `soft` blurs its edge by that share of the radius."""
    height, width = picture.shape[:2]
    left, right = max(0, int(x - rx - 2)), min(width, int(x + rx + 3))
    top, bottom = max(0, int(y - ry - 2)), min(height, int(y + ry + 3))
    if left >= right or top >= bottom:
        return
    columns = (np.arange(left, right, dtype=np.float32)[None, :] - x) / max(rx, 0.5)
    rows = (np.arange(top, bottom, dtype=np.float32)[:, None] - y) / max(ry, 0.5)
    edge = max(soft, 1 / max(1.0, min(rx, ry)))
    coverage = np.clip((1 - np.sqrt(columns**2 + rows**2)) / edge + (0 if soft else 0.5), 0, 1) * np.float32(strength)
    region = picture[top:bottom, left:right]
    region += (np.array(colour, np.float32) - region) * coverage[..., None]


def lay(picture: Picture, tile: Tile, left: int, top: int) -> None:
    """A tile over the picture; what sticks out is cut off."""
    height, width = picture.shape[:2]
    side_y, side_x = tile.alpha.shape
    x0, y0, x1, y1 = max(0, left), max(0, top), min(width, left + side_x), min(height, top + side_y)
    if x0 >= x1 or y0 >= y1:
        return
    cut = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
    region = picture[y0:y1, x0:x1]
    region *= (1 - tile.alpha[cut])[..., None]
    region += tile.rgb[cut]
