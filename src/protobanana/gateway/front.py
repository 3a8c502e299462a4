"""Our routes in front of LiteLLM's app, on the same port: short addresses of pictures, health and metrics; and every
call of a model by way of an `Exchange`. Everything else passes through, but for how a wrong key is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from protobanana.gateway.asgi import App, Receive, Scope, Send, headers_of
from protobanana.gateway.exchange import Exchange
from protobanana.gateway.keys import judged
from protobanana.gateway.pictures import send_picture, token_of
from protobanana.pictures.store import ImageStore
from protobanana.telemetry import Record

CALLS = ("/chat/completions", "/completions", "/images/generations", "/images/edits", "/responses", "/messages")
"""Ends of the paths at which a model is called; all of them are cancelled when the client leaves."""
OURS = {"/health": "/protobanana/health", "/metrics": "/protobanana/metrics"}
"""Paths of LiteLLM's that we answer; with a query (LiteLLM's own dashboard asks so) they stay LiteLLM's."""


def fronted(
    app: App,
    store: ImageStore | None,
    public_url: str | None = None,
    *,
    lends: Callable[[], bool] = lambda: True,
) -> App:
    """`app` with our routes in front.

    `public_url` is the address at which clients reach them, where that is not the one they call; a path in it may
    still be there in what arrives here, or have been taken off by the proxy in between. `lends`: see `Door.lends`.
    """
    prefix = urlsplit(public_url or "").path.rstrip("/")

    async def front(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        path, method = scope["path"].removeprefix(prefix), scope["method"]
        token = token_of(path)
        if token is not None and method in ("GET", "HEAD"):
            await send_picture(token, store, scope, send)
        elif method == "GET" and path in OURS and not scope.get("query_string"):
            await app({**scope, "path": OURS[path], "raw_path": OURS[path].encode()}, receive, send)
        elif method == "POST" and (call := _call(path)):
            with Record(call):
                await Exchange(scope, receive, send, called_at=_called_at(scope), lends=lends()).run(app)
        else:
            await app(scope, receive, judged(scope, send))

    return front


def _call(path: str) -> str | None:
    """The end of a path at which a model is called; None for other paths."""
    return next((call.lstrip("/") for call in CALLS if path.rstrip("/").endswith(call)), None)


def _called_at(scope: Scope) -> str:
    """The address that the client used, without a path; empty when it did not say."""
    host = headers_of(scope).get("host", "")
    return f"{scope.get('scheme', 'http')}://{host}" if re.fullmatch(r"[\w.:\[\]-]+", host) else ""
