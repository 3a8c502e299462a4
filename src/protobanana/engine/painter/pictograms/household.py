"""Furniture, tools and other things found in a house."""

from __future__ import annotations

from protobanana.engine.painter.colours import from_hex
from protobanana.engine.painter.pictograms.pen import BLACK, WHITE, Ink, Pen, pictogram

_WOOD = from_hex("#8a5a34")
_GLASS = from_hex("#cfe6f2")


@pictogram("umbrella", "#d8433c")
def _umbrella(pen: Pen, ink: Ink) -> None:
    pen.line([(0.5, 0.1), (0.5, 0.86)], 0.03, _WOOD)
    pen.arc(0.43, 0.86, 0.08, 0.1, 0, 180, 0.03, _WOOD)
    pen.pie(0.5, 0.52, 0.47, 0.46, 180, 360, ink.main)
    pen.pie(0.5, 0.52, 0.18, 0.46, 180, 360, ink.dark)
    for x in (0.19, 0.5, 0.81):
        pen.hole(x, 0.55, 0.15, 0.07)
    pen.line([(0.5, 0.5), (0.5, 0.6)], 0.03, _WOOD)


@pictogram("watch", "#3a3f4a")
def _watch(pen: Pen, ink: Ink) -> None:
    pen.box(0.35, 0.02, 0.65, 0.98, ink.main, 0.06)
    _dial(pen, 0.31, ink)


def _dial(pen: Pen, radius: float, ink: Ink) -> None:
    pen.disc(0.5, 0.5, radius, ink.dark)
    pen.disc(0.5, 0.5, radius * 0.86, WHITE)
    pen.line([(0.5, 0.5), (0.5, 0.5 - radius * 0.62)], 0.03, BLACK)
    pen.line([(0.5, 0.5), (0.5 + radius * 0.46, 0.5 + radius * 0.2)], 0.03, BLACK)


@pictogram("clock", "#c4453e")
def _clock(pen: Pen, ink: Ink) -> None:
    _dial(pen, 0.47, ink)


@pictogram("book", "#356fb8")
def _book(pen: Pen, ink: Ink) -> None:
    pen.box(0.04, 0.18, 0.96, 0.84, ink.main, 0.03)
    pen.poly([(0.5, 0.24), (0.09, 0.16), (0.09, 0.74), (0.5, 0.8)], WHITE)
    pen.poly([(0.5, 0.24), (0.91, 0.16), (0.91, 0.74), (0.5, 0.8)], from_hex("#efeae0"))
    for y in (0.34, 0.44, 0.54):
        pen.line([(0.16, y - 0.03), (0.43, y + 0.02)], 0.014, ink.light)
        pen.line([(0.84, y - 0.03), (0.57, y + 0.02)], 0.014, ink.light)


@pictogram("phone", "#2c2f38", "#58b7e8")
def _phone(pen: Pen, ink: Ink) -> None:
    pen.box(0.27, 0.03, 0.73, 0.97, ink.main, 0.07)
    pen.box(0.31, 0.11, 0.69, 0.85, ink.accent, 0.02)
    pen.disc(0.5, 0.91, 0.03, WHITE)


@pictogram("computer", "#3b4150", "#6cc3ee")
def _computer(pen: Pen, ink: Ink) -> None:
    pen.box(0.1, 0.12, 0.9, 0.7, ink.main, 0.04)
    pen.box(0.15, 0.17, 0.85, 0.64, ink.accent)
    pen.poly([(0.06, 0.74), (0.94, 0.74), (1.0, 0.88), (0.0, 0.88)], ink.dark)
    pen.line([(0.22, 0.28), (0.5, 0.28)], 0.03, WHITE)
    pen.line([(0.22, 0.38), (0.66, 0.38)], 0.03, WHITE)


@pictogram("camera", "#3a3d46", "#6cc3ee")
def _camera(pen: Pen, ink: Ink) -> None:
    pen.box(0.34, 0.14, 0.66, 0.34, ink.main, 0.04)
    pen.box(0.04, 0.26, 0.96, 0.86, ink.main, 0.08)
    pen.disc(0.5, 0.56, 0.23, ink.light)
    pen.disc(0.5, 0.56, 0.18, BLACK)
    pen.disc(0.5, 0.56, 0.11, ink.accent)
    pen.disc(0.84, 0.36, 0.04, from_hex("#f2c744"))


@pictogram("lamp", "#f2c744")
def _lamp(pen: Pen, ink: Ink) -> None:
    pen.box(0.47, 0.44, 0.53, 0.9, _WOOD)
    pen.oval(0.5, 0.92, 0.22, 0.05, _WOOD)
    pen.poly([(0.34, 0.05), (0.66, 0.05), (0.86, 0.5), (0.14, 0.5)], ink.main)
    pen.poly([(0.34, 0.05), (0.44, 0.05), (0.36, 0.5), (0.14, 0.5)], ink.light)


