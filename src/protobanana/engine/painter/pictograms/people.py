"""People, other characters, and what they wear."""

from __future__ import annotations

from protobanana.engine.painter.colours import from_hex
from protobanana.engine.painter.pictograms.pen import BLACK, WHITE, Ink, Pen, pictogram, polar

_SKIN = from_hex("#eab58c")
_HAIR = from_hex("#4a2f22")


@pictogram("person", "#3c74c8")
def _person(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.34, 0.6), (0.66, 0.6), (0.67, 0.98), (0.53, 0.98), (0.5, 0.76), (0.47, 0.98), (0.33, 0.98)], ink.dark)
    for side in (-1, 1):
        pen.line([(0.5 + side * 0.17, 0.42), (0.5 + side * 0.24, 0.66)], 0.08, ink.main)
        pen.disc(0.5 + side * 0.245, 0.69, 0.045, _SKIN)
    pen.box(0.31, 0.35, 0.69, 0.68, ink.main, 0.08)
    pen.box(0.45, 0.28, 0.55, 0.39, _SKIN)
    pen.disc(0.5, 0.15, 0.145, _HAIR)
    pen.oval(0.5, 0.19, 0.125, 0.14, _SKIN)
    pen.pie(0.5, 0.15, 0.14, 0.135, 180, 360, _HAIR)
    pen.eyes(0.5, 0.2, 0.05, 0.018)
    pen.arc(0.5, 0.235, 0.05, 0.04, 20, 160, 0.012, BLACK)


@pictogram("face", "#fad04a")
def _face(pen: Pen, ink: Ink) -> None:
    pen.disc(0.5, 0.5, 0.47, ink.main)
    pen.eyes(0.5, 0.4, 0.16, 0.065)
    pen.arc(0.5, 0.52, 0.25, 0.23, 15, 165, 0.045, BLACK)


@pictogram("robot", "#9aa7b4", "#38c6e0")
def _robot(pen: Pen, ink: Ink) -> None:
    pen.line([(0.5, 0.16), (0.5, 0.05)], 0.025, ink.dark)
    pen.disc(0.5, 0.05, 0.04, ink.accent)
    for side in (-1, 1):
        pen.box(0.5 + side * 0.36 - 0.06, 0.52, 0.5 + side * 0.36 + 0.06, 0.8, ink.dark, 0.05)
        pen.box(0.5 + side * 0.14 - 0.08, 0.84, 0.5 + side * 0.14 + 0.08, 0.98, ink.dark, 0.03)
    pen.box(0.24, 0.13, 0.76, 0.47, ink.main, 0.08)
    pen.box(0.24, 0.5, 0.76, 0.86, ink.main, 0.06)
    pen.box(0.3, 0.19, 0.7, 0.39, BLACK, 0.06)
    pen.disc(0.4, 0.29, 0.055, ink.accent)
    pen.disc(0.6, 0.29, 0.055, ink.accent)
    pen.box(0.34, 0.58, 0.66, 0.72, ink.light, 0.03)
    pen.disc(0.42, 0.65, 0.035, ink.accent)


@pictogram("snowman", "#f4f8fb", "#f08a30")
def _snowman(pen: Pen, ink: Ink) -> None:
    pen.disc(0.5, 0.74, 0.24, ink.main)
    pen.disc(0.5, 0.43, 0.17, ink.main)
    pen.disc(0.5, 0.2, 0.13, ink.main)
    for side in (-1, 1):
        pen.line([(0.5 + side * 0.15, 0.42), (0.5 + side * 0.36, 0.3)], 0.02, _HAIR)
        pen.disc(0.5 + side * 0.045, 0.17, 0.017, BLACK)
    pen.poly([(0.5, 0.2), (0.66, 0.23), (0.5, 0.25)], ink.accent)
    for y in (0.38, 0.46, 0.66):
        pen.disc(0.5, y, 0.02, BLACK)


@pictogram("ghost", "#f2f1fa")
def _ghost(pen: Pen, ink: Ink) -> None:
    pen.pie(0.5, 0.42, 0.36, 0.38, 180, 360, ink.main)
    pen.box(0.14, 0.4, 0.86, 0.86, ink.main)
    for x in (0.26, 0.5, 0.74):
        pen.disc(x, 0.86, 0.12, ink.main)
    pen.oval(0.38, 0.4, 0.06, 0.09, BLACK)
    pen.oval(0.62, 0.4, 0.06, 0.09, BLACK)
    pen.oval(0.5, 0.6, 0.05, 0.07, BLACK)


