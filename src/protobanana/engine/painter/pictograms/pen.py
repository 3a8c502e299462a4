"""The pen that pictograms are drawn with, and their registry."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image as Pil
from PIL import ImageDraw

from protobanana.engine.painter import colours
from protobanana.engine.painter.colours import RGB
from protobanana.engine.values import Array

Point = tuple[float, float]
BLACK: RGB = (0.1, 0.1, 0.12)
WHITE: RGB = (0.99, 0.99, 0.98)


@dataclass(frozen=True)
class Ink:
    """The colours of one drawing."""

    main: RGB
    accent: RGB
    label: str = ""

    @property
    def dark(self) -> RGB:
        """A darker tone of the main colour (a lighter one where that would vanish)."""
        return (
            colours.darker(self.main, 0.3) if colours.luminance(self.main) > 0.16 else colours.lighter(self.main, 0.3)
        )

    @property
    def light(self) -> RGB:
        """A lighter tone of the main colour."""
        return colours.lighter(self.main, 0.5)


@dataclass(frozen=True)
class Tile:
    """A drawing on nothing: `rgb` float32 `[S, S, 3]` already multiplied by `alpha` float32 `[S, S]`."""

    rgb: Array
    alpha: Array


class Pen:
    """Draws on a square whose sides run from 0 to 1, y downwards."""

    def __init__(self, side: int) -> None:
        self.side = side
        self.sheet = Pil.new("RGBA", (side, side))
        self.brush = ImageDraw.Draw(self.sheet)

    def _at(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self.side, y * self.side) for x, y in points]

    def oval(self, x: float, y: float, rx: float, ry: float, fill: RGB) -> None:
        """A filled ellipse around (x, y)."""
        self.brush.ellipse(self._at([(x - rx, y - ry), (x + rx, y + ry)]), colours.levels(fill))

    def disc(self, x: float, y: float, r: float, fill: RGB) -> None:
        """A filled circle."""
        self.oval(x, y, r, r, fill)

    def poly(self, points: Sequence[Point], fill: RGB) -> None:
        """A filled polygon."""
        self.brush.polygon(self._at(points), colours.levels(fill))

    def box(  # noqa: PLR0917 - coordinates are read in their order
        self, x0: float, y0: float, x1: float, y1: float, fill: RGB, r: float = 0
    ) -> None:
        """A filled rectangle with corners rounded by r."""
        self.brush.rounded_rectangle(self._at([(x0, y0), (x1, y1)]), r * self.side, colours.levels(fill))

    def line(self, points: Sequence[Point], width: float, fill: RGB) -> None:
        """A line with round ends and joints."""
        flat = self._at(points)
        self.brush.line(flat, colours.levels(fill), round(width * self.side), joint="curve")
        for x, y in points:
            self.disc(x, y, width / 2, fill)

    def arc(  # noqa: PLR0917 - coordinates are read in their order
        self, x: float, y: float, rx: float, ry: float, start: float, end: float, width: float, fill: RGB
    ) -> None:
        """A part of an ellipse's outline; degrees clockwise from the right."""
        frame = self._at([(x - rx, y - ry), (x + rx, y + ry)])
        self.brush.arc([*frame[0], *frame[1]], start, end, colours.levels(fill), max(1, round(width * self.side)))

    def pie(  # noqa: PLR0917 - coordinates are read in their order
        self, x: float, y: float, rx: float, ry: float, start: float, end: float, fill: RGB
    ) -> None:
        """A filled slice of an ellipse; degrees clockwise from the right."""
        frame = self._at([(x - rx, y - ry), (x + rx, y + ry)])
        self.brush.pieslice([*frame[0], *frame[1]], start, end, colours.levels(fill))

    def hole(self, x: float, y: float, rx: float, ry: float) -> None:
        """An ellipse taken out again."""
        self.brush.ellipse(self._at([(x - rx, y - ry), (x + rx, y + ry)]), (0, 0, 0, 0))

    def regular(  # noqa: PLR0917 - coordinates are read in their order
        self, x: float, y: float, r: float, corners: int, fill: RGB, turn: float = -90
    ) -> None:
        """A regular polygon."""
        self.poly(polar(x, y, [r] * corners, turn), fill)

    def eyes(self, x: float, y: float, gap: float, r: float) -> None:
        """Two dark eyes with a glint."""
        for side in (-1, 1):
            self.disc(x + side * gap, y, r, BLACK)
            self.disc(x + side * gap + r * 0.3, y - r * 0.35, r * 0.35, WHITE)


