"""Animals."""

from __future__ import annotations

from protobanana.engine.painter.colours import from_hex
from protobanana.engine.painter.pictograms.pen import BLACK, WHITE, Ink, Pen, pictogram

_PINK = from_hex("#f0909c")


def _muzzle(pen: Pen, x: float, y: float, size: float) -> None:
    pen.poly([(x - size, y - size * 0.7), (x + size, y - size * 0.7), (x, y + size * 0.5)], BLACK)
    pen.arc(x - size, y + size * 0.5, size, size * 0.9, 0, 150, size * 0.35, BLACK)
    pen.arc(x + size, y + size * 0.5, size, size * 0.9, 30, 180, size * 0.35, BLACK)


@pictogram("cat", "#e8913a")
def _cat(pen: Pen, ink: Ink) -> None:
    pen.line([(0.74, 0.9), (0.9, 0.82), (0.93, 0.66), (0.86, 0.56)], 0.07, ink.dark)
    pen.oval(0.5, 0.78, 0.29, 0.22, ink.main)
    pen.oval(0.5, 0.84, 0.15, 0.14, ink.light)
    pen.poly([(0.2, 0.42), (0.2, 0.06), (0.46, 0.2)], ink.main)
    pen.poly([(0.8, 0.42), (0.8, 0.06), (0.54, 0.2)], ink.main)
    pen.poly([(0.24, 0.3), (0.245, 0.13), (0.37, 0.2)], _PINK)
    pen.poly([(0.76, 0.3), (0.755, 0.13), (0.63, 0.2)], _PINK)
    pen.oval(0.5, 0.39, 0.33, 0.27, ink.main)
    pen.oval(0.5, 0.48, 0.16, 0.11, ink.light)
    pen.eyes(0.5, 0.36, 0.14, 0.05)
    _muzzle(pen, 0.5, 0.46, 0.035)
    for side in (-1, 1):
        for lift in (-0.03, 0.02):
            pen.line([(0.5 + side * 0.14, 0.46 + lift / 2), (0.5 + side * 0.36, 0.44 + lift)], 0.008, ink.dark)
        pen.oval(0.5 + side * 0.13, 0.97, 0.1, 0.03, ink.dark)


@pictogram("dog", "#b9824d")
def _dog(pen: Pen, ink: Ink) -> None:
    pen.line([(0.74, 0.84), (0.9, 0.68)], 0.07, ink.main)
    pen.oval(0.5, 0.78, 0.28, 0.22, ink.main)
    pen.oval(0.5, 0.84, 0.15, 0.15, ink.light)
    pen.oval(0.5, 0.36, 0.29, 0.3, ink.main)
    pen.oval(0.18, 0.38, 0.11, 0.25, ink.dark)
    pen.oval(0.82, 0.38, 0.11, 0.25, ink.dark)
    pen.oval(0.5, 0.49, 0.18, 0.15, ink.light)
    pen.eyes(0.5, 0.31, 0.13, 0.045)
    pen.oval(0.5, 0.43, 0.06, 0.045, BLACK)
    pen.arc(0.5, 0.49, 0.09, 0.07, 20, 160, 0.016, BLACK)
    pen.oval(0.5, 0.585, 0.04, 0.05, _PINK)
    for side in (-1, 1):
        pen.oval(0.5 + side * 0.14, 0.96, 0.11, 0.04, ink.dark)


@pictogram("rabbit", "#cfc4bd")
def _rabbit(pen: Pen, ink: Ink) -> None:
    for side in (-1, 1):
        pen.oval(0.5 + side * 0.13, 0.2, 0.08, 0.2, ink.main)
        pen.oval(0.5 + side * 0.13, 0.21, 0.04, 0.15, _PINK)
    pen.oval(0.5, 0.8, 0.27, 0.19, ink.main)
    pen.oval(0.5, 0.84, 0.15, 0.13, ink.light)
    pen.oval(0.5, 0.5, 0.24, 0.21, ink.main)
    pen.eyes(0.5, 0.47, 0.1, 0.04)
    _muzzle(pen, 0.5, 0.56, 0.03)
    pen.box(0.47, 0.6, 0.53, 0.65, WHITE, 0.01)


