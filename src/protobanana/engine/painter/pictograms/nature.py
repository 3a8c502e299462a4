"""Plants, sky and weather."""

from __future__ import annotations

from protobanana.engine.painter.colours import from_hex, lighter
from protobanana.engine.painter.pictograms.pen import WHITE, Ink, Pen, pictogram, polar

_TRUNK = from_hex("#7a4f2e")
_GREEN = from_hex("#3f9150")


@pictogram("tree", "#3f9c4a")
def _tree(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.45, 0.5), (0.55, 0.5), (0.59, 0.98), (0.41, 0.98)], _TRUNK)
    for x, y, r in ((0.3, 0.46, 0.2), (0.7, 0.46, 0.2), (0.5, 0.28, 0.25), (0.5, 0.5, 0.22)):
        pen.disc(x, y, r, ink.main)
    for x, y, r in ((0.38, 0.26, 0.08), (0.28, 0.44, 0.07), (0.58, 0.36, 0.07)):
        pen.disc(x, y, r, lighter(ink.main, 0.2))


@pictogram("pine", "#2f7a4c")
def _pine(pen: Pen, ink: Ink) -> None:
    pen.box(0.45, 0.8, 0.55, 0.98, _TRUNK)
    pen.poly([(0.5, 0.3), (0.86, 0.86), (0.14, 0.86)], ink.dark)
    pen.poly([(0.5, 0.14), (0.78, 0.62), (0.22, 0.62)], ink.main)
    pen.poly([(0.5, 0.02), (0.68, 0.36), (0.32, 0.36)], lighter(ink.main, 0.12))


@pictogram("palm", "#3c9c50")
def _palm(pen: Pen, ink: Ink) -> None:
    pen.line([(0.46, 0.97), (0.48, 0.7), (0.54, 0.48), (0.56, 0.34)], 0.07, _TRUNK)
    for tip, bend in (
        ((0.04, 0.4), (0.26, 0.16)),
        ((0.16, 0.6), (0.28, 0.32)),
        ((0.98, 0.44), (0.82, 0.14)),
        ((0.9, 0.64), (0.82, 0.34)),
        ((0.36, 0.04), (0.44, 0.08)),
        ((0.78, 0.02), (0.7, 0.1)),
    ):
        pen.poly([(0.56, 0.28), bend, tip, (bend[0], bend[1] + 0.12), (0.56, 0.36)], ink.main)
    pen.disc(0.52, 0.36, 0.045, from_hex("#5a3a20"))
    pen.disc(0.61, 0.37, 0.045, from_hex("#5a3a20"))


@pictogram("flower", "#e65a8a", "#f8cf3c")
def _flower(pen: Pen, ink: Ink) -> None:
    pen.line([(0.5, 0.45), (0.5, 0.98)], 0.035, _GREEN)
    pen.oval(0.36, 0.78, 0.14, 0.06, _GREEN)
    pen.oval(0.64, 0.7, 0.14, 0.06, _GREEN)
    for x, y in polar(0.5, 0.33, [0.19] * 7):
        pen.disc(x, y, 0.12, ink.main)
    pen.disc(0.5, 0.33, 0.12, ink.accent)


@pictogram("leaf", "#4fa845")
def _leaf(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.08, 0.92), (0.14, 0.5), (0.4, 0.18), (0.94, 0.06), (0.86, 0.56), (0.56, 0.84), (0.2, 0.86)], ink.main)
    pen.line([(0.04, 0.96), (0.72, 0.28)], 0.022, ink.dark)
    for share in (0.3, 0.5, 0.7):
        x, y = 0.04 + 0.68 * share, 0.96 - 0.68 * share
        pen.line([(x, y), (x + 0.16, y + 0.01)], 0.014, ink.dark)
        pen.line([(x, y), (x - 0.01, y - 0.16)], 0.014, ink.dark)


@pictogram("cactus", "#4a9a56", "#c4703c")
def _cactus(pen: Pen, ink: Ink) -> None:
    pen.line([(0.5, 0.14), (0.5, 0.74)], 0.2, ink.main)
    pen.line([(0.5, 0.52), (0.24, 0.52), (0.24, 0.32)], 0.11, ink.main)
    pen.line([(0.5, 0.44), (0.76, 0.44), (0.76, 0.22)], 0.11, ink.main)
    for x in (0.46, 0.54):
        pen.line([(x, 0.14), (x, 0.7)], 0.012, ink.dark)
    pen.poly([(0.3, 0.72), (0.7, 0.72), (0.64, 0.98), (0.36, 0.98)], ink.accent)


@pictogram("mushroom", "#d8342c", "#f6efe0")
def _mushroom(pen: Pen, ink: Ink) -> None:
    pen.box(0.38, 0.46, 0.62, 0.95, ink.accent, 0.08)
    pen.pie(0.5, 0.54, 0.47, 0.48, 180, 360, ink.main)
    for x, y, r in ((0.3, 0.38, 0.07), (0.54, 0.22, 0.08), (0.72, 0.42, 0.06), (0.48, 0.44, 0.045)):
        pen.disc(x, y, r, WHITE)


