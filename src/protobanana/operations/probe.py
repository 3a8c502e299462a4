"""Known pictures for smoke checks, and the measurements that judge what became of them."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image
import PIL.ImageDraw
from numpy.typing import NDArray

from protobanana.operations.base import Check
from protobanana.pictures.image import Image

Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom as fractions of the picture's sides."""

RED: Colour = (200, 30, 40)
WHITE: Colour = (255, 255, 255)
BLUE: Colour = (30, 60, 200)
YELLOW: Colour = (250, 205, 30)
GREEN: Colour = (40, 160, 60)
CENTRE: Box = (0.44, 0.44, 0.56, 0.56)
TOP: Box = (0.02, 0.02, 0.98, 0.12)
BAR: Box = (0.06, 0.40, 0.12, 0.80)
"""Where `marked_field` has its blue bar, which no smoke check's words ever mention."""


def marked_field(side: int = 1024) -> Image:
    """A red field with a white circle in the middle and, unmentioned, a blue bar at its left: `side` x `side` PNG."""
    picture = PIL.Image.new("RGB", (side, side), RED)
    draw = PIL.ImageDraw.Draw(picture)
    draw.ellipse((side * 0.3, side * 0.3, side * 0.7, side * 0.7), fill=WHITE)
    draw.rectangle((side * BAR[0], side * BAR[1], side * BAR[2], side * BAR[3]), fill=BLUE)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return Image.from_bytes(out.getvalue())


def disc(side: int = 768, colour: Colour = BLUE) -> Image:
    """A disc of one colour in the middle of a light grey ground: `side` x `side` PNG."""
    picture = PIL.Image.new("RGB", (side, side), (225, 225, 220))
    PIL.ImageDraw.Draw(picture).ellipse((side * 0.25, side * 0.25, side * 0.75, side * 0.75), fill=colour)
    return Image.from_pil(picture)


def centre_mask(half: float = 0.2, side: int = 1024) -> Image:
    """A mask for `marked_field`, white in the middle square: `half` its side as a fraction of the picture's."""
    picture = PIL.Image.new("RGB", (side, side), "black")
    low, high = round(side * (0.5 - half)), round(side * (0.5 + half))
    picture.paste((255, 255, 255), (low, low, high, high))
    return Image.from_pil(picture)


def mean_colour(image: Image, box: Box) -> NDArray[np.float64]:
    """Mean RGB (0..255) inside `box`."""
    pixels = np.asarray(image.decoded().convert("RGB"), dtype=np.float64)
    height, width = pixels.shape[:2]
    left, top, right, bottom = box
    part = pixels[int(top * height) : max(int(bottom * height), 1), int(left * width) : max(int(right * width), 1)]
    return np.asarray(part.reshape(-1, 3).mean(axis=0))


def colour_check(name: str, image: Image, box: Box, wanted: Colour, tolerance: float) -> Check:
    """Whether the mean colour in `box` lies within `tolerance` (0..255, root mean square over RGB) of `wanted`."""
    mean = mean_colour(image, box)
    distance = float(np.sqrt(np.mean((mean - np.array(wanted, dtype=np.float64)) ** 2)))
    found = tuple(int(value) for value in mean)
    return Check(name, distance <= tolerance, f"mean {found}, wanted {wanted}, off by {distance:.0f}")


def drawn_check(name: str, image: Image) -> Check:
    """Whether anything was drawn at all: a picture of one colour, or of pure noise, fails."""
    grey = np.asarray(image.decoded().convert("L").resize((64, 64)), dtype=np.float64)
    contrast = float(grey.std())
    roughness = float(np.abs(np.diff(grey, axis=1)).mean())
    return Check(name, contrast > 2 and roughness < contrast, f"contrast {contrast:.1f}, roughness {roughness:.1f}")


def _rgb(image: Image) -> NDArray[np.int16]:
    return np.asarray(image.decoded().convert("RGB"), dtype=np.int16)


def identity_check(name: str, output: Image, original: Image, mask: Image | None) -> Check:
    """Whether every pixel outside the mask (white: change) is exactly the original's."""
    if output.size != original.size:
        return Check(name, ok=False, measured=f"{output.size} instead of {original.size}")
    outside = _rgb(mask).max(axis=2) == 0 if mask else np.ones((original.height, original.width), dtype=bool)
    wrong = int((np.abs(_rgb(output) - _rgb(original)).max(axis=2)[outside] > 0).sum())
    return Check(name, wrong == 0, f"{wrong} of {int(outside.sum())} pixels differ")


def placed_check(name: str, output: Image, original: Image, left: int, top: int) -> Check:
    """Whether the original stands in the output at `left`, `top`, pixel by pixel."""
    part = _rgb(output)[top : top + original.height, left : left + original.width]
    if part.shape[:2] != (original.height, original.width):
        return Check(name, ok=False, measured=f"{output.size} has no room for it")
    wrong = int((np.abs(part - _rgb(original)).max(axis=2) > 0).sum())
    return Check(name, wrong == 0, f"{wrong} of {original.width * original.height} pixels differ")


def change_check(name: str, output: Image, original: Image, box: Box) -> Check:
    """Whether the mean colour in `box` has clearly changed."""
    moved = float(np.abs(mean_colour(output, box) - mean_colour(original, box)).max())
    return Check(name, moved > 25, f"moved by {moved:.0f}")


def alpha_check(name: str, output: Image, box: Box, wanted: int) -> Check:
    """Whether the mean alpha in `box` is within 20 of `wanted` (0 transparent, 255 opaque)."""
    alpha = np.asarray(output.decoded().convert("RGBA").getchannel("A"), dtype=np.float64)
    height, width = alpha.shape
    left, top, right, bottom = box
    mean = float(alpha[int(top * height) : int(bottom * height), int(left * width) : int(right * width)].mean())
    return Check(name, abs(mean - wanted) <= 20, f"mean alpha {mean:.0f}, wanted {wanted}")


def presence_check(name: str, output: Image, colour: Colour) -> Check:
    """Whether at least one in 100 pixels has about that colour."""
    near = (np.abs(_rgb(output) - np.array(colour, dtype=np.int16)).max(axis=2) <= 50).mean()
    return Check(name, near >= 0.01, f"{near:.1%} of the pixels")
