"""/api/jobs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

Starter = Callable[..., Awaitable[Any]]


def picture(color: int, count: int = 1) -> dict[str, Any]:
    """Two nodes."""
    return {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": count, "color": color}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}},
    }


def loading() -> dict[str, Any]:
    """A prompt that takes as long as the engine's load_time."""
    return {
        "1": {"class_type": "UNETLoader", "inputs": {"unet_name": "any.safetensors", "weight_dtype": "default"}},
        "9": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}},
    }


def broken() -> dict[str, Any]:
    """A prompt whose first node raises."""
    return {"9": {"class_type": "SaveImage", "inputs": {"images": "no picture", "filename_prefix": "x"}}}


async def test_finished_job(start: Starter) -> None:
    """A finished job shows outputs, status, workflow and its first picture."""
    client = await start()
    extra = {"extra_pnginfo": {"workflow": {"id": "wf-1"}}}
    prompt_id = await client.submit(picture(1, 2), extra_data=extra)
    entry = await client.history(prompt_id)
    _, job = await client.get(f"/api/jobs/{prompt_id}")
    first = {"filename": "x_00001_.png", "subfolder": "", "type": "output", "nodeId": "9", "mediaType": "images"}

    assert (job["id"], job["status"], job["priority"], job["outputs_count"]) == (prompt_id, "completed", 0, 2)
    assert job["preview_output"] == first
    assert job["workflow_id"] == "wf-1"
    assert (job["outputs"], job["execution_status"]) == (entry["outputs"], entry["status"])
    assert job["workflow"]["prompt"] == entry["prompt"][2]
    assert job["create_time"] <= job["execution_start_time"] <= job["execution_end_time"]


async def test_every_status(start: Starter) -> None:
    """Pending, running, completed, failed and cancelled are told apart, filtered and counted."""
    client = await start(load_time=60)
    socket = await client.connect()
    done = await client.submit(picture(1))
    failed = await client.submit(broken())
    cancelled = await client.submit(loading())
    await socket.until(lambda message: message.get("data", {}).get("prompt_id") == cancelled)
    while (await client.get(f"/api/jobs/{cancelled}"))[1]["status"] != "cancelled":
        await client.post("/interrupt", {"prompt_id": cancelled})
    running = await client.submit(loading())
    await socket.until(
        lambda message: message.get("type") == "executing" and message["data"].get("prompt_id") == running
    )
    pending = await client.submit(picture(2))

    expected = {
        "completed": done,
        "failed": failed,
        "cancelled": cancelled,
        "in_progress": running,
        "pending": pending,
    }
    for status, prompt_id in expected.items():
        _, page = await client.get(f"/api/jobs?status={status}")
        assert [(job["id"], job["status"]) for job in page["jobs"]] == [(prompt_id, status)]
        assert (await client.get(f"/api/jobs/{prompt_id}"))[1]["status"] == status
    _, page = await client.get("/api/jobs?limit=2&offset=1&sort_order=asc")
    assert [job["id"] for job in page["jobs"]] == [failed, cancelled]
    assert page["pagination"] == {"offset": 1, "limit": 2, "total": 5, "has_more": True}
    assert "execution_error" in (await client.get(f"/api/jobs/{failed}"))[1]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "status=bogus",
            "Invalid status value(s): bogus. Valid values: pending, in_progress, completed, failed, cancelled",
        ),
        ("limit=0", "limit must be a positive integer"),
        ("limit=x", "limit must be an integer"),
        ("offset=-1", "offset must be a non-negative integer"),
        ("sort_by=size", "sort_by must be one of: created_at, execution_duration"),
        ("sort_order=up", "sort_order must be one of: desc, asc"),
    ],
)
async def test_bad_queries(start: Starter, query: str, message: str) -> None:
    """A bad filter is 400 and says what is allowed."""
    client = await start()

    assert await client.get(f"/api/jobs?{query}") == (400, {"error": message})


async def test_filters(start: Starter) -> None:
    """Jobs are found by workflow id and sorted by duration."""
    client = await start()
    for color in range(3):
        extra = {"extra_pnginfo": {"workflow": {"id": f"wf-{color}"}}}
        await client.history(await client.submit(picture(color), prompt_id=f"p{color}", extra_data=extra))

    _, page = await client.get("/api/jobs?workflow_id=wf-1")
    assert [job["id"] for job in page["jobs"]] == ["p1"]
    _, page = await client.get("/api/jobs?sort_by=execution_duration")
    spans = [job["execution_end_time"] - job["execution_start_time"] for job in page["jobs"]]
    assert spans == sorted(spans, reverse=True)


async def test_null_pnginfo_breaks_the_list(start: Starter) -> None:
    """extra_pnginfo null runs, and the list answers 500 until that entry is forgotten: ComfyUI's bug, kept."""
    client = await start()
    prompt_id = await client.submit(picture(1), extra_data={"extra_pnginfo": None})
    assert (await client.history(prompt_id))["status"]["status_str"] == "success"
    assert (await client.get("/api/jobs"))[0] == 500

    await client.post("/history", {"delete": [prompt_id]})
    assert (await client.get("/api/jobs"))[0] == 200


async def test_unknown_job(start: Starter) -> None:
    """An unknown id is 404 with a reason."""
    client = await start()

    assert await client.get("/api/jobs/nope") == (404, {"error": "Job not found"})
