"""Several reference pictures become one: things cut out of the others are laid on the first, in their order."""

from __future__ import annotations

import random
import re

import numpy as np
from PIL import Image as Pil
from PIL import ImageDraw

from protobanana.engine import raster
from protobanana.engine.painter import drawing, editing, finding, reading, scene, surgery
from protobanana.engine.painter.regions import View
from protobanana.engine.values import Array, Picture

_NAMED_GROUND = re.compile(
    r"(?:background|backdrop|scene|setting|place|location)\s+(?:of|from|in)\s+(?:the\s+)?"
    r"(?:(first|second|third|fourth)\s+(?:image|picture|photo)|(?:image|picture|photo)\s*#?(\d))",
    re.IGNORECASE,
)
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4}
_NEUTRAL = 0.12


def fitted(picture: Picture, width: int, height: int) -> Picture:
    """A reference on the canvas: stretched where proportions nearly agree, else whole, its edges drawn outwards."""
    high, wide = picture.shape[:2]
    if abs(np.log((wide / high) / (width / height))) < 0.06:
        return raster.f32(np.clip(raster.resize(picture[None], width, height, "bicubic")[0], 0, 1))
    scale = min(width / wide, height / high)
    inner = (max(1, round(wide * scale)), max(1, round(high * scale)))
    small = np.clip(raster.resize(picture[None], *inner, method="bicubic")[0], 0, 1)
    left, top = (width - small.shape[1]) // 2, (height - small.shape[0]) // 2
    pad = ((top, height - small.shape[0] - top), (left, width - small.shape[1] - left), (0, 0))
    return np.pad(small, pad, mode="edge")


def compose(references: tuple[Picture, ...], text: str, width: int, height: int, dice: random.Random) -> Picture:
    """One picture that holds a recognisable part of every reference.

    The first one is the canvas, unless the text takes the background of another or describes a new one.
    """
    ground = _ground_number(text, len(references))
    canvas = fitted(references[ground], width, height)
    guests = [picture for index, picture in enumerate(references) if index != ground]
    wanted = scene.read_scene(_plain(text))
    if wanted.backdrop or wanted.ground is not None:
        fresh, _ = drawing.background(wanted, width, height, dice)
        view = View(canvas)
        front = finding.foreground(view)
        if front.any() and not view.busy:
            canvas = surgery.new_background(view, front, fresh)
    for index, guest in enumerate(guests):
        _lay_guest(canvas, guest, index, len(guests))
    looks = " ".join(word for clause in reading.read(text) for word in [*clause.moods, *clause.styles])
    return editing.edit(canvas, looks, dice) if looks else canvas


def _plain(text: str) -> str:
    """The text without what it says about the pictures' own backgrounds."""
    return _NAMED_GROUND.sub(" ", text)


def _ground_number(text: str, count: int) -> int:
    found = _NAMED_GROUND.search(text)
    if not found:
        return 0
    number = _ORDINALS.get((found.group(1) or "").lower()) or int(found.group(2) or 1)
    return min(max(number, 1), count) - 1


def _lay_guest(canvas: Picture, guest: Picture, index: int, count: int) -> None:
    """A cut-out of the guest where its background says nothing, a rounded card of all of it where it does."""
    height, width = canvas.shape[:2]
    view = View(guest)
    front = finding.foreground(view)
    share = float(front.mean())
    if not view.busy and 0.01 < share < 0.8 and _says_nothing(view):
        colour, alpha = surgery.cut_out(view, front)
        box = surgery.box_of(view, front)
        y0, y1, x0, x1 = int(box.y0), int(box.y1) + 1, int(box.x0), int(box.x1) + 1
        piece = np.concatenate([colour * alpha[..., None], alpha[..., None]], axis=-1)[y0:y1, x0:x1]
    else:
        piece = _card(guest)
    limit = min(0.42 * height, 0.9 * width / max(2, count), 0.42 * width)
    scale = limit / max(piece.shape[:2])
    sides = max(1, round(piece.shape[1] * scale)), max(1, round(piece.shape[0] * scale))
    piece = np.clip(raster.resize(piece[None], *sides, method="area" if scale < 1 else "bilinear")[0], 0, 1)
    x = width * ((index + 0.5) / count if count > 1 else 0.76)
    y = height * 0.7
    left = min(max(0, round(x - sides[0] / 2)), width - sides[0])
    top = min(max(0, round(y - sides[1] / 2)), height - sides[1])
    region = canvas[top : top + sides[1], left : left + sides[0]]
    region *= 1 - piece[..., 3:]
    region += piece[..., :3]


def _says_nothing(view: View) -> bool:
    """Whether the background is a plain white, grey or black."""
    ground = surgery.main_colour(view, ~finding.foreground(view))
    return max(ground) - min(ground) < _NEUTRAL


def _card(picture: Picture) -> Array:
    """The picture with rounded corners and a white rim: premultiplied RGBA."""
    height, width = picture.shape[:2]
    rim = max(1, round(min(height, width) * 0.025))
    sheet = Pil.new("L", (width, height))
    ImageDraw.Draw(sheet).rounded_rectangle((0, 0, width - 1, height - 1), min(height, width) * 0.07, 255)
    alpha = raster.from_pil(sheet)
    inner = np.zeros((height, width, 1), np.float32)
    inner[rim:-rim, rim:-rim] = 1
    colour = picture * inner + np.float32(0.99) * (1 - inner)
    return np.concatenate([colour * alpha[..., None], alpha[..., None]], axis=-1)
