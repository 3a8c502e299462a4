"""Masks of both kinds, of other sizes, and of pictures with transparency."""

from __future__ import annotations

import PIL.Image
import pytest

from protobanana.errors import InvalidRequestError
from protobanana.operations.masks import is_empty, normalised, with_alpha_of
from protobanana.pictures.image import Image
from support.pictures import png

PICTURE = Image.from_bytes(png(PIL.Image.new("RGB", (80, 40), "red")))


def mask(mode: str, size: tuple[int, int], ground: object, marked: object) -> Image:
    """A mask whose left half is marked."""
    picture = PIL.Image.new(mode, size, ground)  # type: ignore[arg-type]
    picture.paste(marked, (0, 0, size[0] // 2, size[1]))  # type: ignore[arg-type]
    return Image.from_bytes(png(picture))


@pytest.mark.parametrize(
    "given",
    [
        mask("RGBA", (80, 40), (0, 0, 0, 255), (0, 0, 0, 0)),
        mask("RGBA", (80, 40), (255, 255, 255, 255), (255, 255, 255, 0)),
        mask("L", (80, 40), 0, 255),
        mask("RGB", (80, 40), "black", "white"),
        mask("1", (80, 40), 0, 1),
        mask("RGBA", (80, 40), (0, 0, 0, 255), (255, 255, 255, 255)),
        mask("LA", (80, 40), (255, 255), (255, 0)),
        mask("L", (160, 80), 0, 255),
        mask("L", (40, 20), 0, 255),
    ],
    ids=["transparent", "transparent white", "grey", "rgb", "one bit", "opaque rgba", "grey alpha", "double", "half"],
)
def test_every_kind_marks_the_left(given: Image) -> None:
    """Transparent means change where there is transparency, white means change elsewhere; sizes of one shape fit."""
    form = normalised(given, PICTURE).decoded().convert("L")

    assert form.size == (80, 40)
    assert form.getpixel((10, 20)) == 255
    assert form.getpixel((70, 20)) == 0


@pytest.mark.parametrize(
    "given",
    [mask("L", (40, 40), 0, 255), mask("L", (80, 40), 0, 0), mask("RGB", (80, 40), "black", "black")],
    ids=["another shape", "nothing marked", "black"],
)
def test_what_cannot_be_used_names_the_mask(given: Image) -> None:
    """Another shape, or nothing marked, is a 400 for `mask`."""
    with pytest.raises(InvalidRequestError) as caught:
        normalised(given, PICTURE)

    assert caught.value.param == "mask"


def test_emptiness() -> None:
    """A found region may be empty."""
    assert is_empty(Image.from_bytes(png(PIL.Image.new("RGB", (4, 4), "black"))))
    assert not is_empty(Image.from_bytes(png(PIL.Image.new("RGB", (4, 4), (9, 9, 9)))))


def test_transparency_is_kept() -> None:
    """An edited picture gets the alpha of the one it was made from."""
    original = Image.from_bytes(png(PIL.Image.new("RGBA", (8, 8), (255, 0, 0, 77))))
    edited = Image.from_bytes(png(PIL.Image.new("RGB", (8, 8), "blue")))

    assert with_alpha_of(edited, original).decoded().getpixel((4, 4)) == (0, 0, 255, 77)
    assert with_alpha_of(edited, PICTURE) is edited
