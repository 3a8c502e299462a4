"""`protobanana bench`: it measures what it says, and a wrong answer never counts as a fast one."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import math
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import PIL.Image
import pytest
from aiohttp import web

from protobanana.cli.bench.endpoints import ENDPOINTS, Answer, Client, Models, plausible, right, stamped
from protobanana.cli.bench.floor import Floor
from protobanana.cli.bench.load import Tally, fire
from protobanana.cli.bench.measure import FLOOR, Cell
from protobanana.cli.bench.report import document, percentile
from protobanana.engine import Engine, EngineSettings
from protobanana.engine.instant import noise
from protobanana.errors import JobFailedError, ServerProtocolError
from support.pictures import png

MB = 0.1
PICTURE = noise(MB)
OTHER = png(PIL.Image.new("RGB", (1024, 1024), "red"))
GRAPH: dict[str, Any] = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "unknown.png"}},
    "2": {"class_type": "UNETLoader", "inputs": {"unet_name": "any.safetensors", "weight_dtype": "default"}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}},
}
Ask = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Connections of one test."""
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
async def gateway(session: aiohttp.ClientSession) -> AsyncIterator[Callable[[Ask], Awaitable[Client]]]:
    """A client of a gateway that answers everything as a function says."""
    runners: list[web.AppRunner] = []

    async def serve(answer: Ask) -> Client:
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{path:.*}", answer)
        runners.append(web.AppRunner(app, access_log=None))
        await runners[-1].setup()
        await web.TCPSite(runners[-1], "127.0.0.1", 0).start()
        return Client(f"http://127.0.0.1:{runners[-1].addresses[0][1]}/v1", "k", session, Models(), PICTURE)

    yield serve
    for runner in runners:
        await runner.cleanup()


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "protobanana", "bench", *words],
        capture_output=True, text=True, timeout=280, cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "COLUMNS": "200"},
    )  # fmt: skip


@pytest.mark.timeout(300)
def test_every_endpoint_of_every_gateway(tmp_path: Path) -> None:
    """Engine, gateway and two plain LiteLLMs of its own: all answers right, floor and difference for each."""
    words = ["--litellm", "--concurrency", "2", "--requests", "2", "--mb", "0.1", "--pace", "0", "--json", "out.json"]
    done = run(tmp_path, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "out.json").read_text("utf-8"))
    rows = report["rows"]
    asked = {row["lane"]: {each["endpoint"] for each in rows if each["lane"] == row["lane"]} for row in rows}

    assert asked.pop("gateway") == set(ENDPOINTS)
    assert asked == dict.fromkeys(("LiteLLM", "in memory", "in memory, gzip"), set(ENDPOINTS) - {"sse"})
    assert report["errors"] == 0
    for row in rows:
        assert row["requests"] == 16
        assert row["compared"] >= 1
        assert row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"]
        if row["lane"].startswith("in memory"):
            assert row["floor_p50_ms"] is None
        else:
            assert row["difference_ms"] == pytest.approx(row["p50_ms"] - row["floor_p50_ms"], abs=0.02)
    assert set(report["memory_mb"]) == {"engine", "gateway", "litellm", "litellm-in-memory"}
    assert report["machine"]["litellm"]
    assert "pictures/s" in done.stdout


