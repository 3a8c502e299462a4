"""Several streams as one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from protobanana.turn.merge import merge


class Source:
    """A stream that counts how far it got and whether it was closed."""

    def __init__(self, items: int, fail_at: int | None = None) -> None:
        self.items, self.fail_at, self.closed = items, fail_at, False

    async def stream(self) -> AsyncGenerator[int]:
        """The items, with a chance for others to run before each."""
        try:
            for item in range(self.items):
                await asyncio.sleep(0)
                if item == self.fail_at:
                    msg = "broken"
                    raise ValueError(msg)
                yield item
        finally:
            self.closed = True


@pytest.mark.parametrize("count", [1, 3, 10])
async def test_everything_arrives_in_each_streams_order(count: int) -> None:
    """No item is lost, and a stream's own order is kept."""
    sources = [Source(20) for _ in range(count)]
    got: dict[int, list[int]] = {}
    async for number, item in merge([source.stream() for source in sources]):
        got.setdefault(number, []).append(item)

    assert got == {number: list(range(20)) for number in range(count)}
    assert all(source.closed for source in sources)


@pytest.mark.parametrize("count", [1, 4])
async def test_closing_closes_every_stream(count: int) -> None:
    """A consumer that leaves early leaves nothing running."""
    sources = [Source(1000) for _ in range(count)]
    async with asyncio.timeout(5), aclosing(merge([source.stream() for source in sources])) as merged:
        for _ in range(count):
            await anext(merged)

    assert all(source.closed for source in sources)


async def test_closing_streams_that_never_pause() -> None:
    """Streams that refill the queue while they are being closed do not hold up the one who leaves."""

    async def burst() -> AsyncGenerator[int]:
        while True:
            yield 1

    for taken in range(1, 20):
        async with asyncio.timeout(5), aclosing(merge([burst(), burst(), burst()])) as merged:
            for _ in range(taken):
                await anext(merged)


async def test_the_first_failure_closes_the_others() -> None:
    """The failure comes out as itself."""
    sources = [Source(1000), Source(10, fail_at=3), Source(1000)]

    with pytest.raises(ValueError, match="broken"):
        async for _ in merge([source.stream() for source in sources]):
            pass
    assert all(source.closed for source in sources)
