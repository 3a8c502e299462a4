"""Birds, fish, insects and reptiles."""

from __future__ import annotations

from protobanana.engine.painter.colours import from_hex
from protobanana.engine.painter.pictograms.pen import BLACK, WHITE, Ink, Pen, pictogram


@pictogram("bird", "#3f8fd6")
def _bird(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.02, 0.6), (0.3, 0.5), (0.26, 0.72)], ink.dark)
    pen.oval(0.5, 0.58, 0.3, 0.23, ink.main)
    pen.disc(0.72, 0.36, 0.17, ink.main)
    pen.poly([(0.86, 0.32), (1.0, 0.39), (0.86, 0.44)], ink.accent)
    pen.oval(0.56, 0.68, 0.18, 0.11, ink.light)
    pen.poly([(0.3, 0.5), (0.6, 0.46), (0.36, 0.78)], ink.dark)
    pen.disc(0.76, 0.33, 0.03, BLACK)
    for x in (0.46, 0.56):
        pen.line([(x, 0.79), (x, 0.95), (x + 0.06, 0.95)], 0.02, ink.accent)


@pictogram("duck", "#f7cf3a", "#f08a24")
def _duck(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.03, 0.5), (0.24, 0.54), (0.2, 0.74)], ink.main)
    pen.oval(0.46, 0.68, 0.36, 0.22, ink.main)
    pen.disc(0.67, 0.34, 0.2, ink.main)
    pen.oval(0.9, 0.39, 0.1, 0.05, ink.accent)
    pen.oval(0.42, 0.66, 0.19, 0.11, ink.dark)
    pen.disc(0.72, 0.28, 0.03, BLACK)


@pictogram("owl", "#94684a")
def _owl(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.2, 0.05), (0.46, 0.2), (0.22, 0.34)], ink.dark)
    pen.poly([(0.8, 0.05), (0.54, 0.2), (0.78, 0.34)], ink.dark)
    pen.oval(0.5, 0.55, 0.34, 0.42, ink.main)
    pen.oval(0.5, 0.72, 0.2, 0.22, ink.light)
    for side in (-1, 1):
        pen.oval(0.5 + side * 0.3, 0.62, 0.09, 0.23, ink.dark)
        pen.disc(0.5 + side * 0.14, 0.36, 0.14, WHITE)
        pen.disc(0.5 + side * 0.14, 0.36, 0.07, BLACK)
    pen.poly([(0.45, 0.44), (0.55, 0.44), (0.5, 0.54)], ink.accent)


@pictogram("penguin", "#2b3242", "#f29a2e")
def _penguin(pen: Pen, ink: Ink) -> None:
    for side in (-1, 1):
        pen.oval(0.5 + side * 0.29, 0.58, 0.08, 0.24, ink.dark)
        pen.oval(0.5 + side * 0.13, 0.95, 0.11, 0.04, ink.accent)
    pen.oval(0.5, 0.53, 0.29, 0.42, ink.main)
    pen.oval(0.5, 0.62, 0.19, 0.3, WHITE)
    for side in (-1, 1):
        pen.disc(0.5 + side * 0.09, 0.3, 0.1, WHITE)
        pen.disc(0.5 + side * 0.08, 0.3, 0.035, BLACK)
    pen.poly([(0.43, 0.36), (0.57, 0.36), (0.5, 0.45)], ink.accent)


@pictogram("chicken", "#f6efe2", "#f2a32e")
def _chicken(pen: Pen, ink: Ink) -> None:
    red = from_hex("#d8342c")
    for x in (0.6, 0.68, 0.76):
        pen.disc(x, 0.14, 0.07, red)
    pen.poly([(0.02, 0.36), (0.3, 0.5), (0.16, 0.74)], ink.dark)
    pen.oval(0.46, 0.64, 0.34, 0.25, ink.main)
    pen.oval(0.68, 0.33, 0.17, 0.2, ink.main)
    pen.poly([(0.83, 0.29), (0.98, 0.36), (0.83, 0.41)], ink.accent)
    pen.oval(0.84, 0.48, 0.04, 0.07, red)
    pen.disc(0.74, 0.28, 0.028, BLACK)
    pen.oval(0.4, 0.64, 0.17, 0.12, ink.dark)
    for x in (0.4, 0.54):
        pen.line([(x, 0.87), (x, 0.97), (x + 0.07, 0.97)], 0.022, ink.accent)


