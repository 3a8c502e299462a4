"""The websockets of an engine: one registry by client id, one publishing loop, first in first out.

Two habits of ComfyUI are kept because clients have to cope with them: only the newest socket of a client id hears
anything, and when any socket of that id closes, the id is unregistered; one reader that stalls delays everybody.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiohttp import WSMsgType, web

from protobanana.engine.settings import Faults

_encode = json.JSONEncoder(default=str).encode

# A reader that takes nothing for so long is cut off; ComfyUI would wait for ever.
STALL_SECONDS = 30.0


@dataclass(eq=False)
class Connection:
    """One open websocket."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    sent: int = 0

    def cut(self) -> None:
        """Break it without a close frame: the other side sees code 1006."""
        if self.transport is not None:
            self.transport.abort()


class Hub:
    """Sends messages to clients. `send`, `send_frame`, `running` and `takes_metadata` may be called from any thread."""

    def __init__(self, features: Mapping[str, Any], faults: Faults, remaining: Callable[[], int]) -> None:
        self._loop = asyncio.get_running_loop()
        self._features = features
        self._faults = faults
        self._remaining = remaining
        self._outbox: deque[tuple[str | bytes, dict[str, Any], str | None]] = deque()
        self._posted = asyncio.Event()
        self._woken = False
        self._by_client: dict[str, Connection] = {}
        self._open: set[Connection] = set()
        self._modern: set[str] = set()
        self._now_running: tuple[str | None, str | None] = (None, None)

    def send(self, event: str, data: dict[str, Any], client_id: str | None) -> None:
        """Queue a JSON message; `client_id` None reaches everybody."""
        self._post(event, data, client_id)

    def send_frame(self, frame: bytes, client_id: str | None) -> None:
        """Queue a binary frame; `client_id` None reaches everybody."""
        self._post(frame, {}, client_id)

    def _post(self, content: str | bytes, data: dict[str, Any], client_id: str | None) -> None:
        self._outbox.append((content, data, client_id))
        # Waking the loop is a system call; one is enough for all messages until it comes round.
        if not self._woken:
            self._woken = True
            self._loop.call_soon_threadsafe(self._posted.set)

    def send_status(self, remaining: int) -> None:
        """Tell everybody how many prompts wait or run."""
        self.send("status", {"status": {"exec_info": {"queue_remaining": remaining}}}, None)

    def takes_metadata(self, client_id: str) -> bool:
        """Whether that client's socket negotiated `supports_preview_metadata`."""
        return client_id in self._modern

    def running(self, client_id: str | None, node_id: str | None) -> None:
        """Remember what runs, for clients that reconnect."""
        self._now_running = (client_id, node_id)

    async def publish(self) -> None:
        """Deliver queued messages until cancelled."""
        while True:
            await self._posted.wait()
            self._posted.clear()
            self._woken = False
            while self._outbox:
                await self._publish(*self._outbox.popleft())

    async def _publish(self, event: str | bytes, data: dict[str, Any], client_id: str | None) -> None:
        if client_id is None:
            receivers = list(self._by_client.values())
        else:
            receivers = [self._by_client[client_id]] if client_id in self._by_client else []
        if receivers:
            message = event if isinstance(event, bytes) else _encode({"type": event, "data": data})
            for connection in receivers:
                await self._deliver(connection, message)

    async def _deliver(self, connection: Connection, message: str | bytes) -> None:
        if self._faults.silent_socket or connection.socket.closed:
            return
        limit = self._faults.drop_sockets_after_n_messages
        if limit is not None and connection.sent >= limit:
            connection.cut()
            return
        connection.sent += 1
        try:
            async with asyncio.timeout(STALL_SECONDS):
                if isinstance(message, bytes):
                    await connection.socket.send_bytes(message)
                else:
                    await connection.socket.send_str(message)
        except TimeoutError:
            connection.cut()
        except ConnectionError:
            return

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """`GET /ws?clientId=`: register the socket and listen until it closes."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        client_id = request.query.get("clientId") or uuid.uuid4().hex
        connection = Connection(socket, request.transport)
        self._open.add(connection)
        self._by_client[client_id] = connection
        self._modern.discard(client_id)
        try:
            await self._greet(connection, client_id)
            await self._listen(connection, client_id)
        finally:
            self._open.discard(connection)
            self._by_client.pop(client_id, None)
            self._modern.discard(client_id)
        return socket

    async def _greet(self, connection: Connection, client_id: str) -> None:
        status = {"status": {"exec_info": {"queue_remaining": self._remaining()}}, "sid": client_id}
        await self._deliver(connection, json.dumps({"type": "status", "data": status}))
        running_client, node_id = self._now_running
        if running_client == client_id and node_id is not None:
            await self._deliver(connection, json.dumps({"type": "executing", "data": {"node": node_id}}))

    async def _listen(self, connection: Connection, client_id: str) -> None:
        first = True
        async for message in connection.socket:
            if message.type is not WSMsgType.TEXT:
                continue
            with suppress(ValueError):
                content = json.loads(message.data)
                if first and isinstance(content, dict) and content.get("type") == "feature_flags":
                    if content.get("data", {}).get("supports_preview_metadata"):
                        self._modern.add(client_id)
                    await self._deliver(connection, json.dumps({"type": "feature_flags", "data": self._features}))
                first = False

    async def close(self) -> None:
        """Say good-bye to every socket."""
        for connection in list(self._open):
            with suppress(ConnectionError):
                await connection.socket.close(code=1001, message=b"server shutdown")

    def cut(self) -> None:
        """Break every socket without a close frame, as a killed server does."""
        for connection in list(self._open):
            connection.cut()


__all__ = ["Connection", "Hub"]
