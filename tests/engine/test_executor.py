"""Running prompts: interrupts, errors, switches."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

Starter = Callable[..., Awaitable[Any]]


def sampling(seed: int = 1, steps: int = 3000) -> dict[str, Any]:
    """A text-to-image graph that takes many steps."""
    sampler = {
        "model": ["10", 0],
        "positive": ["6", 0],
        "negative": ["6", 0],
        "latent_image": ["5", 0],
        "seed": seed,
        "steps": steps,
        "cfg": 1.0,
        "sampler_name": "euler",
        "scheduler": "simple",
        "denoise": 1.0,
    }
    return {
        "10": {"class_type": "UNETLoader", "inputs": {"unet_name": "any.safetensors", "weight_dtype": "default"}},
        "11": {"class_type": "CLIPLoader", "inputs": {"clip_name": "any.safetensors", "type": "sd3"}},
        "12": {"class_type": "VAELoader", "inputs": {"vae_name": "any.safetensors"}},
        "6": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["11", 0], "text": "a red circle"}},
        "5": {"class_type": "EmptySD3LatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
        "3": {"class_type": "KSampler", "inputs": sampler},
        "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["12", 0]}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "long"}},
    }


def is_progress(message: dict[str, Any]) -> bool:
    """A sampler step."""
    return message.get("type") == "progress"


async def test_interrupt_running(start: Starter) -> None:
    """An interrupt with the running id stops at the next step; one with another id does nothing."""
    client = await start(pace=0.01)
    socket = await client.connect()
    prompt_id = await client.submit(sampling())
    await socket.until(is_progress)

    assert await client.post("/interrupt", {"prompt_id": "other"}) == (200, b"")
    assert (await client.get("/prompt"))[1]["exec_info"]["queue_remaining"] == 1

    assert await client.post("/interrupt", {"prompt_id": prompt_id}) == (200, b"")
    await socket.finished(prompt_id)
    assert socket.types()[-3:] == ["execution_interrupted", "status", "executing"]
    stopped = socket.received[-3]["data"]
    assert (stopped["node_id"], stopped["node_type"]) == ("3", "KSampler")
    assert sorted(stopped["executed"]) == ["10", "11", "12", "5", "6"]

    entry = await client.history(prompt_id)
    assert (entry["status"]["status_str"], entry["status"]["completed"]) == ("error", False)
    assert entry["status"]["messages"][-1][0] == "execution_interrupted"


@pytest.mark.parametrize("body", [None, "", "{bad"])
async def test_interrupt_without_id_stops_what_runs(start: Starter, body: str | None) -> None:
    """An empty or unreadable body interrupts the running prompt only; the queued one then runs."""
    client = await start(pace=0.005)
    socket = await client.connect()
    first = await client.submit(sampling())
    second = await client.submit(sampling(2, steps=2))
    await socket.until(is_progress)

    assert await client.call("POST", "/interrupt", data=body) == (200, b"")
    assert (await client.history(first))["status"]["status_str"] == "error"
    assert (await client.history(second))["status"]["status_str"] == "success"
    await socket.close()


async def test_interrupt_of_a_queued_prompt_does_nothing(start: Starter) -> None:
    """A queued id is neither removed nor does it stop the running prompt; deleting it does."""
    client = await start(pace=0.01)
    socket = await client.connect()
    first = await client.submit(sampling())
    second = await client.submit(sampling(2))
    await socket.until(is_progress)
    await client.post("/interrupt", {"prompt_id": second})

    _, queue = await client.get("/queue")
    assert [item[1] for item in queue["queue_running"]] == [first]
    assert [item[1] for item in queue["queue_pending"]] == [second]

    await client.post("/queue", {"delete": [second, first, "unknown"]})
    assert (await client.get("/prompt"))[1]["exec_info"]["queue_remaining"] == 1
    assert (await client.get(f"/history/{second}")) == (200, {})
    assert (await client.get(f"/api/jobs/{second}"))[0] == 404
    await client.post("/interrupt")
    await client.history(first)


async def test_idle_interrupt_does_not_hurt_the_next_prompt(start: Starter) -> None:
    """An interrupt that meets no prompt is forgotten."""
    client = await start()
    await client.post("/interrupt")

    entry = await client.history(await client.submit(sampling(steps=2)))
    assert entry["status"]["status_str"] == "success"


async def test_lost_interrupts(start: Starter) -> None:
    """With the fault on, an interrupt answers 200 and is lost, as genuine ComfyUI loses early ones."""
    client = await start(pace=0.005)
    client.engine.faults.lose_early_interrupts = 1
    prompt_id = await client.submit(sampling(steps=20))
    assert await client.post("/interrupt", {"prompt_id": prompt_id}) == (200, b"")

    assert (await client.history(prompt_id))["status"]["status_str"] == "success"
    assert client.engine.faults.lose_early_interrupts == 0


async def test_failing_node_keeps_outputs_made_before(start: Starter) -> None:
    """A node that raises ends its prompt; what was saved stays, and the next prompt runs."""
    client = await start()
    await client.upload("broken.png", b"no picture")
    prompt = {
        "0": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 1}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["0", 0], "filename_prefix": "ok"}},
        "3": {"class_type": "LoadImage", "inputs": {"image": "broken.png"}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["3", 0], "filename_prefix": "never"}},
    }
    entry = await client.history(await client.submit(prompt))
    again = await client.history(await client.submit(sampling(steps=1)))

    assert list(entry["outputs"]) == ["2"]
    name, error = entry["status"]["messages"][-1]
    assert name == "execution_error"
    assert error["exception_type"] == "PIL.UnidentifiedImageError"
    assert error["exception_message"].endswith("\n")
    assert error["current_inputs"] == {"image": ["broken.png"]}
    assert isinstance(error["traceback"], list)
    assert again["status"]["status_str"] == "success"


@pytest.mark.parametrize(
    "extra",
    [{"stale": {"class_type": "EmptyImage"}}, {"9": {"stale_input": ["404", 0]}}],
    ids=["node without inputs", "dangling undeclared link"],
)
async def test_shapes_that_kill_a_genuine_server(start: Starter, extra: dict[str, Any]) -> None:
    """Graphs that freeze ComfyUI's queue pass validation here too; the worker survives them."""
    client = await start()
    prompt = sampling(steps=1)
    for node_id, added in extra.items():
        if "class_type" in added:
            prompt[node_id] = added
        else:
            prompt[node_id]["inputs"].update(added)
    entry = await client.history(await client.submit(prompt))
    after = await client.history(await client.submit(sampling(steps=1)))

    dangling = "9" in extra
    assert (entry["status"]["status_str"] == "error") is dangling
    assert after["status"]["status_str"] == "success"


