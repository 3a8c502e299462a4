"""`GET /images/<token>`: the short addresses of pictures.

A token is the right to read one picture until it expires: it is signed, names no file, and needs no key beside it.
"""

from __future__ import annotations

import re

from protobanana.api import links
from protobanana.gateway.asgi import Reply, Scope, Send, headers_of
from protobanana.pictures.attachment import Attachment
from protobanana.pictures.image import Image
from protobanana.pictures.store import ImageStore, Kept, Link, read_token

_LITELLM_OWN = frozenset({"generations", "edits", "variations"})
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def token_of(path: str) -> str | None:
    """The token in `/images/<token>`; None for other paths."""
    rest = path.removeprefix(links.PATH)
    return rest if rest != path and rest and "/" not in rest and rest not in _LITELLM_OWN else None


async def send_picture(token: str, store: ImageStore | None, scope: Scope, send: Send) -> None:
    """Answer a GET or HEAD of one picture."""
    reply = await _picture(token, store, headers_of(scope))
    await reply.send(send, with_body=scope["method"] == "GET")


async def _picture(token: str, store: ImageStore | None, headers: dict[str, str]) -> Reply:
    link = read_token(token)
    if link is None:
        return Reply.plain(404, "There is no such picture.")
    kept = await store.follow(link) if store else None
    if kept is None:
        return Reply.plain(410, "This picture is not kept any more.", **{"cache-control": "no-store"})
    return _answer(kept, link, headers)


def _answer(kept: Kept[Image | Attachment], link: Link, headers: dict[str, str]) -> Reply:
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
