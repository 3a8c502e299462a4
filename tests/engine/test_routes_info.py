"""What the server says about itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from protobanana.engine.models import FOLDERS
from protobanana.engine.nodes.base import REGISTRY
from protobanana.engine.routes_info import DEVICE
from protobanana.engine.schema import records

Starter = Callable[..., Awaitable[Any]]


async def test_system_stats_are_honest(start: Starter) -> None:
    """It says which ComfyUI it speaks like, and that it is not one."""
    _, stats = await (await start()).get("/system_stats")

    assert stats["system"]["comfyui_version"] == "0.12.1"
    assert stats["system"]["protobanana_engine"]["preview"] is True
    assert "preview" in stats["system"]["protobanana_engine"]["about"]
    assert [device["name"] for device in stats["devices"]] == [DEVICE]
    assert stats["system"]["ram_total"] >= stats["system"]["ram_free"] >= 0


async def test_object_info(start: Starter) -> None:
    """Every registered class has its recorded entry, and no other class has one."""
    client = await start()
    _, info = await client.get("/object_info")

    assert set(info) == set(REGISTRY) & set(records())
    for name in ("EmptyImage", "KSampler"):
        assert {key: info[name][key] for key in records()[name]} == records()[name]
        assert await client.get(f"/object_info/{name}") == (200, {name: info[name]})
    assert await client.get("/object_info/Nope") == (200, {})


async def test_models_that_are_installed(start: Starter) -> None:
    """Given models are what folders, loaders and validation know."""
    client = await start(models={"diffusion_models": ["b.safetensors", "a/x.safetensors"]})

    assert (await client.get("/models"))[1] == list(FOLDERS)
    assert (await client.get("/models/diffusion_models"))[1] == ["a/x.safetensors", "b.safetensors"]
    assert (await client.get("/models/loras"))[1] == []
    assert await client.get("/models/clip") == (404, b"")
    _, info = await client.get("/object_info/UNETLoader")
    assert info["UNETLoader"]["input"]["required"]["unet_name"] == [["a/x.safetensors", "b.safetensors"], {}]
    for name, status in (("b.safetensors", 200), ("c.safetensors", 400)):
        assert (await client.post("/prompt", {"prompt": loader(name)}))[0] == status


async def test_any_model_by_default(start: Starter) -> None:
    """Without a list every plausible file name is installed, and usual ones are shown; nonsense is not."""
    client = await start()
    assert "qwen_image_vae.safetensors" in (await client.get("/models/vae"))[1]

    for name, status in (("my/own.gguf", 200), ("UPPER.SAFETENSORS", 200), ("notes.txt", 400), ("", 400)):
        code, body = await client.post("/prompt", {"prompt": loader(name)})
        assert code == status, body


def loader(name: str) -> dict[str, Any]:
    """A graph that loads a model."""
    return {
        "1": {"class_type": "UNETLoader", "inputs": {"unet_name": name, "weight_dtype": "default"}},
        "9": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}},
    }


async def test_start_up_questions_of_the_editor(start: Starter) -> None:
    """Routes that hold nothing here still answer."""
    client = await start()

    for path, body in (("/embeddings", []), ("/extensions", []), ("/settings", {}), ("/i18n", {})):
        assert await client.get(path) == await client.get(f"/api{path}") == (200, body)
    assert "preview engine" in (await client.get("/"))[1]
