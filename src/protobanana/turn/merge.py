"""Several streams of events as one, in the order things happen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TypeVar

T = TypeVar("T")


async def merge(streams: Sequence[AsyncGenerator[T]]) -> AsyncGenerator[tuple[int, T]]:
    """Yield `(stream number, item)` as items arrive. The first failure, or closing this, closes all streams."""
    if len(streams) == 1:
        async with aclosing(streams[0]) as only:
            async for item in only:
                yield 0, item
        return
    # A slow consumer must slow the producers, or frames pile up in memory.
    queue: asyncio.Queue[tuple[int, T] | None] = asyncio.Queue(maxsize=2 * len(streams))

    async def pump(number: int, stream: AsyncGenerator[T]) -> None:
        async with aclosing(stream):
            async for item in stream:
                await queue.put((number, item))

    left = False

    async def run_all() -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for number, stream in enumerate(streams):
                    group.create_task(pump(number, stream))
        except ExceptionGroup as failures:  # unwrapped to the first one, which is what the caller knows how to read
            raise failures.exceptions[0] from None
        finally:
            # Nobody reads any more once the consumer has left: a full queue would hold up the end for ever.
            if not left:
                await queue.put(None)

    runner = asyncio.create_task(run_all())
    try:
        while (entry := await queue.get()) is not None:
            yield entry
        await runner
    finally:
        left = True
        runner.cancel()
        await asyncio.gather(runner, return_exceptions=True)