@pictogram("alien", "#7cc94e")
def _alien(pen: Pen, ink: Ink) -> None:
    for side in (-1, 1):
        pen.line([(0.5 + side * 0.14, 0.2), (0.5 + side * 0.22, 0.05)], 0.025, ink.dark)
        pen.disc(0.5 + side * 0.22, 0.05, 0.04, ink.dark)
    pen.oval(0.5, 0.8, 0.2, 0.18, ink.dark)
    pen.oval(0.5, 0.4, 0.34, 0.3, ink.main)
    pen.poly([(0.26, 0.58), (0.74, 0.58), (0.5, 0.78)], ink.main)
    pen.oval(0.35, 0.42, 0.1, 0.13, BLACK)
    pen.oval(0.65, 0.42, 0.1, 0.13, BLACK)
    pen.arc(0.5, 0.6, 0.07, 0.05, 20, 160, 0.016, BLACK)


@pictogram("hat", "#c43c3c", "#f4d35e")
def _hat(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.27, 0.66), (0.31, 0.26), (0.4, 0.2), (0.5, 0.25), (0.6, 0.2), (0.69, 0.26), (0.73, 0.66)], ink.main)
    pen.box(0.26, 0.56, 0.74, 0.67, ink.accent)
    pen.oval(0.5, 0.72, 0.48, 0.1, ink.main)
    pen.pie(0.5, 0.66, 0.24, 0.06, 0, 180, ink.accent)


@pictogram("top-hat", "#2a2a32", "#b3302e")
def _top_hat(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.24, 0.08), (0.76, 0.08), (0.71, 0.74), (0.29, 0.74)], ink.main)
    pen.box(0.28, 0.58, 0.72, 0.72, ink.accent)
    pen.oval(0.5, 0.78, 0.46, 0.09, ink.main)


@pictogram("bowler", "#33302f", "#8a6a4a")
def _bowler(pen: Pen, ink: Ink) -> None:
    pen.pie(0.5, 0.66, 0.3, 0.44, 180, 360, ink.main)
    pen.box(0.2, 0.56, 0.8, 0.68, ink.accent)
    pen.oval(0.5, 0.7, 0.47, 0.08, ink.main)
    pen.box(0.2, 0.58, 0.8, 0.66, ink.accent)


@pictogram("crown", "#f3c22e", "#d8342c")
def _crown(pen: Pen, ink: Ink) -> None:
    pen.poly(
        [(0.06, 0.26), (0.28, 0.48), (0.5, 0.12), (0.72, 0.48), (0.94, 0.26), (0.86, 0.84), (0.14, 0.84)], ink.main
    )
    pen.box(0.14, 0.72, 0.86, 0.84, ink.dark)
    for x, y in ((0.06, 0.25), (0.5, 0.11), (0.94, 0.25)):
        pen.disc(x, y + 0.01, 0.05, ink.accent)
    for x in (0.3, 0.5, 0.7):
        pen.disc(x, 0.78, 0.035, ink.accent)


@pictogram("glasses", "#26262c")
def _glasses(pen: Pen, ink: Ink) -> None:
    lens = from_hex("#bfe0f2")
    for side in (-1, 1):
        pen.disc(0.5 + side * 0.25, 0.5, 0.22, ink.main)
        pen.disc(0.5 + side * 0.25, 0.5, 0.16, lens)
    pen.line([(0.44, 0.46), (0.56, 0.46)], 0.06, ink.main)


@pictogram("scarf", "#c8423c")
def _scarf(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.56, 0.3), (0.78, 0.3), (0.82, 0.92), (0.6, 0.92)], ink.dark)
    pen.box(0.08, 0.12, 0.92, 0.42, ink.main, 0.14)
    for x in (0.24, 0.5):
        pen.line([(x, 0.15), (x + 0.06, 0.4)], 0.05, ink.light)
    pen.box(0.6, 0.78, 0.82, 0.84, ink.light)


