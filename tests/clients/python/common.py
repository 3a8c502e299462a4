"""What every program here is told, and how it tells what it found."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import urllib.request
from collections.abc import Awaitable, Callable
from typing import Any

SETTINGS: dict[str, Any] = json.loads(os.environ["CLIENT_SETTINGS"])
Step = Callable[[], Awaitable[dict[str, Any]]]


async def ended(going: Awaitable[object]) -> dict[str, Any]:
    """The error that a request ends with."""
    try:
        await going
    except Exception as error:
        return {"name": type(error).__name__, "status": getattr(error, "status_code", None), "message": str(error)}
    return {}


async def crowded(ask: Callable[[], Awaitable[object]]) -> dict[str, Any]:
    """Ask four times at once, where the line holds one: the error of the first that ends; the others are given up."""
    going = [asyncio.ensure_future(ended(ask())) for _ in range(4)]
    done, rest = await asyncio.wait(going, return_when=asyncio.FIRST_COMPLETED)
    for one in rest:
        one.cancel()
    await asyncio.wait(rest)
    return done.pop().result()


async def left(going: Awaitable[object]) -> str:
    """Cancel a request once the server draws; how it ended."""
    task = asyncio.ensure_future(going)
    while not await asyncio.to_thread(_drawing):
        await asyncio.sleep(0.05)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return "cancelled"
    return "answered"


def _drawing() -> bool:
    with urllib.request.urlopen(f"{SETTINGS['comfyui']}/queue") as answer:
        return bool(json.load(answer)["queue_running"])


def finish(**steps: Step) -> None:
    """Do the step that the command line names, and print its findings as JSON."""
    print(json.dumps(asyncio.run(steps[sys.argv[-1]]())))
