"""Painted backgrounds: sky, beach, forest, city and the like, a little different for every throw of the dice."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np

from protobanana.engine import raster
from protobanana.engine.painter import canvas, colours
from protobanana.engine.painter.colours import RGB, from_hex
from protobanana.engine.painter.pictograms import draw, natural_colour
from protobanana.engine.values import Array, Picture

Backdrop = Callable[[Picture, random.Random], None]
_REGISTRY: dict[str, tuple[Backdrop, str, str]] = {}
_DAY = ("#7cc4f2", "#e3f4fc")


def _backdrop(name: str, top: str = _DAY[0], bottom: str = _DAY[1]) -> Callable[[Backdrop], Backdrop]:
    def register(paint: Backdrop) -> Backdrop:
        _REGISTRY[name] = (paint, top, bottom)
        return paint

    return register


def paint_backdrop(name: str, width: int, height: int, dice: random.Random, tint: RGB | None = None) -> Picture:
    """The backdrop of that name (an unknown one is a sky); `tint` recolours its sky or main surface."""
    paint, top, bottom = _REGISTRY.get(name, _REGISTRY["sky"])
    high, low = from_hex(top), from_hex(bottom)
    if tint is not None:
        high, low = tint, colours.lighter(tint, 0.35)
    picture = canvas.gradient(width, height, colours.shade(high, dice), colours.shade(low, dice))
    paint(picture, dice)
    return picture


def _put(  # noqa: PLR0917 - coordinates are read in their order
    picture: Picture, noun: str, x: float, y: float, size: float, colour: RGB | None = None
) -> None:
    """A pictogram centred at (x, y) in 0..1; `size` in units of the shorter side."""
    height, width = picture.shape[:2]
    side = max(4, round(size * min(width, height)))
    main = colour or natural_colour(noun) or (0.5, 0.5, 0.5)
    canvas.lay(picture, draw(noun, side, main), round(x * width - side / 2), round(y * height - side / 2))


def _waves(picture: Picture, dice: random.Random, level: float, swing: float, turns: float) -> Array:
    """A gently swinging line at `level` of the height."""
    height, width = picture.shape[:2]
    x = np.linspace(0, 2 * np.pi, width, dtype=np.float32)
    shift = dice.uniform(0, 6.28)
    line = np.sin(x * turns + shift) + 0.5 * np.sin(x * turns * 2.3 + shift * 1.7)
    return raster.f32(height * (level + swing * line / 1.5))


def _peaks(picture: Picture, dice: random.Random, level: float, rise: float, count: int) -> Array:
    """A jagged line of `count` peaks standing on `level`."""
    height, width = picture.shape[:2]
    at = [0.0]
    heights = [dice.uniform(0, 0.3)]
    for index in range(count):
        at += [(index + dice.uniform(0.35, 0.65)) / count, (index + 1) / count]
        heights += [dice.uniform(0.6, 1.0), dice.uniform(0.05, 0.35)]
    line = np.interp(np.linspace(0, 1, width), at, heights)
    return raster.f32(height * (level - rise * line))


@_backdrop("sky")
def _sky(picture: Picture, dice: random.Random) -> None:
    for _ in range(dice.randint(2, 4)):
        _put(picture, "cloud", dice.uniform(0.08, 0.92), dice.uniform(0.1, 0.8), dice.uniform(0.18, 0.34))


@_backdrop("beach")
def _beach(picture: Picture, dice: random.Random) -> None:
    height = picture.shape[0]
    _put(picture, "sun", dice.choice([0.18, 0.82]), 0.16, 0.2)
    _put(picture, "cloud", dice.uniform(0.3, 0.7), 0.14, 0.2)
    canvas.ridge(picture, np.full(picture.shape[1], height * 0.46, np.float32), from_hex("#2f9fd0"))
    canvas.ridge(picture, _waves(picture, dice, 0.57, 0.008, 3), from_hex("#5cc0dc"))
    canvas.ridge(picture, _waves(picture, dice, 0.655, 0.012, 2), from_hex("#eef8f4"))
    canvas.ridge(picture, _waves(picture, dice, 0.675, 0.012, 2), from_hex("#f2dca6"))
    side = dice.choice([0.1, 0.9])
    _put(picture, "palm", side, 0.52, 0.52)


@_backdrop("sea")
def _sea(picture: Picture, dice: random.Random) -> None:
    _put(picture, "cloud", dice.uniform(0.15, 0.85), 0.14, 0.24)
    for level, code in ((0.5, "#2a83c0"), (0.64, "#2673ae"), (0.79, "#1f629a")):
        canvas.ridge(picture, _waves(picture, dice, level, 0.01, dice.uniform(3, 5)), from_hex(code))


@_backdrop("forest", "#bfe3d0", "#e4f2d8")
def _forest(picture: Picture, dice: random.Random) -> None:
    for level, size, code, count in ((0.5, 0.34, "#7fb896", 9), (0.58, 0.44, "#4f9470", 7)):
        for index in range(count):
            x = (index + dice.uniform(0.2, 0.8)) / count
            _put(picture, "pine", x, level, size * dice.uniform(0.8, 1.15), from_hex(code))
        canvas.ridge(picture, _waves(picture, dice, level + size * 0.35, 0.012, 2), from_hex(code))
    canvas.ridge(picture, _waves(picture, dice, 0.8, 0.02, 1.5), from_hex("#3d7d4c"))
    for x in (dice.uniform(0.02, 0.14), dice.uniform(0.86, 0.98)):
        _put(picture, "pine", x, 0.56, 0.62)


@_backdrop("city", "#a9d3ee", "#f4e6d6")
def _city(picture: Picture, dice: random.Random) -> None:
    height, width = picture.shape[:2]
    for tone, low, high, count in (("#a3b4c9", 0.34, 0.56, 11), ("#71849f", 0.44, 0.7, 8)):
        for index in range(count):
            left, right = round(width * (index - 0.1) / count), round(width * (index + 0.9) / count)
            top = round(height * dice.uniform(low, high))
            block = picture[top:, max(0, left) : right]
            block[...] = np.array(colours.shade(from_hex(tone), dice, 0.06), np.float32)
            size = max(2, round(width / count / 7))
            for y in range(top + size, round(height * 0.82), size * 3):
                for x in range(max(0, left) + size, right - size, size * 2):
                    if dice.random() < 0.55:
                        picture[y : y + size, x : x + size] = np.array((0.99, 0.93, 0.68), np.float32)
    canvas.ridge(picture, np.full(width, height * 0.84, np.float32), from_hex("#565c66"))
    dash = max(2, height // 90)
    for x in range(0, width, max(8, width // 9)):
        picture[round(height * 0.92) : round(height * 0.92) + dash, x : x + width // 18] = 0.9


@_backdrop("mountains")
def _mountains(picture: Picture, dice: random.Random) -> None:
    _put(picture, "cloud", dice.uniform(0.15, 0.85), 0.13, 0.24)
    canvas.ridge(picture, _peaks(picture, dice, 0.66, 0.42, 4), from_hex("#9db4c8"))
    canvas.ridge(picture, _peaks(picture, dice, 0.72, 0.36, 3), from_hex("#6f8ca6"))
    canvas.ridge(picture, _waves(picture, dice, 0.68, 0.03, 1.4), from_hex("#6aa85c"))
    canvas.ridge(picture, _waves(picture, dice, 0.8, 0.025, 1.1), from_hex("#8bc168"))


@_backdrop("meadow")
def _meadow(picture: Picture, dice: random.Random) -> None:
    _put(picture, "cloud", dice.uniform(0.1, 0.9), 0.15, 0.26)
    for level, code in ((0.56, "#a9d57c"), (0.66, "#86c25f"), (0.78, "#68ad4c")):
        canvas.ridge(picture, _waves(picture, dice, level, 0.025, dice.uniform(1, 1.8)), from_hex(code))
    for _ in range(9):
        spot = dice.choice(["#f25c7a", "#f9d34a", "#ffffff", "#b78be0"])
        _put(picture, "flower", dice.uniform(0.03, 0.97), dice.uniform(0.74, 0.95), 0.06, from_hex(spot))


@_backdrop("desert", "#f6c98a", "#fbe9c6")
def _desert(picture: Picture, dice: random.Random) -> None:
    _put(picture, "sun", dice.uniform(0.2, 0.8), 0.2, 0.2)
    for level, code in ((0.56, "#e2b069"), (0.68, "#d69c52"), (0.82, "#c98a42")):
        canvas.ridge(picture, _waves(picture, dice, level, 0.035, dice.uniform(1, 1.6)), from_hex(code))
    _put(picture, "cactus", dice.choice([0.12, 0.88]), 0.7, 0.26)


@_backdrop("space", "#0b1030", "#251a4a")
def _space(picture: Picture, dice: random.Random) -> None:
    stars(picture, dice, 160)
    _put(picture, "planet", dice.choice([0.18, 0.82]), dice.uniform(0.16, 0.3), 0.22)


def stars(picture: Picture, dice: random.Random, count: int, lowest: float = 1.0) -> None:
    """Small bright points above `lowest` of the height."""
    height, width = picture.shape[:2]
    for _ in range(count):
        x, y = dice.uniform(0, width), dice.uniform(0, height * lowest)
        canvas.disc(
            picture, x, y, dice.uniform(0.6, 1.8) * min(width, height) / 512, (1, 1, 0.92), dice.uniform(0.5, 1)
        )


@_backdrop("underwater", "#2fa8d0", "#0d4d80")
def _underwater(picture: Picture, dice: random.Random) -> None:
    height, width = picture.shape[:2]
    for _ in range(14):
        canvas.disc(picture, dice.uniform(0, width), dice.uniform(0, height * 0.8),
                    dice.uniform(0.006, 0.02) * min(width, height), (0.85, 0.96, 1), 0.5)  # fmt: skip
    canvas.ridge(picture, _waves(picture, dice, 0.86, 0.015, 2), from_hex("#d9c48a"))
    for _ in range(6):
        _put(picture, "grass", dice.uniform(0.02, 0.98), 0.84, dice.uniform(0.1, 0.2), from_hex("#2f9a78"))


@_backdrop("room", "#f1e4d2", "#eedcc4")
def _room(picture: Picture, dice: random.Random) -> None:
    height, width = picture.shape[:2]
    canvas.ridge(picture, np.full(width, height * 0.74, np.float32), from_hex("#faf5ec"))
    canvas.ridge(picture, np.full(width, height * 0.765, np.float32), from_hex("#b98a5c"))
    _put(picture, "window", dice.choice([0.2, 0.8]), 0.32, 0.36)


def decorate(picture: Picture, dice: random.Random, ground: RGB) -> None:
    """A quiet pattern for a background nobody described: one large disc, tone on tone."""
    height, width = picture.shape[:2]
    radius = min(width, height) * dice.uniform(0.36, 0.46)
    canvas.disc(picture, width * dice.uniform(0.44, 0.56), height * dice.uniform(0.44, 0.54), radius,
                colours.lighter(ground, 0.27))  # fmt: skip
