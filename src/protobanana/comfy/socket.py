"""The one message socket to a server: kept up while it is wanted, replaced when it breaks."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass

import aiohttp

from protobanana.comfy.transport import Transport, mapped
from protobanana.errors import ProtoBananaError, ServerUnreachableError

_LOG = logging.getLogger(__name__)
_FLAGS = json.dumps({"type": "feature_flags", "data": {"supports_preview_metadata": True}})
_CLOSING = 2.0
"""Seconds that ComfyUI has to answer the closing handshake; a stalled one never does."""


@dataclass(frozen=True)
class Listener:
    """What happens on the socket; all calls are synchronous and must be quick."""

    text: Callable[[str], None]
    binary: Callable[[bytes], None]
    up: Callable[[], None]
    down: Callable[[], None]
    wanted: Callable[[], bool]
    """Whether a broken socket is to be replaced; where not, the next `ready` does it."""


class Socket:
    """Connects on the first `ready`, and under one client id for life.

    An old connection is closed before a new one opens: ComfyUI forgets the client when the older of two closes.
    """

    def __init__(self, transport: Transport, client_id: str, listener: Listener) -> None:
        self._transport = transport
        self._url = transport.address.websocket(client_id)
        self._listener = listener
        self._task: asyncio.Task[None] | None = None
        self._outcome: asyncio.Future[ProtoBananaError | None] | None = None
        self._hurry = asyncio.Event()
        self.up = False

    async def ready(self) -> None:
        """Wait until the socket is up; raises what the present or next attempt to connect raises."""
        if self.up:
            return
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._serve(), name="comfyui-socket", context=Context())
        if self._outcome is None or self._outcome.done():
            self._outcome = asyncio.get_running_loop().create_future()
        self._hurry.set()
        error = await asyncio.shield(self._outcome)
        if error is not None:
            raise error

    async def close(self) -> None:
        """Close the connection and end the task; waiting `ready` calls raise ServerUnreachableError."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        self._answer(ServerUnreachableError("The client was closed."))

    async def _serve(self) -> None:
        try:
            await self._keep_up()
        finally:
            self._answer(ServerUnreachableError("The websocket to ComfyUI was given up."))

    async def _keep_up(self) -> None:
        failures = 0
        while True:
            self._hurry.clear()
            try:
                websocket = await self._connect()
            except ProtoBananaError as error:
                _LOG.info("No websocket: %s", error)
                failures += 1
                self._answer(error)
            else:
                failures = 0
                await self._read(websocket)
            if not self._listener.wanted() and not self._hurry.is_set():
                return
            await self._rest(failures)

    async def _connect(self) -> aiohttp.ClientWebSocketResponse:
        options = self._transport.options
        with mapped(self._transport.address):
            async with asyncio.timeout(options.connect_timeout):
                websocket = await self._transport.open().ws_connect(
                    self._url,
                    max_msg_size=0,  # a finished picture arrives as one message
                    compress=0,
                    heartbeat=options.heartbeat,
                    timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSING),
                )
                await websocket.send_str(_FLAGS)  # only as the very first message do flags count
        return websocket

    async def _read(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        self.up = True
        self._listener.up()
        self._answer(None)
        try:
            async for message in websocket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._listener.text(message.data)
                elif message.type is aiohttp.WSMsgType.BINARY:
                    self._listener.binary(message.data)
            _LOG.info("Websocket closed (code %s)", websocket.close_code)
        finally:
            self.up = False
            self._listener.down()
            await websocket.close()

    async def _rest(self, failures: int) -> None:
        """Back off 0.1 s doubling to 5 s, each drawn from the upper half; a new job cuts it short."""
        pause = min(5.0, 0.1 * 2 ** min(failures, 10)) * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, no secret
        try:
            async with asyncio.timeout(pause):
                await self._hurry.wait()
        except TimeoutError:
            return

    def _answer(self, error: ProtoBananaError | None) -> None:
        if self._outcome is not None and not self._outcome.done():
            self._outcome.set_result(error)