@pictogram("grass", "#56a83c")
def _grass(pen: Pen, ink: Ink) -> None:
    for index in range(9):
        x = 0.06 + index * 0.1
        lean = (index % 3 - 1) * 0.08
        pen.poly([(x - 0.04, 0.95), (x + 0.06, 0.95), (x + lean, 0.4 + index % 2 * 0.16)],
                 ink.main if index % 2 else ink.dark)  # fmt: skip


@pictogram("sun", "#fbc02d", "#f9a825")
def _sun(pen: Pen, ink: Ink) -> None:
    pen.poly(polar(0.5, 0.5, [0.5, 0.35] * 12), ink.main)
    pen.disc(0.5, 0.5, 0.31, ink.main)
    pen.disc(0.5, 0.5, 0.27, lighter(ink.main, 0.25))


@pictogram("moon", "#f1ecd0")
def _moon(pen: Pen, ink: Ink) -> None:
    pen.disc(0.5, 0.5, 0.47, ink.main)
    crater = tuple(part * 0.9 for part in ink.main)
    for x, y, r in ((0.36, 0.36, 0.1), (0.62, 0.58, 0.13), (0.36, 0.68, 0.06), (0.66, 0.28, 0.05)):
        pen.disc(x, y, r, (crater[0], crater[1], crater[2]))


@pictogram("cloud", "#f4f7fb")
def _cloud(pen: Pen, ink: Ink) -> None:
    pen.box(0.06, 0.5, 0.94, 0.76, ink.main, 0.13)
    for x, y, r in ((0.26, 0.52, 0.16), (0.47, 0.4, 0.21), (0.71, 0.5, 0.17)):
        pen.disc(x, y, r, ink.main)


@pictogram("rainbow", "#dc2026")
def _rainbow(pen: Pen, ink: Ink) -> None:
    for index, code in enumerate(("#dc2026", "#f5871f", "#fad61e", "#289b46", "#2456d6", "#7b2fb5")):
        radius = 0.49 - index * 0.05
        pen.arc(0.5, 0.76, radius, radius * 1.1, 180, 360, 0.056, from_hex(code))


@pictogram("lightning", "#f9cf2e")
def _lightning(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.58, 0.02), (0.18, 0.56), (0.46, 0.56), (0.36, 0.98), (0.82, 0.4), (0.54, 0.4), (0.72, 0.02)], ink.main)


@pictogram("snowflake", "#cfe8f7")
def _snowflake(pen: Pen, ink: Ink) -> None:
    for tip, left, right in zip(
        polar(0.5, 0.5, [0.47] * 6), polar(0.5, 0.5, [0.4] * 6, -108), polar(0.5, 0.5, [0.4] * 6, -72), strict=True
    ):
        pen.line([(0.5, 0.5), tip], 0.045, ink.main)
        joint = (0.5 + (tip[0] - 0.5) * 0.55, 0.5 + (tip[1] - 0.5) * 0.55)
        pen.line([left, joint, right], 0.035, ink.main)


@pictogram("fire", "#f2682a", "#fbc72e")
def _fire(pen: Pen, ink: Ink) -> None:
    pen.disc(0.5, 0.67, 0.3, ink.main)
    pen.poly([(0.2, 0.66), (0.24, 0.3), (0.38, 0.44), (0.52, 0.02), (0.66, 0.4), (0.76, 0.32), (0.8, 0.66)], ink.main)
    pen.disc(0.5, 0.76, 0.18, ink.accent)
    pen.poly([(0.32, 0.74), (0.5, 0.4), (0.68, 0.74)], ink.accent)


@pictogram("planet", "#d8925a", "#e9d8a6")
def _planet(pen: Pen, ink: Ink) -> None:
    pen.disc(0.5, 0.5, 0.32, ink.main)
    pen.box(0.21, 0.38, 0.79, 0.44, ink.dark, 0.03)
    pen.box(0.2, 0.58, 0.8, 0.63, ink.light, 0.02)
    pen.arc(0.5, 0.52, 0.49, 0.15, 0, 180, 0.045, ink.accent)
    pen.arc(0.5, 0.52, 0.49, 0.15, 180, 215, 0.045, ink.accent)
    pen.arc(0.5, 0.52, 0.49, 0.15, 325, 360, 0.045, ink.accent)


@pictogram("mountain", "#6d7f93")
def _mountain(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.58, 0.3), (1.0, 0.94), (0.3, 0.94)], ink.dark)
    pen.poly([(0.38, 0.08), (0.84, 0.94), (0.0, 0.94)], ink.main)
    pen.poly([(0.38, 0.08), (0.5, 0.31), (0.43, 0.28), (0.37, 0.36), (0.31, 0.29), (0.27, 0.32)], WHITE)
