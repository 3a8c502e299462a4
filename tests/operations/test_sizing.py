"""Sizes: what a model can draw, what was asked for, and what stays in the prompt."""

from __future__ import annotations

import PIL.Image
import pytest

from protobanana.errors import InvalidRequestError
from protobanana.operations.sizing import crop_to, drawable, nearest, without_pixels
from protobanana.pictures.image import Image
from protobanana.workflows.header import Limits
from support.pictures import png

LIMITS = Limits(multiple_of=16, min_side=256, max_side=2048, max_pixels=2048 * 2048)


@pytest.mark.parametrize(
    ("asked", "drawn"), [((512, 512), (512, 512)), ((1000, 700), (1008, 704)), ((1920, 1080), (1920, 1088))]
)
def test_the_grid_is_covered(asked: tuple[int, int], drawn: tuple[int, int]) -> None:
    """A size off the grid is drawn larger, by less than one step."""
    assert drawable(*asked, LIMITS) == drawn


@pytest.mark.parametrize("asked", [(100, 512), (512, 4096), (3000, 300), (0, 10)])
def test_what_cannot_be_drawn_names_size(asked: tuple[int, int]) -> None:
    """Too small, too large or nothing at all; the size is named as it was asked for, not as it would be rounded."""
    with pytest.raises(InvalidRequestError, match=f" {asked[0]}x{asked[1]}: ") as caught:
        drawable(*asked, LIMITS)

    assert caught.value.param == "size"


def test_nearest_goes_by_shape() -> None:
    """A ratio becomes the native size of the most similar shape."""
    assert nearest((16, 9), [(1328, 1328), (1664, 928), (928, 1664)]) == (1664, 928)


def test_the_crop_is_central() -> None:
    """Pixels beyond the size asked for go on all sides."""
    picture = PIL.Image.new("RGB", (20, 10), "red")
    picture.paste("blue", (5, 0, 15, 10))

    assert crop_to(Image.from_bytes(png(picture)), 10, 10).decoded().getcolors() == [(100, (0, 0, 255))]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a lighthouse, 768x512", "a lighthouse"),
        ("a 1920 × 1080 picture of a fox", "a picture of a fox"),
        ("draw a tree in 512x512 px please", "draw a tree please"),
        ("1024x1024", "1024x1024"),
        ("a 3x3 grid of cats", "a 3x3 grid of cats"),
        ("plain words", "plain words"),
    ],
)
def test_pixels_are_no_words(text: str, left: str) -> None:
    """A size is not painted as letters; a grid is no size."""
    assert without_pixels(text) == left