@pictogram("bear", "#8a5a34")
def _bear(pen: Pen, ink: Ink) -> None:
    for side in (-1, 1):
        pen.disc(0.5 + side * 0.24, 0.15, 0.11, ink.main)
        pen.disc(0.5 + side * 0.24, 0.15, 0.06, ink.light)
        pen.oval(0.5 + side * 0.27, 0.72, 0.1, 0.15, ink.main)
        pen.oval(0.5 + side * 0.16, 0.93, 0.13, 0.06, ink.dark)
    pen.oval(0.5, 0.76, 0.27, 0.22, ink.main)
    pen.oval(0.5, 0.8, 0.17, 0.15, ink.light)
    pen.oval(0.5, 0.36, 0.31, 0.28, ink.main)
    pen.oval(0.5, 0.46, 0.15, 0.12, ink.light)
    pen.eyes(0.5, 0.33, 0.13, 0.042)
    pen.oval(0.5, 0.42, 0.055, 0.04, BLACK)
    pen.arc(0.5, 0.46, 0.06, 0.06, 20, 160, 0.014, BLACK)


@pictogram("fox", "#e2682a")
def _fox(pen: Pen, ink: Ink) -> None:
    pen.oval(0.82, 0.74, 0.13, 0.22, ink.main)
    pen.oval(0.84, 0.6, 0.07, 0.09, WHITE)
    pen.oval(0.48, 0.8, 0.22, 0.19, ink.main)
    pen.poly([(0.12, 0.06), (0.42, 0.18), (0.2, 0.42)], ink.dark)
    pen.poly([(0.88, 0.06), (0.58, 0.18), (0.8, 0.42)], ink.dark)
    pen.poly([(0.14, 0.3), (0.5, 0.12), (0.86, 0.3), (0.5, 0.72)], ink.main)
    pen.poly([(0.14, 0.3), (0.36, 0.42), (0.5, 0.72)], WHITE)
    pen.poly([(0.86, 0.3), (0.64, 0.42), (0.5, 0.72)], WHITE)
    pen.eyes(0.5, 0.37, 0.13, 0.038)
    pen.disc(0.5, 0.68, 0.045, BLACK)


@pictogram("lion", "#e5a83b")
def _lion(pen: Pen, ink: Ink) -> None:
    pen.oval(0.5, 0.82, 0.26, 0.17, ink.main)
    for x, y in ((0.5, 0.08), (0.25, 0.16), (0.75, 0.16), (0.13, 0.36), (0.87, 0.36), (0.18, 0.56), (0.82, 0.56),
                 (0.34, 0.68), (0.66, 0.68)):  # fmt: skip
        pen.disc(x, y + 0.02, 0.13, ink.dark)
    pen.disc(0.5, 0.4, 0.36, ink.dark)
    pen.oval(0.5, 0.42, 0.26, 0.25, ink.main)
    pen.oval(0.5, 0.52, 0.14, 0.1, ink.light)
    pen.eyes(0.5, 0.38, 0.11, 0.04)
    _muzzle(pen, 0.5, 0.48, 0.035)


def _grazer(pen: Pen, ink: Ink) -> None:
    for x in (0.24, 0.35, 0.58, 0.69):
        pen.box(x, 0.62, x + 0.08, 0.97, ink.dark, 0.02)
    pen.oval(0.46, 0.57, 0.32, 0.18, ink.main)
    pen.poly([(0.62, 0.6), (0.74, 0.18), (0.9, 0.26), (0.8, 0.62)], ink.main)