def polar(x: float, y: float, radii: Sequence[float], turn: float = -90) -> list[Point]:
    """Points around (x, y), one per radius, evenly spaced, the first at `turn` degrees."""
    step = 360 / len(radii)
    angles = [math.radians(turn + step * index) for index in range(len(radii))]
    return [(x + r * math.cos(angle), y + r * math.sin(angle)) for r, angle in zip(radii, angles, strict=True)]


Drawing = Callable[[Pen, Ink], None]


@dataclass(frozen=True)
class Pictogram:
    """How a thing is drawn, and the colours it has when nobody says otherwise (None: any)."""

    draw: Drawing
    colour: RGB | None
    accent: RGB


REGISTRY: dict[str, Pictogram] = {}


def pictogram(name: str, colour: str | None = None, accent: str = "#f2b632") -> Callable[[Drawing], Drawing]:
    """Register a drawing under a word of the vocabulary."""

    def register(drawing: Drawing) -> Drawing:
        main = colours.from_hex(colour) if colour else None
        REGISTRY[name] = Pictogram(drawing, main, colours.from_hex(accent))
        return drawing

    return register


def is_drawable(noun: str) -> bool:
    """Whether there is a pictogram of that name."""
    return noun in REGISTRY


def natural_colour(noun: str) -> RGB | None:
    """The colour a thing has by itself; None for plain shapes and unknown words."""
    found = REGISTRY.get(noun)
    return found.colour if found else None


def draw(noun: str, side: int, main: RGB, accent: RGB | None = None, label: str = "") -> Tile:
    """The pictogram `side` pixels wide, anti-aliased; an unknown noun is a labelled card."""
    chosen = REGISTRY.get(noun, REGISTRY["card"])
    finer = 4 if side < 200 else 3 if side < 480 else 2
    pen = Pen(side * finer)
    chosen.draw(pen, Ink(main, accent or chosen.accent, label))
    sheet = np.asarray(pen.sheet.reduce(finer), dtype=np.float32) / np.float32(255)
    alpha = np.ascontiguousarray(sheet[..., 3])
    return Tile(sheet[..., :3] * alpha[..., None], alpha)


@cache
def _outline(noun: str) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return draw(noun, 64, (1, 1, 1)).alpha > 0.5


@cache
def extent(noun: str) -> tuple[float, float, float, float]:
    """What a pictogram covers of its square: x0, y0, x1, y1 in 0..1."""
    alpha = _outline(noun)
    rows, columns = np.flatnonzero(alpha.any(1)), np.flatnonzero(alpha.any(0))
    side = alpha.shape[0]
    return columns[0] / side, rows[0] / side, (columns[-1] + 1) / side, (rows[-1] + 1) / side


@cache
def silhouette(noun: str) -> Array:
    """The outline of a pictogram, cut to its extent and stretched to 32 x 32: float32 in 0..1."""
    alpha = _outline(noun)
    x0, y0, x1, y1 = (round(edge * alpha.shape[0]) for edge in extent(noun))
    return stretched(alpha[y0:y1, x0:x1])


def stretched(mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], side: int = 32) -> Array:
    """A mask scaled to `side` x `side`, whatever its proportions."""
    small = Pil.fromarray((mask * 255).astype(np.uint8)).resize((side, side), Pil.Resampling.BOX)
    return np.asarray(small, dtype=np.float32) / np.float32(255)


def natural_aspect(noun: str) -> float:
    """Width over height of a pictogram's extent."""
    x0, y0, x1, y1 = extent(noun)
    return (x1 - x0) / (y1 - y0)
