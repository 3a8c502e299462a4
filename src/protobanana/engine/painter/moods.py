"""Time of day, season and weather, laid over a finished picture."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

import numpy as np

from protobanana.engine.painter import backdrops, canvas
from protobanana.engine.values import Array, Picture

Mood = Callable[[Picture, random.Random], Picture]
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def apply(picture: Picture, names: Iterable[str], dice: random.Random) -> Picture:
    """The picture under the named moods, in order."""
    for name in names:
        if name in _MOODS:
            picture = np.clip(_MOODS[name](picture, dice), 0, 1).astype(np.float32)
    return picture


def _tinted(picture: Picture, colour: tuple[float, float, float], share: float, gain: float = 1.0) -> Picture:
    """Multiplied towards a colour of light."""
    light = np.array(colour, np.float32)
    return picture * (1 - share + share * light) * np.float32(gain)


def _falloff(picture: Picture, power: float = 1.0) -> Array:
    """1 at the top, 0 at the bottom, as `[H, 1, 1]`."""
    return (np.linspace(1, 0, picture.shape[0], dtype=np.float32) ** np.float32(power))[:, None, None]


def _night(picture: Picture, dice: random.Random) -> Picture:
    dark = _tinted(picture, (0.3, 0.38, 0.72), 0.9, 0.62)
    sky = np.array((0.05, 0.07, 0.2), np.float32)
    dark = dark + (sky - dark) * (0.55 * _falloff(picture, 1.6))
    backdrops.stars(dark, dice, 70, lowest=0.42)
    height, width = picture.shape[:2]
    radius = min(height, width) * 0.055
    canvas.disc(dark, width * 0.84, height * 0.14, radius, (0.97, 0.95, 0.82))
    return dark


def _sunset(picture: Picture, dice: random.Random) -> Picture:
    warm = _tinted(picture, (1.0, 0.72, 0.5), 0.75)
    glow = np.array((1.0, 0.5, 0.24), np.float32)
    warm = warm + (glow - warm) * (0.5 * _falloff(picture, 0.9))
    height, width = picture.shape[:2]
    radius = min(height, width) * 0.08
    canvas.disc(warm, width * dice.uniform(0.2, 0.8), height * 0.34, radius, (1.0, 0.86, 0.5), 0.9)
    return warm


def _winter(picture: Picture, dice: random.Random) -> Picture:
    height, width = picture.shape[:2]
    grey = (picture @ _LUMA)[..., None]
    cold = picture * 0.55 + grey * 0.3 + np.array((0.14, 0.16, 0.19), np.float32)
    cold = cold + (np.float32(0.97) - cold) * (0.75 * (1 - _falloff(picture)) ** 4)
    for _ in range(130):
        canvas.disc(cold, dice.uniform(0, width), dice.uniform(0, height),
                    dice.uniform(0.003, 0.009) * min(width, height), (1, 1, 1), dice.uniform(0.7, 1))  # fmt: skip
    return cold


def _autumn(picture: Picture, _dice: random.Random) -> Picture:
    """Greens turn orange, everything gets a little warmer."""
    red, green, blue = picture[..., 0], picture[..., 1], picture[..., 2]
    leafy = np.clip((green - np.maximum(red, blue)) * 4, 0, 1)[..., None]
    turned = np.stack([np.maximum(green * 1.15, red), green * 0.62, blue * 0.45], axis=-1)
    return _tinted(picture + (turned - picture) * leafy, (1.0, 0.88, 0.7), 0.6)


def _spring(picture: Picture, dice: random.Random) -> Picture:
    height, width = picture.shape[:2]
    fresh = _tinted(picture, (0.98, 1.0, 0.9), 0.5, 1.06)
    for _ in range(60):
        canvas.oval(fresh, dice.uniform(0, width), dice.uniform(0, height), 0.011 * width, 0.007 * width,
                    (0.98, 0.72, 0.82), 0.9)  # fmt: skip
    return fresh


def _summer(picture: Picture, _dice: random.Random) -> Picture:
    return _tinted(picture, (1.0, 0.97, 0.84), 0.8, 1.1)


def _rain(picture: Picture, dice: random.Random) -> Picture:
    wet = _tinted(picture, (0.72, 0.8, 0.92), 0.85, 0.86)
    height, width = picture.shape[:2]
    for _ in range(170):
        x, y = dice.uniform(0, width), dice.uniform(-0.05, 1) * height
        canvas.oval(wet, x, y, max(0.8, width * 0.0016), height * 0.028, (0.88, 0.93, 1.0), 0.55)
    return wet


def _fog(picture: Picture, _dice: random.Random) -> Picture:
    mist = np.array((0.86, 0.88, 0.9), np.float32)
    return picture + (mist - picture) * (0.45 + 0.25 * _falloff(picture))


_MOODS: dict[str, Mood] = {
    "night": _night,
    "sunset": _sunset,
    "winter": _winter,
    "autumn": _autumn,
    "spring": _spring,
    "summer": _summer,
    "rain": _rain,
    "fog": _fog,
}
