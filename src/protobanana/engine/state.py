"""Everything that one running server knows, from its start to its end; a restart makes a new one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from aiohttp import web

from protobanana.engine.catalogue import Catalogue
from protobanana.engine.executor import Executor
from protobanana.engine.files import FileStore
from protobanana.engine.prompt_queue import PromptQueue
from protobanana.engine.settings import EngineSettings
from protobanana.engine.socket import Hub


class State:
    """Queue, cache, sockets and the execution thread; created on the event loop that serves them."""

    def __init__(self, settings: EngineSettings, files: FileStore) -> None:
        self.settings = settings
        self.files = files
        self.catalogue = Catalogue(settings, files)
        self.features: Mapping[str, Any] = {
            "supports_preview_metadata": True,
            "max_upload_size": settings.max_upload_mb * 1024 * 1024,
            "extension": {"manager": {"supports_v4": True}},
        }
        self.hub = Hub(self.features, settings.faults, lambda: self.queue.remaining)
        self.queue = PromptQueue(self.hub.send_status, settings.history_size)
        self.executor = Executor(settings, self.catalogue, files, self.hub)
        self.counter = 0
        self._worker = threading.Thread(target=self._work, name="protobanana-engine", daemon=True)
        self._publishing: asyncio.Task[None] | None = None

    def next_number(self) -> int:
        """The number of the next prompt: 0, 1, 2, ... since the start."""
        number = self.counter
        self.counter += 1
        return number

    def start(self) -> None:
        """Start publishing and executing."""
        self._publishing = asyncio.create_task(self.hub.publish())
        self._worker.start()

    async def stop(self, *, abruptly: bool) -> None:
        """End the running prompt, close the sockets (`abruptly`: without a close frame), join the thread."""
        self.queue.close()
        self.executor.interrupt.set()
        if abruptly:
            self.hub.cut()
        if self._publishing is None:
            return
        await asyncio.to_thread(self._worker.join)
        if not abruptly:
            await self.hub.close()
        self._publishing.cancel()
        with suppress(asyncio.CancelledError):
            await self._publishing

    def _work(self) -> None:
        while (job := self.queue.get(lambda _: self.executor.interrupt.clear())) is not None:
            if self.settings.faults.kill_worker:
                return
            record = self.executor.run(job)
            self.queue.done(job, record)
            if job.client_id is not None:
                self.hub.send("executing", {"node": None, "prompt_id": job.prompt_id}, job.client_id)


STATE = web.AppKey("state", State)

__all__ = ["STATE", "State"]