@pictogram("key", "#e0b03a")
def _key(pen: Pen, ink: Ink) -> None:
    pen.disc(0.24, 0.5, 0.22, ink.main)
    pen.hole(0.24, 0.5, 0.1, 0.1)
    pen.box(0.42, 0.45, 0.98, 0.55, ink.main)
    pen.box(0.8, 0.5, 0.87, 0.72, ink.main)
    pen.box(0.91, 0.5, 0.98, 0.66, ink.main)


@pictogram("gift", "#d8433c", "#f7d25a")
def _gift(pen: Pen, ink: Ink) -> None:
    pen.oval(0.38, 0.2, 0.13, 0.1, ink.accent)
    pen.oval(0.62, 0.2, 0.13, 0.1, ink.accent)
    pen.box(0.12, 0.4, 0.88, 0.96, ink.main, 0.02)
    pen.box(0.06, 0.28, 0.94, 0.44, ink.dark, 0.02)
    pen.box(0.43, 0.28, 0.57, 0.96, ink.accent)


@pictogram("candle", "#f4ead2", "#f7a62e")
def _candle(pen: Pen, ink: Ink) -> None:
    pen.oval(0.5, 0.2, 0.09, 0.17, ink.accent)
    pen.oval(0.5, 0.25, 0.045, 0.09, WHITE)
    pen.line([(0.5, 0.34), (0.5, 0.42)], 0.018, BLACK)
    pen.box(0.34, 0.4, 0.66, 0.94, ink.main, 0.03)
    pen.oval(0.5, 0.94, 0.3, 0.05, ink.dark)


@pictogram("guitar", "#c4783a")
def _guitar(pen: Pen, ink: Ink) -> None:
    pen.line([(0.44, 0.56), (0.9, 0.1)], 0.07, _WOOD)
    pen.disc(0.5, 0.5, 0.16, ink.main)
    pen.disc(0.3, 0.7, 0.25, ink.main)
    pen.disc(0.38, 0.62, 0.08, BLACK)
    pen.line([(0.86, 0.06), (0.95, 0.15)], 0.08, BLACK)
    pen.line([(0.18, 0.72), (0.28, 0.82)], 0.035, _WOOD)


@pictogram("sword", "#c6ccd4", "#d9a520")
def _sword(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.5, 0.01), (0.58, 0.12), (0.58, 0.68), (0.42, 0.68), (0.42, 0.12)], ink.main)
    pen.box(0.49, 0.1, 0.51, 0.66, ink.dark)
    pen.box(0.26, 0.66, 0.74, 0.74, ink.accent, 0.03)
    pen.box(0.45, 0.74, 0.55, 0.93, _WOOD)
    pen.disc(0.5, 0.94, 0.05, ink.accent)


@pictogram("flag", "#d8343a")
def _flag(pen: Pen, ink: Ink) -> None:
    pen.box(0.1, 0.03, 0.16, 0.98, _WOOD, 0.02)
    pen.poly([(0.16, 0.08), (0.94, 0.14), (0.8, 0.34), (0.94, 0.56), (0.16, 0.58)], ink.main)


@pictogram("sign", "#f2ead8", "#8a5a34")
def _sign(pen: Pen, ink: Ink) -> None:
    pen.box(0.46, 0.6, 0.54, 0.98, ink.accent)
    pen.box(0.02, 0.12, 0.98, 0.68, ink.accent, 0.05)
    pen.box(0.06, 0.16, 0.94, 0.64, ink.main, 0.03)


@pictogram("door", "#9a5f38")
def _door(pen: Pen, ink: Ink) -> None:
    pen.box(0.22, 0.02, 0.78, 0.98, ink.dark)
    pen.box(0.27, 0.06, 0.73, 0.98, ink.main)
    for y in (0.14, 0.56):
        pen.box(0.34, y, 0.66, y + 0.32, ink.dark, 0.02)
    pen.disc(0.68, 0.52, 0.03, ink.accent)


@pictogram("window", "#e9e4da", "#8fcdf0")
def _window(pen: Pen, ink: Ink) -> None:
    pen.box(0.12, 0.06, 0.88, 0.9, ink.main)
    for x in (0.19, 0.54):
        for y in (0.13, 0.51):
            pen.box(x, y, x + 0.27, y + 0.32, ink.accent)
    pen.box(0.06, 0.88, 0.94, 0.96, ink.dark)


@pictogram("chair", "#b5713c")
def _chair(pen: Pen, ink: Ink) -> None:
    pen.box(0.22, 0.04, 0.78, 0.5, ink.main, 0.05)
    pen.box(0.3, 0.12, 0.7, 0.42, ink.light, 0.03)
    for x in (0.2, 0.71):
        pen.box(x, 0.5, x + 0.09, 0.98, ink.dark)
    pen.box(0.14, 0.5, 0.86, 0.62, ink.main, 0.04)


@pictogram("table", "#a8693c")
def _table(pen: Pen, ink: Ink) -> None:
    for x in (0.1, 0.82):
        pen.box(x, 0.4, x + 0.08, 0.94, ink.dark)
    pen.box(0.01, 0.3, 0.99, 0.42, ink.main, 0.03)


