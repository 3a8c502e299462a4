"""Pictures as `/view` re-encodes them and as `/upload/mask` writes them. All of it blocks: call it in a thread."""

from __future__ import annotations

import io
from pathlib import Path
from typing import IO

from PIL import Image
from PIL.PngImagePlugin import PngInfo


def preview(path: Path, wanted: str, channel: str) -> tuple[bytes, str]:
    """`preview=webp|jpeg[;quality]` at full size: bytes and MIME type. Other formats, and alpha, mean WebP."""
    form, *options = wanted.split(";")
    form = form if form in ("webp", "jpeg") and "a" not in channel else "webp"
    quality = int(options[-1]) if options and options[-1].isdecimal() else 90
    with Image.open(path) as image:
        shown = image.convert("RGB") if form == "jpeg" or channel == "rgb" else image
        return _encoded(shown, form.upper(), quality=quality), f"image/{form}"


def colours(path: Path) -> bytes:
    """`channel=rgb`: PNG without alpha."""
    with Image.open(path) as image:
        return _encoded(image.convert("RGB"), "PNG")


def alpha(path: Path) -> bytes:
    """`channel=a`: black PNG whose alpha is the picture's alpha, opaque where it has none."""
    with Image.open(path) as image:
        channel = image.convert("RGBA").getchannel("A")
    black = Image.new("RGBA", channel.size)
    black.putalpha(channel)
    return _encoded(black, "PNG")


def with_alpha_of(original: Path, mask: IO[bytes]) -> bytes:
    """The original's colours and text chunks with the mask picture's alpha, as PNG; ValueError when sizes differ."""
    with Image.open(original) as image:
        info = PngInfo()
        for key, value in getattr(image, "text", {}).items():
            info.add_text(key, value)
        coloured = image.convert("RGBA")
    with Image.open(mask) as picture:
        coloured.putalpha(picture.convert("RGBA").getchannel("A"))
    return _encoded(coloured, "PNG", compress_level=4, pnginfo=info)


def _encoded(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=form, **options)
    return buffer.getvalue()


__all__ = ["alpha", "colours", "preview", "with_alpha_of"]
