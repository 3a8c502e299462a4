"""Geometry, and the card for things nobody taught the painter to draw."""

from __future__ import annotations

import math

from protobanana.engine.painter import colours, lettering
from protobanana.engine.painter.pictograms.pen import Ink, Pen, pictogram, polar


@pictogram("circle")
def _circle(pen: Pen, ink: Ink) -> None:
    pen.disc(0.5, 0.5, 0.48, ink.main)


@pictogram("oval")
def _oval(pen: Pen, ink: Ink) -> None:
    pen.oval(0.5, 0.5, 0.48, 0.32, ink.main)


@pictogram("square")
def _square(pen: Pen, ink: Ink) -> None:
    pen.box(0.06, 0.06, 0.94, 0.94, ink.main)


@pictogram("rectangle")
def _rectangle(pen: Pen, ink: Ink) -> None:
    pen.box(0.02, 0.22, 0.98, 0.78, ink.main)


@pictogram("triangle")
def _triangle(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.5, 0.05), (0.99, 0.92), (0.01, 0.92)], ink.main)


@pictogram("star")
def _star(pen: Pen, ink: Ink) -> None:
    pen.poly(polar(0.5, 0.53, [0.52, 0.2] * 5), ink.main)


@pictogram("heart", "#dc2026")
def _heart(pen: Pen, ink: Ink) -> None:
    turns = [math.tau * step / 120 for step in range(120)]
    outline = [
        (16 * math.sin(t) ** 3, 13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t))
        for t in turns
    ]
    pen.poly([(0.5 + x * 0.0295, 0.47 - y * 0.0295) for x, y in outline], ink.main)


@pictogram("ring")
def _ring(pen: Pen, ink: Ink) -> None:
    pen.disc(0.5, 0.5, 0.48, ink.main)
    pen.hole(0.5, 0.5, 0.29, 0.29)


@pictogram("pentagon")
def _pentagon(pen: Pen, ink: Ink) -> None:
    pen.regular(0.5, 0.53, 0.5, 5, ink.main)


@pictogram("hexagon")
def _hexagon(pen: Pen, ink: Ink) -> None:
    pen.regular(0.5, 0.5, 0.5, 6, ink.main, turn=0)


@pictogram("octagon")
def _octagon(pen: Pen, ink: Ink) -> None:
    pen.regular(0.5, 0.5, 0.51, 8, ink.main, turn=22.5)


@pictogram("diamond")
def _diamond(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.5, 0.02), (0.86, 0.5), (0.5, 0.98), (0.14, 0.5)], ink.main)


@pictogram("cross")
def _cross(pen: Pen, ink: Ink) -> None:
    pen.box(0.36, 0.04, 0.64, 0.96, ink.main)
    pen.box(0.04, 0.36, 0.96, 0.64, ink.main)


@pictogram("crescent", "#f6dc78")
def _crescent(pen: Pen, ink: Ink) -> None:
    pen.disc(0.48, 0.5, 0.46, ink.main)
    pen.hole(0.68, 0.42, 0.38, 0.38)


@pictogram("arrow")
def _arrow(pen: Pen, ink: Ink) -> None:
    pen.poly(
        [(0.02, 0.38), (0.55, 0.38), (0.55, 0.14), (0.98, 0.5), (0.55, 0.86), (0.55, 0.62), (0.02, 0.62)], ink.main
    )


@pictogram("stripe")
def _stripe(pen: Pen, ink: Ink) -> None:
    pen.box(0.0, 0.44, 1.0, 0.56, ink.main)


@pictogram("drop", "#3a8fe0")
def _drop(pen: Pen, ink: Ink) -> None:
    pen.disc(0.5, 0.65, 0.32, ink.main)
    pen.poly([(0.5, 0.02), (0.785, 0.5), (0.215, 0.5)], ink.main)
    pen.oval(0.4, 0.68, 0.06, 0.1, ink.light)


@pictogram("sphere")
def _sphere(pen: Pen, ink: Ink) -> None:
    pen.disc(0.5, 0.5, 0.48, ink.dark)
    for step in range(12):
        share = step / 11
        pen.disc(0.5 - 0.12 * share, 0.5 - 0.12 * share, 0.48 - 0.3 * share, colours.mix(ink.dark, ink.main, share))
    pen.oval(0.34, 0.3, 0.1, 0.07, ink.light)


@pictogram("cube")
def _cube(pen: Pen, ink: Ink) -> None:
    top, left, right, middle = (0.5, 0.04), (0.08, 0.27), (0.92, 0.27), (0.5, 0.5)
    pen.poly([top, right, middle, left], ink.light)
    pen.poly([left, middle, (0.5, 0.97), (0.08, 0.74)], ink.main)
    pen.poly([middle, right, (0.92, 0.74), (0.5, 0.97)], ink.dark)


@pictogram("card")
def _card(pen: Pen, ink: Ink) -> None:
    pen.box(0.05, 0.14, 0.95, 0.86, ink.main, 0.12)
    pen.box(0.09, 0.18, 0.91, 0.82, ink.light, 0.09)
    lettering.letter(pen.brush, ink.label[:18] or "?", (0.13, 0.3, 0.87, 0.7), pen.side, ink.dark)
