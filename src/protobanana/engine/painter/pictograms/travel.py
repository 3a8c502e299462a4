"""Vehicles, and what flies."""

from __future__ import annotations

from protobanana.engine.painter.colours import from_hex
from protobanana.engine.painter.pictograms.pen import BLACK, WHITE, Ink, Pen, pictogram

_GLASS = from_hex("#bfe4f5")
_TYRE = from_hex("#26262c")


def _wheel(pen: Pen, x: float, y: float, r: float) -> None:
    pen.disc(x, y, r, _TYRE)
    pen.disc(x, y, r * 0.45, from_hex("#c8ccd2"))


@pictogram("car", "#d8343a")
def _car(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.2, 0.48), (0.32, 0.26), (0.68, 0.26), (0.82, 0.48)], ink.main)
    pen.poly([(0.27, 0.47), (0.35, 0.31), (0.48, 0.31), (0.48, 0.47)], _GLASS)
    pen.poly([(0.52, 0.47), (0.52, 0.31), (0.65, 0.31), (0.74, 0.47)], _GLASS)
    pen.box(0.02, 0.46, 0.98, 0.72, ink.main, 0.08)
    pen.box(0.02, 0.62, 0.98, 0.72, ink.dark, 0.04)
    pen.disc(0.94, 0.55, 0.035, from_hex("#fbe28a"))
    for x in (0.25, 0.76):
        _wheel(pen, x, 0.72, 0.12)


@pictogram("truck", "#3c78c8")
def _truck(pen: Pen, ink: Ink) -> None:
    pen.box(0.02, 0.22, 0.64, 0.72, ink.light, 0.02)
    pen.box(0.64, 0.36, 0.97, 0.72, ink.main, 0.05)
    pen.box(0.78, 0.41, 0.94, 0.55, _GLASS, 0.02)
    for x in (0.2, 0.42, 0.8):
        _wheel(pen, x, 0.74, 0.1)


@pictogram("train", "#2f8a55")
def _train(pen: Pen, ink: Ink) -> None:
    pen.box(0.04, 0.2, 0.96, 0.74, ink.main, 0.1)
    pen.box(0.04, 0.56, 0.96, 0.64, WHITE)
    for x in (0.12, 0.34, 0.56, 0.78):
        pen.box(x, 0.3, x + 0.14, 0.48, _GLASS, 0.02)
    for x in (0.2, 0.4, 0.6, 0.8):
        _wheel(pen, x, 0.78, 0.07)
    pen.box(0.0, 0.86, 1.0, 0.9, from_hex("#6a5a4a"))


@pictogram("bicycle", "#d8343a")
def _bicycle(pen: Pen, ink: Ink) -> None:
    for x in (0.24, 0.76):
        pen.arc(x, 0.66, 0.23, 0.23, 0, 360, 0.04, _TYRE)
    frame = [(0.24, 0.66), (0.4, 0.36), (0.66, 0.36), (0.5, 0.66), (0.24, 0.66)]
    pen.line(frame, 0.035, ink.main)
    pen.line([(0.4, 0.36), (0.5, 0.66)], 0.035, ink.main)
    pen.line([(0.76, 0.66), (0.66, 0.3), (0.76, 0.25)], 0.035, ink.main)
    pen.line([(0.34, 0.29), (0.46, 0.29)], 0.05, BLACK)


@pictogram("airplane", "#e4e8ee", "#d8343a")
def _airplane(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.04, 0.2), (0.16, 0.2), (0.3, 0.46), (0.14, 0.5)], ink.accent)
    pen.oval(0.52, 0.5, 0.46, 0.1, ink.main)
    pen.poly([(0.42, 0.52), (0.6, 0.52), (0.4, 0.86), (0.3, 0.86)], ink.dark)
    pen.poly([(0.46, 0.46), (0.58, 0.46), (0.44, 0.22), (0.37, 0.22)], ink.dark)
    pen.pie(0.84, 0.5, 0.12, 0.08, 200, 340, _GLASS)
    for x in (0.34, 0.44, 0.54, 0.64):
        pen.disc(x, 0.48, 0.022, from_hex("#6aa8d0"))


@pictogram("helicopter", "#3c78c8")
def _helicopter(pen: Pen, ink: Ink) -> None:
    pen.box(0.12, 0.12, 0.96, 0.17, ink.dark, 0.02)
    pen.box(0.52, 0.14, 0.56, 0.32, ink.dark)
    pen.poly([(0.02, 0.4), (0.44, 0.42), (0.44, 0.56)], ink.main)
    pen.disc(0.06, 0.38, 0.06, ink.dark)
    pen.oval(0.6, 0.52, 0.29, 0.22, ink.main)
    pen.pie(0.66, 0.5, 0.2, 0.16, 270, 360, _GLASS)
    pen.line([(0.36, 0.84), (0.86, 0.84)], 0.04, ink.dark)
    for x in (0.48, 0.7):
        pen.line([(x, 0.7), (x, 0.84)], 0.03, ink.dark)


@pictogram("rocket", "#e9ebf0", "#d8343a")
def _rocket(pen: Pen, ink: Ink) -> None:
    pen.poly([(0.4, 0.78), (0.5, 0.99), (0.6, 0.78)], from_hex("#f7a62e"))
    pen.poly([(0.36, 0.5), (0.16, 0.8), (0.38, 0.76)], ink.accent)
    pen.poly([(0.64, 0.5), (0.84, 0.8), (0.62, 0.76)], ink.accent)
    pen.oval(0.5, 0.46, 0.19, 0.42, ink.main)
    pen.pie(0.5, 0.22, 0.15, 0.19, 180, 360, ink.accent)
    pen.box(0.38, 0.76, 0.62, 0.84, ink.dark, 0.02)
    pen.disc(0.5, 0.4, 0.1, ink.dark)
    pen.disc(0.5, 0.4, 0.07, _GLASS)


@pictogram("boat", "#b5533a", "#f6f2e6")
def _boat(pen: Pen, ink: Ink) -> None:
    pen.box(0.48, 0.06, 0.52, 0.72, from_hex("#6a4a30"))
    pen.poly([(0.54, 0.06), (0.54, 0.64), (0.92, 0.64)], ink.accent)
    pen.poly([(0.46, 0.16), (0.46, 0.64), (0.16, 0.64)], ink.light)
    pen.poly([(0.04, 0.7), (0.96, 0.7), (0.8, 0.93), (0.2, 0.93)], ink.main)
    pen.box(0.04, 0.69, 0.96, 0.75, ink.dark)


@pictogram("balloon", "#e0364a")
def _balloon(pen: Pen, ink: Ink) -> None:
    pen.line([(0.5, 0.72), (0.47, 0.84), (0.53, 0.98)], 0.012, from_hex("#8a8a90"))
    pen.oval(0.5, 0.36, 0.29, 0.35, ink.main)
    pen.poly([(0.46, 0.75), (0.54, 0.75), (0.5, 0.69)], ink.dark)
    pen.oval(0.39, 0.25, 0.06, 0.1, ink.light)


@pictogram("kite", "#e0457a")
def _kite(pen: Pen, ink: Ink) -> None:
    pen.line([(0.5, 0.66), (0.42, 0.78), (0.54, 0.86), (0.46, 0.98)], 0.015, from_hex("#8a8a90"))
    pen.poly([(0.5, 0.02), (0.84, 0.3), (0.5, 0.7), (0.16, 0.3)], ink.main)
    pen.poly([(0.5, 0.02), (0.84, 0.3), (0.5, 0.3)], ink.light)
    pen.poly([(0.5, 0.7), (0.16, 0.3), (0.5, 0.3)], ink.dark)
