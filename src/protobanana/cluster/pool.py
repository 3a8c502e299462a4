"""What stands between a request and the servers: a bounded, fair line and the choice of a server."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from functools import partial

from protobanana import telemetry
from protobanana.cluster.errand import Errand, JobEvent
from protobanana.cluster.fleet import Fleet
from protobanana.cluster.line import Ticket
from protobanana.cluster.scheduler import Limits, Order, Scheduler
from protobanana.cluster.server import Server
from protobanana.cluster.state import ServerState
from protobanana.comfy import ComfyClient, Course, Job
from protobanana.comfy.address import Address
from protobanana.errors import (
    InvalidRequestError,
    JobLostError,
    JobTimeoutError,
    ProtoBananaError,
    ServerProtocolError,
    ServerUnreachableError,
)

_FIRST_NEWS = 0.05
"""Seconds until those who came at the same time are told their places."""
_NEWS = 1.0
"""Seconds between two announcements of places in the line."""


class Pool:
    """A line before a set of servers. Made by `pool_for`; belongs to one event loop."""

    def __init__(self, fleet: Fleet, servers: Iterable[Server], limits: Limits) -> None:
        self.servers = tuple(servers)
        self.scheduler = Scheduler(self.servers, fleet.estimates, limits)
        self._fleet = fleet
        self._loop = asyncio.get_running_loop()
        self._errands: dict[Ticket, Errand] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._announcement: asyncio.TimerHandle | None = None
        self._closed = False

    async def run(self, job: Job, order: Order) -> AsyncGenerator[JobEvent, None]:
        """Run a job when it is its turn, where it is done soonest: the events and files of `ComfyClient.run`.

        A job whose server died under it runs once more. Closing the generator gives up the place in line, or cancels
        the job in ComfyUI. Before anything is awaited, raises ServerBusyError with `retry_after` for a full line or an
        owner with too many jobs. Raises ServerUnreachableError with `retry_after` where no server can be used,
        JobTimeoutError for a job that waited too long in line and in ComfyUI together, and what `ComfyClient.run`
        raises.
        """
        if self._closed:
            raise ServerUnreachableError("The pool is closed.")
        ticket = self.scheduler.submit(order, self._loop.time(), job.uploads)
        errand = self._errands[ticket] = Errand(job, ticket)
        try:
            if not self.usable:
                await self.alive()
            self._fleet.pump([self])
            if ticket.waits:
                self._line_up(errand)
            while (event := await errand.next()) is not None:
                yield event
        finally:
            await self._leave(errand)

    @property
    def usable(self) -> bool:
        """Whether any server may get jobs."""
        return self.scheduler.index.usable > 0

    def state(self) -> list[ServerState]:
        """All servers, in the order in which the address names them."""
        return [
            ServerState(
                str(server.key),
                "draining" if server.draining and server.health == "up" else server.health,
                server.why,
                self._share(server),
                len(server.jobs),
                server.loaded,
                server.estimates.measured(),
            )
            for server in self.servers
        ]

    async def look(self) -> list[ServerState]:
        """The same as `state`, for whoever does not know which kind of pool it is."""
        return self.state()

    async def alive(self) -> None:
        """Ask all servers now, for one may be back already. Raises ServerUnreachableError where none can be used."""
        health = self._fleet.health
        await asyncio.gather(*(health.ask(server) for server in self.servers))
        if not self.usable:
            raise health.unusable(self.servers)

    def drain(self, address: str) -> None:
        """Send no more jobs there; what it has it finishes. Raises InvalidRequestError for an unknown address."""
        self._mark(address, draining=True)

    def undrain(self, address: str) -> None:
        """Send jobs there again. Raises InvalidRequestError for an unknown address."""
        self._mark(address, draining=False)

    async def close(self) -> None:
        """End all jobs, those in ComfyUI too."""
        self._closed = True
        for timer in (self._timer, self._announcement):
            if timer is not None:
                timer.cancel()
        errands = list(self._errands.values())
        for errand in errands:
            errand.end(ServerUnreachableError("The pool was closed while the job was under way."))
        await asyncio.gather(*(self._leave(errand) for errand in errands))

    # For the fleet -------------------------------------------------------------------------------------------------

    def step(self) -> Server | None:
        """Send one job on its way; the server it goes to, None when nothing goes now."""
        placement = self.scheduler.next(self._loop.time())
        if placement is not None:
            errand = self._errands[placement.ticket]
            if errand.expiry is not None:
                errand.expiry.cancel()
            errand.course = Course(rendered=partial(self._rendered, errand))
            errand.evicted = None
            errand.start(self._carry(errand, placement.server))
            if len(self.servers) > 1:
                self._fleet.health.watch(placement.server)
            return placement.server
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if math.isfinite(self.scheduler.look_again):
            self._timer = self._loop.call_at(self.scheduler.look_again, self._fleet.pump, [self])
        return None

    def give_up(self) -> None:
        """Where no server can be used and none may come back with its job, nobody is left waiting."""
        if self.usable or not self.scheduler.waiting or any(server.jobs for server in self.servers):
            return
        for ticket in list(self.scheduler.order()):
            self._withdraw(self._errands[ticket], self._fleet.health.unusable(self.servers))

    def evict(self, server: Server, why: ProtoBananaError) -> None:
        """Take this pool's jobs back from a server, where others can do them or nobody ever will."""
        if self.usable or server.health == "stuck":
            for ticket in list(server.jobs):
                if ticket in self._errands:
                    self._errands[ticket].evict(why)

    def report(self, server: Server) -> None:
        """Tell the metrics how a server is and how much there is to do."""
        telemetry.server_up(str(server.key), up=server.health == "up")
        telemetry.queue_depth(str(server.key), self._share(server), len(server.jobs))

    # The course of a job -------------------------------------------------------------------------------------------

    async def _carry(self, errand: Errand, server: Server) -> None:
        client, outcome = self._fleet.client_of(server), "cancelled"
        try:
            async with aclosing(client.run(errand.order(), errand.course)) as events:
                async for event in events:
                    errand.hear(event)
            outcome = "success"
            errand.end()
        except ProtoBananaError as error:
            outcome = error.code or error.type
            await self._failed(errand, server, client, error)
        except asyncio.CancelledError:
            if errand.evicted is None or errand.left:
                raise
            outcome = errand.evicted.code or errand.evicted.type
            await self._failed(errand, server, client, errand.evicted)
        finally:
            self._done(errand, server, client, outcome)

    async def _failed(self, errand: Errand, server: Server, client: ComfyClient, error: ProtoBananaError) -> None:
        """The server may be to blame: see whether it is, and whether the job may run again."""
        health, suspect = self._fleet.health, False
        if client.closed or self._closed:
            pass
        elif isinstance(error, JobTimeoutError):
            errand.end(error)
            if client.lingering:
                health.stuck(server)
        elif isinstance(error, JobLostError):
            suspect = error.restarted
        elif isinstance(error, ServerUnreachableError) or (
            isinstance(error, ServerProtocolError) and not errand.course.submitted
        ):
            suspect = True
            if not await health.ask(server):
                error.retry_after = error.retry_after or health.retry_after(server)
        if suspect and self.usable and not errand.left and not errand.delivered and self._may_repeat(errand):
            self._release(errand, None)
            if isinstance(error, JobLostError):
                server.loaded = None
            self.scheduler.again(errand.ticket, self._loop.time())
            self._line_up(errand)
        else:
            errand.end(error)

    def _may_repeat(self, errand: Errand) -> bool:
        """A job that a server may have begun runs once more; one that never arrived tries as many as there are."""
        if errand.course.submitted:
            allowed, errand.rerun = not errand.rerun, True
            return allowed
        errand.detours += 1
        return errand.detours <= len(self.servers)

    def _rendered(self, errand: Errand, seconds: float | None) -> None:
        """ComfyUI is through with the job: the next one need not wait until its files are here."""
        errand.seconds = seconds
        server = errand.ticket.server
        if server is not None:
            self._release(errand, seconds)
            self._fleet.changed(server)

    def _release(self, errand: Errand, seconds: float | None) -> None:
        if errand.ticket.server is not None:
            self.scheduler.finish(errand.ticket, self._loop.time(), seconds, started=errand.started is not None)

    def _done(self, errand: Errand, server: Server, client: ComfyClient, outcome: str) -> None:
        ticket = errand.ticket
        self._release(errand, None)
        if not ticket.waits:
            self._uncount(errand)
        if client.lingering and server.health == "up" and not client.closed:
            self._fleet.health.occupied(server)
        waited = (errand.started or self._loop.time()) - errand.born
        telemetry.job_done(
            str(server.key), ticket.workflow, outcome, waited, errand.seconds or 0.0, swapped=not ticket.warm
        )
        if outcome != "success" or server.occupied:  # otherwise all was said when it was rendered
            self._fleet.changed(server)

    async def _leave(self, errand: Errand) -> None:
        """Forget a job, and cancel it where it is, even when the reader is cancelled meanwhile."""
        errand.left = True
        self._withdraw(errand)
        self._errands.pop(errand.ticket, None)
        if errand.task is not None and not errand.task.done():
            errand.task.cancel()
            await asyncio.wait([errand.task])

    # The line --------------------------------------------------------------------------------------------------------

    def _line_up(self, errand: Errand) -> None:
        errand.wait()
        remaining = errand.job.queue_timeout - (self._loop.time() - errand.born)
        errand.expiry = self._loop.call_later(remaining, self._expire, errand)
        if self._announcement is None:
            self._announcement = self._loop.call_later(_FIRST_NEWS, self._announce)

    def _expire(self, errand: Errand) -> None:
        limit = f"{errand.job.queue_timeout:g} s"
        self._withdraw(errand, JobTimeoutError(f"The job waited {limit} in line without starting."))

    def _withdraw(self, errand: Errand, error: ProtoBananaError | None = None) -> None:
        if errand.ticket.waits:
            self.scheduler.leave(errand.ticket)
        self._uncount(errand)
        errand.end(error)

    def _uncount(self, errand: Errand) -> None:
        if errand.counted:
            errand.counted = False
            self.scheduler.forget(errand.ticket)

    def _announce(self) -> None:
        self._announcement = None
        for position, ticket in enumerate(self.scheduler.order()):
            self._errands[ticket].place(position)
        if self.scheduler.waiting:
            self._announcement = self._loop.call_later(_NEWS, self._announce)

    def _share(self, server: Server) -> int:
        share, rest = divmod(self.scheduler.waiting, len(self.servers))
        return share + (self.servers.index(server) < rest)

    # The servers -----------------------------------------------------------------------------------------------------

    def _mark(self, address: str, *, draining: bool) -> None:
        wanted = Address.parse(address)
        # An operator reads addresses without credentials, and may name them so.
        found = [server for server in self.servers if wanted == server.key or str(wanted) == str(server.key)]
        if not found:
            known = ", ".join(str(server.key) for server in self.servers)
            raise InvalidRequestError(f"There is no ComfyUI at {wanted} here. There are: {known}.")
        for server in found:
            server.draining = draining
            self._fleet.changed(server)
