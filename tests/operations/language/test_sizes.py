"""Sizes, ratios and formats in words."""

from __future__ import annotations

import pytest

from protobanana.operations.language.reading import read
from protobanana.operations.language.sizes import read_shape


def _size(text: str) -> tuple[int | None, int | None]:
    shape = read_shape(read(text))
    return shape.size() if shape else (None, None)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("a castle 1920x1080", (1920, 1080)),
        ("a castle 1920 × 1080", (1920, 1080)),
        ("1024 by 768 px castle", (1024, 768)),
        ("a castle, 1024 wide and 512 tall", (1024, 512)),
        ("width 1280, height 640", (1280, 640)),
        ("512 square icon", (512, 512)),
        ("宽1920高1080的城堡", (1920, 1080)),
        ("phone wallpaper, 4k", (2160, 3840)),
        ("a castle in 4k", (3840, 2160)),
    ],
)
def test_pixels(text: str, size: tuple[int, int]) -> None:
    """Numbers and screen standards are taken as they are."""
    assert _size(text) == size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("a fox, 16:9", (1664, 928)),
        ("a fox --ar 2:3", (1056, 1584)),
        ("a fox in portrait orientation", (1056, 1584)),
        ("square picture of a fox", (1328, 1328)),
        ("hero banner with a fox", (1664, 928)),
        ("poster for a jazz festival", (1056, 1584)),
        ("ein Fuchs im Querformat", (1584, 1056)),
        ("un zorro, formato cuadrado", (1328, 1328)),
        ("un renard, format portrait", (1056, 1584)),
        ("狐狸手机壁纸", (928, 1664)),
        ("キツネのスマホ壁紙", (928, 1664)),
    ],
)
def test_formats(text: str, size: tuple[int, int]) -> None:
    """Ratios, orientations and formats become the closest native size."""
    assert _size(text) == size


@pytest.mark.parametrize(
    "text",
    [
        "portrait of a landscape architect",
        "a square in Paris",
        "landscape painting of hills",
        "a room with a poster on the wall",
        "a man holding a business card",
        "a clock showing 10:10",
        "a 4x4 truck",
        "masterpiece, 8k, highly detailed",
        "a tall building",
        "a wide shot of a valley",
        "1920s jazz club",
        "une place à Lyon",
    ],
)
def test_lookalikes(text: str) -> None:
    """Words that only look like a format say nothing about the size."""
    assert _size(text) == (None, None)
