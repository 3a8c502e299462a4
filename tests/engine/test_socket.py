"""Websockets: who hears what."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

Starter = Callable[..., Awaitable[Any]]

FEATURES = {
    "supports_preview_metadata": True,
    "max_upload_size": 104857600,
    "extension": {"manager": {"supports_v4": True}},
}
SUCCESS = [
    "status",
    "status",
    "execution_start",
    "execution_cached",
    *["progress_state", "executing", "progress_state"],
    *["progress_state", "executing", "executed", "progress_state"],
    "execution_success",
    "status",
    "executing",
]


def picture(color: int, output: str = "SaveImage") -> dict[str, Any]:
    """Two nodes."""
    inputs = {"images": ["1", 0], **({"filename_prefix": "x"} if output == "SaveImage" else {})}
    return {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": color}},
        "9": {"class_type": output, "inputs": inputs},
    }


def slow(steps: int = 100) -> dict[str, Any]:
    """A sampler with its surroundings."""
    sampler = {
        "model": ["10", 0],
        "positive": ["6", 0],
        "negative": ["6", 0],
        "latent_image": ["5", 0],
        "seed": 1,
        "steps": steps,
        "cfg": 1.0,
        "sampler_name": "euler",
        "scheduler": "simple",
        "denoise": 1.0,
    }
    return {
        "10": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "any.safetensors"}},
        "6": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["10", 1], "text": "a red circle"}},
        "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
        "3": {"class_type": "KSampler", "inputs": sampler},
        "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["10", 2]}},
        "9": {"class_type": "PreviewImage", "inputs": {"images": ["8", 0]}},
    }


async def test_reconnect_hears_the_current_node(start: Starter) -> None:
    """After a drop the job goes on; a new socket of the client hears status, the node that runs, then live events."""
    client = await start(pace=0.01)
    socket = await client.connect()
    prompt_id = await client.submit(slow())
    await socket.until(lambda message: message.get("type") == "progress")
    await socket.close()
    again = await client.connect()
    await again.finished(prompt_id)

    assert again.received[0]["data"]["status"] == {"exec_info": {"queue_remaining": 1}}
    assert again.received[1] == {"type": "executing", "data": {"node": "3"}}
    assert again.types()[-3:] == ["execution_success", "status", "executing"]
    assert "execution_start" not in again.types()


async def test_late_socket_hears_nothing_old(start: Starter) -> None:
    """Nothing is replayed to a socket that comes after the end."""
    client = await start()
    await client.history(await client.submit(picture(1)))
    socket = await client.connect()
    await client.get("/prompt")

    assert socket.types() == ["status"]
    assert socket.received[0]["data"] == {"status": {"exec_info": {"queue_remaining": 0}}, "sid": "me"}


async def test_two_sockets_of_one_client(start: Starter) -> None:
    """Only the newest hears; when the older one closes, the newer is unregistered."""
    client = await start()
    old, new = await client.connect(), await client.connect()
    await new.finished(await client.submit(picture(1)))
    assert new.types()[1:] == SUCCESS
    assert old.types() == ["status"]

    await old.close()
    while await unregistered(client):
        await asyncio.sleep(0.005)
    heard = len(new.received)
    await client.history(await client.submit(picture(2)))

    assert len(new.received) == heard
    await new.close()


async def unregistered(client: Any) -> bool:
    """Whether the hub still lists a socket."""
    return bool(client.engine._state.hub._by_client)


async def test_socket_without_client_id(start: Starter) -> None:
    """The server makes an id, tells it as sid, and takes it as client_id."""
    client = await start()
    socket = await client.connect(None)
    await socket.finished(await client.submit(picture(1), socket.received[0]["data"]["sid"]))

    assert socket.types()[1:] == SUCCESS


async def test_bystander(start: Starter) -> None:
    """Another client's prompt shows as status only; an anonymous one shows its progress and pictures too."""
    client = await start()
    mine, other = await client.connect("me"), await client.connect("other", flags=True)
    await mine.finished(await client.submit(picture(1)))
    await client.history(await client.submit(picture(2, "SaveImageWebsocket"), None))
    await other.until(lambda message: message.get("binary") == 1)
    marker = await client.submit(picture(3), "other")
    await other.finished(marker)

    assert other.types()[2:5] == ["status"] * 3
    anonymous = other.types()[5 : 5 + 9]
    expected = ["status", "status", *["progress_state"] * 4, "progress", "binary", "progress_state"]
    assert anonymous == expected
    assert other.types()[14] == "status"


