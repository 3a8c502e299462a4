"""Names for pictures: `img_` and 16 characters, the same for one caller and one content, not to be guessed by others."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from functools import lru_cache

from protobanana.settings import get_settings

PATTERN = re.compile(r"img_[a-z2-7]{16}")
_SAMPLES = 64
_SAMPLE = 1024


def mint(owner: str, content: bytes | str) -> str:
    """The handle of `content` (encoded bytes, or the reference it travels as) for `owner`.

    Keyed with the gateway's secret: whoever knows a picture, or another's handle, cannot make one. Long contents are
    sampled (64 kB spread over their length, and the length itself), so that a long history costs milliseconds.
    """
    digest = hmac.new(_secret(), owner.encode(), hashlib.sha256)
    step = max(len(content) // _SAMPLES, _SAMPLE)
    digest.update(len(content).to_bytes(8, "big"))
    for start in range(0, len(content), step):
        piece = content[start : start + _SAMPLE]
        digest.update(piece.encode() if isinstance(piece, str) else piece)
    tail = content[-_SAMPLE:]
    digest.update(tail.encode() if isinstance(tail, str) else tail)
    return "img_" + base64.b32encode(digest.digest()[:10]).decode("ascii").lower()


@lru_cache(maxsize=1)
def _secret() -> bytes:
    """The operator's secret; without one handles are valid until this process ends."""
    given = get_settings().secret
    return given.encode() if given else secrets.token_bytes(32)
