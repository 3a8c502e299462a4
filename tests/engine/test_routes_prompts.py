"""Submitting, queueing, history."""

from __future__ import annotations

import io
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from PIL import Image

Starter = Callable[..., Awaitable[Any]]


def picture(color: int) -> dict[str, Any]:
    """Two nodes."""
    return {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": color}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}},
    }


def loading() -> dict[str, Any]:
    """A prompt that takes as long as the engine's load_time."""
    return {
        "1": {"class_type": "UNETLoader", "inputs": {"unet_name": "any.safetensors", "weight_dtype": "default"}},
        "9": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}},
    }


async def test_queue_order(start: Starter) -> None:
    """Lower numbers first, equal ones by id; front goes before all; given numbers do not advance the counter."""
    client = await start(load_time=60)
    socket = await client.connect()
    blocker = await client.submit(loading())
    await socket.until(lambda message: message.get("type") == "executing")
    numbers = {}
    for name, fields in (
        ("normal", {}),
        ("normal2", {}),
        ("front", {"front": True}),
        ("front2", {"front": True}),
        ("num-5", {"number": -5}),
        ("num0", {"number": 0}),
        ("tie-b", {"number": 7}),
        ("tie-a", {"number": 7}),
    ):
        _, answer = await client.post("/prompt", {"prompt": picture(1), "prompt_id": name, **fields})
        numbers[name] = answer["number"]
    assert numbers == {
        "normal": 1,
        "normal2": 2,
        "front": -3,
        "front2": -4,
        "num-5": -5.0,
        "num0": 0.0,
        "tie-b": 7.0,
        "tie-a": 7.0,
    }

    _, queue = await client.get("/queue")
    assert len(queue["queue_pending"]) == 8
    assert queue["queue_running"][0][:2] == [0, blocker]
    await client.post("/interrupt", {"prompt_id": blocker})
    await client.history("tie-b")
    order = [name for name in (await client.get("/history"))[1] if name != blocker]
    assert order == ["num-5", "front2", "front", "num0", "normal", "normal2", "tie-a", "tie-b"]


async def test_same_number_and_id(start: Starter) -> None:
    """A twin answers 500 and runs all the same; history keeps the last of an id."""
    client = await start(load_time=60)
    blocker = await client.submit(loading())
    for color, status in ((1, 200), (2, 500)):
        body = {"prompt": picture(color), "prompt_id": "twin", "number": 5, "client_id": "me"}
        assert (await client.post("/prompt", body))[0] == status
    assert (await client.get("/prompt"))[1] == {"exec_info": {"queue_remaining": 3}}

    socket = await client.connect()
    await client.post("/interrupt", {"prompt_id": blocker})
    await socket.until(lambda message: message.get("data", {}).get("status") == {"exec_info": {"queue_remaining": 0}})
    assert (await client.history("twin"))["status"]["status_str"] == "success"


async def test_history_pages(start: Starter) -> None:
    """max_items means the newest, offset counts from the oldest; delete and clear forget."""
    client = await start()
    ids = [await client.submit(picture(color), prompt_id=f"p{color}") for color in range(5)]
    await client.history(ids[-1])

    for query, expected in (
        ("", ids),
        ("?max_items=2", ids[3:]),
        ("?max_items=2&offset=0", ids[:2]),
        ("?offset=3&max_items=1", ids[3:4]),
        ("?offset=3", ids[3:]),
        ("?max_items=99", ids),
    ):
        assert list((await client.get(f"/history{query}"))[1]) == expected

    assert await client.get("/history/unknown") == (200, {})
    assert await client.post("/history", {"delete": [ids[0], "unknown"]}) == (200, b"")
    assert list((await client.get("/history"))[1]) == ids[1:]
    assert await client.post("/history", {"clear": True}) == (200, b"")
    assert await client.get("/history") == (200, {})


async def test_history_is_bounded(start: Starter) -> None:
    """Only so many finished prompts are remembered."""
    client = await start(history_size=2)
    ids = [await client.submit(picture(color)) for color in range(4)]
    await client.history(ids[-1])

    assert list((await client.get("/history"))[1]) == ids[2:]


async def test_queue_clear(start: Starter) -> None:
    """Clear drops what waits and leaves no trace of it; the running prompt goes on."""
    client = await start(load_time=60)
    socket = await client.connect()
    running = await client.submit(loading())
    await socket.until(lambda message: message.get("type") == "executing")
    waiting = [await client.submit(picture(color)) for color in range(3)]
    assert await client.post("/queue", {"clear": True}) == (200, b"")

    _, queue = await client.get("/queue")
    assert ([item[1] for item in queue["queue_running"]], queue["queue_pending"]) == ([running], [])
    assert (await client.get(f"/api/jobs/{waiting[0]}"))[0] == 404
    assert socket.received[-1]["data"]["status"]["exec_info"]["queue_remaining"] in (1, 2, 3, 4)


async def test_extra_data(start: Starter) -> None:
    """extra_data is kept in the history but for credentials; extra_pnginfo lands in the PNG beside the graph."""
    client = await start()
    extra = {"extra_pnginfo": {"workflow": {"id": "wf-1"}}, "anything": 1, "api_key_comfy_org": "secret"}
    entry = await client.history(await client.submit(picture(1), extra_data=extra))
    kept = entry["prompt"][3]
    _, body = await client.get("/view?filename=x_00001_.png")
    info = Image.open(io.BytesIO(body)).info

    assert kept.pop("create_time") > 1_600_000_000_000
    assert kept == {"extra_pnginfo": {"workflow": {"id": "wf-1"}}, "anything": 1, "client_id": "me"}
    assert json.loads(info["prompt"]) == entry["prompt"][2]
    assert json.loads(info["workflow"]) == {"id": "wf-1"}


@pytest.mark.parametrize("client_id", [5, ["list"], {"a": 1}])
async def test_odd_client_ids(start: Starter, client_id: Any) -> None:
    """A client_id that is no text cannot break the publishing of messages."""
    client = await start()
    await client.history(await client.submit(picture(1), client_id))
    socket = await client.connect()
    await socket.finished(await client.submit(picture(2)))


async def test_missing_classes(start: Starter) -> None:
    """A class that is said to be missing is in no list and fails like a node pack that is not installed."""
    client = await start(missing_classes=["EmptyImage"])
    status, body = await client.post("/prompt", {"prompt": picture(1)})

    assert (status, body["error"]["type"]) == (400, "missing_node_type")
    assert await client.get("/object_info/EmptyImage") == (200, {})
