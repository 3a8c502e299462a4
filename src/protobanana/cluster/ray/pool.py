"""What `Pool` is, over a Ray Serve application: the line, the choice of a server and its health are Serve's."""

from __future__ import annotations

import asyncio
import uuid
from bisect import bisect_left
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from itertools import count
from typing import Any

from ray.exceptions import RayError
from ray.serve.exceptions import RayServeException
from ray.serve.handle import DeploymentHandle

from protobanana import telemetry
from protobanana.cluster.errand import JobEvent
from protobanana.cluster.ray.call import Call
from protobanana.cluster.ray.connection import UNREACHABLE, handle_of, in_service, state_of
from protobanana.cluster.ray.wire import Ended, Report, application_of
from protobanana.cluster.scheduler import Order
from protobanana.cluster.state import ServerState
from protobanana.comfy import Job, Output
from protobanana.errors import (
    InvalidRequestError,
    JobLostError,
    JobTimeoutError,
    ProtoBananaError,
    ServerBusyError,
    ServerProtocolError,
    ServerUnreachableError,
)
from protobanana.events import Queued

_FIRST_NEWS = 0.05
"""Seconds until a job that waits is told its place."""
_NEWS = 1.0
"""Seconds between two looks at a job that waits."""
_DETOURS = 10
"""Replicas at most that a job is sent to which had never reached a ComfyUI: Serve may take so long to replace one."""
_ANSWER = 5.0
"""Seconds that all replicas have to say how they are."""


class RayPool:
    """The ComfyUIs of one Serve application. Made by `pool_for`; belongs to one event loop."""

    def __init__(self, address: str, key_limit: int) -> None:
        self.address = address
        self._application = application_of(address)
        self._key_limit = key_limit
        self._owned: Counter[str] = Counter()
        self._numbers = count()
        self._line: list[int] = []
        self._calls: set[Call] = set()
        self._opening: asyncio.Task[DeploymentHandle[Any]] | None = None
        self._look: asyncio.Task[int] | None = None
        self._looked = 0.0
        self._closed = False

    async def run(self, job: Job, order: Order) -> AsyncGenerator[JobEvent]:
        """Run a job where Serve sends it: the events and files of `ComfyClient.run`.

        A job whose ComfyUI or replica died under it runs once more. Closing the generator gives up the place in line,
        or cancels the job in ComfyUI. Raises ServerBusyError for a full line and for an owner with too many jobs at
        this gateway; ServerUnreachableError with `retry_after` where no replica is in service; JobTimeoutError for a
        job that waited too long in line and in ComfyUI together; and what `ComfyClient.run` raises. `order.priority`
        has no meaning to Serve.
        """
        if self._closed:
            raise ServerUnreachableError("The pool is closed.")
        if self._owned[order.owner] >= self._key_limit:
            raise ServerBusyError(
                f"This key has {self._key_limit} jobs waiting or running, and may not have more.", code="key_limit"
            )
        self._owned[order.owner] += 1
        outcome, course = "cancelled", _Course(job)
        try:
            while course.again:
                async with aclosing(self._attempt(course, order)) as events:
                    async for event in events:
                        yield event
            outcome = "success"
        except ProtoBananaError as error:
            outcome = error.code or error.type
            raise
        finally:
            self._owned[order.owner] -= 1
            if not self._owned[order.owner]:
                del self._owned[order.owner]
            # How often models change is counted by Serve, where they do.
            telemetry.job_done(self.address, order.workflow, outcome, course.waited(), course.worked(), swapped=False)

    async def look(self) -> list[ServerState]:
        """All ComfyUIs, by address; where the application cannot be asked, that instead."""
        try:
            handle = await self._handle()
            async with asyncio.timeout(_ANSWER):
                said = await handle.broadcast("report").results_async(return_exceptions=True)
        except ServerUnreachableError as error:
            return [self._down(error.message)]
        except (TimeoutError, RayError, RayServeException):
            self._opening = None  # it may have been deployed anew since
            return [self._down("The replicas do not say how they are.")]
        reports = [each for each in said if isinstance(each, Report)]
        found = {
            each.address: ServerState(
                each.address, "stuck" if each.why else "up", each.why, 0, each.running, each.models, {}
            )
            for each in reports
        }
        for address in {member for each in reports for member in each.members} - set(found):
            found[address] = ServerState(address, "down", "No replica serves it yet.", 0, 0, None, {})
        return [found[address] for address in sorted(found)] or [self._down("No replica is in service.")]

    async def alive(self) -> None:
        """Raises ServerUnreachableError where no ComfyUI is in service."""
        states = await self.look()
        if all(state.condition != "up" for state in states):
            raise ServerUnreachableError(" ".join(state.why for state in states), code=UNREACHABLE)

    def _down(self, why: str) -> ServerState:
        return ServerState(self.address, "down", why, 0, 0, None, {})

    def drain(self, address: str) -> None:
        """Raises InvalidRequestError: what is in service is said by `protobanana cluster deploy`."""
        raise InvalidRequestError(
            f"{address} belongs to Ray Serve: `protobanana cluster deploy` with the other addresses takes it out.",
            param="address",
        )

    undrain = drain

    async def close(self) -> None:
        """End all jobs, those in ComfyUI too."""
        self._closed = True
        for call in list(self._calls):
            call.cancel()
        for task in (self._opening, self._look):
            if task is not None:
                task.cancel()

    # The course of a job -------------------------------------------------------------------------------------------

    async def _attempt(self, course: _Course, order: Order) -> AsyncGenerator[JobEvent]:
        """Send a job once; what it ended with decides whether it is sent again."""
        call = Call(await self._handle(), course.next(), order.models)
        self._calls.add(call)
        number = next(self._numbers)
        self._line.append(number)
        try:
            pause, position = _FIRST_NEWS, -1
            while True:
                if not await call.news(None if course.started else pause):
                    course.check()
                    if not call.arrived:
                        if pause == _NEWS and not await self._replicas():
                            raise ServerUnreachableError("None of the ComfyUI servers is in service.")
                        if (ahead := bisect_left(self._line, number)) != position:
                            position = ahead
                            yield Queued(position)
                    pause = _NEWS
                    continue
                self._leave(number)
                event = call.take()
                if event is None:
                    course.again = False
                    return
                if isinstance(event, Ended):
                    if event.error.code == UNREACHABLE:
                        self._opening = None  # it may have been deployed anew since
                    course.ended(ServerUnreachableError("The pool was closed.") if self._closed else None, event)
                    return
                course.heard(event)
                yield event
        finally:
            self._leave(number)
            self._calls.discard(call)
            await call.close()

    def _leave(self, number: int) -> None:
        place = bisect_left(self._line, number)
        if place < len(self._line) and self._line[place] == number:
            del self._line[place]

    # The application -------------------------------------------------------------------------------------------------

    async def _handle(self) -> DeploymentHandle[Any]:
        if self._opening is None or (self._opening.done() and self._opening.exception()):
            self._opening = asyncio.create_task(asyncio.to_thread(handle_of, self._application), name="ray-handle")
        return await asyncio.shield(self._opening)

    async def _replicas(self) -> int:
        """Replicas in service, as of a moment ago: one question for all that wait."""
        now = asyncio.get_running_loop().time()
        if self._look is None or (self._look.done() and now - self._looked > _NEWS):
            self._looked = now
            self._look = asyncio.create_task(asyncio.to_thread(self._count), name="ray-look")
        return await asyncio.shield(self._look)

    def _count(self) -> int:
        return in_service(state_of(self._application))[0]