async def test_a_gateway_that_runs_already(gateway: Callable[[Ask], Awaitable[Client]], tmp_path: Path) -> None:
    """--url measures any OpenAI-compatible address, with its key; without a ComfyUI there is no floor."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.method == "POST" and request.headers["Authorization"] != "Bearer theirs":
            return web.Response(status=401)
        return web.json_response({"data": [{"b64_json": base64.b64encode(OTHER).decode()}]})

    client = await gateway(answer)
    words = [
        "--url",
        client.base,
        "--endpoints",
        "generations",
        "--response-format",
        "b64_json",
        "--concurrency",
        "1,3",
    ]
    done = await asyncio.to_thread(run, tmp_path, *words, "--requests", "4", "--key", "theirs", "--json", "out.json")
    refused = await asyncio.to_thread(run, tmp_path, *words, "--requests", "4", "--key", "ours")
    report = json.loads((tmp_path / "out.json").read_text("utf-8"))

    assert done.returncode == 0, done.stdout + done.stderr
    assert [(row["concurrency"], row["requests"], row["floor_p50_ms"]) for row in report["rows"]] == [
        (1, 8, None),
        (3, 24, None),
    ]
    assert refused.returncode == 1
    assert "401" in refused.stderr


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--endpoints", "generations,everything"), "everything"),
        (("--response-format", "png"), "png"),
        (("--concurrency", "0"), "--concurrency"),
        (("--pace", "soon"), "--pace"),
        (("--url", "localhost:4000"), "localhost:4000"),
        (("--url", "http://127.0.0.1:9/v1", "--litellm"), "--litellm"),
    ],
)
def test_mistakes_are_told_in_a_line(tmp_path: Path, words: tuple[str, ...], named: str) -> None:
    """Status 1, and the name of what was wrong."""
    done = run(tmp_path, *words)

    assert done.returncode == 1
    assert named in done.stderr
    assert "Traceback" not in done.stderr


async def test_the_floor_uploads_waits_and_fetches(session: aiohttp.ClientSession) -> None:
    """Pictures of many jobs at once over one websocket, from files and from the socket."""
    pushed = GRAPH | {"9": {"class_type": "SaveImageWebsocket", "inputs": {"images": ["1", 0]}}}
    async with Engine(EngineSettings(instant_mb=MB)) as engine, Floor(engine.url, session) as floor:
        first = await floor.draw(json.dumps(GRAPH), PICTURE)
        found = await floor.graph_with("any.safetensors")
        tally = Tally()

        async def shot(number: int) -> Answer:
            (picture,) = await floor.draw(found if number % 2 else json.dumps(pushed), stamped(PICTURE, number))
            return Answer(0, 0, b"", picture)

        await fire(shot, tally, PICTURE, at_once=6, count=30)

        assert first == [PICTURE]
        assert (len(tally.seconds), tally.errors) == (30, [])
        with pytest.raises(ServerProtocolError, match="none of the gateway's pictures"):
            await floor.graph_with("words that nobody has drawn")


async def test_the_floor_says_what_went_wrong(session: aiohttp.ClientSession) -> None:
    """A refusal, a job that fails, and a connection that breaks are errors of that job."""
    async with Engine(EngineSettings(load_time=60)) as engine, Floor(engine.url, session) as floor:
        with pytest.raises(ServerProtocolError, match="refused"):
            await floor.draw(json.dumps(GRAPH))
        with pytest.raises(JobFailedError):
            await floor.draw(json.dumps(GRAPH), b"this is no picture")
        engine.faults.drop_sockets_after_n_messages = 0
        with pytest.raises(JobFailedError, match="broke"):
            await floor.draw(json.dumps(GRAPH), PICTURE)


async def test_wrong_answers_are_errors(gateway: Callable[[Ask], Awaitable[Client]]) -> None:
    """Another status, too few bytes, other pixels: none of them is counted as a picture that came quickly."""

    async def refuse(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=429, text="later")

    async def short(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"data": [{"b64_json": ""}]})

    async def wrong(_request: web.Request) -> web.StreamResponse:
        data = OTHER + b"\0" * len(PICTURE)
        return web.json_response({"data": [{"b64_json": base64.b64encode(data).decode()}]})

    for answer, word in ((refuse, "429"), (short, "bytes"), (wrong, "pixels")):
        client, tally = await gateway(answer), Tally()
        await fire(lambda n, c=client: c.ask("generations", "b64_json", n), tally, PICTURE, at_once=1, count=1)

        assert len(tally.errors) == 1
        assert word in tally.errors[0]


async def test_the_first_byte_and_the_last(gateway: Callable[[Ask], Awaitable[Client]]) -> None:
    """The time of the answer ends with its last byte, and an address is followed to its picture."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            return web.Response(body=PICTURE)
        return web.json_response({"data": [{"url": f"http://{request.host}/picture"}]})

    client = await gateway(answer)
    given = await client.ask("generations", "url", 1)

    assert given.picture == PICTURE
    assert 0 < given.first < given.seconds
    assert plausible(given, PICTURE)
    assert right(given, PICTURE)


