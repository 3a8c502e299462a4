"""Colours by name, and small colour arithmetic. RGB components are 0..1."""

from __future__ import annotations

import colorsys
import random

from protobanana.engine.painter import vocabulary

RGB = tuple[float, float, float]

# name, hex | English | Spanish and French (they follow their noun) | German | Chinese and Japanese


def from_hex(code: str) -> RGB:
    """`#rrggbb` as RGB."""
    return (int(code[1:3], 16) / 255, int(code[3:5], 16) / 255, int(code[5:7], 16) / 255)


NAMED: dict[str, RGB] = {name: from_hex(code) for name, code in (head.split() for head, _ in vocabulary.rows("colour"))}


def named(word: str) -> RGB:
    """The colour of `blue` or `light blue`."""
    *modifiers, name = word.split()
    colour = NAMED[name]
    for modifier in modifiers:
        colour = {"light": lighter, "dark": darker, "bright": vivid}[modifier](colour)
    return colour


def mix(one: RGB, two: RGB, share: float) -> RGB:
    """`share` of the second colour in the first."""
    red, green, blue = (a + (b - a) * share for a, b in zip(one, two, strict=True))
    return (red, green, blue)


def lighter(colour: RGB, by: float = 0.45) -> RGB:
    """Towards white."""
    return mix(colour, (1, 1, 1), by)


def darker(colour: RGB, by: float = 0.38) -> RGB:
    """Towards black."""
    return mix(colour, (0, 0, 0), by)


def vivid(colour: RGB) -> RGB:
    """As saturated as it gets."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*colour)
    return colorsys.hls_to_rgb(hue, min(0.62, max(0.45, lightness)), 1.0 if saturation > 0.1 else saturation)


def luminance(colour: RGB) -> float:
    """Rec. 601 luma, 0..1."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def readable_on(colour: RGB) -> RGB:
    """Near black or near white, whichever reads better on `colour`."""
    return (0.08, 0.08, 0.1) if luminance(colour) > 0.55 else (0.98, 0.98, 0.97)


def distance(one: RGB, two: RGB) -> float:
    """Euclidean distance, 0..1.73."""
    return float(sum((a - b) ** 2 for a, b in zip(one, two, strict=True)) ** 0.5)


def shade(colour: RGB, dice: random.Random, amount: float = 0.03) -> RGB:
    """The colour a little lighter or darker."""
    by = dice.uniform(-amount, amount)
    return lighter(colour, by) if by > 0 else darker(colour, -by)


def levels(colour: RGB, alpha: float = 1.0) -> tuple[int, int, int, int]:
    """8-bit RGBA."""
    red, green, blue = (round(min(1.0, max(0.0, part)) * 255) for part in colour)
    return (red, green, blue, round(alpha * 255))


def harmony(dice: random.Random, avoid: tuple[RGB, ...] = ()) -> RGB:
    """A pleasant mid-tone colour, as far as a few tries allow from the ones to avoid."""
    tries = [colorsys.hls_to_rgb(dice.random(), dice.uniform(0.45, 0.62), dice.uniform(0.5, 0.8)) for _ in range(6)]
    return max(tries, key=lambda one: min((distance(one, other) for other in avoid), default=0))


def pastel(dice: random.Random, avoid: tuple[RGB, ...] = ()) -> RGB:
    """A light, quiet colour for grounds."""
    tries = [colorsys.hls_to_rgb(dice.random(), dice.uniform(0.82, 0.9), dice.uniform(0.35, 0.6)) for _ in range(6)]
    return max(tries, key=lambda one: min((distance(one, other) for other in avoid), default=0))
