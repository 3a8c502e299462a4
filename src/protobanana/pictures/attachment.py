"""A finished file that is no still picture: a film, a sound, an animation, a model in space."""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

import PIL.Image

from protobanana.pictures.image import READABLE

_STREAM = "application/octet-stream"
_BRANDS = {b"qt  ": "video/quicktime", b"M4A ": "audio/mp4", b"M4B ": "audio/mp4", b"M4V ": "video/x-m4v"}
"""ISO media files that are not the usual film, by what follows `ftyp`."""
_SIGNS: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(sign, re.DOTALL), mime)
    for sign, mime in (
        (rb"\x1aE\xdf\xa3.{0,60}webm", "video/webm"),
        (rb"\x1aE\xdf\xa3", "video/x-matroska"),
        (rb"....ftyp", "video/mp4"),
        (rb"OggS.{24,26}\x80theora", "video/ogg"),
        (rb"OggS", "audio/ogg"),
        (rb"fLaC", "audio/flac"),
        (rb"ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]", "audio/mpeg"),
        (rb"\xff[\xf0\xf1\xf8\xf9]", "audio/aac"),
        (rb"RIFF....WAVE", "audio/wav"),
        (rb"RIFF....AVI ", "video/x-msvideo"),
        (rb"RIFF....WEBP", "image/webp"),
        (rb"GIF8[79]a", "image/gif"),
        (rb"\x89PNG\r\n\x1a\n", "image/png"),
        (rb"glTF", "model/gltf-binary"),
    )
)
_ENDS = {
    "video/webm": "webm", "video/x-matroska": "mkv", "video/mp4": "mp4", "video/quicktime": "mov",
    "video/x-m4v": "m4v", "video/ogg": "ogv", "video/x-msvideo": "avi", "audio/ogg": "ogg", "audio/flac": "flac",
    "audio/mpeg": "mp3", "audio/aac": "aac", "audio/wav": "wav", "audio/mp4": "m4a", "image/webp": "webp",
    "image/gif": "gif", "image/png": "png", "model/gltf-binary": "glb", _STREAM: "bin",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Attachment:
    """The bytes of a file, and the name that ComfyUI gave it."""

    data: bytes = field(repr=False)
    given: str = ""

    @cached_property
    def mime(self) -> str:
        """Media type by content; nothing that a browser would run is ever among them."""
        if self.data[4:8] == b"ftyp" and (known := _BRANDS.get(self.data[8:12])):
            return known
        return next((mime for sign, mime in _SIGNS if sign.match(self.data[:512])), _STREAM)

    @property
    def format(self) -> str:
        """The end of a file name of that media type, without the dot."""
        return _ENDS[self.mime]

    @property
    def name(self) -> str:
        """A name for people: the stem that ComfyUI chose, the end that the content has."""
        stem = "".join(sign if sign.isalnum() or sign in "-_ " else "_" for sign in PurePosixPath(self.given).stem)
        return f"{stem[:80].strip() or 'result'}.{self.format}"

    @cached_property
    def sha256(self) -> str:
        """Hex digest of the bytes: the file's identity wherever it is stored."""
        return hashlib.sha256(self.data).hexdigest()


def is_still(data: bytes) -> bool:
    """Whether the bytes are a picture that stands still; its pixels are not decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on sizes and odd metadata
            with PIL.Image.open(io.BytesIO(data), formats=READABLE) as picture:
                return picture.format in {"TIFF", "MPO"} or not getattr(picture, "is_animated", False)
    except (OSError, SyntaxError, ValueError, EOFError, PIL.Image.DecompressionBombError):
        return False


__all__ = ["Attachment", "is_still"]