@pictogram("fish", "#f2803a")
def _fish(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.24, 0.5), (0.01, 0.26), (0.01, 0.74)], ink.dark)
    pen.poly([(0.4, 0.32), (0.6, 0.14), (0.72, 0.34)], ink.dark)
    pen.poly([(0.46, 0.66), (0.56, 0.84), (0.68, 0.66)], ink.dark)
    pen.oval(0.58, 0.5, 0.4, 0.24, ink.main)
    pen.oval(0.6, 0.58, 0.28, 0.13, ink.light)
    pen.arc(0.66, 0.5, 0.1, 0.2, 90, 270, 0.018, ink.dark)
    pen.disc(0.82, 0.43, 0.055, WHITE)
    pen.disc(0.83, 0.43, 0.03, BLACK)


@pictogram("butterfly", "#7b4fd0", "#f7b83a")
def _butterfly(pen: Pen, ink: Ink) -> None:
    for side in (-1, 1):
        pen.oval(0.5 + side * 0.25, 0.34, 0.23, 0.24, ink.main)
        pen.oval(0.5 + side * 0.2, 0.7, 0.17, 0.19, ink.dark)
        pen.disc(0.5 + side * 0.28, 0.32, 0.1, ink.accent)
        pen.disc(0.5 + side * 0.2, 0.72, 0.07, ink.light)
        pen.line([(0.5, 0.26), (0.5 + side * 0.1, 0.1)], 0.015, BLACK)
    pen.oval(0.5, 0.52, 0.04, 0.29, BLACK)


@pictogram("bee", "#f8c92e")
def _bee(pen: Pen, ink: Ink) -> None:
    wing = from_hex("#dbeefa")
    pen.oval(0.4, 0.27, 0.14, 0.2, wing)
    pen.oval(0.6, 0.27, 0.14, 0.2, wing)
    pen.oval(0.5, 0.6, 0.38, 0.26, ink.main)
    for x in (0.36, 0.52):
        pen.box(x, 0.37, x + 0.08, 0.84, BLACK, 0.03)
    pen.disc(0.8, 0.56, 0.035, BLACK)
    pen.poly([(0.13, 0.55), (0.13, 0.66), (0.02, 0.6)], BLACK)


@pictogram("turtle", "#3f9150", "#9ccf7a")
def _turtle(pen: Pen, ink: Ink) -> None:
    for x in (0.24, 0.6):
        pen.oval(x, 0.8, 0.1, 0.07, ink.accent)
    pen.oval(0.86, 0.52, 0.13, 0.12, ink.accent)
    pen.pie(0.45, 0.72, 0.4, 0.46, 180, 360, ink.main)
    pen.regular(0.45, 0.5, 0.15, 6, ink.light)
    pen.disc(0.9, 0.48, 0.024, BLACK)


@pictogram("snail", "#c58a4e", "#e9d2a0")
def _snail(pen: Pen, ink: Ink) -> None:
    pen.box(0.08, 0.78, 0.92, 0.92, ink.accent, 0.07)
    pen.line([(0.82, 0.84), (0.86, 0.56)], 0.13, ink.accent)
    pen.line([(0.84, 0.5), (0.78, 0.34)], 0.02, ink.accent)
    pen.line([(0.9, 0.5), (0.95, 0.34)], 0.02, ink.accent)
    pen.disc(0.42, 0.52, 0.32, ink.main)
    for radius in (0.22, 0.12):
        pen.arc(0.42, 0.52, radius, radius, 0, 320, 0.035, ink.dark)


@pictogram("dinosaur", "#4fa866")
def _dinosaur(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.02, 0.78), (0.4, 0.56), (0.5, 0.8)], ink.main)
    for x in (0.22, 0.34, 0.46, 0.55):
        pen.poly([(x, 0.62 - x * 0.45), (x + 0.05, 0.5 - x * 0.5), (x + 0.12, 0.58 - x * 0.45)], ink.dark)
    pen.oval(0.48, 0.62, 0.2, 0.22, ink.main)
    pen.poly([(0.5, 0.5), (0.62, 0.2), (0.78, 0.3), (0.66, 0.66)], ink.main)
    pen.box(0.6, 0.1, 0.96, 0.34, ink.main, 0.1)
    pen.line([(0.66, 0.56), (0.78, 0.6)], 0.05, ink.main)
    for x in (0.38, 0.54):
        pen.box(x, 0.74, x + 0.11, 0.97, ink.dark, 0.03)
    pen.oval(0.52, 0.66, 0.1, 0.15, ink.light)
    pen.disc(0.74, 0.19, 0.03, BLACK)
    pen.line([(0.8, 0.27), (0.95, 0.25)], 0.012, ink.dark)
