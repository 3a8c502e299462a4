"""From the size that was asked for to the one a model can draw, and back to the exact pixels asked for."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from protobanana.errors import InvalidRequestError
from protobanana.pictures.image import Image
from protobanana.workflows.header import Limits

_PIXELS = re.compile(r"[,;]?\s*(?:\b(?:in|at|size)\s+)?\b\d{2,5}\s*[x×*]\s*\d{2,5}\s*(?:px|pixels?)?\b", re.IGNORECASE)


def drawable(width: int, height: int, limits: Limits) -> tuple[int, int]:
    """The smallest size the model can draw that covers `width` x `height` (pixels).

    Raises InvalidRequestError(param="size") naming the allowed range.
    """
    step = limits.multiple_of
    covered = (math.ceil(width / step) * step, math.ceil(height / step) * step)
    reason = limits.refusal(*covered) if width > 0 and height > 0 else "sides must be positive"
    if reason:
        raise InvalidRequestError(
            f"'size' cannot be drawn, {width}x{height}: {reason}.", param="size", code="invalid_size"
        )
    return covered


def without_pixels(text: str) -> str:
    """A prompt without its `WIDTHxHEIGHT`: what has become the size is not to be painted as letters."""
    return re.sub(r"[ \t]{2,}", " ", _PIXELS.sub(" ", text)).strip(" ,;") or text


def nearest(aspect: tuple[int, int], sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The size of `sizes` whose proportions are closest to `aspect` (width, height)."""
    wanted = math.log(aspect[0] / aspect[1])
    return min(sizes, key=lambda size: abs(math.log(size[0] / size[1]) - wanted))


def crop_to(image: Image, width: int, height: int) -> Image:
    """The central `width` x `height` of a picture that is at least as large; itself when it has that size."""
    if (image.width, image.height) == (width, height):
        return image
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return Image.from_pil(image.decoded().crop((left, top, left + width, top + height)))
