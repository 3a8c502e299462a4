"""The instant engine: nothing is computed, and yet every part of the protocol takes its course."""

from __future__ import annotations

import io
import json
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Any

import PIL.Image
import pytest

from protobanana.engine.instant import SIDE, noise

Starter = Callable[..., Awaitable[Any]]
DOCUMENTS = sorted(
    path.name for path in files("protobanana.workflows").joinpath("bundled").iterdir() if path.name.endswith(".json")
)
MB = 0.1
PICTURE = noise(MB)


def drawn(saver: str = "SaveImage", seed: int = 1) -> dict[str, Any]:
    """A picture from an empty latent; `saver` shows it."""
    steps = {"seed": seed, "steps": 50, "cfg": 4.0, "sampler_name": "euler", "scheduler": "simple", "denoise": 1.0}
    inputs: dict[str, Any] = {"images": ["5", 0]}
    if saver == "SaveImage":
        inputs["filename_prefix"] = "x"
    return {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "any.safetensors"}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": "a tree"}},
        "3": {"class_type": "EmptyLatentImage", "inputs": {"width": 4096, "height": 4096, "batch_size": 4}},
        "4": {
            "class_type": "KSampler",
            "inputs": {
                **steps,
                "model": ["1", 0],
                "positive": ["2", 0],
                "negative": ["2", 0],
                "latent_image": ["3", 0],
            },
        },
        "5": {"class_type": "VAEDecode", "inputs": {"samples": ["4", 0], "vae": ["1", 2]}},
        "9": {"class_type": saver, "inputs": inputs},
    }


@pytest.mark.parametrize("megabytes", [0.1, 1.0, 2.0, 3.0, 5.0])
def test_the_picture_has_the_size_asked_for(megabytes: float) -> None:
    """Within 20 kB, opaque RGB, square, the same bytes each time; 1024 pixels wide as long as that is enough."""
    data = noise(megabytes)
    with PIL.Image.open(io.BytesIO(data)) as picture:
        picture.load()

        assert picture.mode == "RGB"
        assert picture.size == (SIDE, SIDE) if megabytes <= 3 else picture.width == picture.height > SIDE
    assert abs(len(data) - megabytes * 1e6) < 20_000
    assert data == noise(megabytes)


async def test_a_job_goes_through_the_whole_protocol(start: Starter) -> None:
    """Messages for every node, a file in the history, and behind /view the picture."""
    client = await start(instant_mb=MB)
    socket = await client.connect()
    prompt_id = await client.submit(drawn())
    await socket.finished(prompt_id)
    started = [each["data"]["node"] for each in socket.received if each.get("type") == "executing"]
    (file,) = (await client.history(prompt_id))["outputs"]["9"]["images"]
    status, data = await client.get("/view", params=file)

    assert set(started) == {"1", "2", "3", "4", "5", "9", None}
    assert {"execution_start", "execution_cached", "progress_state", "executed", "execution_success"} <= set(
        socket.types()
    )
    assert (status, data) == (200, PICTURE)
    assert (await client.get("/view", params={**file, "preview": "jpeg"}))[0] == 200


async def test_pictures_on_the_socket(start: Starter) -> None:
    """SaveImageWebsocket sends the picture as a frame, again for the same graph, and leaves nothing in the history."""
    client = await start(instant_mb=MB)
    socket = await client.connect()
    graph = drawn("SaveImageWebsocket")
    ids = [await client.submit(graph), await client.submit(graph)]
    await socket.finished(ids[1])
    frames = [each["image"] for each in socket.received if each.get("binary") == 1]

    assert frames == [PICTURE, PICTURE]
    assert [(await client.history(each))["outputs"] for each in ids] == [{}, {}]


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_every_bundled_workflow_shows_the_picture(start: Starter, name: str) -> None:
    """Whatever a graph is made of, its output nodes show the one picture; uploads take their course."""
    document = json.loads(files("protobanana.workflows").joinpath("bundled", name).read_text("utf-8"))
    graph = {key: node for key, node in document.items() if not key.startswith("_")}
    client = await start(instant_mb=MB)
    _, upload = await client.upload("given.png", PICTURE)
    for node in graph.values():
        if node["class_type"].startswith("LoadImage"):
            node["inputs"]["image"] = upload["name"]
    outputs = (await client.history(await client.submit(graph)))["outputs"]
    entries = [entry for shown in outputs.values() for entry in shown.get("images", ())]

    assert entries
    for entry in entries:
        assert (await client.get("/view", params=entry))[1] == PICTURE


async def test_graphs_are_validated(start: Starter) -> None:
    """What a ComfyUI refuses is refused: a file that is not there, a number out of range."""
    client = await start(instant_mb=MB)
    missing = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "nowhere.png"}},
        "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
    }
    wrong = drawn()
    wrong["4"]["inputs"]["steps"] = 0
    reports = [await client.post("/prompt", {"prompt": graph}) for graph in (missing, wrong)]

    assert [status for status, _ in reports] == [400, 400]
    assert reports[0][1]["node_errors"]["1"]["errors"][0]["type"] == "custom_validation_failed"
    assert reports[1][1]["node_errors"]["4"]["errors"][0]["type"] == "value_smaller_than_min"


async def test_pace_is_the_time_of_a_job_and_can_be_interrupted(start: Starter) -> None:
    """A job takes `pace` before its nodes run, not once per step, and stops when told to."""
    client = await start(instant_mb=MB, pace=60)
    socket = await client.connect()
    prompt_id = await client.submit(drawn())
    await socket.until(lambda message: message.get("type") == "execution_cached")
    await client.post("/interrupt", {"prompt_id": prompt_id})
    entry = await client.history(prompt_id)

    assert entry["status"]["messages"][-1][0] == "execution_interrupted"
    assert not [each for each in socket.received if each.get("type") == "executing" and each["data"]["node"]]
