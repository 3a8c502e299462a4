"""A request's body on its way in: bounded in size and in time, and watched for the client leaving."""

from __future__ import annotations

import asyncio

from protobanana.gateway.asgi import Message, Receive, Scope, headers_of
from protobanana.settings import get_settings

GRACE_SECONDS = 30.0
"""How long a body may take however small it is."""
SLOWEST = 8 * 1024
"""Bytes per second that a body must come with beyond that."""
REMEMBERED = 32 * 1024 * 1024
"""Bytes of a body that are kept for a look at what was wrong with it, until LiteLLM has let it pass."""
SMALL = 1024 * 1024
"""Bytes of a body that is kept until the answer is out."""
_GONE: Message = {"type": "http.disconnect"}


class Upload:
    """`receive` of one request. It is `over` when the client has left, or was refused."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.path: str = scope["path"].rstrip("/")
        self.headers = headers_of(scope)
        self._receive = receive
        self._most = int(get_settings().max_body_mb * 1e6)
        self._deadline = asyncio.get_running_loop().time() + GRACE_SECONDS
        self._count = 0
        self._pieces: list[bytes] = []
        self._remembers = True
        self._complete = asyncio.Event()
        self._ended = asyncio.Event()
        self.refused: tuple[int, str] | None = None
        """Status and words for a body that was not taken."""
        declared = self.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > self._most:
            self._refuse(413)

    @property
    def over(self) -> bool:
        """Whether nobody waits for an answer any more."""
        return self._ended.is_set()

    def read(self) -> bytes | None:
        """The body; None where it was too large to be remembered, or is forgotten."""
        return b"".join(self._pieces) if self._remembers else None

    def forget(self) -> None:
        """Let go of the body: there is nothing to find out about it any more."""
        self._remembers = False
        self._pieces.clear()

    def spare(self) -> None:
        """Let go of a large body: the request has passed LiteLLM, and seldom fails in a way that is told from it."""
        if self._count > SMALL:
            self.forget()

    async def receive(self) -> Message:
        """The next message for the app."""
        if self._complete.is_set():
            await self._ended.wait()
            return _GONE
        try:
            async with asyncio.timeout_at(self._deadline + self._count / SLOWEST):
                message = await self._receive()
        except TimeoutError:
            message = self._refuse(408)
        if message["type"] == "http.request":
            body = message.get("body", b"")
            self._count += len(body)
            if self._count > REMEMBERED:
                self.forget()
            if self._remembers:
                self._pieces.append(body)
            if self._count > self._most:
                message = self._refuse(413)
        if message["type"] == "http.disconnect":
            self._ended.set()
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            self._complete.set()
        return message

    async def gone(self) -> None:
        """Wait until the client leaves, once it has sent everything. After the answer it counts as gone, too."""
        await self._complete.wait()
        if not self._ended.is_set():
            await self._receive()  # nothing but the end can come now
            self._ended.set()

    def _refuse(self, status: int) -> Message:
        words = {
            408: f"The request came with less than {SLOWEST // 1024} kB per second.",
            413: f"The request is larger than the {self._most / 1e6:g} MB that are taken.",
        }
        self.refused = status, words[status]
        return _GONE
