"""Masks in requests: told apart by their alpha, brought to one form (white: change) and to the picture's size."""

from __future__ import annotations

import logging

import PIL.Image

from protobanana.errors import InvalidRequestError
from protobanana.pictures.image import Image

log = logging.getLogger("protobanana")
SAME_SHAPE = 0.02
"""Masks whose proportions differ from the picture's by no more than this share are scaled; others are refused."""


def normalised(mask: Image, image: Image) -> Image:
    """The mask as a grey PNG of the picture's size, white where it is to change.

    OpenAI's masks are transparent there; masks without transparency are white there (as ComfyUI's and most editors').
    Raises InvalidRequestError(param="mask") for other proportions than the picture's, and when nothing is marked.
    """
    picture = mask.decoded()
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    if alpha is not None and alpha.getextrema() != (255, 255):
        marked = alpha.point(lambda value: 255 - value)
    else:
        marked = picture.convert("L")
    if marked.size != (image.width, image.height):
        ratio = (marked.width / marked.height) / (image.width / image.height)
        if abs(ratio - 1) > SAME_SHAPE:
            raise InvalidRequestError(
                f"'mask' is {mask.size}, the picture {image.size}: they must have the same proportions.",
                param="mask",
            )
        log.warning("mask of %s scaled to the picture's %s", mask.size, image.size)
        marked = marked.resize((image.width, image.height), PIL.Image.Resampling.BILINEAR)
    if marked.getextrema()[1] == 0:
        raise InvalidRequestError(
            "'mask' marks nothing: make the part to change transparent, or white on black.", param="mask"
        )
    return Image.from_pil(marked.convert("RGB"))


def is_empty(mask: Image) -> bool:
    """Whether a black and white mask marks nothing."""
    return mask.decoded().convert("L").getextrema()[1] == 0


def with_alpha_of(image: Image, original: Image) -> Image:
    """`image` with the transparency of the picture it was made from, where that has any and the sizes agree."""
    if not original.has_alpha or (image.width, image.height) != (original.width, original.height):
        return image
    picture = image.decoded().convert("RGB")
    picture.putalpha(original.decoded().getchannel("A"))
    return Image.from_pil(picture)