async def test_switch_runs_one_branch(start: Starter) -> None:
    """A lazy input that is not chosen is never computed."""
    client = await start()
    await client.upload("broken.png", b"no picture")
    prompt = {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 1}},
        "2": {"class_type": "LoadImage", "inputs": {"image": "broken.png"}},
        "3": {"class_type": "ComfySwitchNode", "inputs": {"switch": True, "on_true": ["1", 0], "on_false": ["2", 0]}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["3", 0], "filename_prefix": "x"}},
    }
    entry = await client.history(await client.submit(prompt))

    assert entry["status"]["status_str"] == "success", entry["status"]["messages"]


async def test_cached_without_client_has_no_outputs(start: Starter) -> None:
    """A cached run shows the old files to clients, and nothing at all without a client_id."""
    client = await start()
    first = await client.history(await client.submit(sampling(steps=1), "me"))
    second = await client.history(await client.submit(sampling(steps=1), "me"))
    third = await client.history(await client.submit(sampling(steps=1), None))

    assert first["outputs"] == second["outputs"] != {}
    assert third["outputs"] == third["meta"] == {}
    assert third["status"]["status_str"] == "success"


async def test_load_time_is_paid_once(start: Starter) -> None:
    """Loading a model takes its time and can be interrupted; a cached loader takes none."""
    client = await start(load_time=30)
    socket = await client.connect()
    prompt_id = await client.submit(sampling(steps=1))
    await socket.until(lambda message: message.get("data", {}).get("node") == "10")
    await client.post("/interrupt", {"prompt_id": prompt_id})

    entry = await client.history(prompt_id, seconds=10)
    assert entry["status"]["messages"][-1][1]["node_id"] == "10"


async def test_long_chains(start: Starter) -> None:
    """A chain of a hundred nodes runs."""
    client = await start()
    prompt: dict[str, Any] = {
        "0": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 1}},
    }
    for index in range(1, 100):
        prompt[str(index)] = {"class_type": "ImageInvert", "inputs": {"image": [str(index - 1), 0]}}
    prompt["end"] = {"class_type": "PreviewImage", "inputs": {"images": ["99", 0]}}
    async with asyncio.timeout(20):
        entry = await client.history(await client.submit(prompt))

    assert entry["status"]["status_str"] == "success"
    assert entry["outputs"]["end"]["images"][0]["type"] == "temp"
