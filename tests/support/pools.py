"""Pools before embedded engines, and small graphs for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack, aclosing
from dataclasses import dataclass, field
from typing import Any

from protobanana.cluster import Order, Pool
from protobanana.comfy import Job
from protobanana.engine import EngineSettings, EngineThread

_SEED = iter(range(1, 10**9))


def drawing(steps: int = 2, model: str = "edit", **changes: Any) -> Job:
    """A graph that samples `steps` steps with a model; every one is different, so that nothing comes from a cache."""
    graph = {
        "1": {"class_type": "UNETLoader", "inputs": {"unet_name": f"{model}.safetensors", "weight_dtype": "default"}},
        "2": {
            "class_type": "CLIPLoader",
            "inputs": {"clip_name": "text.safetensors", "type": "qwen_image", "device": "default"},
        },
        "3": {"class_type": "CLIPTextEncode", "inputs": {"text": "a red circle", "clip": ["2", 0]}},
        "4": {"class_type": "EmptySD3LatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
        "5": {
            "class_type": "KSampler",
            "inputs": {
                "model": ["1", 0], "positive": ["3", 0], "negative": ["3", 0], "latent_image": ["4", 0],
                "seed": next(_SEED), "steps": steps, "cfg": 1.0, "sampler_name": "euler", "scheduler": "simple",
                "denoise": 1.0,
            },
        },
        "6": {"class_type": "VAELoader", "inputs": {"vae_name": "vae.safetensors"}},
        "7": {"class_type": "VAEDecode", "inputs": {"samples": ["5", 0], "vae": ["6", 0]}},
        "8": {"class_type": "SaveImage", "inputs": {"images": ["7", 0], "filename_prefix": "x"}},
    }  # fmt: skip
    return Job(graph, ("8",), **changes)


def order(owner: str = "a", model: str = "edit", priority: int = 0) -> Order:
    return Order(owner, model, frozenset({f"{model}.safetensors"}), priority)


async def collect(pool: Pool, job: Job, wish: Order | None = None, ended: list[Any] | None = None) -> list[Any]:
    """All events of a job; `ended` is told the owner when it is done."""
    wish = wish or order()
    async with aclosing(pool.run(job, wish)) as events:
        found = [event async for event in events]
    if ended is not None:
        ended.append(wish.owner)
    return found


async def until(condition: Callable[[], Any], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


def queued(engine: EngineThread) -> tuple[int, int]:
    """(running, waiting) prompts in an engine, ours and others."""
    running, waiting = engine._engine._state.queue.jobs()
    return len(running), len(waiting)


def finished(engine: EngineThread) -> list[str]:
    """Prompt ids that an engine ran to an end, oldest first."""
    return list(engine._engine._state.queue.history())


@dataclass
class Engines:
    """Starts engines that end with the test."""

    stack: ExitStack = field(default_factory=ExitStack)

    def start(self, port: int = 0, **settings: Any) -> EngineThread:
        """Start one; settings as `EngineSettings` takes them."""
        return self.stack.enter_context(EngineThread(EngineSettings(**settings), port=port))
