"""How late the event loop comes: whatever blocks it delays every request at once."""

from __future__ import annotations

import asyncio
from weakref import WeakSet

from protobanana.telemetry.metrics import counting, loop_late

INTERVAL = 0.03
"""Seconds between looks; lateness is measured short by at most that. A look costs 0.1 ms of CPU, as waking up does."""

_watched: WeakSet[asyncio.AbstractEventLoop] = WeakSet()


def watch_loop() -> None:
    """Measure the running loop from now on, until it is closed. Calling it again changes nothing."""
    loop = asyncio.get_running_loop()
    if loop in _watched or not counting():
        return
    _watched.add(loop)

    def look(due: float) -> None:
        now = loop.time()
        loop_late(max(now - due, 0.0))
        loop.call_at(now + INTERVAL, look, now + INTERVAL)

    look(loop.time())
