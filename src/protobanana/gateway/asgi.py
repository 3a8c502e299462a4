"""The few words of ASGI that the front is written in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


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

    async def send(self, send: Send, *, with_body: bool = True) -> None:
        """Answer a request with this."""
        headers = {"x-content-type-options": "nosniff", **self.headers}
        if self.status != 304:
            headers["content-length"] = str(len(self.body))
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": encoded})
        await send({"type": "http.response.body", "body": self.body if with_body else b""})


def headers_of(scope: Scope) -> dict[str, str]:
    """The request's headers, names in lower case."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def without(headers: Headers, *names: bytes) -> Headers:
    """Headers but those named (lower case)."""
    return [(name, value) for name, value in headers if name.lower() not in names]
