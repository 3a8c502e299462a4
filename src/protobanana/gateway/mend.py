"""LiteLLM's own errors, where they have the wrong status or say too much."""

from __future__ import annotations

import json
from collections.abc import Callable

from protobanana.gateway.asgi import Headers

_JSON: Headers = [(b"content-type", b"application/json")]


def mended(status: int, body: bytes, sent: Callable[[], bytes]) -> tuple[int, bytes, Headers]:
    """(status, body, headers to add) for an error that LiteLLM answers; `sent` gives the request's body."""
    try:
        error = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        error = None
    return status, body, []
