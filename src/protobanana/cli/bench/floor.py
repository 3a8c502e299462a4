"""The floor: the same jobs straight through ComfyUI's own protocol. No gateway in front of it can be faster.

The client is the least one that gets pictures: upload, submit, wait on the websocket, fetch; no validation, no
reconnects, no backstop.
"""

from __future__ import annotations

import asyncio
import json
import random
import struct
import uuid
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import aiohttp

from protobanana.errors import JobFailedError, ServerProtocolError

_SEEDS = ("seed", "noise_seed")
_UPLOAD = "image"
_FRAMES = {1, 4}
"""Event numbers of binary frames that carry a picture; 4 has metadata before it."""
_BROKEN = "The connection to ComfyUI broke."
_PNG = b"\x89PNG"


@dataclass
class Waiting:
    """A job that was submitted."""

    files: list[dict[str, str]] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    error: str = ""


class Floor:
    """A client of one ComfyUI, over one websocket. `async with` opens it."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url.rstrip("/")
        self._session = session
        self._client_id = uuid.uuid4().hex
        self._jobs: dict[str, Waiting] = {}
        self._current: Waiting | None = None

    async def __aenter__(self) -> Self:
        self._socket = await self._session.ws_connect(
            f"{self.url}/ws", params={"clientId": self._client_id}, max_msg_size=0, compress=0
        )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._socket.close()
        await self._reader

    async def graph_with(self, words: str) -> str:
        """The newest graph in ComfyUI's history that contains these words, as JSON text."""
        async with self._session.get(f"{self.url}/history", params={"max_items": "50"}) as answer:
            entries = (await answer.json()).values()
        found = [text for entry in entries if words in (text := json.dumps(entry["prompt"][2]))]
        if not found:
            raise ServerProtocolError(f"ComfyUI at {self.url} has drawn none of the gateway's pictures.")
        return found[-1]

    async def draw(self, graph: str, picture: bytes | None = None) -> list[bytes]:
        """Run a graph with new seeds, on a picture where one is given; what its output nodes saved."""
        name = await self._upload(picture) if picture is not None else None
        prompt, prompt_id = _renewed(json.loads(graph), name), uuid.uuid4().hex
        job = self._jobs[prompt_id] = Waiting()
        document = {"prompt": prompt, "client_id": self._client_id, "prompt_id": prompt_id}
        async with self._session.post(f"{self.url}/prompt", json=document) as answer:
            if answer.status != 200:
                raise ServerProtocolError(f"ComfyUI refused the job: {(await answer.text())[:200]}")
            await answer.read()
        if self._reader.done():
            raise JobFailedError(_BROKEN)
        await job.over.wait()
        del self._jobs[prompt_id]
        if job.error:
            raise JobFailedError(job.error)
        return job.frames + [await self._fetch(file) for file in job.files]

    async def _upload(self, picture: bytes) -> str:
        form = aiohttp.FormData()
        form.add_field("image", picture, filename=f"{uuid.uuid4().hex}.png", content_type="image/png")
        async with self._session.post(f"{self.url}/upload/image", data=form) as answer:
            return str((await answer.json())["name"])

    async def _fetch(self, file: dict[str, str]) -> bytes:
        async with self._session.get(f"{self.url}/view", params=file) as answer:
            return await answer.read()

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self._text(json.loads(message.data))
            elif message.type is aiohttp.WSMsgType.BINARY and self._current is not None:
                event, second = struct.unpack(">II", message.data[:8])
                body = message.data[8 + (second if event == 4 else 0) :]
                if event in _FRAMES and body.startswith(_PNG):
                    self._current.frames.append(body)
        for job in self._jobs.values():
            job.error = _BROKEN
            job.over.set()

    def _text(self, message: dict[str, Any]) -> None:
        data = message["data"]
        job = self._jobs.get(data.get("prompt_id"))
        if job is None:
            return
        if message["type"] == "executed":
            job.files += (data.get("output") or {}).get("images", ())
        elif message["type"] == "execution_error":
            job.error = data["exception_message"]
            job.over.set()
        elif message["type"] == "executing":
            self._current = job
            if data["node"] is None:
                job.over.set()


def _renewed(graph: dict[str, Any], picture: str | None) -> dict[str, Any]:
    """New seeds, so that nothing comes from the cache; the uploaded picture in place of the recorded one."""
    for node in graph.values():
        inputs = node["inputs"]
        for name in _SEEDS:
            if isinstance(inputs.get(name), int):
                inputs[name] = random.getrandbits(48)  # a seed, no secret
        if picture is not None and isinstance(inputs.get(_UPLOAD), str):
            inputs[_UPLOAD] = picture
    return graph
