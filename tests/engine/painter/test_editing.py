"""Instructions carried out on drawn pictures, judged by measured pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image as Pil
from PIL import ImageDraw

from protobanana.engine.painter.editing import edit
from protobanana.engine.painter.scene import dice_for

NAMES = {
    "red": (220, 30, 30), "blue": (38, 84, 214), "green": (40, 155, 70), "yellow": (250, 214, 30),
    "white": (252, 252, 250), "black": (20, 20, 22),
}  # fmt: skip


def drawn(ground: str = "white") -> Any:
    """A red disc on the left and a blue square on the right, drawn by Pillow."""
    sheet = Pil.new("RGB", (300, 300), NAMES[ground])
    brush = ImageDraw.Draw(sheet)
    brush.ellipse((30, 100, 130, 200), NAMES["red"])
    brush.rectangle((180, 105, 270, 195), NAMES["blue"])
    return np.asarray(sheet, dtype=np.float32) / 255


def at(picture: Any, x: int, y: int) -> str:
    """The nearest of the six colours around a point."""
    colour = picture[y - 3 : y + 4, x - 3 : x + 4].reshape(-1, 3).mean(0) * 255
    return min(NAMES, key=lambda name: float(np.abs(colour - NAMES[name]).sum()))


def done(text: str, picture: Any | None = None) -> Any:
    """The picture after an instruction."""
    return edit(drawn() if picture is None else picture, text, dice_for(text, 1))


@pytest.mark.parametrize(
    ("text", "disc", "square", "ground"),
    [
        ("make the circle green", "green", "blue", "white"),
        ("change the color of the square to yellow", "red", "yellow", "white"),
        ("change the blue to green", "red", "green", "white"),
        ("make the circle yellow and the square black", "yellow", "black", "white"),
        ("make the background green", "red", "blue", "green"),
        ("change the background to black, keep the shapes", "red", "blue", "black"),
        ("remove the circle", "white", "blue", "white"),
        ("delete the blue square", "red", "white", "white"),
        ("把圆形变成绿色", "green", "blue", "white"),
        ("elimina el círculo rojo", "white", "blue", "white"),
        ("mache den Hintergrund gelb", "red", "blue", "yellow"),
        ("rends le carré vert", "red", "green", "white"),
        ("円を黄色に変えて", "yellow", "blue", "white"),
    ],
)
def test_instruction_changes_what_it_names(text: str, disc: str, square: str, ground: str) -> None:
    """What is named changes, the rest keeps its colour."""
    after = done(text)

    assert (at(after, 80, 150), at(after, 225, 150), at(after, 155, 30)) == (disc, square, ground)


def test_untouched_pixels_stay() -> None:
    """Recolouring the disc leaves the other half of the picture exactly as it was."""
    after = done("make the circle green")

    assert np.array_equal(after[:, 160:], drawn()[:, 160:])


@pytest.mark.parametrize(
    "text", ["make the square bigger", "move the circle to the top left", "make the circle smaller"]
)
def test_size_and_place_change(text: str) -> None:
    """The red and blue areas grow, shrink or move as told."""
    before, after = drawn(), done(text)

    def extent(picture: Any, channel: int) -> Any:
        return np.argwhere((picture[..., channel] > 0.6) & (picture[..., 1] < 0.5))

    blue, red = len(extent(after, 2)) / len(extent(before, 2)), len(extent(after, 0)) / len(extent(before, 0))
    if "bigger" in text:
        assert blue > 1.6
    elif "smaller" in text:
        assert red < 0.6
    else:
        assert extent(after, 0).mean(0)[0] < 100
        assert red == pytest.approx(1, abs=0.1)


def test_addition_leaves_what_was_there() -> None:
    """A new thing of a new colour appears; the old ones stay."""
    after = done("add a green triangle at the top")
    green = (after[..., 1] > after[..., 0] + 0.2) & (after[..., 1] > after[..., 2] + 0.1)

    assert green.mean() > 0.01
    assert (at(after, 80, 150), at(after, 225, 150)) == ("red", "blue")


@pytest.mark.parametrize(
    "text", ["make it black and white", "turn it into a pencil sketch", "黑白", "en noir et blanc"]
)
def test_styles_without_colour(text: str) -> None:
    """The whole picture loses its colour."""
    after = done(text)

    assert (after.max(-1) - after.min(-1)).max() < 0.08


@pytest.mark.parametrize(
    "text", ["make it night", "in winter", "watercolor style", "make it brighter", "do something nobody ever heard of"]
)
def test_whole_picture_changes_show(text: str) -> None:
    """Moods, styles and even unknown instructions leave a visible difference."""
    assert np.abs(done(text) - drawn()).mean() > 0.01


def test_empty_instruction_changes_nothing() -> None:
    """No words, no change."""
    assert np.array_equal(done(""), drawn())
