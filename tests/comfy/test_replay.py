"""Recorded exchanges of a genuine ComfyUI, played back: the client must come to the recorded outcome."""

from __future__ import annotations

import asyncio
import base64
import json
import struct
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from protobanana.comfy import ClientOptions, ComfyClient, Job, Output
from protobanana.errors import (
    JobFailedError,
    JobInterruptedError,
    JobLostError,
    ProtoBananaError,
    ServerProtocolError,
    WorkflowError,
    WorkflowRejectedError,
)
from protobanana.events import Preview, Progress

DATA = Path(__file__).parents[1] / "data" / "comfy"
REFUSALS = json.loads((DATA / "val.json").read_text())


def recorded(name: str, index: int) -> dict[str, Any]:
    (path,) = DATA.glob(f"{name}_*.json")
    return next(post for post in json.loads(path.read_text())["posts"] if post["index"] == index)


class Replay:
    """Answers one recorded submission, with the client's own ids in place of the recorded ones."""

    def __init__(self, post: Mapping[str, Any], *, silent: bool = False, early: bool = False) -> None:
        self.post, self.silent, self.early = post, silent, early
        self.bodies: list[dict[str, Any]] = []
        self.socket: web.WebSocketResponse | None = None
        self.connected = asyncio.Event()
        self.busy = False
        self.player: asyncio.Task[None] | None = None

    def _app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get("/ws", self._ws),
                web.post("/prompt", self._prompt),
                web.get("/queue", self._queue),
                web.post("/queue", self._nothing),
                web.post("/interrupt", self._nothing),
                web.get("/history/{id}", self._history),
                web.get("/view", self._view),
            ]
        )
        return app

    async def _ws(self, request: web.Request) -> web.WebSocketResponse:
        self.socket = web.WebSocketResponse()
        await self.socket.prepare(request)
        self.connected.set()
        async for _ in self.socket:
            pass
        return self.socket

    async def _prompt(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.json())
        self.busy = self.post["status"] == 200 or bool(self.post["frames"])
        self.player = asyncio.create_task(self._play(self.bodies[-1]["prompt_id"]))
        if self.early:
            await self.player
        if isinstance(self.post["answer"], dict):
            return web.json_response(self._swap(self.post["answer"]), status=self.post["status"])
        return web.Response(text=self.post["answer"], status=self.post["status"])

    def _swap(self, document: Any) -> Any:
        return json.loads(json.dumps(document).replace(self.post["prompt_id"], self.bodies[-1]["prompt_id"]))

    async def _play(self, prompt_id: str) -> None:
        frames = [] if self.silent else list(self.post["frames"])
        while frames:
            frame = frames.pop(0)
            if "drop" in frame:
                self.busy = bool(frames)
                self.connected.clear()
                self.socket._req.transport.abort()
                if frames:
                    await self.connected.wait()
            elif "text" in frame:
                self.busy = self.busy and bool(frames)
                await self.socket.send_str(json.dumps(self._swap(frame["text"])))
            else:
                await self.socket.send_bytes(self._binary(frame["binary"]))
        self.busy = False

    def _binary(self, frame: Mapping[str, Any]) -> bytes:
        kind = frame["event_type"]
        if kind == 3:
            node = frame["node_id"].encode()
            return struct.pack(">II", 3, len(node)) + node + frame["text"].encode()
        payload = base64.b64decode(frame["base64"])
        if kind == 1:
            return struct.pack(">II", 1, frame["image_format"]) + payload
        metadata = json.dumps(self._swap(frame["metadata"])).encode()
        return struct.pack(">II", 4, len(metadata)) + metadata + payload

    async def _queue(self, request: web.Request) -> web.Response:
        running = [[0, self.bodies[-1]["prompt_id"], {}, {}, []]] if self.busy and self.bodies else []
        return web.json_response({"queue_running": running, "queue_pending": []})

    async def _nothing(self, request: web.Request) -> web.Response:
        return web.Response()

    async def _history(self, request: web.Request) -> web.Response:
        messages = [frame["text"] for frame in self.post["frames"] if "text" in frame]
        ended = any(message["type"] == "execution_success" for message in messages)
        entry = self.post["history"] or {
            "outputs": {m["data"]["node"]: m["data"]["output"] for m in messages if m["type"] == "executed"},
            "status": {"messages": [[m["type"], m["data"]] for m in messages if m["type"].startswith("execution_")]},
        }
        known = not self.busy and (self.post["history"] or ended)
        return web.json_response({request.match_info["id"]: entry} if known else {})

    async def _view(self, request: web.Request) -> web.Response:
        query = request.query
        path = f"/view?filename={query['filename']}&subfolder={query['subfolder']}&type={query['type']}"
        view = self.post["views"].get(path)
        if view is None:
            return web.Response(body=query["filename"].encode(), content_type="image/png")
        return web.Response(body=base64.b64decode(view["base64"]), status=view["status"], content_type="image/png")


