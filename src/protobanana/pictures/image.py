"""A picture that travels: immutable bytes whose format, size and alpha are sniffed, and decoded at most once."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import struct
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import PIL.Image
import PIL.ImageOps
import pybase64

from protobanana.errors import ImageTooLargeError, InvalidImageError
from protobanana.pictures.metadata import STRIP

OutputFormat = Literal["png", "jpeg", "webp"]
READABLE = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
"""Pillow format names that are accepted."""
_ORDINARY_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA"})
_MIME = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp", "gif": "image/gif", "bmp": "image/bmp",
         "tiff": "image/tiff"}  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """How large a picture may be: bytes as sent, and pixels as its header says (checked before decoding)."""

    max_bytes: int = 50 * 1024 * 1024
    max_pixels: int = 64_000_000


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, eq=False)
class Image:
    """Encoded bytes plus what their header says. `width` and `height` are as displayed (EXIF orientation applied)."""

    data: bytes = field(repr=False)
    format: str
    width: int
    height: int
    has_alpha: bool = False
    ordinary: bool = True
    """Whether every program reads it alike: PNG, JPEG or WebP with eight bits of grey or RGB."""

    @classmethod
    def from_bytes(cls, data: bytes, *, limits: Limits = DEFAULT_LIMITS, name: str = "image") -> Image:
        """Sniff `data`; `name` is the request field for messages.

        Raises InvalidImageError when the bytes are no picture, ImageTooLargeError when it is over a limit. Only the
        header is read: a decompression bomb is refused by the size it declares.
        """
        if len(data) > limits.max_bytes:
            raise ImageTooLargeError(
                f"'{name}' has {len(data) / 1e6:.1f} MB; at most {limits.max_bytes / 1e6:.0f} MB are accepted.",
                param=name,
            )
        if not data:
            raise InvalidImageError(f"'{name}' is empty; send a PNG, JPEG or WebP picture.", param=name)
        header = _open(data, name)
        if header.width * header.height > limits.max_pixels:
            raise ImageTooLargeError(
                f"'{name}' is {header.width}x{header.height}; at most {limits.max_pixels / 1e6:.0f} megapixels.",
                param=name,
            )
        sideways = _orientation(header) in (5, 6, 7, 8)
        width, height = (header.height, header.width) if sideways else header.size
        # Pillow calls the JPEG of many phones, which carries a second picture, MPO.
        format_ = {"MPO": "jpeg"}.get(header.format or "", (header.format or "").lower())
        ordinary = format_ in get_args(OutputFormat) and header.mode in _ORDINARY_MODES
        return cls(data, format_, width, height, _has_alpha(header), ordinary)

    @classmethod
    def from_pil(cls, picture: PIL.Image.Image, *, format: OutputFormat = "png", quality: int = 95) -> Image:  # noqa: A002 - the field's name in OpenAI's API
        """Encode a decoded picture. `quality` (0..100) counts for jpeg and webp; jpeg flattens alpha on white."""
        if format not in get_args(OutputFormat):
            raise InvalidImageError(f"'{format}' cannot be written; use one of {', '.join(get_args(OutputFormat))}.")
        out = io.BytesIO()
        if format == "jpeg":
            flatten(picture).save(out, "JPEG", quality=quality, subsampling=0 if quality >= 90 else 2)
        elif format == "webp":
            picture.save(out, "WEBP", quality=quality, lossless=quality >= 100, method=2)
        else:
            picture.save(out, "PNG", compress_level=1)
        return cls(out.getvalue(), format, picture.width, picture.height, format != "jpeg" and _has_alpha(picture))

    @cached_property
    def sha256(self) -> str:
        """Hex digest of the encoded bytes: the picture's identity wherever it is stored."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def mime(self) -> str:
        """Media type by content, never by what the sender claimed."""
        return _MIME.get(self.format, "application/octet-stream")

    @property
    def size(self) -> str:
        """`WIDTHxHEIGHT`, as OpenAI writes it."""
        return f"{self.width}x{self.height}"

    def base64(self) -> str:
        """The encoded bytes as base64."""
        return pybase64.b64encode_as_string(self.data)

    def data_url(self) -> str:
        """The picture as a `data:` URL."""
        return f"data:{self.mime};base64,{self.base64()}"

    def decoded(self) -> PIL.Image.Image:
        """Pixels as RGB or RGBA, upright; decoded once and shared, so treat it as read-only.

        Raises InvalidImageError when the body behind a good header is damaged.
        """
        with _DECODE:
            picture = self.__dict__.get("_decoded")
            if picture is None:
                picture = self.__dict__["_decoded"] = self._decode()
        return picture

    def check(self) -> None:
        """Read all pixels and let them go again. Raises InvalidImageError like `decoded`."""
        if "_decoded" not in self.__dict__:
            with _readable():
                _open(self.data, "image").load()

    def _decode(self) -> PIL.Image.Image:
        picture = _open(self.data, "image")
        with _readable():
            pixels = PIL.ImageOps.exif_transpose(picture)
            if pixels.mode.startswith("I"):  # sixteen bits: Pillow would clip at 255 instead of scaling
                pixels = PIL.Image.fromarray((np.asarray(pixels).clip(0, 65_535) // 257).astype(np.uint8))
            return pixels.convert("RGBA" if _has_alpha(picture) else "RGB")

    def without_metadata(self) -> Image:
        """The same pixels without text, EXIF, XMP and times, where a prompt, a graph or a place could hide. PNG, JPEG
        and WebP are not re-encoded, unless EXIF turns the picture; what is in another format becomes a PNG.
        """
        if self.format not in STRIP or _orientation(_open(self.data, "image")) != 1:
            anew = Image.from_pil(self.decoded(), format="jpeg" if self.format == "jpeg" else "png")
            return anew.without_metadata()  # Pillow takes a JPEG's comment along
        return dataclasses.replace(self, data=b"".join(STRIP[self.format](self.data)))

    def encoded(self, format: OutputFormat, quality: int = 95) -> Image:  # noqa: A002 - the field's name in OpenAI's API
        """This picture in another format; itself when nothing would change. CPU-bound: call it off the event loop."""
        if format == self.format == "png":
            return self
        return Image.from_pil(self.decoded(), format=format, quality=quality)


_DECODE = threading.Lock()


@contextmanager
def _readable() -> Iterator[None]:
    """Every way that Pillow has to stumble over pixels as one error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow remarks on odd metadata; the pixels decide here
            yield
    except (OSError, SyntaxError, ValueError, EOFError, OverflowError, IndexError, struct.error) as error:
        message = "The picture is damaged: its header is fine, its pixels cannot be read."
        raise InvalidImageError(message, param="image") from error


def flatten(picture: PIL.Image.Image) -> PIL.Image.Image:
    """RGB of a picture, transparent parts on white."""
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    ground = PIL.Image.new("RGBA", picture.size, "white")
    return PIL.Image.alpha_composite(ground, picture).convert("RGB")


def _open(data: bytes, name: str) -> PIL.Image.Image:
    """Open without decoding; every way Pillow has to say no becomes one error."""
    try:
        with warnings.catch_warnings():
            # The declared size is compared with our own limit; Pillow's warning would say it a second time.
            warnings.simplefilter("ignore")
            return PIL.Image.open(io.BytesIO(data), formats=READABLE)
    except PIL.Image.DecompressionBombError as error:
        raise ImageTooLargeError(f"'{name}' declares more pixels than are accepted.", param=name) from error
    except (OSError, SyntaxError, ValueError, EOFError, OverflowError, IndexError, struct.error) as error:
        raise InvalidImageError(
            f"'{name}' is not a picture that can be read; send PNG, JPEG, WebP, GIF, BMP or TIFF.", param=name
        ) from error


def _orientation(header: PIL.Image.Image) -> int:
    """EXIF orientation, 1 (upright) to 8. A PNG is only asked when it has shown EXIF before its pixels: otherwise
    Pillow would decode the whole picture to look behind them.
    """
    if header.format == "PNG" and "exif" not in header.info:
        return 1
    try:
        return int(header.getexif().get(0x0112, 1))
    except (OSError, SyntaxError, ValueError, TypeError, EOFError, OverflowError, struct.error):
        return 1  # damaged EXIF says nothing; the pixels are judged on their own


def _has_alpha(picture: PIL.Image.Image) -> bool:
    return picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info
