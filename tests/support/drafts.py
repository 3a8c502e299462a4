"""Weight-free graphs and two servers to run them on: the embedded engine, or the ComfyUI at COMFYUI_URL."""

from __future__ import annotations

import asyncio
import io
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import numpy as np
import pytest
from PIL import Image

from protobanana.comfy import ComfyClient, Job, Output, upload_name
from protobanana.engine import EngineThread

Link = list[Any]
Pixels = np.ndarray[Any, Any]

_GENUINE = os.environ.get("COMFYUI_URL", "").rstrip("/")
SERVERS = [pytest.param("genuine", marks=pytest.mark.genuine) if _GENUINE else "engine"]
"""Parameters of a fixture that yields `serving()`."""


@contextmanager
def serving() -> Iterator[str]:
    """Address of the server under test."""
    if _GENUINE:
        yield _GENUINE
        return
    with EngineThread() as engine:
        yield engine.url


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[ComfyClient]:
    """A client of a server that is idle afterwards."""
    client = ComfyClient(url)
    try:
        yield client
        await idle(client)
    finally:
        await client.close()


async def idle(client: ComfyClient) -> None:
    """Wait until nothing waits or runs."""
    async with asyncio.timeout(30):
        while await client.ping():
            await asyncio.sleep(0.02)


class Draft:
    """A graph that is being put together; `node` returns the link to its first output."""

    def __init__(self) -> None:
        self.graph: dict[str, Any] = {}
        self.uploads: dict[str, bytes] = {}

    def node(self, class_type: str, title: str | None = None, **inputs: Any) -> Link:
        """Add a node; the link to its first output."""
        node_id = str(len(self.graph) + 1)
        self.graph[node_id] = {"class_type": class_type, "inputs": inputs}
        if title:
            self.graph[node_id]["_meta"] = {"title": title}
        return [node_id, 0]

    def upload(self, data: bytes, extension: str = "png") -> str:
        """Add an upload; the value that LoadImage takes for it."""
        name = upload_name(data, extension)
        self.uploads[name] = data
        return name

    def load(self, pixels: Pixels) -> Link:
        """LoadImage of a picture."""
        return self.node("LoadImage", image=self.upload(png(pixels)))

    def mask(self, levels: Pixels) -> Link:
        """LoadImageMask of a mask's levels, through red."""
        red = np.repeat(levels[..., None], 3, axis=-1)
        return self.node("LoadImageMask", image=self.upload(png(red)), channel="red")

    def empty(self, color: int, width: int = 16, height: int = 12, batch_size: int = 1, title: str = "") -> Link:
        """EmptyImage of one colour."""
        return self.node("EmptyImage", title, width=width, height=height, batch_size=batch_size, color=color)

    def save(self, images: Link, class_type: str = "SaveImage", prefix: str = "") -> str:
        """Add an output node; its id."""
        more = {"filename_prefix": prefix or f"contract/{uuid.uuid4().hex}"} if class_type == "SaveImage" else {}
        return str(self.node(class_type, "Save", images=images, **more)[0])

    def job(self, *outputs: str, **changes: Any) -> Job:
        """The job that runs it."""
        return Job(self.graph, outputs, uploads=self.uploads, **changes)


def png(pixels: Pixels) -> bytes:
    """PNG bytes."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def pixels_of(output: Output) -> Pixels:
    """The pixels of an output, which must be a PNG."""
    assert output.media_type == "image/png"
    return np.asarray(Image.open(io.BytesIO(output.data)))


def unit(levels: Pixels) -> Pixels:
    """8-bit levels as ComfyUI holds them."""
    return levels.astype(np.float32) / np.float32(255)


def levels(values: Pixels) -> Pixels:
    """What ComfyUI writes into a PNG: truncated, not rounded."""
    return np.clip(values * np.float32(255), 0, 255).astype(np.uint8)


def grey(mask: Pixels) -> Pixels:
    """What ComfyUI makes of a mask shown as a picture."""
    return levels(np.repeat(mask[..., None], 3, axis=-1))


def noise(height: int, width: int, channels: int = 3, seed: int = 0) -> Pixels:
    """Random levels `[H, W, C]`, the same for the same seed."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)


def fresh() -> int:
    """A colour that was not asked for before, so that no cache answers."""
    return uuid.uuid4().int % 0xFFFFFF


def rgb(color: int) -> list[int]:
    """The levels of 0xRRGGBB."""
    return [color >> 16, color >> 8 & 255, color & 255]


async def collect(client: ComfyClient, job: Job) -> list[Any]:
    """All events and outputs of a job."""
    async with asyncio.timeout(90):
        return [event async for event in client.run(job)]


async def outputs(client: ComfyClient, job: Job) -> list[Output]:
    """The outputs of a job."""
    return [event for event in await collect(client, job) if isinstance(event, Output)]


async def render(client: ComfyClient, draft: Draft, images: Link) -> list[Pixels]:
    """A picture of the graph, saved and decoded: the batch."""
    return [pixels_of(output) for output in await outputs(client, draft.job(draft.save(images)))]


async def render_mask(client: ComfyClient, draft: Draft, mask: Link) -> Pixels:
    """A mask of the graph as the picture that MaskToImage makes of it."""
    (result,) = await render(client, draft, draft.node("MaskToImage", mask=mask))
    return result


def same(result: Pixels, expected: Pixels, tolerance: int = 0) -> None:
    """Equal in shape, and in every level up to the tolerance."""
    assert result.shape == expected.shape
    assert np.abs(result.astype(int) - expected.astype(int)).max() <= tolerance