@pytest.fixture
async def play() -> AsyncIterator[Any]:
    """A function that serves a Replay and runs a job against it: (events, error)."""
    runners: list[web.AppRunner] = []

    async def run(replay: Replay, outputs: tuple[str, ...], **job: Any) -> tuple[list[Any], ProtoBananaError | None]:
        runner = web.AppRunner(replay._app(), shutdown_timeout=0.1)
        runners.append(runner)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        options = ClientOptions(backstop_interval=0.2, queue_interval=0.1, cancel_timeout=1, frames_timeout=0.2)
        client = ComfyClient(f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}", options=options)
        events: list[Any] = []
        try:
            async for event in client.run(Job(replay.post["prompt"], outputs, **job)):
                events.append(event)  # noqa: PERF401 - what came before an error counts
        except ProtoBananaError as error:
            return events, error
        else:
            return events, None
        finally:
            await client.close()
            if replay.player is not None:
                replay.player.cancel()

    yield run
    for runner in runners:
        await runner.cleanup()


def expected_files(post: Mapping[str, Any], outputs: tuple[str, ...]) -> list[tuple[str, bytes]]:
    """(node, bytes) of every wanted file, from the recording alone."""
    files: dict[str, list[bytes]] = {}
    current = ""
    nodes: dict[str, Any] = dict((post["history"] or {}).get("outputs", {}))
    for frame in post["frames"]:
        message, binary = frame.get("text", {}), frame.get("binary", {})
        if message.get("type") == "executing":
            current = message["data"]["node"]
        if message.get("type") == "executed":
            nodes[message["data"]["node"]] = message["data"]["output"]
        metadata = binary.get("metadata") or {"node_id": current, "image_type": "image/png"}
        if metadata["node_id"] in outputs and (binary.get("image_format") == 2 or binary.get("event_type") == 4):
            files.setdefault(metadata["node_id"], []).append(base64.b64decode(binary["base64"]))
    for node, output in nodes.items():
        for file in (output or {}).get("images", ()):
            path = f"/view?filename={file['filename']}&subfolder={file['subfolder']}&type={file['type']}"
            view = post["views"].get(path)
            files.setdefault(node, []).append(
                base64.b64decode(view["base64"]) if view else file["filename"].encode()  # what Replay makes up
            )
    return [(node, data) for node in outputs for data in files[node]]


SUCCESSES = [
    ("01", 0, "9"), ("02", 0, "9"), ("04", 0, "9"), ("05", 0, "9"), ("06", 0, "9"), ("07", 0, "354"), ("08", 0, "23"),
    ("08", 1, "2"), ("09", 0, "W"), ("09", 1, "W"), ("10", 0, "W"), ("11", 0, "9"), ("12", 0, "3467"), ("16", 1, "9"),
    ("21", 1, "9"), ("21", 2, "9"), ("21", 3, "9"), ("21", 5, "9"), ("23", 0, "9"), ("24", 0, "9"), ("25", 0, "9"),
    ("30", 0, "9W"), ("30", 1, "9"), ("30", 2, "W9"), ("32", 2, "9"), ("52", 0, "9"), ("52", 4, "9"),
    ("53", 1, "9"), ("58", 0, "9"), ("60", 0, "9"), ("61", 1, "9"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "index", "outputs"), SUCCESSES)
@pytest.mark.parametrize("early", [False, True], ids=["", "messages before the answer"])
async def test_success(play, name, index, outputs, early):
    """The recorded files arrive in the wanted order, with the recorded previews and progress before them."""
    post = recorded(name, index)
    dropped = any("drop" in frame for frame in post["frames"])
    replay = Replay(post, silent=name in ("53", "58"), early=early and not dropped)

    events, error = await play(replay, tuple(outputs), previews=True)

    assert error is None
    assert [(e.node, e.data) for e in events if isinstance(e, Output)] == expected_files(post, tuple(outputs))
    sampled = [f["binary"] for f in post["frames"] if "binary" in f and base64.b64decode(f["binary"].get("base64", ""))]
    jpegs = [frame for frame in sampled if base64.b64decode(frame["base64"]).startswith(b"\xff\xd8")]
    assert len([e for e in events if isinstance(e, Preview)]) == len(jpegs)
    titles = {(node.get("_meta") or {}).get("title") or node["class_type"] for node in post["prompt"].values()}
    assert {e.stage for e in events if isinstance(e, Progress)} <= titles
    assert len(replay.bodies) == 1
    assert replay.bodies[0]["client_id"]
    assert replay.bodies[0]["prompt_id"] != post["prompt_id"]


