"""Our routes in front of LiteLLM's app, on the same port: `GET /images/<token>`. Everything else passes through.

A token is the right to read one picture until it expires: it is signed, names no file, and needs no key beside it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from protobanana.api import links
from protobanana.pictures.store import ImageStore, Kept, Link, read_token

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_LITELLM_OWN = frozenset({"generations", "edits", "variations"})
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


@dataclass(frozen=True)
class Reply:
    """A whole answer; `headers` come on top of length and the ones that every answer has."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def plain(cls, status: int, words: str, **headers: str) -> Reply:
        """A sentence."""
        return cls(status, words.encode(), {"content-type": "text/plain; charset=utf-8", **headers})


def fronted(app: App, store: ImageStore | None, public_url: str | None = None) -> App:
    """`app` with our routes in front. Lifespan and all other requests reach it unchanged.

    `public_url` is the address at which clients reach them, where that is not the one they call; a path in it may
    still be there in what arrives here, or have been taken off by the proxy in between.
    """
    prefix = urlsplit(public_url or "").path.rstrip("/")

    async def front(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        token = _token(scope["path"].removeprefix(prefix))
        if token is not None and scope["method"] in ("GET", "HEAD"):
            await _send(await _picture(token, store, _headers(scope)), send, with_body=scope["method"] == "GET")
            return
        mark = links.called_at.set(_called_at(scope))
        try:
            await app(scope, receive, send)
        finally:
            links.called_at.reset(mark)

    return front


def _token(path: str) -> str | None:
    """The token in `/images/<token>`; None for other paths."""
    rest = path.removeprefix(links.PATH)
    return rest if rest != path and rest and "/" not in rest and rest not in _LITELLM_OWN else None


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _called_at(scope: Scope) -> str:
    """The address that the client used, without a path; empty when it did not say."""
    host = _headers(scope).get("host", "")
    return f"{scope.get('scheme', 'http')}://{host}" if re.fullmatch(r"[\w.:\[\]-]+", host) else ""


async def _picture(token: str, store: ImageStore | None, headers: dict[str, str]) -> Reply:
    link = read_token(token)
    if link is None:
        return Reply.plain(404, "There is no such picture.")
    kept = await store.follow(link) if store else None
    if kept is None:
        return Reply.plain(410, "This picture is not kept any more.", **{"cache-control": "no-store"})
    return _answer(kept, link, headers)


def _answer(kept: Kept, link: Link, headers: dict[str, str]) -> Reply:
    """The picture, a part of it, or that the client has it already (RFC 9110)."""
    etag, data = f'"{kept.record.sha256}"', kept.image.data
    same = {
        "etag": etag,
        "cache-control": f"private, max-age={link.seconds_left}, immutable",
        "accept-ranges": "bytes",
        "access-control-allow-origin": "*",
    }
    wanted = {tag.strip().removeprefix("W/") for tag in headers.get("if-none-match", "").split(",")}
    if wanted & {etag, "*"}:
        return Reply(304, headers=same)
    same["content-type"] = kept.image.mime
    same["content-disposition"] = f'inline; filename="{link.handle}.{kept.image.format}"'
    asked = _RANGE.fullmatch(headers.get("range", ""))
    if asked is None or headers.get("if-range", etag) != etag or asked[1] == asked[2] == "":
        return Reply(200, data, same)
    first = int(asked[1]) if asked[1] else max(len(data) - int(asked[2]), 0)
    last = min(int(asked[2]), len(data) - 1) if asked[1] and asked[2] else len(data) - 1
    if first > last:
        return Reply.plain(416, "There are no such bytes.", **{"content-range": f"bytes */{len(data)}"})
    return Reply(206, data[first : last + 1], {**same, "content-range": f"bytes {first}-{last}/{len(data)}"})


async def _send(reply: Reply, send: Send, *, with_body: bool) -> None:
    headers = {"x-content-type-options": "nosniff", **reply.headers}
    if reply.status != 304:
        headers["content-length"] = str(len(reply.body))
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": encoded})
    await send({"type": "http.response.body", "body": reply.body if with_body else b""})
