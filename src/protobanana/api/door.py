"""What a gateway of ours offers a call beside LiteLLM's own way of answering; a plain LiteLLM offers none of it.

Pictures do not travel through LiteLLM: the answer names them by short references, and the door puts the base64 in
their place as the answer leaves. That spares seven copies of it, and keeps it out of every log and exporter.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import pybase64

from protobanana.errors import ProtoBananaError
from protobanana.pictures.image import Image
from protobanana.pictures.store import Keepable

_DIGITS = 4
EmitFrame = Callable[[bytes], Awaitable[None]]


@dataclass(eq=False)
class Door:
    """One request's way out. `called_at` is `http://host:port` as the client called it."""

    emit: EmitFrame
    """Send a piece of an event stream to the client at once, before LiteLLM has answered."""
    called_at: str = ""
    reached: Callable[[], None] = lambda: None
    """Called when LiteLLM has let the request pass and it is ours to answer."""
    lends: bool = True
    """Whether references may stand for pictures: not where LiteLLM caches answers, and would repeat them to others."""
    finals: list[dict[str, Any]] = field(default_factory=list)
    """Events that end a stream; they are sent once LiteLLM has let the answer pass."""
    streaming: bool = False
    """Whether the client asked for an event stream on an image endpoint."""
    failure: ProtoBananaError | None = None
    """The error that ended the call, as we raised it: LiteLLM rewrites codes and drops headers on most routes."""
    _mark: str = field(default_factory=lambda: f"pbpicture{secrets.token_hex(12)}")
    _lent: list[bytes] = field(default_factory=list)

    def lend(self, encoded: bytes) -> str:
        """A reference that `restored` turns into `encoded` (base64) again. Nobody can guess it."""
        self._lent.append(encoded)
        return f"{self._mark}{len(self._lent) - 1:0{_DIGITS}}"

    def restored(self, body: bytes) -> list[bytes]:
        """`body` in pieces, every reference replaced; the pieces are not joined, for they are large."""
        if not self._lent:
            return [body]
        return list(self._pieces(body, self._mark.encode()))

    def close(self) -> None:
        """Let go of the pictures. LiteLLM's background work may keep the request's context, and this with it."""
        self._lent.clear()
        self.finals.clear()

    def _pieces(self, body: bytes, mark: bytes) -> Iterator[bytes]:
        position = 0
        while (found := body.find(mark, position)) >= 0:
            end = found + len(mark) + _DIGITS
            yield body[position:found]
            yield self._lent[int(body[found + len(mark) : end])]
            position = end
        yield body[position:]

    async def event(self, payload: Mapping[str, Any]) -> None:
        """Send one event of a stream now."""
        await self.emit(frame(payload))


door: ContextVar[Door | None] = ContextVar("door", default=None)
"""The door of the request that is being answered; None under a plain LiteLLM, and outside of a gateway."""


def frame(payload: Mapping[str, Any]) -> bytes:
    """A server-sent event named by its own `type`, as OpenAI sends it."""
    data = json.dumps(payload, ensure_ascii=False)
    return f"event: {payload['type']}\ndata: {data}\n\n".encode()


def base64_of(file: Keepable) -> str:
    """A picture's or a file's base64, or the reference that stands for it on its way through LiteLLM."""
    at, encoded = door.get(), pybase64.b64encode(file.data)
    return at.lend(encoded) if at is not None and at.lends else encoded.decode("ascii")


def data_url_of(image: Image) -> str:
    """A picture as a `data:` URL, its base64 as `base64_of` gives it."""
    return f"data:{image.mime};base64,{base64_of(image)}"
