"""Life of an engine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from protobanana.engine import Engine, EngineSettings

Starter = Callable[..., Awaitable[Any]]
PROMPT = {
    "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 1}},
    "8": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "keep"}},
}


async def test_restart_loses_everything_but_files(start: Starter) -> None:
    """Queue, history, cache, counter and temp are gone; output stays; sockets break; the port is the same."""
    client = await start()
    socket = await client.connect()
    entry = await client.history(await client.submit(PROMPT))
    temp = entry["outputs"]["8"]["images"][0]["filename"]
    url = client.engine.url
    await client.engine.restart()

    assert client.engine.url == url
    assert await socket.gone() == 1006
    assert await client.get("/history") == (200, {})
    assert (await client.get("/view?filename=keep_00001_.png"))[0] == 200
    assert (await client.get(f"/view?type=temp&filename={temp}"))[0] == 404
    status, answer = await client.post("/prompt", {"prompt": PROMPT})
    assert (status, answer["number"]) == (200, 0)
    again = await client.history(answer["prompt_id"])
    assert again["outputs"]["9"]["images"][0]["filename"] == "keep_00002_.png"


async def test_down_for_a_while(start: Starter) -> None:
    """Between death and return connections are refused."""
    client = await start()
    restarting = asyncio.create_task(client.engine.restart(down_for=0.2))
    async with asyncio.timeout(10):
        while not await refused(client):
            await asyncio.sleep(0.001)
    await restarting

    assert (await client.get("/prompt"))[0] == 200


async def refused(client: Any) -> bool:
    """Whether nobody listens on the port."""
    try:
        await client.get("/prompt")
    except aiohttp.ClientConnectorError:
        return True
    except aiohttp.ClientError:
        return False
    return False


async def test_restart_loses_running_and_queued(start: Starter) -> None:
    """A restart in the middle of work does not wait for it, and the prompts are in no list afterwards."""
    client = await start(load_time=60)
    prompt = {
        "1": {"class_type": "UNETLoader", "inputs": {"unet_name": "any.safetensors", "weight_dtype": "default"}},
        "9": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}},
    }
    for _ in range(2):
        await client.submit(prompt)
    async with asyncio.timeout(10):
        await client.engine.restart()

    assert (await client.get("/queue"))[1] == {"queue_running": [], "queue_pending": []}


async def test_own_folder_is_removed() -> None:
    """Without a root, the files live in a folder that goes with the engine."""
    async with Engine() as engine:
        root = engine.files.root
        assert (root / "input").is_dir()

    assert not root.exists()


async def test_given_root_stays(tmp_path: Path) -> None:
    """A given root is kept, with its outputs."""
    async with Engine(root=tmp_path) as engine, aiohttp.ClientSession() as session:
        socket = await session.ws_connect(f"{engine.url}/ws?clientId=me")
        await session.post(f"{engine.url}/prompt", json={"prompt": PROMPT, "client_id": "me"})
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT and '"node": null' in message.data:
                break
        await socket.close()

    assert [path.name for path in (tmp_path / "output").iterdir()] == ["keep_00001_.png"]


async def test_closing_says_good_bye() -> None:
    """A clean stop closes websockets with 1001 and refuses connections afterwards."""
    async with aiohttp.ClientSession() as session:
        async with Engine() as engine:
            socket = await session.ws_connect(f"{engine.url}/ws")
            await socket.receive()
            closing = asyncio.create_task(socket.receive())
            url = engine.url
        message = await closing

        assert message.type is aiohttp.WSMsgType.CLOSE
        assert message.data == 1001
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(url)


async def test_taken_port() -> None:
    """A second engine on the port fails with OSError and leaves nothing behind."""
    async with Engine() as first:
        second = Engine(port=first.port)
        with pytest.raises(OSError, match="address already in use"):
            await second.__aenter__()

        assert not second.files.root.exists()


async def test_two_engines_are_apart() -> None:
    """Engines share nothing: neither files nor history nor settings."""
    async with Engine(EngineSettings(pace=1)) as one, Engine() as other:
        assert one.url != other.url
        assert one.files.root != other.files.root
        assert one.faults is not other.faults


async def test_files_need_a_start() -> None:
    """Before its start an engine has no folders."""
    with pytest.raises(TypeError):
        _ = Engine().files