@pictogram("sofa", "#4f8a8b")
def _sofa(pen: Pen, ink: Ink) -> None:
    for x in (0.12, 0.8):
        pen.box(x, 0.78, x + 0.08, 0.92, _WOOD)
    pen.box(0.12, 0.2, 0.88, 0.7, ink.main, 0.1)
    pen.box(0.14, 0.5, 0.5, 0.72, ink.light, 0.05)
    pen.box(0.5, 0.5, 0.86, 0.72, ink.light, 0.05)
    pen.box(0.02, 0.42, 0.2, 0.84, ink.dark, 0.07)
    pen.box(0.8, 0.42, 0.98, 0.84, ink.dark, 0.07)
    pen.box(0.12, 0.68, 0.88, 0.84, ink.main, 0.03)


@pictogram("bed", "#5f86c4")
def _bed(pen: Pen, ink: Ink) -> None:
    pen.box(0.02, 0.22, 0.1, 0.9, _WOOD, 0.02)
    pen.box(0.9, 0.5, 0.98, 0.9, _WOOD, 0.02)
    pen.box(0.08, 0.58, 0.94, 0.8, WHITE)
    pen.box(0.12, 0.46, 0.36, 0.6, from_hex("#e3e8f0"), 0.05)
    pen.box(0.36, 0.48, 0.94, 0.8, ink.main, 0.06)


@pictogram("vase", "#3f7fb8", "#e65a7a")
def _vase(pen: Pen, ink: Ink) -> None:
    for x, y in ((0.34, 0.16), (0.5, 0.1), (0.66, 0.16)):
        pen.line([(0.5, 0.5), (x, y)], 0.02, from_hex("#3f9150"))
        pen.disc(x, y, 0.085, ink.accent)
    pen.box(0.4, 0.4, 0.6, 0.56, ink.main)
    pen.oval(0.5, 0.73, 0.25, 0.22, ink.main)
    pen.box(0.34, 0.9, 0.66, 0.96, ink.dark)
    pen.oval(0.41, 0.7, 0.05, 0.1, ink.light)


@pictogram("cup", "#e05a47")
def _cup(pen: Pen, ink: Ink) -> None:
    for x in (0.32, 0.46, 0.6):
        pen.line([(x, 0.2), (x + 0.03, 0.12), (x - 0.01, 0.04)], 0.02, from_hex("#c9ced6"))
    pen.arc(0.72, 0.52, 0.19, 0.17, -90, 90, 0.07, ink.dark)
    pen.poly([(0.14, 0.28), (0.76, 0.28), (0.7, 0.88), (0.2, 0.88)], ink.main)
    pen.oval(0.45, 0.28, 0.31, 0.06, ink.dark)
    pen.oval(0.45, 0.28, 0.27, 0.04, from_hex("#5a3422"))
    pen.oval(0.45, 0.92, 0.42, 0.05, ink.light)


@pictogram("glass", "#b6304a")
def _glass(pen: Pen, ink: Ink) -> None:
    pen.pie(0.5, 0.1, 0.27, 0.48, 0, 180, _GLASS)
    pen.pie(0.5, 0.26, 0.25, 0.31, 0, 180, ink.main)
    pen.box(0.475, 0.56, 0.525, 0.92, _GLASS)
    pen.oval(0.5, 0.93, 0.2, 0.04, _GLASS)


@pictogram("bottle", "#2f8a55", "#f2ead8")
def _bottle(pen: Pen, ink: Ink) -> None:
    pen.box(0.43, 0.02, 0.57, 0.12, _WOOD, 0.02)
    pen.box(0.42, 0.1, 0.58, 0.38, ink.main)
    pen.box(0.3, 0.32, 0.7, 0.98, ink.main, 0.1)
    pen.box(0.3, 0.54, 0.7, 0.78, ink.accent)


@pictogram("bowl", "#4f8fc0", "#f2b84a")
def _bowl(pen: Pen, ink: Ink) -> None:
    pen.oval(0.5, 0.42, 0.42, 0.16, ink.accent)
    pen.pie(0.5, 0.42, 0.47, 0.46, 0, 180, ink.main)
    pen.box(0.34, 0.84, 0.66, 0.92, ink.dark, 0.02)


@pictogram("teapot", "#4a9c8c")
def _teapot(pen: Pen, ink: Ink) -> None:
    pen.line([(0.72, 0.62), (0.9, 0.4), (0.97, 0.36)], 0.09, ink.dark)
    pen.arc(0.2, 0.55, 0.17, 0.2, 90, 270, 0.06, ink.dark)
    pen.oval(0.48, 0.6, 0.32, 0.28, ink.main)
    pen.oval(0.48, 0.34, 0.2, 0.06, ink.dark)
    pen.disc(0.48, 0.25, 0.05, ink.dark)
    pen.oval(0.38, 0.52, 0.07, 0.1, ink.light)
