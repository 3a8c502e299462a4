"""Outpaint: from words, sides and sizes to pixels per side."""

from __future__ import annotations

from typing import Any

import PIL.Image
import pytest

from protobanana.errors import AskBackError, InvalidRequestError
from protobanana.operations.base import operations
from protobanana.pictures.image import Image
from support.pictures import png

PICTURE = Image.from_bytes(png(PIL.Image.new("RGB", (100, 60), "red")))
OUTPAINT = operations()["outpaint"]


def pads(**params: Any) -> tuple[int, ...]:
    found = OUTPAINT.parse(params).pads(PICTURE)  # type: ignore[attr-defined]
    return tuple(found[side] for side in ("left", "top", "right", "bottom"))


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"left": 5}, (5, 0, 0, 0)),
        ({"width": 200, "height": 60}, (50, 0, 50, 0)),
        ({"width": 201, "height": 61}, (50, 0, 51, 1)),
        ({"left": 10, "width": 150, "height": 60}, (50, 0, 0, 0)),
        ({"left": 10, "right": 30, "width": 180, "height": 60}, (20, 0, 60, 0)),
        ({"left": 10, "width": 110, "height": 60}, (10, 0, 0, 0)),
    ],
)
def test_sides_and_sizes(params: dict[str, Any], expected: tuple[int, ...]) -> None:
    """A size is reached on the sides that were named, in their proportion; else evenly."""
    assert pads(**params) == expected


def test_smaller_than_the_picture() -> None:
    """Outpaint adds; it does not crop."""
    with pytest.raises(InvalidRequestError, match="size"):
        pads(width=50, height=60)


def test_nothing_to_add() -> None:
    """Without any side the caller is asked."""
    with pytest.raises(AskBackError):
        pads()


def test_named_sides_replace_words() -> None:
    """`left` as a field says all about sides, whatever the words do."""
    assert OUTPAINT.merged({"prompt": "x", "left": 1, "top": 2}, {"right": 3}) == {"prompt": "x", "right": 3}
