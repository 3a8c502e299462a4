"""A plain ComfyUI client over real sockets, for tests of the engine's server half."""

from __future__ import annotations

import asyncio
import io
import json
import struct
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest

from protobanana.engine import Engine, EngineSettings

Start = Callable[..., Awaitable["Client"]]


class Socket:
    """One websocket and everything it received, as JSON or as `{"binary": event, ...}`."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.received: list[dict[str, Any]] = []
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for message in self.socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self.received.append(json.loads(message.data))
            elif message.type is aiohttp.WSMsgType.BINARY:
                self.received.append(decoded(message.data))
            self._news.set()
        self._news.set()

    async def until(self, condition: Callable[[dict[str, Any]], bool], seconds: float = 20) -> dict[str, Any]:
        """The first received message that fits."""
        async with asyncio.timeout(seconds):
            while True:
                for message in self.received:
                    if condition(message):
                        return message
                self._news.clear()
                assert not self._task.done(), f"socket closed after {self.received}"
                await self._news.wait()

    async def finished(self, prompt_id: str) -> None:
        """Wait for `executing` with node null."""
        await self.until(
            lambda message: (
                message.get("type") == "executing"
                and message["data"].get("prompt_id") == prompt_id
                and message["data"]["node"] is None
            )
        )

    def types(self) -> list[str]:
        """The types of the messages so far."""
        return [message.get("type", "binary") for message in self.received]

    async def gone(self, seconds: float = 20) -> int | None:
        """Wait until the socket is closed; the code."""
        async with asyncio.timeout(seconds):
            await self._task
        return self.socket.close_code

    async def close(self) -> None:
        """Close it from this side."""
        await self.socket.close()
        await self._task


def decoded(frame: bytes) -> dict[str, Any]:
    """A binary frame, taken apart."""
    event, second = struct.unpack(">II", frame[:8])
    if event == 1:
        return {"binary": 1, "format": second, "image": frame[8:]}
    head, rest = frame[8 : 8 + second], frame[8 + second :]
    if event == 3:
        return {"binary": 3, "node": head.decode(), "text": rest.decode()}
    return {"binary": event, "metadata": json.loads(head), "image": rest}


class Client:
    """HTTP and websockets against one engine."""

    def __init__(self, engine: Engine, session: aiohttp.ClientSession) -> None:
        self.engine = engine
        self.session = session

    async def call(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """Status and decoded body."""
        async with self.session.request(method, self.engine.url + path, **options) as response:
            body = await response.read()
            if response.content_type == "application/json":
                return response.status, json.loads(body)
            return response.status, body.decode() if response.content_type == "text/plain" else body

    async def get(self, path: str, **options: Any) -> tuple[int, Any]:
        """GET."""
        return await self.call("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        """POST JSON."""
        return await self.call("POST", path, json=body, **options)

    async def submit(self, prompt: dict[str, Any], client_id: str | None = "me", **fields: Any) -> str:
        """POST /prompt; the prompt id."""
        body = {"prompt": prompt, "prompt_id": str(uuid.uuid4()), **fields}
        if client_id is not None:
            body["client_id"] = client_id
        status, answer = await self.post("/prompt", body)
        assert status == 200, answer
        return str(answer["prompt_id"])

    async def history(self, prompt_id: str, seconds: float = 20) -> Any:
        """The history entry of a prompt, once there is one."""
        async with asyncio.timeout(seconds):
            while True:
                _, found = await self.get("/history")
                if prompt_id in found:
                    return found[prompt_id]
                await asyncio.sleep(0.005)

    async def connect(self, client_id: str | None = "me", *, flags: bool = False) -> Socket:
        """Open a websocket, negotiating previews with metadata if asked to."""
        query = "" if client_id is None else f"?clientId={client_id}"
        socket = Socket(await self.session.ws_connect(f"{self.engine.url}/ws{query}", max_msg_size=0))
        await socket.until(lambda message: message["type"] == "status")
        if flags:
            await socket.socket.send_json({"type": "feature_flags", "data": {"supports_preview_metadata": True}})
            await socket.until(lambda message: message["type"] == "feature_flags")
        return socket

    async def upload(self, name: str, data: bytes, path: str = "/upload/image", **fields: str) -> tuple[int, Any]:
        """POST a multipart upload."""
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("image", io.BytesIO(data), filename=name, content_type="image/png")
        for key, value in fields.items():
            form.add_field(key, value)
        return await self.call("POST", path, data=form)


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts an engine with the settings given and returns a client of it."""
    async with AsyncExitStack() as stack:

        async def begin(**settings: Any) -> Client:
            engine = await stack.enter_async_context(Engine(EngineSettings(**settings)))
            return Client(engine, await stack.enter_async_context(aiohttp.ClientSession()))

        yield begin
