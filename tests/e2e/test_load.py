"""Many callers at once: everybody gets their own picture, and nothing is left behind."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from protobanana.engine import EngineSettings, EngineThread
from support.gateways import Gateway, litellm_config, start_litellm, stop
from support.pictures import mean, opened, png

COLOURS = {
    "red": (220, 35, 40), "green": (60, 160, 70), "blue": (40, 85, 210), "yellow": (250, 215, 40),
    "purple": (130, 60, 170), "orange": (240, 140, 40), "black": (30, 30, 30), "white": (250, 250, 250),
}  # fmt: skip


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with EngineThread(EngineSettings()) as engine:
        running = start_litellm(tmp_path_factory.mktemp("load"), litellm_config(engine.url, callback=True), engine)
        yield running
        stop(running)


def nearest(colour: Any) -> str:
    return min(COLOURS, key=lambda name: float(np.abs(np.array(COLOURS[name]) - colour).sum()))


def edge(picture: PIL.Image.Image) -> Any:
    return mean(picture, (0.02, 0.02, 0.98, 0.08))


async def ask(client: Any, number: int, name: str) -> str:
    """One request of a kind that depends on its number; the answer is the colour of the picture that came."""
    words, seed = f"a white star on a {name} background", {"seed": number}
    kind = number % 4
    if kind == 0:
        answer = await client.images.generate(model="turbo", prompt=words, size="256x256", extra_body=seed)
        return nearest(edge(opened(answer.data[0].b64_json)))
    if kind == 1:
        field = png(PIL.Image.new("RGB", (200 + number, 200), COLOURS[name]))
        answer = await client.images.edit(
            model="edit",
            image=("in.png", field),
            prompt="add a small star in the center",
            quality="low",
            extra_body=seed,
        )
        return nearest(edge(opened(answer.data[0].b64_json)))
    messages: Any = [{"role": "user", "content": f"draw {words}"}]
    extra = {"size": "256x256", "quality": "low", **seed}
    if kind == 2:
        message = (
            (await client.chat.completions.create(model="chat", messages=messages, extra_body=extra)).choices[0].message
        )
        return nearest(edge(opened(message.images[0]["image_url"]["url"])))
    text = ""
    async for chunk in await client.chat.completions.create(
        model="chat", messages=messages, stream=True, extra_body=extra
    ):
        text += (chunk.choices[0].delta.content or "") if chunk.choices else ""
    data = base64.b64decode(text.partition("base64,")[2].partition(")")[0])
    return nearest(edge(opened(data)))


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


async def round_of(client: Any, count: int) -> list[tuple[str, str]]:
    names = [list(COLOURS)[number % 7] for number in range(count)]
    got = await asyncio.gather(*(ask(client, number, name) for number, name in enumerate(names)))
    return list(zip(names, got, strict=True))


async def test_64_mixed_requests_at_once(gateway: Gateway) -> None:
    """Generations, edits, chats and streams side by side: every caller's picture has the caller's colour."""
    async with gateway.async_client() as client, asyncio.timeout(110):
        pairs = await round_of(client, 64)

    assert [got for _, got in pairs] == [asked for asked, _ in pairs]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts files through /proc")
async def test_nothing_is_left_behind(gateway: Gateway) -> None:
    """After a second and third round the gateway has no more files and sockets open than after the first."""
    counts = []
    for _ in range(3):
        async with gateway.async_client() as client, asyncio.timeout(60):
            await round_of(client, 16)
        await asyncio.sleep(0.5)
        counts.append(open_files(gateway.process.pid))
    async with asyncio.timeout(30):
        # What is left for good stays; what is only slow to close goes.
        while open_files(gateway.process.pid) > counts[0] + 3:
            await asyncio.sleep(0.1)

    assert gateway.waiting() == 0