@pictogram("tie", "#c22f3a")
def _tie(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.36, 0.02), (0.64, 0.02), (0.58, 0.2), (0.42, 0.2)], ink.dark)
    pen.poly([(0.42, 0.2), (0.58, 0.2), (0.7, 0.78), (0.5, 0.98), (0.3, 0.78)], ink.main)
    for y in (0.4, 0.6):
        pen.poly([(0.38, y + 0.1), (0.6, y - 0.06), (0.61, y), (0.365, y + 0.17)], ink.light)


@pictogram("bow-tie", "#c22f3a")
def _bow_tie(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.03, 0.24), (0.5, 0.46), (0.5, 0.54), (0.03, 0.76)], ink.main)
    pen.poly([(0.97, 0.24), (0.5, 0.46), (0.5, 0.54), (0.97, 0.76)], ink.main)
    pen.box(0.41, 0.4, 0.59, 0.6, ink.dark, 0.05)


@pictogram("shirt", "#3f86d8")
def _shirt(pen: Pen, ink: Ink) -> None:
    pen.poly(
        [(0.32, 0.1), (0.68, 0.1), (0.98, 0.3), (0.86, 0.5), (0.74, 0.42), (0.74, 0.94), (0.26, 0.94), (0.26, 0.42),
         (0.14, 0.5), (0.02, 0.3)], ink.main
    )  # fmt: skip
    pen.pie(0.5, 0.1, 0.14, 0.12, 0, 180, ink.dark)


@pictogram("shoe", "#b5543a")
def _shoe(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.08, 0.28), (0.38, 0.28), (0.5, 0.48), (0.86, 0.58), (0.95, 0.74), (0.06, 0.74)], ink.main)
    pen.box(0.04, 0.72, 0.97, 0.82, WHITE, 0.03)
    for x in (0.44, 0.53, 0.62):
        pen.line([(x, 0.5 + (x - 0.44) * 0.3), (x - 0.08, 0.6 + (x - 0.44) * 0.3)], 0.022, WHITE)


@pictogram("bag", "#a5603a")
def _bag(pen: Pen, ink: Ink) -> None:
    pen.arc(0.5, 0.34, 0.2, 0.26, 180, 360, 0.05, ink.dark)
    pen.box(0.12, 0.32, 0.88, 0.92, ink.main, 0.1)
    pen.box(0.12, 0.32, 0.88, 0.56, ink.dark, 0.08)
    pen.box(0.43, 0.5, 0.57, 0.64, ink.accent, 0.02)


@pictogram("eye", "#3f8fd6")
def _eye(pen: Pen, ink: Ink) -> None:
    pen.oval(0.5, 0.5, 0.48, 0.29, BLACK)
    pen.oval(0.5, 0.5, 0.45, 0.26, WHITE)
    pen.disc(0.5, 0.5, 0.21, ink.main)
    pen.disc(0.5, 0.5, 0.1, BLACK)
    pen.disc(0.55, 0.43, 0.045, WHITE)


@pictogram("hand", "#eab58c")
def _hand(pen: Pen, ink: Ink) -> None:
    for x, y in ((0.3, 0.16), (0.44, 0.07), (0.58, 0.1), (0.72, 0.2)):
        pen.line([(x, y), (0.36 + x * 0.3, 0.6)], 0.11, ink.main)
    pen.line([(0.1, 0.46), (0.4, 0.72)], 0.12, ink.main)
    pen.box(0.28, 0.5, 0.76, 0.95, ink.main, 0.16)


@pictogram("skull", "#f1eee4")
def _skull(pen: Pen, ink: Ink) -> None:
    pen.oval(0.5, 0.4, 0.4, 0.36, ink.main)
    pen.box(0.3, 0.6, 0.7, 0.92, ink.main, 0.06)
    pen.oval(0.34, 0.44, 0.11, 0.12, BLACK)
    pen.oval(0.66, 0.44, 0.11, 0.12, BLACK)
    pen.poly([(0.5, 0.54), (0.56, 0.66), (0.44, 0.66)], BLACK)
    for x in (0.4, 0.5, 0.6):
        pen.line([(x, 0.78), (x, 0.9)], 0.018, BLACK)


@pictogram("logo")
def _logo(pen: Pen, ink: Ink) -> None:
    pen.poly(polar(0.5, 0.5, [0.49, 0.43] * 12), ink.main)
    pen.disc(0.5, 0.5, 0.34, ink.light)
    pen.poly(polar(0.5, 0.52, [0.24, 0.1] * 5), ink.dark)