FAILURES = [
    ("14", 0, "2", JobFailedError, "Node 'Load broken' (LoadImage) failed: cannot identify image file 'broken.png'."),
    ("14c", 0, "9", JobFailedError, "(id 8) failed: Given groups=1, weight of size"),
    ("31", 0, "2", JobFailedError, "(id 8) failed: Given groups=1, weight of size"),
    ("15", 0, "9", JobInterruptedError, "stopped the job"),
    ("16", 0, "9", JobInterruptedError, "'KSampler'"),
    ("17", 0, "9", JobInterruptedError, "stopped"),
    ("17", 1, "9", JobLostError, "no longer knows"),
    ("18", 0, "9", JobInterruptedError, "stopped"),
    ("18", 1, "9", JobLostError, "no longer knows"),
    ("21", 0, "9", JobInterruptedError, "stopped"),
    ("30", 1, "9W", ServerProtocolError, "'SaveImageWebsocket' (id W) finished without a picture"),
    ("32", 1, "9", ServerProtocolError, "its file is gone"),
    ("50", 0, "9", WorkflowError, "input 'stale_input': links to node '404'"),
    ("51", 0, "9", WorkflowError, "has no 'inputs'"),
    ("52", 1, "9", JobLostError, "no longer knows"),
    ("52", 2, "9", JobLostError, "no longer knows"),
    ("56", 0, "9", JobInterruptedError, "stopped"),
    ("61", 0, "9", JobInterruptedError, "stopped"),
]


@pytest.mark.parametrize(("name", "index", "outputs", "kind", "words"), FAILURES)
async def test_failure(play, name, index, outputs, kind, words):
    """The recorded failure is named, without anything of the server's file system."""
    post = recorded(name, index)
    replay = Replay({**post, "frames": [] if name == "51" else post["frames"]})

    _, error = await play(replay, tuple(outputs))

    assert type(error) is kind
    assert words in error.message
    assert "/srv" not in error.message
    assert len(replay.bodies) == (0 if kind is WorkflowError else 1)


async def test_500_of_a_duplicate_prompt_id(play):
    """A 500 whose job stands in the queue all the same is waited for."""
    post = recorded("21", 4)
    events, error = await play(Replay(post, early=True), ("9",))

    assert post["status"] == 500
    assert error is None
    assert isinstance(events[-1], Output)


async def test_cached_without_outputs(play):
    """A success without outputs, as ComfyUI gives it to a request without client id, is noticed, not taken for one."""
    replay = Replay(recorded("03", 0), silent=True)
    _, error = await play(replay, ("9",))

    assert isinstance(error, JobLostError | ServerProtocolError)
    assert all(body["client_id"] for body in replay.bodies)


WORDS = {
    "no_outputs": "Prompt has no outputs",
    "unknown_class_titled": "Node 'Remove BG' not found. The custom node may not be installed (Node ID '#1')",
    "unknown_class": "Node 'BiRefNetRMBG' not found",
    "missing_required_input": "Required input is missing (",
    "value_not_in_list_model": "Value not in list (unet_name: ",
    "value_not_in_list_empty_list": "not in [])",
    "value_not_in_list_long": "Value not in list (sampler_name: 'nope' not in (list of length 44))",
    "wrong_type_int": "Failed to convert an input value to a INT value (width, abc, ",
    "smaller_than_min": "smaller than min of",
    "bigger_than_max": "bigger than max of",
    "bad_link_length": "Bad linked input",
    "bad_link_slot": "Exception when validating node (tuple index out of range)",
    "link_type_mismatch": "mismatch",
    "loadimage_missing": "Custom validation failed for node (image - Invalid image file: does_not_exist.png)",
    "several_nodes": "; Node 'UNETLoader' (id 10): Value not in list (unet_name: 'a' not in ['tiny_random",
    "several_errors_one_node": "; Node '",
    "partial_outputs_valid": "Invalid image file: nope.png",
}


@pytest.mark.parametrize("name", sorted(WORDS))
async def test_refused_graph(play, name):
    """A refusal says which nodes and why, in one sentence; a graph that would run only in part is refused too."""
    case = REFUSALS[name]
    graph = case["prompt"]
    replay = Replay({**case, "prompt_id": "none", "frames": [], "history": None, "views": {}})

    _, error = await play(replay, (next(iter(graph)),))

    assert isinstance(error, WorkflowRejectedError)
    assert error.message.startswith("ComfyUI refused the workflow: ")
    assert WORDS[name] in error.message
    assert "\n" not in error.message
    assert "/srv" not in error.message
    assert "Traceback" not in error.message
    assert len(replay.bodies) == 1


@pytest.mark.parametrize(
    "name", ["missing_class_type_titled", "cycle", "missing_inputs_key", "bad_link_inner_unknown_node"]
)
async def test_broken_graph_stays_here(play, name):
    """What ComfyUI would refuse for its shape is refused before it is posted."""
    case = REFUSALS[name]
    replay = Replay({**case, "prompt_id": "none", "frames": [], "history": None, "views": {}})

    _, error = await play(replay, (next(iter(case["prompt"])),))

    assert isinstance(error, WorkflowError)
    assert replay.bodies == []
