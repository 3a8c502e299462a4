"""The backstop: looks at /queue and /history where the socket leaves a question open."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Collection, Mapping
from contextvars import Context

from protobanana.comfy.snapshot import QueueSnapshot, look_at_history, look_at_queue
from protobanana.comfy.socket import Socket
from protobanana.comfy.tracker import Tracker
from protobanana.comfy.transport import Transport
from protobanana.errors import JobLostError, ProtoBananaError, ServerUnreachableError

_LOG = logging.getLogger(__name__)
_SETTLING = 0.1
"""Seconds after a submission in which an idle server has started the job, so that no position need be read."""


class Watch:
    """Decides what the socket did not say: positions in the queue, jobs that ended unheard, jobs that are gone.

    It looks after a submission that does not start at once, after `status` messages, after a reconnect, and every
    `backstop_interval` at jobs of which nothing was heard. A worker thread that died keeps its job in the queue for
    ever and cannot be told from one that is busy: only the timeouts of the job end that.
    """

    def __init__(self, transport: Transport, trackers: Mapping[str, Tracker], socket: Socket) -> None:
        self._transport = transport
        self._trackers = trackers
        self._socket = socket
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._looked = 0.0
        self._urgent = asyncio.Event()
        self._dark_since: float | None = None

    def wake(self, *, everything: bool = False) -> None:
        """Look soon: at the waiting jobs, or at all of them."""
        if everything:
            self._urgent.set()
        if everything or any(tracker.started is None for tracker in self._trackers.values()):
            self._wake.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._serve(), name="comfyui-watch", context=Context())

    async def close(self) -> None:
        """End the task."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _serve(self) -> None:
        while self._trackers:
            chosen = await self._choose()
            if not chosen:
                continue
            self._looked = asyncio.get_running_loop().time()
            try:
                await self._look(chosen)
                self._dark_since = None
            except ProtoBananaError as error:
                _LOG.warning("Backstop: %s", error)
                self._darkness(error)

    async def _choose(self) -> list[Tracker]:
        """Sleep until there is a reason to look; the jobs to look at."""
        options, loop = self._transport.options, asyncio.get_running_loop()
        interval = options.backstop_interval * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, no secret
        try:
            async with asyncio.timeout(interval):
                await self._wake.wait()
        except TimeoutError:
            return [tracker for tracker in self._open() if loop.time() - tracker.heard >= interval / 2]
        try:
            async with asyncio.timeout(max(_SETTLING, self._looked + options.queue_interval - loop.time())):
                await self._urgent.wait()
        except TimeoutError:
            everything = False
        else:
            everything = True
        self._wake.clear()
        self._urgent.clear()
        return [tracker for tracker in self._open() if everything or tracker.started is None]

    def _open(self) -> list[Tracker]:
        return [tracker for tracker in self._trackers.values() if tracker.acknowledged and not tracker.finished]

    async def _look(self, chosen: Collection[Tracker]) -> None:
        """Queue first, history second: ComfyUI moves a job from one to the other in one step."""
        queue = await look_at_queue(self._transport)
        for tracker in chosen:
            if tracker.finished:
                continue
            if tracker.prompt_id in queue:
                _place(tracker, queue)
            else:
                await self._settle(tracker)

    async def _settle(self, tracker: Tracker) -> None:
        entry = await look_at_history(self._transport, tracker.prompt_id)
        if tracker.finished:
            return
        if entry is None:
            lost = JobLostError("ComfyUI no longer knows the job: it restarted, or its queue was cleared.")
            lost.restarted = tracker.gapped
            tracker.finish(lost)
            return
        tracker.settle(entry)
        now = asyncio.get_running_loop().time()
        if tracker.patience is None:
            tracker.patience = now + self._transport.options.frames_timeout
        # Pictures of a node that saves to the socket may still be on their way: a slow reader elsewhere blocks
        # ComfyUI's messages to everybody, and a big frame takes its time.
        on_its_way = tracker.verdict == "success" and tracker.missing() and self._socket.up and not tracker.gapped
        if not on_its_way or now >= tracker.patience:
            tracker.finish()

    def _darkness(self, error: ProtoBananaError) -> None:
        """HTTP fails too: after `outage_timeout` without a socket the jobs are given up."""
        now = asyncio.get_running_loop().time()
        if self._dark_since is None or self._socket.up:
            self._dark_since = now
        elif now - self._dark_since >= self._transport.options.outage_timeout:
            for tracker in self._open():
                tracker.finish(ServerUnreachableError(f"ComfyUI went away while the job was in it. {error.message}"))


def _place(tracker: Tracker, queue: QueueSnapshot) -> None:
    if tracker.prompt_id in queue.running:
        tracker.start()
    else:
        tracker.place(queue.pending.index(tracker.prompt_id))
