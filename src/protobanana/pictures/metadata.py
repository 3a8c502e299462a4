"""Taking out of an encoded picture what is not its pixels: prompts, graphs, places, times. Nothing is re-encoded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

_PNG_TEXT = frozenset({b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"})
_WEBP_TEXT = frozenset({b"EXIF", b"XMP "})
_WEBP_FLAGS = 0b1100
"""Bits of the extended header that announce EXIF and XMP."""
_JPEG_SHOWN = frozenset({0xE0, 0xE2, 0xEE})
"""Application segments that say how to show the pixels: JFIF, ICC profile, Adobe's colour transform."""
_JPEG_TEXT = frozenset({*range(0xE0, 0xF0), 0xFE}) - _JPEG_SHOWN
_SCAN = 0xDA


def png(data: bytes) -> Iterator[memoryview]:
    """A PNG in pieces: signature, then `length, type, body, checksum` per chunk, up to its end."""
    view = memoryview(data)
    yield view[:8]
    position, kind = 8, b""
    while position + 12 <= len(view) and kind != b"IEND":
        end = position + 12 + int.from_bytes(view[position : position + 4], "big")
        kind = bytes(view[position + 4 : position + 8])
        if kind not in _PNG_TEXT:
            yield view[position:end]
        position = end


def jpeg(data: bytes) -> Iterator[memoryview]:
    """A JPEG in pieces: `0xFF, marker, length, body` per segment up to the first scan, then all the rest up to its
    end; a second picture behind it, as phones append one, is left out.
    """
    view = memoryview(data)
    yield view[:2]
    position = 2
    while position + 4 <= len(view) and view[position] == 0xFF:
        marker = view[position + 1]
        if marker == 0xFF:  # padding
            position += 1
            continue
        if marker == _SCAN:
            end = data.find(b"\xff\xd9", position)
            yield view[position : end + 2 if end >= 0 else len(view)]
            return
        end = position + 2 + int.from_bytes(view[position + 2 : position + 4], "big")
        if marker not in _JPEG_TEXT:
            yield view[position:end]
        position = end


def webp(data: bytes) -> Iterator[bytes]:
    """A WebP in pieces: `RIFF, length, WEBP`, then `type, length, body, padding` per chunk."""
    kept: list[bytes] = []
    position = 12
    while position + 8 <= len(data):
        kind, size = data[position : position + 4], int.from_bytes(data[position + 4 : position + 8], "little")
        end = position + 8 + size + size % 2
        chunk = data[position:end]
        if kind == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~_WEBP_FLAGS]) + chunk[9:]
        if kind not in _WEBP_TEXT:
            kept.append(chunk)
        position = end
    yield b"RIFF" + (4 + sum(map(len, kept))).to_bytes(4, "little") + b"WEBP"
    yield from kept


STRIP: Mapping[str, Callable[[bytes], Iterator[bytes | memoryview]]] = {"png": png, "jpeg": jpeg, "webp": webp}
"""By format; the other formats have to be encoded anew."""
