"""Food."""

from __future__ import annotations

from protobanana.engine.painter.colours import from_hex
from protobanana.engine.painter.pictograms.pen import BLACK, WHITE, Ink, Pen, pictogram

_STEM = from_hex("#6a4626")
_LEAF = from_hex("#4fa845")


@pictogram("apple", "#d8303a")
def _apple(pen: Pen, ink: Ink) -> None:
    pen.line([(0.5, 0.26), (0.54, 0.08)], 0.04, _STEM)
    pen.oval(0.66, 0.14, 0.13, 0.06, _LEAF)
    pen.oval(0.36, 0.58, 0.28, 0.36, ink.main)
    pen.oval(0.64, 0.58, 0.28, 0.36, ink.main)
    pen.oval(0.27, 0.46, 0.06, 0.12, ink.light)


@pictogram("pear", "#b5c83c")
def _pear(pen: Pen, ink: Ink) -> None:
    pen.line([(0.5, 0.18), (0.54, 0.03)], 0.04, _STEM)
    pen.oval(0.5, 0.34, 0.17, 0.2, ink.main)
    pen.oval(0.5, 0.66, 0.31, 0.3, ink.main)
    pen.oval(0.36, 0.6, 0.06, 0.11, ink.light)


@pictogram("banana", "#f7d23a")
def _banana(pen: Pen, ink: Ink) -> None:
    pen.disc(0.42, 0.42, 0.46, ink.main)
    pen.hole(0.36, 0.28, 0.46, 0.44)
    pen.poly([(0.8, 0.18), (0.86, 0.02), (0.92, 0.06), (0.9, 0.26)], _STEM)
    pen.disc(0.1, 0.74, 0.03, _STEM)


@pictogram("lemon", "#f8dc3a")
def _lemon(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.02, 0.5), (0.2, 0.36), (0.2, 0.64)], ink.main)
    pen.poly([(0.98, 0.5), (0.8, 0.36), (0.8, 0.64)], ink.main)
    pen.oval(0.5, 0.5, 0.37, 0.29, ink.main)
    pen.oval(0.38, 0.4, 0.1, 0.06, ink.light)


@pictogram("cherry", "#c8202e")
def _cherry(pen: Pen, ink: Ink) -> None:
    pen.line([(0.3, 0.64), (0.44, 0.3), (0.6, 0.08)], 0.03, _LEAF)
    pen.line([(0.7, 0.68), (0.66, 0.36), (0.6, 0.08)], 0.03, _LEAF)
    pen.disc(0.28, 0.72, 0.22, ink.main)
    pen.disc(0.72, 0.76, 0.21, ink.main)
    pen.disc(0.21, 0.65, 0.05, ink.light)
    pen.disc(0.65, 0.69, 0.05, ink.light)


@pictogram("strawberry", "#e0303e")
def _strawberry(pen: Pen, ink: Ink) -> None:
    pen.oval(0.5, 0.42, 0.36, 0.24, ink.main)
    pen.poly([(0.15, 0.46), (0.85, 0.46), (0.54, 0.96), (0.46, 0.96)], ink.main)
    pen.poly([(0.24, 0.14), (0.42, 0.2), (0.5, 0.05), (0.58, 0.2), (0.76, 0.14), (0.62, 0.32), (0.38, 0.32)], _LEAF)
    for x, y in ((0.34, 0.46), (0.5, 0.44), (0.66, 0.46), (0.42, 0.6), (0.58, 0.6), (0.5, 0.76)):
        pen.oval(x, y, 0.018, 0.03, from_hex("#fbe28a"))


@pictogram("watermelon", "#e8404e")
def _watermelon(pen: Pen, ink: Ink) -> None:
    pen.pie(0.5, 0.24, 0.49, 0.62, 0, 180, from_hex("#2f8a44"))
    pen.pie(0.5, 0.24, 0.44, 0.56, 0, 180, from_hex("#dff0c0"))
    pen.pie(0.5, 0.24, 0.41, 0.52, 0, 180, ink.main)
    for x, y in ((0.3, 0.36), (0.5, 0.34), (0.7, 0.36), (0.4, 0.5), (0.6, 0.5), (0.5, 0.64)):
        pen.oval(x, y, 0.018, 0.032, BLACK)


@pictogram("grapes", "#7a3a9c")
def _grapes(pen: Pen, ink: Ink) -> None:
    pen.line([(0.5, 0.22), (0.52, 0.04)], 0.035, _STEM)
    pen.oval(0.66, 0.12, 0.14, 0.08, _LEAF)
    for row, count in enumerate((4, 3, 3, 2, 1)):
        for index in range(count):
            x = 0.5 + (index - (count - 1) / 2) * 0.2
            pen.disc(x, 0.3 + row * 0.15, 0.115, ink.main if (row + index) % 2 else ink.dark)


