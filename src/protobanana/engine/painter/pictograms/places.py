"""Buildings."""

from __future__ import annotations

from protobanana.engine.painter.colours import from_hex
from protobanana.engine.painter.pictograms.pen import WHITE, Ink, Pen, pictogram

_GLASS = from_hex("#a8d8f2")
_ROOF = from_hex("#b5432f")
_WOOD = from_hex("#7a4a2a")


@pictogram("house", "#f0d9a8")
def _house(pen: Pen, ink: Ink) -> None:
    pen.box(0.68, 0.1, 0.79, 0.36, _WOOD)
    pen.box(0.14, 0.44, 0.86, 0.96, ink.main)
    pen.poly([(0.5, 0.05), (0.98, 0.5), (0.02, 0.5)], _ROOF)
    pen.box(0.42, 0.64, 0.58, 0.96, _WOOD, 0.01)
    for x in (0.21, 0.65):
        pen.box(x, 0.6, x + 0.15, 0.76, WHITE)
        pen.box(x + 0.02, 0.62, x + 0.13, 0.74, _GLASS)


@pictogram("castle", "#a9a9b5", "#b5432f")
def _castle(pen: Pen, ink: Ink) -> None:
    for x in (0.04, 0.74):
        pen.box(x, 0.3, x + 0.22, 0.96, ink.dark)
        pen.poly([(x - 0.03, 0.31), (x + 0.11, 0.06), (x + 0.25, 0.31)], ink.accent)
        pen.box(x + 0.08, 0.42, x + 0.14, 0.54, WHITE, 0.03)
    pen.box(0.22, 0.5, 0.78, 0.96, ink.main)
    for x in (0.24, 0.38, 0.52, 0.66):
        pen.box(x, 0.43, x + 0.09, 0.52, ink.main)
    pen.pie(0.5, 0.78, 0.11, 0.13, 180, 360, _WOOD)
    pen.box(0.39, 0.77, 0.61, 0.96, _WOOD)


@pictogram("building", "#7d8ea5")
def _building(pen: Pen, ink: Ink) -> None:
    pen.box(0.26, 0.04, 0.74, 0.97, ink.main)
    pen.box(0.26, 0.04, 0.34, 0.97, ink.dark)
    for row in range(7):
        for column in range(3):
            x, y = 0.39 + column * 0.11, 0.1 + row * 0.115
            pen.box(x, y, x + 0.07, y + 0.07, from_hex("#fbe28a") if (row * 2 + column) % 3 else _GLASS)


@pictogram("lighthouse", "#f3f1ea", "#d0352f")
def _lighthouse(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.38, 0.24), (0.62, 0.24), (0.72, 0.97), (0.28, 0.97)], ink.main)
    for y in (0.36, 0.62, 0.86):
        half = 0.12 + (y - 0.24) * 0.137
        pen.poly([(0.5 - half, y), (0.5 + half, y), (0.51 + half, y + 0.11), (0.49 - half, y + 0.11)], ink.accent)
    pen.box(0.4, 0.13, 0.6, 0.25, from_hex("#fbe28a"))
    pen.poly([(0.36, 0.14), (0.5, 0.02), (0.64, 0.14)], ink.accent)


@pictogram("church", "#e8e0d0", "#6a4a3a")
def _church(pen: Pen, ink: Ink) -> None:
    pen.box(0.48, 0.01, 0.52, 0.15, ink.accent)
    pen.box(0.44, 0.05, 0.56, 0.08, ink.accent)
    pen.poly([(0.36, 0.4), (0.5, 0.12), (0.64, 0.4)], ink.accent)
    pen.box(0.38, 0.38, 0.62, 0.96, ink.main)
    pen.poly([(0.06, 0.7), (0.24, 0.52), (0.76, 0.52), (0.94, 0.7)], ink.accent)
    pen.box(0.1, 0.68, 0.9, 0.96, ink.main)
    pen.box(0.44, 0.74, 0.56, 0.96, _WOOD, 0.05)
    for x in (0.2, 0.7):
        pen.box(x, 0.76, x + 0.09, 0.88, _GLASS, 0.04)


@pictogram("tent", "#e0703a")
def _tent(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.5, 0.1), (0.99, 0.9), (0.01, 0.9)], ink.main)
    pen.poly([(0.5, 0.1), (0.68, 0.9), (0.32, 0.9)], ink.dark)


@pictogram("bridge", "#b0533c")
def _bridge(pen: Pen, ink: Ink) -> None:
    for x in (0.24, 0.7):
        pen.box(x, 0.2, x + 0.06, 0.86, ink.dark)
    pen.box(0.0, 0.6, 1.0, 0.68, ink.main)
    for left, right in ((0.0, 0.27), (0.27, 0.73), (0.73, 1.0)):
        middle = (left + right) / 2
        pen.line([(left, 0.24), (middle, 0.52), (right, 0.24)], 0.02, ink.main)