class _Course:
    """How far a job came, over all its attempts."""

    def __init__(self, job: Job) -> None:
        self.again = True
        self.started: float | None = None
        self._job = job
        self._loop = asyncio.get_running_loop()
        self._born = self._loop.time()
        self._delivered = False
        self._repeated = False
        self._detours = 0
        self._first = True

    def next(self) -> Job:
        """The job for its next attempt: a repeated one is another to ComfyUI."""
        first, self._first = self._first, False
        # Waiting is counted here, in line and in ComfyUI together, by one clock.
        return self._job if first else replace(self._job, prompt_id=str(uuid.uuid4()))

    def heard(self, event: JobEvent) -> None:
        """Take notice of an event that is passed on."""
        self._delivered = self._delivered or isinstance(event, Output)
        if self.started is None and not isinstance(event, Queued):
            self.started = self._loop.time()

    def check(self) -> None:
        """Raises JobTimeoutError when the job has waited for too long."""
        limit = self._job.queue_timeout
        if self._loop.time() - self._born > limit:
            raise JobTimeoutError(f"The job waited {limit:g} s in line without starting.")

    def ended(self, closed: ProtoBananaError | None, end: Ended) -> None:
        """Return when the job may be sent again, else raise why it ended."""
        error = closed or end.error
        lost = isinstance(error, JobLostError) and error.restarted
        away = isinstance(error, ServerUnreachableError)
        strange = isinstance(error, ServerProtocolError) and not end.submitted
        if closed or self._delivered or not (lost or away or strange):
            raise error
        if end.submitted:
            again, self._repeated = not self._repeated, True
        else:
            self._detours += 1
            again = self._detours <= _DETOURS
        if not again:
            raise error
        self.started = None

    def waited(self) -> float:
        """Seconds until it started, or until now."""
        return (self.started or self._loop.time()) - self._born

    def worked(self) -> float:
        """Seconds since it started."""
        return 0.0 if self.started is None else self._loop.time() - self.started
