"""A small ComfyUI for these tests: real sockets, one worker, and every fault that the client must survive."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import json
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import WSMsgType, web

from protobanana.comfy import ClientOptions, ComfyClient

PNG = b"\x89PNG\r\n\x1a\n"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FakeComfy:
    """Runs each prompt as: one step of work at the `gate`, then every output node.

    `faults[path]` is a list of handlers, each of which answers one request instead of the server.
    """

    def __init__(self) -> None:
        self.url = ""
        self.sockets: dict[str, web.WebSocketResponse] = {}
        self.connections: list[str] = []
        self.flags: list[Any] = []
        self.posts: list[dict[str, Any]] = []
        self.log: list[tuple[str, Any]] = []
        self.pending: list[tuple[float, str, dict[str, Any]]] = []
        self.running: tuple[float, str, dict[str, Any]] | None = None
        self.history: dict[str, Any] = {}
        self.files: dict[str, bytes] = {}
        self.uploads: dict[str, bytes] = {}
        self.faults: dict[str, list[Handler]] = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self.mute = False
        self.lose_interrupts = 0
        self.interrupted: set[str] = set()
        self.number = 0
        self.work = asyncio.Event()
        self.worker: asyncio.Task[None] | None = None
        self.runner: web.AppRunner | None = None
        self.port = 0

    # Life ----------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen on a free port, or on the one it had before."""
        app = web.Application(client_max_size=2**26, middlewares=[self._middleware])
        app.add_routes(
            [
                web.get("/ws", self._ws),
                web.get("/prompt", self._exec_info),
                web.post("/prompt", self._prompt),
                web.get("/queue", self._get_queue),
                web.post("/queue", self._post_queue),
                web.post("/interrupt", self._interrupt),
                web.get("/history/{id}", self._history),
                web.get("/view", self._view),
                web.post("/upload/image", self._upload),
                web.get("/system_stats", self._stats),
                web.get("/object_info/{name}", self._object_info),
            ]
        )
        self.runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", self.port)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.worker = asyncio.create_task(self._work())

    async def stop(self) -> None:
        """Die as a process dies: sockets break, queue and history are gone."""
        self.worker.cancel()
        await asyncio.wait([self.worker])
        self.drop()
        await self.runner.cleanup()
        self.pending, self.running, self.history = [], None, {}

    def drop(self) -> None:
        """Break all websockets without a closing handshake."""
        for socket in self.sockets.values():
            if socket._req is not None and socket._req.transport is not None:
                socket._req.transport.abort()
        self.sockets.clear()

    # What it does --------------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            while not self.pending:
                self.work.clear()
                await self.work.wait()
            self.running = heapq.heappop(self.pending)
            _, prompt_id, body = self.running
            await self._run(prompt_id, body)
            self.running = None
            await self.say(body["client_id"], "executing", node=None, prompt_id=prompt_id)

    async def _run(self, prompt_id: str, body: dict[str, Any]) -> None:
        client, graph, outputs = body["client_id"], body["prompt"], {}
        await self.say(client, "execution_start", prompt_id=prompt_id)
        await self.say(client, "executing", node="1", display_node="1", prompt_id=prompt_id)
        await self.say(client, "progress", value=1, max=2, node="1", prompt_id=prompt_id)
        while not self.gate.is_set() and prompt_id not in self.interrupted:
            await asyncio.sleep(0.005)
        if prompt_id in self.interrupted:
            await self._end(client, prompt_id, outputs, "execution_interrupted", {"node_id": "1"})
            return
        for node, entry in graph.items():
            if entry["class_type"] == "Boom":
                detail = {
                    "node_id": node,
                    "node_type": "Boom",
                    "exception_message": "CUDA error in '/srv/x/y.py'\nmore",
                }
                await self._end(client, prompt_id, outputs, "execution_error", detail)
                return
            if entry["class_type"] == "SaveImage":
                file = f"{prompt_id} ü+1_00001_.png"
                self.files[file] = PNG + prompt_id.encode()
                outputs[node] = {"images": [{"filename": file, "subfolder": "sub dir", "type": "output"}]}
                await self.say(client, "executed", node=node, output=outputs[node], prompt_id=prompt_id)
            if entry["class_type"] == "SaveImageWebsocket":
                await self.say(client, "executing", node=node, display_node=node, prompt_id=prompt_id)
                await self.picture(client, prompt_id, node, PNG + prompt_id.encode())
        await self._end(client, prompt_id, outputs, "execution_success", {})

    async def _end(self, client: str, prompt_id: str, outputs: Any, kind: str, detail: dict[str, Any]) -> None:
        detail = {**detail, "prompt_id": prompt_id}
        status = "success" if kind == "execution_success" else "error"
        self.history[prompt_id] = {"outputs": outputs, "status": {"status_str": status, "messages": [[kind, detail]]}}
        await self.say(client, kind, **detail)

    async def say(self, client: str, kind: str, **data: Any) -> None:
        """Send a message to one client, if it is there."""
        await self._send(client, json.dumps({"type": kind, "data": data}))

    async def picture(self, client: str, prompt_id: str, node: str, data: bytes, kind: str = "image/png") -> None:
        """Push a picture to one client."""
        metadata = json.dumps({"node_id": node, "prompt_id": prompt_id, "image_type": kind}).encode()
        await self._send(client, struct.pack(">II", 4, len(metadata)) + metadata + data)

    async def _send(self, client: str, data: str | bytes) -> None:
        socket = self.sockets.get(client)
        if socket is not None and not self.mute:
            with contextlib.suppress(ConnectionError):
                await (socket.send_str(data) if isinstance(data, str) else socket.send_bytes(data))

    # HTTP ----------------------------------------------------------------------------------------------------------

    @web.middleware
    async def _middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        planned = self.faults.get(f"{request.method} {request.path}")
        if planned:
            return await planned.pop(0)(request)
        return await handler(request)

    async def _ws(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        client = request.query["clientId"]
        self.sockets[client] = socket
        self.connections.append(client)
        await self.say(client, "status", status={"exec_info": {"queue_remaining": 0}}, sid=client)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self.flags.append(message.json())
        if self.sockets.get(client) is socket:
            del self.sockets[client]
        return socket

    async def _exec_info(self, request: web.Request) -> web.Response:
        return web.json_response({"exec_info": {"queue_remaining": len(self.pending) + bool(self.running)}})

    async def _prompt(self, request: web.Request) -> web.Response:
        return await self.accept(await request.json())

    async def accept(self, body: dict[str, Any]) -> web.Response:
        """Queue a prompt."""
        self.posts.append(body)
        for node, entry in body["prompt"].items():
            if entry["class_type"] == "LoadImage" and entry["inputs"]["image"] not in self.uploads:
                error = {"type": "custom_validation_failed", "message": "Custom validation failed for node"}
                error["details"] = f"image - Invalid image file: {entry['inputs']['image']}"
                problem = {"message": "Prompt outputs failed validation", "details": ""}
                return web.json_response({"error": problem, "node_errors": {node: {"errors": [error]}}}, status=400)
        heapq.heappush(self.pending, (body.get("number", self.number), body["prompt_id"], body))
        self.number += 1
        self.work.set()
        for client in list(self.sockets):
            await self.say(client, "status", status={"exec_info": {"queue_remaining": len(self.pending)}})
        return web.json_response({"prompt_id": body["prompt_id"], "number": self.number - 1, "node_errors": {}})

    async def _get_queue(self, request: web.Request) -> web.Response:
        self.log.append(("look", None))
        items = [[number, prompt_id, {}, {}, []] for number, prompt_id, _ in self.pending]
        running = [[self.running[0], self.running[1], {}, {}, []]] if self.running else []
        return web.json_response({"queue_running": running, "queue_pending": items[::-1]})

    async def _post_queue(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.log.append(("delete", body["delete"]))
        self.pending = [item for item in self.pending if item[1] not in body["delete"]]
        heapq.heapify(self.pending)
        return web.Response()

    async def _interrupt(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.log.append(("interrupt", body["prompt_id"]))
        if self.lose_interrupts:
            self.lose_interrupts -= 1
        elif self.running and self.running[1] == body["prompt_id"]:
            self.interrupted.add(body["prompt_id"])
        return web.Response()

    async def _history(self, request: web.Request) -> web.Response:
        prompt_id = request.match_info["id"]
        self.log.append(("history", prompt_id))
        return web.json_response({prompt_id: self.history[prompt_id]} if prompt_id in self.history else {})

    async def _view(self, request: web.Request) -> web.Response:
        assert request.query["subfolder"] == "sub dir"
        data = self.files.get(request.query["filename"])
        return web.Response(body=data, content_type="image/png") if data else web.Response(status=404)

    async def _upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        image, folder = form["image"], form["subfolder"]
        assert form["overwrite"] == "true"
        self.uploads[f"{folder}/{image.filename}"] = image.file.read()
        self.log.append(("upload", image.filename))
        image.file.close()
        return web.json_response({"name": image.filename, "subfolder": folder, "type": "input"})

    async def _stats(self, request: web.Request) -> web.Response:
        self.log.append(("authorization", request.headers.get("Authorization")))
        return web.json_response({"system": {"comfyui_version": "0.12.1"}, "devices": []})

    async def _object_info(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        return web.json_response({name: {"input": {}}} if name == "KSampler" else {})


@pytest.fixture
async def comfy() -> AsyncIterator[FakeComfy]:
    """A running fake ComfyUI."""
    server = FakeComfy()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def quick() -> ClientOptions:
    """Options with little patience, so that no test waits for long."""
    return ClientOptions(
        connect_timeout=2.0,
        request_timeout=5.0,
        transfer_timeout=5.0,
        backstop_interval=0.1,
        queue_interval=0.05,
        cancel_timeout=3.0,
        outage_timeout=0.5,
        frames_timeout=0.3,
    )


@pytest.fixture
async def client(comfy: FakeComfy, quick: ClientOptions) -> AsyncIterator[ComfyClient]:
    """A client of the fake, with little patience."""
    client = ComfyClient(comfy.url, options=quick)
    yield client
    await client.close()