async def test_bodies_of_many_endpoints(gateway: Callable[[Ask], Awaitable[Client]]) -> None:
    """Each endpoint is asked at its path for its model, an edit with bytes that were never sent before."""
    seen: list[tuple[str, str, bytes]] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.content_type == "application/json":
            document = await request.json()
            seen.append((request.path, document["model"], b"stream" if document.get("stream") else b""))
        else:
            form = await request.post()
            upload = form["image"]
            assert isinstance(upload, web.FileField)
            seen.append((request.path, str(form["model"]), upload.file.read()))
        return web.json_response({})

    client = await gateway(answer)
    for number, endpoint in enumerate((*ENDPOINTS, "edits")):
        await client.ask(endpoint, "b64_json", number)
    uploads = [data for path, _, data in seen if path == "/v1/images/edits"]

    assert [path.removeprefix("/v1") for path, *_ in seen[:5]] == [
        "/images/generations", "/images/edits", "/chat/completions", "/chat/completions", "/images/generations"
    ]  # fmt: skip
    assert [kind for *_, kind in seen[3:5]] == [b"stream", b"stream"]
    assert uploads[0] != uploads[1]
    assert {model for _, model, _ in seen} == {Models.image, Models.edit, Models.chat}


def test_a_stamp_changes_bytes_and_no_pixels() -> None:
    """A stamped picture is a valid PNG with the same pixels, each number in other bytes."""
    stamps = {stamped(PICTURE, number) for number in range(3)}

    assert len(stamps | {PICTURE}) == 4
    for data in stamps:
        with PIL.Image.open(io.BytesIO(data)) as image:
            image.verify()
        assert right(Answer(0, 0, b"", data), PICTURE)


@pytest.mark.parametrize("kept", [PICTURE, OTHER])
def test_the_picture_is_found_in_every_form(kept: bytes) -> None:
    """In `b64_json`, in markdown, in `images`, in chunks of a stream after a preview: compared by pixels."""
    encoded = base64.b64encode(kept).decode()
    data_url = f"data:image/png;base64,{encoded}"
    preview = json.dumps({"type": "image_generation.partial_image", "b64_json": base64.b64encode(OTHER).decode()})
    bodies = [
        json.dumps({"created": 1, "data": [{"b64_json": encoded}]}),
        json.dumps({"choices": [{"message": {"content": f"![a b]({data_url})\n\nHere."}}]}),
        json.dumps({"choices": [{"message": {"content": "[a]", "images": [{"image_url": {"url": data_url}}]}}]}),
        f"data: {preview}\n\ndata: {json.dumps({'type': 'image_generation.completed', 'b64_json': encoded})}\n\n",
        f": ping\n\ndata: {json.dumps({'choices': [{'delta': {'content': f'![a]({data_url})'}}]})}\n\ndata: [DONE]\n\n",
    ]

    assert [right(Answer(0, 0, body.encode()), PICTURE) for body in bodies] == [kept == PICTURE] * len(bodies)
    assert not right(Answer(0, 0, b'{"data": []}'), None)


def test_percentiles() -> None:
    """The smallest value that so many do not exceed; no value without values."""
    values = [float(number) for number in range(100, 0, -1)]

    assert [percentile(values, share) for share in (0.5, 0.95, 0.99, 1.0)] == [50.0, 95.0, 99.0, 100.0]
    assert percentile([7.0], 0.99) == 7.0
    assert math.isnan(percentile([], 0.5))


def test_what_is_added_to_slow_jobs() -> None:
    """The overhead of a job that takes its time is set against that of an instant one, each over its own floor."""

    def cell(pace: float, floor: float, gateway: float) -> Cell:
        lanes = {FLOOR: Tally([floor], [floor], floor), "gateway": Tally([gateway], [gateway], gateway)}
        return Cell("generations", "b64_json", 1, pace, lanes)

    report = document([cell(0.0, 0.004, 0.019), cell(0.3, 0.305, 0.322)], {}, {}, 2.0)
    (line,) = report["slow_jobs"]

    assert (line["added_ms"], line["added_to_instant_ms"], line["difference_ms"]) == (17.0, 15.0, 2.0)
    assert [row["ratio"] for row in report["rows"]] == [4.75, 1.06]
