"""Ten thousand requests of all kinds through one gateway: what is left of them."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from faults.conftest import talk, temporary
from support.gateways import KEY, Gateway
from support.junk import CHAT, EDIT, GENERATE, PICTURE

REQUESTS = 10_000
ROUNDS = 10
AT_ONCE = 8
MEGABYTE = 1024 * 1024
pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts through /proc"),
    pytest.mark.timeout(3600),
]


@dataclass(frozen=True)
class Left:
    """What a process holds."""

    rss: float
    """Megabytes."""
    files: int
    sockets: int
    threads: int
    temporary: int
    """Temporary files and folders."""
    tasks: int
    """Tasks of the gateway's event loop."""


def left(gateway: Gateway) -> Left:
    process = Path(f"/proc/{gateway.process.pid}")
    pages = int((process / "statm").read_text().split()[1])
    opened = [str(entry.readlink()) for entry in (process / "fd").iterdir() if entry.is_symlink()]
    tasks = httpx.get(f"{gateway.url}/debug/asyncio-tasks", headers={"authorization": f"Bearer {KEY}"}, timeout=30)
    return Left(
        pages * os.sysconf("SC_PAGE_SIZE") / MEGABYTE,
        len(opened),
        sum(name.startswith("socket:") for name in opened),
        len(list((process / "task").iterdir())),
        len(list(temporary(gateway.log.parent).rglob("*"))),
        tasks.json()["total_active_tasks"],
    )


async def ask(client: httpx.AsyncClient, number: int) -> int:
    """One request of a kind that depends on its number; the status of its answer."""
    seeded: dict[str, Any] = {"size": "256x256", "quality": "low", "seed": number}
    drawing = {"model": GENERATE, "prompt": f"star {number}", **seeded}
    kind = number % 8
    if kind == 0:
        answer = await client.post("images/generations", json=drawing)
    elif kind == 1:
        answer = await client.post("images/generations", json=drawing | {"stream": True, "partial_images": 1})
    elif kind == 2:
        form = {"model": EDIT, "prompt": f"star {number}", "quality": "low", "seed": str(number)}
        answer = await client.post("images/edits", data=form, files={"image": ("a.png", PICTURE, "image/png")})
    elif kind == 3:
        answer = await client.post("chat/completions", json=talk(f"draw a star {number}", **seeded))
    elif kind == 4:
        answer = await client.post("chat/completions", json=talk(f"draw a star {number}", stream=True, **seeded))
    elif kind == 5:
        answer = await client.post("responses", json={"model": CHAT, "input": f"draw a star {number}"})
    elif kind == 6:
        answer = await client.post("images/generations", json=drawing | {"n": "many"})
    else:
        answer = await client.post("images/generations", json=drawing | {"response_format": "url"})
    return answer.status_code


async def round_of(gateway: Gateway, first: int) -> Counter[int]:
    statuses: Counter[int] = Counter()
    numbers = iter(range(first, first + REQUESTS // ROUNDS))
    headers = {"authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(base_url=f"{gateway.url}/v1", headers=headers, timeout=60) as client:

        async def worker() -> None:
            for number in numbers:
                statuses[await ask(client, number)] += 1

        async with asyncio.TaskGroup() as workers:
            for _ in range(AT_ONCE):
                workers.create_task(worker())
    return statuses


async def test_nothing_grows(instant: Gateway) -> None:
    """After the first rounds memory, files, sockets, threads and tasks stay as they are; ComfyUI has nothing to do."""
    statuses: Counter[int] = Counter()
    after: list[Left] = []
    since = time.monotonic()
    for number in range(ROUNDS):
        statuses += await round_of(instant, number * REQUESTS // ROUNDS)
        await asyncio.sleep(1)
        after.append(left(instant))
        print(f"{(number + 1) * REQUESTS // ROUNDS:6} requests, {time.monotonic() - since:6.0f} s: {after[-1]}")
    print(json.dumps(dict(statuses)))
    halves = after[1 : ROUNDS // 2], after[ROUNDS // 2 :]
    early, late = (Left(*(max(getattr(one, name) for one in half) for name in Left.__annotations__)) for half in halves)

    assert set(statuses) == {200, 400}
    assert statuses[400] == REQUESTS // 8
    assert late.rss < early.rss * 1.05 + 10
    assert late.files <= early.files + 8
    assert late.sockets <= early.sockets + 4
    assert late.threads <= early.threads + 4
    assert late.temporary <= early.temporary
    assert late.tasks <= early.tasks + 4
    assert instant.waiting() == 0
    assert len(instant.graphs()) <= REQUESTS
