"""One call of a model through LiteLLM: the part of the way that LiteLLM leaves to be wished for.

The call is cancelled when the client leaves, on every route; its pictures are put in where their references stand; a
stream of previews goes out before LiteLLM answers; errors get the status and headers that they ought to have.
"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress

from protobanana import telemetry
from protobanana.api.door import Door, door, frame
from protobanana.api.failures import document, retry_header
from protobanana.gateway.asgi import App, Message, Receive, Reply, Scope, Send, without
from protobanana.gateway.mend import mended
from protobanana.gateway.upload import Upload

log = logging.getLogger("protobanana")

PING_SECONDS = 15.0
"""Silence after which a stream of previews says that it lives; proxies in between hang up after 60 s, mostly."""
_PRIVATE = (b"x-litellm-model-api-base",)
"""Headers of LiteLLM's that tell where the servers behind the gateway are, with the credentials in their addresses."""
_ERROR_FRAME = b'data: {"error"'
_EVENT_STREAM = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]


class Exchange:
    """A request, LiteLLM's answer to it, and what happens between."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, called_at: str, lends: bool) -> None:
        # Base64 is never compressed: that takes longer than the picture, and saves a quarter of its bytes.
        self._scope = {**scope, "headers": without(scope["headers"], b"accept-encoding")}
        self._upload = Upload(scope, receive)
        self._out = send
        self._door = Door(emit=self._emit, called_at=called_at, lends=lends, reached=self._upload.spare)
        self._start: Message | None = None
        """The beginning of LiteLLM's answer, until it is known how it goes on."""
        self._held = bytearray()
        self._begun = False
        """Whether the client has got the beginning of an answer."""
        self._answered = False
        """Whether LiteLLM has nothing more to say."""
        self._turn = asyncio.Lock()

    async def run(self, app: App) -> None:
        """Let `app` answer. Returns when it has, or when it has stopped because the client left."""
        if self._upload.refused:
            await self._error(*self._upload.refused)
            return
        mark = door.set(self._door)
        work = asyncio.ensure_future(app(self._scope, self._upload.receive, self._send))
        watch = asyncio.create_task(self._watch(work), name="client-watch")
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError:
            work.cancel()
            await asyncio.wait([work])
            raise
        finally:
            watch.cancel()
            door.reset(mark)
            self._door.close()
            self._upload.forget()
        if work.cancelled():
            if self._upload.refused and not self._begun:
                await self._error(*self._upload.refused)
        elif (error := work.exception()) and self._answered:
            # Raised on for the server's log after the client had its answer; the connection is as good as before.
            log.warning("LiteLLM failed after its answer: %s", type(error).__name__)
        elif error:
            raise error

    async def _watch(self, work: asyncio.Future[None]) -> None:
        """Stop the work when the client is gone; keep its stream alive meanwhile."""
        while True:
            try:
                async with asyncio.timeout(PING_SECONDS):
                    await self._upload.gone()
            except TimeoutError:
                if self._door.streaming and not self._answered:
                    await self._emit(b": ping\n\n")
            else:
                if not self._answered:
                    work.cancel()
                return

    # What goes out -----------------------------------------------------------------------------------------------

    async def _emit(self, piece: bytes) -> None:
        """A piece of an event stream, ahead of LiteLLM's answer."""
        async with self._turn:
            await self._begin(200, _EVENT_STREAM)
            await self._body(piece, more=True)

    async def _send(self, message: Message) -> None:
        """Take what LiteLLM sends. An answer of known length, and any error, is held until it is complete."""
        if message["type"] == "http.response.start":
            self._start = message
            if message["status"] < 400 and _length(message) is None and not self._door.streaming:
                await self._pass_start()
            return
        more = message.get("more_body", False)
        self._answered = self._answered or not more
        if self._start is None:
            await self._body(self._reworded(message.get("body", b"")), more=more)
            return
        self._held += message.get("body", b"")
        length = _length(self._start)
        if not more or (length is not None and len(self._held) >= length):
            await self._whole(self._start, bytes(self._held), more=more)

    async def _whole(self, start: Message, body: bytes, *, more: bool) -> None:
        """A complete answer of LiteLLM's."""
        self._start, self._held = None, bytearray()
        if start["status"] >= 400:
            await self._failure(start, body, more=more)
        elif self._door.streaming:
            async with self._turn:
                await self._begin(200, _EVENT_STREAM)
                for payload in self._door.finals:
                    await self._body(frame(payload), more=True)
                await self._body(b"", more=more)
        else:
            pieces = self._door.restored(body)
            length = (b"content-length", str(sum(map(len, pieces))).encode())
            await self._begin(start["status"], [*without(start["headers"], b"content-length"), length])
            await self._pieces(pieces, more=more)

    async def _failure(self, start: Message, body: bytes, *, more: bool) -> None:
        """An error: an answer of its own, or the last event of a stream that has begun."""
        status, body = self._error_of(start["status"], body)
        again = retry_header(self._door.failure) if self._door.failure else None
        extra = [(name.encode(), value.encode()) for name, value in (again or {}).items()]
        extra.append((b"content-type", b"application/json"))
        headers = without(start["headers"], b"content-length", *(name for name, _ in extra))
        async with self._turn:
            if not self._begun:
                await self._begin(status, [*headers, *extra, (b"content-length", str(len(body)).encode())])
                await self._out({"type": "http.response.body", "body": body, "more_body": more})
                return
            telemetry.record().status = status
            with suppress(ValueError):
                await self._body(b"event: error\ndata: %s\n\n" % json.dumps(json.loads(body)).encode(), more=more)

    def _error_of(self, status: int, body: bytes) -> tuple[int, bytes]:
        """Status and JSON of an error: ours as it was raised, LiteLLM's as it ought to be."""
        if failure := self._door.failure:
            return failure.status, json.dumps(document(failure)).encode()
        return mended(status, body, self._upload)

    def _reworded(self, piece: bytes) -> bytes:
        """A piece of LiteLLM's stream; where it is an error, as it ought to be."""
        if not piece.startswith(_ERROR_FRAME):
            return piece
        frame, end, rest = piece.partition(b"\n\n")
        return b"data: " + self._error_of(500, frame.removeprefix(b"data: "))[1] + end + rest

    async def _error(self, status: int, words: str) -> None:
        """An error that LiteLLM has no part in."""
        self._answered = True
        error = {"message": words, "type": "invalid_request_error", "param": None, "code": None}
        headers = {"content-type": "application/json", "connection": "close"}
        telemetry.record().begun(status)
        await Reply(status, json.dumps({"error": error}).encode(), headers).send(self._out)

    async def _pass_start(self) -> None:
        """The beginning of an answer that comes piece by piece."""
        start, self._start = self._start, None
        if start is not None:
            await self._begin(start["status"], start["headers"])

    async def _begin(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        if self._begun:
            return
        self._begun = True
        telemetry.record().begun(status)
        await self._out({"type": "http.response.start", "status": status, "headers": without(headers, *_PRIVATE)})

    async def _body(self, body: bytes, *, more: bool) -> None:
        """A part of the answer, pictures in their places."""
        await self._pieces(self._door.restored(body), more=more)

    async def _pieces(self, pieces: list[bytes], *, more: bool) -> None:
        for piece in pieces[:-1]:
            await self._out({"type": "http.response.body", "body": piece, "more_body": True})
        await self._out({"type": "http.response.body", "body": pieces[-1], "more_body": more})


def _length(start: Message) -> int | None:
    """The length that an answer declares; None for one that comes piece by piece."""
    for name, value in start.get("headers", ()):
        if name.lower() == b"content-length":
            return int(value)
    return None