async def test_anonymous_interrupt_is_broadcast(start: Starter) -> None:
    """Everybody hears that a prompt without client was interrupted."""
    client = await start(pace=0.01)
    socket = await client.connect("other")
    await client.submit(slow(3000), None)
    await socket.until(lambda message: message.get("type") == "progress")
    await client.post("/interrupt")
    await socket.until(lambda message: message.get("type") == "execution_interrupted")

    assert not {"executing", "execution_start", "executed"} & set(socket.types())


@pytest.mark.parametrize(
    ("messages", "answers"),
    [
        ([{"type": "feature_flags", "data": {"supports_preview_metadata": True}}], 1),
        ([{"type": "feature_flags", "data": {}}, {"type": "feature_flags", "data": {}}], 1),
        ([{"type": "hello"}, {"type": "feature_flags", "data": {}}], 0),
        (["no json", {"type": "feature_flags", "data": {}}], 1),
        ([[], {"type": "feature_flags", "data": {}}], 0),
    ],
    ids=["first", "second is ignored", "after something else", "after no JSON", "after a list"],
)
async def test_feature_flags(start: Starter, messages: list[Any], answers: int) -> None:
    """Only the first JSON message negotiates; the answer is what GET /features says."""
    client = await start()
    socket = await client.connect()
    for message in messages:
        await socket.socket.send_str(message if isinstance(message, str) else json.dumps(message))
    await socket.finished(await client.submit(picture(1)))
    found = [message["data"] for message in socket.received if message.get("type") == "feature_flags"]

    assert found == [FEATURES] * answers
    assert await client.get("/features") == (200, FEATURES)


async def test_big_pictures_pass(start: Starter) -> None:
    """A picture over the usual 1 MiB and 4 MiB limits arrives whole."""
    client = await start()
    socket = await client.connect(flags=True)
    prompt = picture(1, "SaveImageWebsocket")
    prompt["1"]["inputs"].update(width=1024, height=1024, batch_size=2)
    prompt["2"] = {"class_type": "ImageAddNoise", "inputs": {"image": ["1", 0], "seed": 1, "strength": 1.0}}
    prompt["9"]["inputs"]["images"] = ["2", 0]
    await socket.finished(await client.submit(prompt))
    frames = [message for message in socket.received if "binary" in message]

    assert [frame["metadata"]["image_type"] for frame in frames] == ["image/png"] * 2
    assert all(frame["image"].startswith(b"\x89PNG") and len(frame["image"]) > 1_000_000 for frame in frames)


async def test_stalled_reader_does_not_stop_http(start: Starter) -> None:
    """While one reader takes nothing, prompts still run and HTTP answers; closing it lets the others hear again."""
    client = await start()
    host, port = client.engine.host, client.engine.port
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(
        b"GET /ws?clientId=stalled HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    await reader.readuntil(b"\r\n\r\n")
    reader._transport.pause_reading()
    prompt = picture(1, "SaveImageWebsocket")
    prompt["1"]["inputs"].update(width=1024, height=1024, batch_size=8)
    prompt["2"] = {"class_type": "ImageAddNoise", "inputs": {"image": ["1", 0], "seed": 1, "strength": 1.0}}
    prompt["9"]["inputs"]["images"] = ["2", 0]
    await client.history(await client.submit(prompt, "stalled"))
    socket = await client.connect()
    prompt_id = await client.submit(picture(5))
    await client.history(prompt_id)
    assert "execution_success" not in socket.types()

    writer.transport.abort()
    await socket.finished(prompt_id)
