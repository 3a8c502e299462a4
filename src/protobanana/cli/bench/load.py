"""The load: so many requests at once, each followed by the next, and what became of them."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import aiohttp

from protobanana.cli.bench.endpoints import Answer, plausible, right
from protobanana.errors import ProtoBananaError

Shot = Callable[[int], Awaitable[Answer]]
"""Makes request number N."""
SAMPLE = 25
"""Of so many answers, one is decoded and compared."""
_TROUBLE = (aiohttp.ClientError, ProtoBananaError, TimeoutError, ValueError, LookupError)


@dataclass
class Tally:
    """What one lane has done in one cell of the table; times in seconds."""

    seconds: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    elapsed: float = 0.0
    size: int = 0
    """Bytes of the last answer."""
    errors: list[str] = field(default_factory=list)
    compared: int = 0

    def take(self, answer: Answer, picture: bytes | None) -> bool:
        """Note an answer; whether it looks right from outside."""
        if not plausible(answer, picture):
            self.errors.append(f"an answer of {len(answer.body)} bytes")
            return False
        self.seconds.append(answer.seconds)
        self.first.append(answer.first)
        self.size = len(answer.body) + len(answer.picture or b"")
        return True

    def compare(self, answer: Answer, picture: bytes | None) -> None:
        """Decode an answer; a wrong picture is an error."""
        self.compared += 1
        if not right(answer, picture):
            self.errors.append("a picture with other pixels")


_numbers = itertools.count(1)


async def fire(
    shot: Shot, tally: Tally, picture: bytes | None, *, at_once: int, count: int, seconds: float | None = None
) -> None:
    """A round: `count` requests, or requests for so many seconds. Answers are decoded when nobody waits any more."""
    begun = time.perf_counter()
    left = itertools.repeat(None) if seconds is not None else itertools.repeat(None, count)
    samples: list[Answer] = []

    async def worker() -> None:
        for _ in left:
            if seconds is not None and time.perf_counter() - begun >= seconds:
                return
            try:
                answer = await shot(next(_numbers))
            except _TROUBLE as error:
                tally.errors.append(f"{type(error).__name__}: {error}"[:300])
                continue
            if tally.take(answer, picture) and len(tally.seconds) % SAMPLE == 1:
                samples.append(answer)

    await asyncio.gather(*(worker() for _ in range(at_once)))
    tally.elapsed += time.perf_counter() - begun
    for answer in samples:
        tally.compare(answer, picture)
