"""Progress while nothing is heard of a picture."""

from __future__ import annotations

import asyncio

from protobanana.mcp.progress import Meter


async def test_silence_is_progress_too() -> None:
    """Signs of life grow without an end and never pass the next frame; frames do."""
    heard: asyncio.Queue[float] = asyncio.Queue()

    async def report(done: float, whole: float | None, words: str | None) -> None:
        assert whole == 4
        assert words
        await heard.put(done)

    meter = Meter(report, 3, silence=0.001)
    async with asyncio.timeout(60), meter.running():
        before = [await heard.get() for _ in range(10)]
        await meter.frame()
        after = [await heard.get() for _ in range(10)]
    numbers = [*before, *after]

    assert numbers == sorted(set(numbers))
    assert max(before) < 1
    assert 1 in after