@pictogram("horse", "#8f5a36")
def _horse(pen: Pen, ink: Ink) -> None:
    pen.line([(0.16, 0.5), (0.07, 0.6), (0.06, 0.78)], 0.06, ink.dark)
    _grazer(pen, ink)
    pen.line([(0.72, 0.14), (0.66, 0.3), (0.62, 0.46)], 0.07, ink.dark)
    pen.oval(0.86, 0.27, 0.12, 0.085, ink.main)
    pen.poly([(0.72, 0.2), (0.75, 0.05), (0.82, 0.19)], ink.main)
    pen.disc(0.83, 0.23, 0.022, BLACK)


@pictogram("elephant", "#8f9bab")
def _elephant(pen: Pen, ink: Ink) -> None:
    for x in (0.16, 0.3, 0.5, 0.62):
        pen.box(x, 0.6, x + 0.11, 0.96, ink.dark, 0.03)
    pen.oval(0.42, 0.52, 0.34, 0.27, ink.main)
    pen.line([(0.88, 0.42), (0.93, 0.62), (0.9, 0.82), (0.96, 0.86)], 0.08, ink.main)
    pen.oval(0.76, 0.38, 0.2, 0.21, ink.main)
    pen.oval(0.62, 0.38, 0.14, 0.2, ink.dark)
    pen.disc(0.83, 0.33, 0.024, BLACK)
    pen.poly([(0.8, 0.52), (0.86, 0.5), (0.84, 0.66)], WHITE)


@pictogram("mouse", "#a9a4a8")
def _mouse(pen: Pen, ink: Ink) -> None:
    pen.line([(0.2, 0.8), (0.05, 0.7), (0.08, 0.5)], 0.03, _PINK)
    pen.oval(0.45, 0.72, 0.32, 0.22, ink.main)
    pen.disc(0.56, 0.34, 0.15, ink.main)
    pen.disc(0.56, 0.34, 0.1, _PINK)
    pen.disc(0.8, 0.38, 0.13, ink.main)
    pen.oval(0.74, 0.6, 0.21, 0.17, ink.main)
    pen.disc(0.76, 0.55, 0.034, BLACK)
    pen.disc(0.95, 0.62, 0.035, _PINK)


@pictogram("pig", "#f4a6b4")
def _pig(pen: Pen, ink: Ink) -> None:
    for side in (-1, 1):
        pen.box(0.5 + side * 0.16 - 0.07, 0.8, 0.5 + side * 0.16 + 0.07, 0.97, ink.dark, 0.02)
        pen.poly([(0.5 + side * 0.3, 0.06), (0.5 + side * 0.1, 0.16), (0.5 + side * 0.28, 0.34)], ink.dark)
    pen.oval(0.5, 0.7, 0.36, 0.22, ink.main)
    pen.oval(0.5, 0.4, 0.31, 0.29, ink.main)
    pen.oval(0.5, 0.48, 0.13, 0.1, ink.dark)
    pen.oval(0.455, 0.48, 0.025, 0.04, BLACK)
    pen.oval(0.545, 0.48, 0.025, 0.04, BLACK)
    pen.eyes(0.5, 0.33, 0.14, 0.036)


@pictogram("frog", "#58b548")
def _frog(pen: Pen, ink: Ink) -> None:
    for side in (-1, 1):
        pen.oval(0.5 + side * 0.33, 0.8, 0.16, 0.13, ink.dark)
        pen.disc(0.5 + side * 0.2, 0.24, 0.14, ink.main)
    pen.oval(0.5, 0.66, 0.34, 0.28, ink.main)
    pen.oval(0.5, 0.44, 0.36, 0.23, ink.main)
    for side in (-1, 1):
        pen.disc(0.5 + side * 0.2, 0.22, 0.09, WHITE)
        pen.disc(0.5 + side * 0.2, 0.22, 0.05, BLACK)
    pen.arc(0.5, 0.42, 0.22, 0.14, 15, 165, 0.02, ink.dark)
    pen.oval(0.5, 0.76, 0.19, 0.15, ink.light)
