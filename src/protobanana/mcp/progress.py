"""Progress of one call, as MCP wants it: a number that only grows, also while nothing is heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

Report = Callable[[float, float | None, str | None], Awaitable[None]]
"""Takes what is done, the whole, and words."""
SILENCE_SECONDS = 5.0
"""Without a sign of life many clients give up after a minute; loading a model can take several."""
_NEARER = 8
"""In silence the number goes this part of the way to the next step."""


class Meter:
    """Counts the frames that come; `silence`: seconds after which it gives a sign of life without one."""

    def __init__(self, report: Report, frames: int, silence: float = SILENCE_SECONDS) -> None:
        self._report = report
        self._frames = frames
        self._silence = silence
        self._seen = 0
        self._value = 0.0

    async def frame(self) -> None:
        """One more frame has come."""
        self._seen = min(self._seen + 1, self._frames)
        self._value = float(self._seen)
        await self._tell(f"drawing, frame {self._seen} of {self._frames}")

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Tell the start, and give a sign of life from time to time until the block ends."""
        await self._tell("asking the gateway")
        alive = asyncio.create_task(self._live(), name="mcp-progress")
        try:
            yield
        finally:
            alive.cancel()
            with suppress(asyncio.CancelledError):
                await alive

    async def _live(self) -> None:
        while True:
            await asyncio.sleep(self._silence)
            self._value += (self._seen + 1 - self._value) / _NEARER
            await self._tell("drawing" if self._seen else "waiting")

    async def _tell(self, words: str) -> None:
        await self._report(self._value, self._frames + 1, words)
