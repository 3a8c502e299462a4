"""The workflow that a picture carries: ComfyUI writes what made a picture into its metadata."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from io import BytesIO
from typing import Any, NamedTuple

from protobanana.errors import WorkflowError

_KEYS = ("prompt", "workflow")
_CHUNK = b"comf"
"""Where animated PNGs carry it."""

MAX_TEXT = 32 * 1024 * 1024
"""Characters of one text; real workflows have at most a few million."""

_PNG = b"\x89PNG\r\n\x1a\n"
MAGIC = (_PNG, b"RIFF", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*")
"""How the files begin that may carry a workflow; ISO media (AVIF, HEIC) has `ftyp` behind four bytes."""


class Embedded(NamedTuple):
    """`prompt` is the API graph that ran, `workflow` the editor's file of it; None for what is not there."""

    prompt: dict[str, Any] | None
    workflow: dict[str, Any] | None


def is_picture(data: bytes) -> bool:
    """Whether the bytes begin like a picture file that may carry a workflow."""
    return data.startswith(MAGIC) or data[4:8] == b"ftyp"


def embedded(data: bytes) -> Embedded:
    """What ComfyUI wrote into a PNG (text chunks), WebP, JPEG, TIFF or AVIF (EXIF texts `prompt:...`, `workflow:...`).

    Both are None in a picture that carries nothing. Raises WorkflowError for bytes that are no picture, or whose
    text is no JSON.
    """
    found: dict[str, dict[str, Any]] = {}
    for key, text in _texts(data):
        if key in _KEYS and key not in found:
            document = _parse(key, text)
            if document is not None:
                found[key] = document
    return Embedded(found.get("prompt"), found.get("workflow"))


def _parse(key: str, text: str) -> dict[str, Any] | None:
    text = text.strip("\x00 \n\t")
    if not text.startswith("{") or len(text) > MAX_TEXT:
        return None  # other programs, too, have texts of these names
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise WorkflowError(f"the {key} in the picture is damaged: it is no JSON.") from None
    return document if isinstance(document, dict) else None


def _texts(data: bytes) -> Iterator[tuple[str, str]]:
    """Keyword and text of everything that the picture says in words; its pixels are not decoded."""
    if data.startswith(_PNG):
        yield from _png_texts(data)  # not Pillow, which refuses long packed texts and does not know animated ones
    else:
        yield from _exif_texts(data)


def _exif_texts(data: bytes) -> Iterator[tuple[str, str]]:
    """ComfyUI writes `prompt:{...}` into whatever EXIF field is free."""
    from PIL import Image  # noqa: PLC0415 - importing the package stays cheap

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on sizes and damaged fields, of pictures that are not decoded
            with Image.open(BytesIO(data)) as picture:
                values = list(picture.getexif().values())
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise WorkflowError("it is no picture that can be read.") from None
    for value in values:
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        if isinstance(text, str):
            key, _, rest = text.partition(":")
            yield key.strip().lower(), rest


def _png_texts(data: bytes) -> Iterator[tuple[str, str]]:
    """Texts in all chunks that have a keyword, before and after the pixels."""
    at = 8
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + size]
        at += 12 + size
        key, _, rest = body.partition(b"\0")
        if kind in (b"tEXt", _CHUNK):
            yield key.decode("latin-1"), _decoded(rest)
        elif kind == b"zTXt":
            yield key.decode("latin-1"), _decoded(_inflated(rest[1:]))
        elif kind == b"iTXt" and len(rest) > 2:
            text = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
            yield key.decode("latin-1"), _decoded(_inflated(text) if rest[0] else text)


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _inflated(raw: bytes) -> bytes:
    """Unpacked, as far as a workflow can be long."""
    import zlib  # noqa: PLC0415 - only few pictures have packed texts

    try:
        return zlib.decompressobj().decompress(raw, MAX_TEXT)
    except zlib.error:
        return b""


__all__ = ["Embedded", "embedded", "is_picture"]
