"""The engine for callers without an event loop: on a thread of its own, or as a whole process."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from protobanana.engine.app import Engine
from protobanana.engine.settings import EngineSettings, Faults


class EngineThread:
    """`with EngineThread() as engine: engine.url`. Takes what `Engine` takes."""

    def __init__(
        self,
        settings: EngineSettings | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        root: Path | None = None,
    ) -> None:
        self._engine = Engine(settings, host, port, root)
        self._stop = asyncio.Event()
        self._started: Future[asyncio.AbstractEventLoop] = Future()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="protobanana-engine-loop")
        self._served: Future[None] | None = None

    @property
    def url(self) -> str:
        """Address of the server, without a slash at the end."""
        return self._engine.url

    @property
    def faults(self) -> Faults:
        """The switches for what goes wrong; they work at once."""
        return self._engine.faults

    def __enter__(self) -> Self:
        """Start, and wait until it serves; raises what starting raised, OSError for a taken port."""
        self._served = self._pool.submit(asyncio.run, self._main())
        first: list[Future[Any]] = [self._started, self._served]
        wait(first, return_when=FIRST_COMPLETED)
        if not self._started.done():
            self._pool.shutdown()
            self._served.result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, and wait until all is cleaned up."""
        self._started.result().call_soon_threadsafe(self._stop.set)
        self._pool.shutdown()

    def restart(self, down_for: float = 0.0) -> None:
        """Die and come back, as `Engine.restart` does."""
        asyncio.run_coroutine_threadsafe(self._engine.restart(down_for), self._started.result()).result()

    async def _main(self) -> None:
        async with self._engine:
            self._started.set_result(asyncio.get_running_loop())
            await self._stop.wait()


def run(
    settings: EngineSettings | None = None,
    host: str = "127.0.0.1",
    port: int = 8188,
    root: Path | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM, then stop cleanly; `ready` is told the address once it serves."""

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        async with Engine(settings, host, port, root) as engine:
            if ready is not None:
                ready(engine.url)
            await stop.wait()

    asyncio.run(main())


__all__ = ["EngineThread", "run"]
