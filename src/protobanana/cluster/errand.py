"""One job between whoever ordered it and the servers: its place, its events, its end."""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import Coroutine
from contextvars import copy_context
from dataclasses import replace
from typing import TypeAlias

from protobanana.cluster.line import Ticket
from protobanana.comfy import Course, Job, Output
from protobanana.errors import ProtoBananaError, ServerUnreachableError
from protobanana.events import Preview, Progress, Queued
from protobanana.telemetry import current

JobEvent: TypeAlias = Queued | Progress | Preview | Output
_MAILBOX = 64
"""Events kept for a slow reader, files aside; then the oldest go, because each one outdates those before it."""


class Errand:
    """What is synchronous here is called by the pool; `next` is for the reader."""

    def __init__(self, job: Job, ticket: Ticket) -> None:
        self.job = job
        self.ticket = ticket
        self.loop = asyncio.get_running_loop()
        self._context = copy_context()
        self._span = current()
        self.born = self.loop.time()
        self.started: float | None = None
        """When ComfyUI began to work on it."""
        self.seconds: float | None = None
        """How long ComfyUI worked on it."""
        self.counted = True
        """Whether it counts toward its owner's limit."""
        self.left = False
        """Whether nobody waits for it any more."""
        self.task: asyncio.Task[None] | None = None
        self.course = Course()
        self.delivered = False
        """Whether files of it were passed on: then it can only be finished, not repeated."""
        self.rerun = False
        self.detours = 0
        self.evicted: ProtoBananaError | None = None
        """Why it is taken back from its server."""
        self.expiry: asyncio.TimerHandle | None = None
        self._events: deque[Queued | Progress | Preview] = deque(maxlen=_MAILBOX)
        self._files: deque[Output] = deque()
        self._position: int | None = None
        self._over = False
        self._error: BaseException | None = None
        self._news = asyncio.Event()

    def wait(self) -> None:
        """It stands in line, for the first time or again."""
        self.task = None
        self._span.phase("queue")

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Send it on its way: in the context in which it was ordered, for mostly it is the end of another that does."""
        self.task = asyncio.create_task(work, name="cluster-errand", context=self._context)
        self.task.add_done_callback(self._collect)

    async def next(self) -> JobEvent | None:
        """The next event or file; None when there are no more. Raises the error that ended the job."""
        while True:
            if self._events:
                return self._events.popleft()
            if self._files:
                return self._files.popleft()
            if self._over:
                if self._error is not None:
                    raise self._error
                return None
            self._news.clear()
            await self._news.wait()

    def hear(self, event: JobEvent) -> None:
        """Pass an event on."""
        if isinstance(event, Output):
            self.delivered = True
            self._files.append(event)
        else:
            if self.started is None and not isinstance(event, Queued):
                self.started = self.loop.time()
            self._events.append(event)
        self._news.set()

    def place(self, position: int) -> None:
        """`position` jobs are ahead of it in line."""
        if position != self._position:
            self._position = position
            if self._events and isinstance(self._events[-1], Queued):
                self._events.pop()
            self.hear(Queued(position))

    def end(self, error: BaseException | None = None) -> None:
        """Nothing more is to come; `error` says why, where it was not done."""
        if not self._over:
            self._over, self._error = True, error
            self._news.set()
        if self.expiry is not None:
            self.expiry.cancel()
            # A cancelled timer holds its arguments: this errand with its pictures, in a circle.
            self.expiry = None

    def evict(self, why: ProtoBananaError) -> None:
        """Take it back from the server it was sent to."""
        if self.task is not None and not self.task.done() and self.evicted is None and not self._over:
            self.evicted = why
            self.task.cancel()

    def order(self) -> Job:
        """The job as its server is to get it: with what is left of its time to wait, and time to load if it must.

        Where it is not known which models a graph needs, it may have to load them.
        """
        waited = self.loop.time() - self.born
        loaded = self.ticket.warm and self.ticket.models
        return replace(
            self.job,
            queue_timeout=max(self.job.queue_timeout - waited, 0.001),
            load_timeout=0.0 if loaded else self.job.load_timeout,
            prompt_id=str(uuid.uuid4()) if self.rerun or self.detours else self.job.prompt_id,
        )

    def _collect(self, task: asyncio.Task[None]) -> None:
        """Whatever ended the task ends the reader's wait too."""
        if task.cancelled():
            self.end(ServerUnreachableError("The job was given up: its event loop ends."))
        elif (error := task.exception()) is not None:
            self.end(error)
        if self.task is task:
            # Both know this errand: left together, the three would keep the job's pictures until the collector comes.
            self.task, self.course = None, Course()
