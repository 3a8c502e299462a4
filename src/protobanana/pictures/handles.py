"""Names for pictures: `img_` and 16 characters, the same for one caller and one content, not to be guessed by others.

Eleven characters name the content, five prove that the name was given to this caller: whether a name in a client's text
is one of ours is told without looking anything up.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Iterator

from protobanana.pictures.secret import mac

PREFIX = "img_"
PATTERN = re.compile(r"img_[a-z2-7]{16}")
_CONTENT = 11
_SAMPLES = 64
_SAMPLE = 1024
_DATA_URL = re.compile(r"data:[^,]{0,200};base64,", re.IGNORECASE)
_UNCOMPRESSED = (b"BM", b"II*\0", b"MM\0*")
"""How BMP and TIFF begin: there a change leaves no trace elsewhere in the file, so that samples would miss it."""
_Read = Callable[[int, int], bytes]


def mint(owner: str, content: bytes | str, start: int = 0, end: int | None = None) -> str:
    """The handle of `content[start:end]` for `owner`: encoded bytes, a `data:` URL (named as the bytes in it), or
    another text that stands for the picture.

    Keyed with the gateway's secret: whoever knows a picture, or another's handle, cannot make one. Long contents are
    sampled (64 kB spread over their length, the end and the length itself; a compressed picture cannot change without
    changing those), so that a long history costs milliseconds.
    """
    end = len(content) if end is None else end
    named = _encoded(mac("content", owner.encode(), *_samples(content, start, end)))[:_CONTENT]
    return f"{PREFIX}{named}{_proof(owner, named)}"


def is_ours(handle: str, owner: str) -> bool:
    """Whether `handle` was minted for `owner` with this gateway's secret."""
    if not PATTERN.fullmatch(handle):
        return False
    named, proof = handle[len(PREFIX) :][:_CONTENT], handle[len(PREFIX) + _CONTENT :]
    return hmac.compare_digest(_proof(owner, named), proof)


def _proof(owner: str, named: str) -> str:
    return _encoded(mac("owner", owner.encode(), named.encode()))[: 16 - _CONTENT]


def _encoded(digest: bytes) -> str:
    return base64.b32encode(digest[:10]).decode("ascii").lower()


def _samples(content: bytes | str, start: int, end: int) -> Iterator[bytes]:
    if isinstance(content, bytes):
        return _spread(end - start, lambda a, b: content[start + a : start + b])
    if (head := _DATA_URL.match(content, start, end)) and (inside := _inside(content, head.end(), end)):
        return inside
    return _spread(end - start, lambda a, b: content[start + a : start + b].encode("utf-8", "surrogatepass"))


def _spread(length: int, read: _Read) -> Iterator[bytes]:
    """The length, then pieces all over the content; all of it where it is short or not compressed."""
    yield length.to_bytes(8, "big")
    step = max(length // _SAMPLES, _SAMPLE)
    if step > _SAMPLE and read(0, 4).startswith(_UNCOMPRESSED):
        yield read(0, length)
        return
    for place in range(0, length, step):
        yield read(place, min(place + _SAMPLE, length))
    yield read(max(length - _SAMPLE, 0), length)


def _inside(text: str, start: int, end: int) -> Iterator[bytes] | None:
    """Samples of the bytes behind `text[start:end]`, None when that is not plain base64. Only pieces are decoded."""
    size = end - start
    if not size or size % 4:
        return None
    length = size // 4 * 3 - text.count("=", end - 2, end)

    def read(a: int, b: int) -> bytes:
        first = a // 3
        piece = base64.b64decode(text[start + first * 4 : start + -(-b // 3) * 4], validate=True)
        return piece[a - first * 3 : b - first * 3]

    try:
        return iter(list(_spread(length, read)))
    except (binascii.Error, ValueError):
        return None
