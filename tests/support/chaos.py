"""A TCP proxy that does to connections what networks do: delay, drip, cut, go silent."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_PIECE = 16 * 1024


@dataclass
class Weather:
    """What happens to bytes on their way; may be changed while connections are open."""

    latency: float = 0.0
    """Seconds before each piece is passed on, in both directions."""
    rate: float | None = None
    """Bytes per second from the server to the client; None: as fast as it goes."""
    cut_after: int | None = None
    """Bytes from the server after which a connection is reset; None: never."""
    silent: bool = False
    """Half-open: connections stay, and nothing is passed on in either direction."""


class ChaosProxy:
    """`with ChaosProxy(url) as proxy: proxy.url`, on a thread of its own."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "", parts.port or 80)
        self.weather = Weather()
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._port: Future[int] = Future()
        self._links: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = {}
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._main(),), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._port.result(10)}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()

    def cut(self) -> None:
        """Reset all connections now."""
        self._loop.call_soon_threadsafe(self._cut)

    def _cut(self) -> None:
        for writer in [writer for ends in self._links.values() for writer in ends]:
            writer.transport.abort()

    async def _main(self) -> None:
        server = await asyncio.start_server(self._link, "127.0.0.1", 0)
        self._port.set_result(server.sockets[0].getsockname()[1])
        await self._stop.wait()
        server.close()
        tasks = list(self._links)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        ends = self._links[task] = [writer]
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
            ends.append(far_writer)
            await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer, down=True))
        except (OSError, asyncio.CancelledError):
            pass  # asyncio's streams would report a link that is cancelled at the end
        finally:
            del self._links[task]
            for end in ends:
                end.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, down: bool = False) -> None:
        passed = 0
        while data := await reader.read(1024 if down and self.weather.rate else _PIECE):
            weather = self.weather
            while weather.silent:
                await asyncio.sleep(0.02)
            await asyncio.sleep(weather.latency + (len(data) / weather.rate if down and weather.rate else 0))
            passed += len(data)
            if down and weather.cut_after is not None and passed > weather.cut_after:
                raise ConnectionResetError
            writer.write(data)
            await writer.drain()
        with suppress(OSError):
            writer.write_eof()
