"""The client leaves, on each endpoint and in each phase: its job leaves ComfyUI, or never gets there."""

from __future__ import annotations

import asyncio
from typing import Any

import PIL.Image
import pytest

from faults.conftest import World, drawing, talk, until
from support.junk import CHAT, EDIT
from support.pictures import data_url, png

SQUARE = png(PIL.Image.new("RGB", (256, 256), "red"))
WORDS = "draw a red square"
PARTS = [
    {"type": "text", "text": "make it blue"},
    {"type": "image_url", "image_url": {"url": data_url(PIL.Image.new("RGB", (256, 256), "red"))}},
]
ENDPOINTS: dict[str, tuple[str, dict[str, Any]]] = {
    "generations": ("images/generations", {"json": drawing(50, quality="high")}),
    "generations, stream": ("images/generations", {"json": drawing(51, quality="high", stream=True, partial_images=1)}),
    "edits": ("images/edits", {"data": {"model": EDIT, "prompt": "make it blue", "quality": "high"},
                               "files": {"image": ("a.png", SQUARE)}}),
    "chat": ("chat/completions", {"json": talk(quality="high")}),
    "chat, stream": ("chat/completions", {"json": talk(quality="high", stream=True)}),
    "chat with a picture": ("chat/completions", {"json": talk(PARTS, quality="high")}),
    "responses": ("responses", {"json": {"model": CHAT, "input": WORDS}}),
    "responses, stream": ("responses", {"json": {"model": CHAT, "input": WORDS, "stream": True}}),
}  # fmt: skip


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_while_it_runs(world: World, endpoint: str) -> None:
    """The job is interrupted, and ComfyUI is free for others at once."""
    before = set(world.outcomes())
    path, body = ENDPOINTS[endpoint]
    async with world.client() as client:
        work = asyncio.create_task(client.post(path, **body))
        await until(world.running)
        work.cancel()
        await asyncio.wait([work])
    await until(lambda: not world.running() and not world.pending(), within=5)
    await until(lambda: set(world.outcomes()) - before)

    assert {world.outcomes()[job] for job in set(world.outcomes()) - before} == {"error"}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_while_it_waits(world: World, endpoint: str) -> None:
    """Behind another job: the place in line is given up, nothing of it is ever drawn, the other one is."""
    before = set(world.outcomes())
    path, body = ENDPOINTS[endpoint]
    async with world.client() as client:
        first = asyncio.create_task(client.post("images/generations", json=drawing(60, quality="medium")))
        await until(world.running)
        work = asyncio.create_task(client.post(path, **body))
        await asyncio.sleep(0.3)
        work.cancel()
        await asyncio.wait([work])
        answer = await first
    await until(lambda: not world.running() and not world.pending())

    assert answer.status_code == 200
    assert len(set(world.outcomes()) - before) == 1


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_at_once(world: World, endpoint: str) -> None:
    """Before anything has happened: whatever had begun ends."""
    path, body = ENDPOINTS[endpoint]
    async with world.client() as client:
        for pause in (0.0, 0.005, 0.02, 0.05):
            work = asyncio.create_task(client.post(path, **body))
            await asyncio.sleep(pause)
            work.cancel()
            await asyncio.wait([work])
    await asyncio.sleep(0.3)
    await until(lambda: not world.running() and not world.pending(), within=5)
