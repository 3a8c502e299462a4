"""Changes to a part of a picture: erase, recolour, cut out, put something in its place, change what is behind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from protobanana.engine import raster
from protobanana.engine.painter.colours import RGB
from protobanana.engine.painter.pictograms import natural_colour
from protobanana.engine.painter.regions import Region, View, behind, soft_mask, widened
from protobanana.engine.painter.scene import Thing
from protobanana.engine.values import Array, Bits, Picture

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels of the picture."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.y1 - self.y0

    @property
    def centre(self) -> tuple[float, float]:
        """Its middle."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2


def box_of(view: View, mask: Bits) -> Box:
    """The extent of an area of the small copy, in pixels of the picture."""
    x0, y0, x1, y1 = Region(mask).box
    across, down = view.picture.shape[1] / view.size[0], view.picture.shape[0] / view.size[1]
    return Box(x0 * across, y0 * down, x1 * across, y1 * down)


def main_colour(view: View, mask: Bits) -> RGB:
    """The colour most of an area has."""
    inside = view.labels[mask]
    common = int(np.bincount(inside).argmax())
    red, green, blue = (float(level) for level in np.median(view.small[mask & (view.labels == common)], axis=0))
    return (red, green, blue)


def erase(view: View, mask: Bits) -> Picture:
    """The picture without an area: its surroundings grow together over it."""
    spread = widened(mask, 2)
    back = behind(view, spread)
    hide = soft_mask(view, spread, back)[..., None]
    cover = np.maximum(hide, _full(view, widened(mask, 1)))
    return raster.f32(view.picture * (1 - cover) + back * cover)


def _full(view: View, mask: Bits) -> Array:
    height, width = view.picture.shape[:2]
    rows = np.arange(height) * mask.shape[0] // height
    columns = np.arange(width) * mask.shape[1] // width
    return raster.f32(mask[rows][:, columns][..., None])


def recolour(view: View, mask: Bits, colour: RGB) -> Picture:
    """The area in another colour: its main colour and tones near to it change, its shading stays."""
    back = behind(view, mask)
    alpha = soft_mask(view, mask, back)[..., None]
    main = np.array(main_colour(view, mask), np.float32)
    picture = view.picture
    front = np.where(alpha > 0.08, (picture - (1 - alpha) * back) / np.maximum(alpha, 0.08), picture)
    shading = ((front - main) @ _LUMA)[..., None] * 0.75
    near = np.clip((0.46 - np.linalg.norm(front - main, axis=-1, keepdims=True)) / 0.1, 0, 1)
    several = len(np.unique(view.labels[mask])) > 1
    weight = near if several else np.float32(1)
    painted = front + (np.array(colour, np.float32) + shading - front) * weight
    return np.clip(picture + alpha * (painted - front), 0, 1).astype(np.float32)


def new_background(view: View, mask: Bits, backdrop: Picture) -> Picture:
    """What is in the area stays; everything else becomes the backdrop."""
    if not mask.any():
        return backdrop
    back = behind(view, mask)
    alpha = soft_mask(view, mask, back)[..., None]
    mixed = view.picture + (1 - alpha) * (backdrop - back)
    return np.clip(np.where(alpha < 0.02, backdrop, mixed), 0, 1).astype(np.float32)


def cut_out(view: View, mask: Bits) -> tuple[Array, Array]:
    """An area by itself: its colours with the background taken out of the edge `[H, W, 3]`, and alpha `[H, W]`."""
    back = behind(view, mask)
    alpha = soft_mask(view, mask, back)
    share = alpha[..., None]
    pure = np.where(share > 0.06, (view.picture - (1 - share) * back) / np.maximum(share, 0.06), view.picture)
    return np.clip(pure, 0, 1).astype(np.float32), alpha


def moved(view: View, mask: Bits, scale: float, shift: tuple[float, float]) -> Picture:
    """The area scaled about its middle and shifted by pixels; what it leaves behind is filled."""
    box = box_of(view, mask)
    x0, y0 = max(0, int(box.x0) - 4), max(0, int(box.y0) - 4)
    x1, y1 = min(view.picture.shape[1], int(box.x1) + 5), min(view.picture.shape[0], int(box.y1) + 5)
    colour, alpha = cut_out(view, mask)
    piece = np.concatenate([colour * alpha[..., None], alpha[..., None]], axis=-1)[y0:y1, x0:x1]
    wide, high = max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale))
    piece = raster.resize(piece[None], wide, high)[0]
    result = erase(view, mask)
    height, width = result.shape[:2]
    left = min(max(round((x0 + x1) / 2 + shift[0] - wide / 2), min(0, width - wide)), max(0, width - wide))
    top = min(max(round((y0 + y1) / 2 + shift[1] - high / 2), min(0, height - high)), max(0, height - high))
    region = result[max(0, top) : top + high, max(0, left) : left + wide]
    piece = piece[max(0, -top) :, max(0, -left) :][: region.shape[0], : region.shape[1]]
    region *= 1 - piece[..., 3:]
    region += piece[..., :3]
    return result


def fit(thing: Thing, box: Box, tile_extent: tuple[float, float, float, float]) -> tuple[float, float, float]:
    """Where to draw a thing so that its drawing fills a box: centre x, y and side of its tile.

    `tile_extent` is what the drawing covers of its tile: x0, y0, x1, y1 in 0..1. Things stand on the
    box's lower edge, shapes lie in its middle.
    """
    x0, y0, x1, y1 = tile_extent
    side = (
        min(box.width / (x1 - x0), box.height / (y1 - y0)) * 0.5
        + max(box.width / (x1 - x0), box.height / (y1 - y0)) * 0.5
    )
    side *= thing.size
    x = box.centre[0] + side * (0.5 - (x0 + x1) / 2)
    y = box.y1 + side * (0.5 - y1) if natural_colour(thing.noun) else box.centre[1] + side * (0.5 - (y0 + y1) / 2)
    return x, y, side
