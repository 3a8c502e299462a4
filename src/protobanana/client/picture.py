"""A picture as a client knows it: a name, an address, and where it comes from."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from protobanana.errors import InvalidImageError

_ADDRESS = re.compile(r"images/([A-Za-z0-9_-]{36})")
_DATA = re.compile(r"data:(image/[a-z]+);base64,(.*)", re.DOTALL)
Reference = Mapping[str, Any]
"""`src` is `images/<token>` (the gateway keeps it) or a `data:` URL (it does not), `id` its handle or empty; `size`,
`note`, `parent` (a handle), `words` (what made it) and `seed` are there where they are known.
"""


def token_of(picture: Reference) -> str | None:
    """The token of a picture that the gateway keeps. Raises InvalidImageError for an address of anything else."""
    src = str(picture.get("src", ""))
    if match := _ADDRESS.fullmatch(src):
        return match[1]
    if _DATA.fullmatch(src):
        return None
    raise InvalidImageError("This picture has an address that is none; choose it again.", param="image")


def bytes_of(data_url: str) -> tuple[bytes, str]:
    """Bytes and MIME type of a `data:` URL. Raises InvalidImageError."""
    match = _DATA.fullmatch(data_url)
    try:
        return base64.b64decode(match[2] if match else "", validate=True), match[1] if match else ""
    except binascii.Error:
        raise InvalidImageError("This picture is damaged; choose it again.", param="image") from None


def src_of(url: str) -> str:
    """How the page addresses a picture of an answer: the gateway's own addresses by their token, through the page's
    server, because a browser may not reach the gateway.
    """
    tail = url[-len("images/") - 36 :]
    return tail if not url.startswith("data:") and _ADDRESS.fullmatch(tail) else url