@pictogram("carrot", "#f2802a")
def _carrot(pen: Pen, ink: Ink) -> None:
    for x in (0.36, 0.5, 0.64):
        pen.line([(0.5, 0.32), (x, 0.06)], 0.06, _LEAF)
    pen.poly([(0.3, 0.32), (0.5, 0.26), (0.7, 0.32), (0.52, 0.98), (0.48, 0.98)], ink.main)
    for y in (0.44, 0.58):
        pen.line([(0.42, y), (0.52, y + 0.01)], 0.02, ink.dark)


@pictogram("pumpkin", "#f08224")
def _pumpkin(pen: Pen, ink: Ink) -> None:
    pen.box(0.46, 0.08, 0.55, 0.28, _LEAF, 0.02)
    for x in (0.26, 0.74):
        pen.oval(x, 0.58, 0.24, 0.32, ink.dark)
    pen.oval(0.5, 0.58, 0.26, 0.36, ink.main)
    pen.oval(0.4, 0.46, 0.04, 0.12, ink.light)


@pictogram("bread", "#c98742")
def _bread(pen: Pen, ink: Ink) -> None:
    pen.box(0.12, 0.3, 0.88, 0.9, ink.main, 0.05)
    pen.oval(0.3, 0.3, 0.27, 0.2, ink.main)
    pen.oval(0.7, 0.3, 0.27, 0.2, ink.main)
    pen.box(0.19, 0.32, 0.81, 0.84, ink.light, 0.04)


@pictogram("cake", "#f29ab5", "#f7e3b0")
def _cake(pen: Pen, ink: Ink) -> None:
    for x in (0.34, 0.5, 0.66):
        pen.oval(x, 0.12, 0.025, 0.06, from_hex("#f7a62e"))
        pen.box(x - 0.02, 0.18, x + 0.02, 0.36, ink.dark)
    pen.box(0.16, 0.34, 0.84, 0.64, ink.main, 0.06)
    pen.box(0.06, 0.58, 0.94, 0.92, ink.accent, 0.05)
    for x in (0.14, 0.32, 0.5, 0.68, 0.86):
        pen.disc(x, 0.62, 0.085, ink.main)


@pictogram("pizza", "#f4c64e", "#c8342c")
def _pizza(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.04, 0.16), (0.96, 0.16), (0.5, 0.98)], ink.main)
    pen.box(0.01, 0.08, 0.99, 0.22, from_hex("#c98742"), 0.07)
    for x, y in ((0.36, 0.36), (0.62, 0.38), (0.5, 0.6)):
        pen.disc(x, y, 0.085, ink.accent)


@pictogram("burger", "#d8953f")
def _burger(pen: Pen, ink: Ink) -> None:
    pen.box(0.08, 0.7, 0.92, 0.9, ink.main, 0.08)
    pen.box(0.06, 0.58, 0.94, 0.72, from_hex("#6a3a20"), 0.05)
    pen.poly([(0.06, 0.55), (0.94, 0.55), (0.8, 0.66), (0.66, 0.58), (0.5, 0.67), (0.3, 0.58), (0.18, 0.66)],
             from_hex("#f7c93c"))  # fmt: skip
    pen.box(0.03, 0.48, 0.97, 0.57, from_hex("#5fae48"), 0.04)
    pen.pie(0.5, 0.49, 0.45, 0.4, 180, 360, ink.main)
    for x, y in ((0.34, 0.26), (0.5, 0.2), (0.66, 0.26), (0.42, 0.35), (0.58, 0.35)):
        pen.oval(x, y, 0.025, 0.016, WHITE)


@pictogram("ice-cream", "#f5a6c0", "#d99a4e")
def _ice_cream(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.27, 0.44), (0.73, 0.44), (0.5, 0.98)], ink.accent)
    pen.disc(0.38, 0.34, 0.17, ink.main)
    pen.disc(0.62, 0.34, 0.17, ink.main)
    pen.disc(0.5, 0.2, 0.18, ink.light)
    pen.disc(0.5, 0.05, 0.045, from_hex("#d8303a"))


@pictogram("egg", "#f5ead6")
def _egg(pen: Pen, ink: Ink) -> None:
    pen.oval(0.5, 0.6, 0.34, 0.36, ink.main)
    pen.oval(0.5, 0.44, 0.28, 0.4, ink.main)
    pen.oval(0.4, 0.38, 0.06, 0.12, WHITE)


@pictogram("cheese", "#f7c93c")
def _cheese(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.03, 0.5), (0.8, 0.16), (0.97, 0.5)], ink.light)
    pen.box(0.03, 0.48, 0.97, 0.84, ink.main)
    for x, y, r in ((0.24, 0.64, 0.07), (0.52, 0.72, 0.06), (0.74, 0.6, 0.08)):
        pen.disc(x, y, r, ink.dark)
