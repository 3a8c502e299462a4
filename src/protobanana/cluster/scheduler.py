"""Which job goes to which server, and when: no clock of its own, no chance, no IO."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import count

from protobanana.cluster.estimates import UNKNOWN, Estimates, Models
from protobanana.cluster.index import Index
from protobanana.cluster.line import Line, Ticket
from protobanana.cluster.server import Server
from protobanana.errors import ServerBusyError

_WORTH_WAITING = 1.25
"""A job waits for a busy server that has its models up to so many times the swap: a swap costs the next one too."""
_LEAD = 2.0
"""So many times a swap may owners be apart in the time they have used, if that saves one."""
_PATIENCE = 8.0
"""No job is passed over for its models for longer than so many times the swap that this saves."""
_STARVING = 60.0
"""Seconds after which a priority that was not served gets one job in between."""


@dataclass(frozen=True)
class Order:
    """Who wants what. `owner` is opaque (a key's token); a higher `priority` goes first.

    `models` are the names of the model files the graph loads: what a server has loaded is compared with this.
    """

    owner: str
    workflow: str
    models: frozenset[str]
    priority: int = 0


@dataclass(frozen=True)
class Limits:
    """`queue`: jobs that wait, per usable server; `key`: jobs of one owner, waiting or running."""

    queue: int = 256
    key: int = 128


@dataclass(frozen=True, slots=True)
class Placement:
    """A job that goes to a server now; `swap` is the expected loading there in seconds."""

    ticket: Ticket
    server: Server
    swap: float


@dataclass
class Scheduler:
    """The line before a set of servers. `now` is in seconds of one clock that never goes back.

    After anything that may let a job go (`submit`, `finish`, `refresh`, the time that `look_again` names) the caller
    takes from `next` until it is None.
    """

    servers: Collection[Server]
    estimates: Estimates = field(default_factory=Estimates)
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        self.index = Index(self.servers, self.estimates)
        self.look_again = math.inf
        """When `next` may find something although nothing else happened."""
        self._lines: dict[int, Line] = {}
        self._numbers = count()
        self._owned: Counter[str] = Counter()
        self._kinds: Counter[tuple[str, Models]] = Counter()

    @property
    def waiting(self) -> int:
        """Jobs in line."""
        return sum(line.waiting for line in self._lines.values())

    def submit(self, order: Order, now: float, uploads: Collection[str] = ()) -> Ticket:
        """Put a job in line. Raises ServerBusyError for a full line and for an owner who has too many jobs."""
        if self._owned[order.owner] >= self.limits.key:
            raise ServerBusyError(
                f"This key has {self.limits.key} jobs waiting or running, and may not have more.",
                code="key_limit",
                retry_after=self._until_done(now, order.owner),
            )
        places = self.limits.queue * max(self.index.usable, 1)
        if self.waiting >= places:
            raise ServerBusyError(f"The queue is full: it takes {places} at a time.", retry_after=self._until_done(now))
        ticket = Ticket(
            order.owner, order.workflow, order.models, order.priority, frozenset(uploads), now, next(self._numbers)
        )
        self._owned[order.owner] += 1
        self._enter(ticket, now)
        return ticket

    def next(self, now: float) -> Placement | None:
        """Take the job that goes now out of the line, and the server it goes to; None: nothing goes."""
        self.look_again = math.inf
        for line in self._in_turn(now):
            if not self.index.open:
                return None
            placement = self._choose(line, now)
            if placement is not None:
                self._send(line, placement, now)
                return placement
        return None

    def finish(self, ticket: Ticket, now: float, rendered: float | None, *, started: bool = True) -> None:
        """A job is out of its server after `rendered` seconds of work; None: it failed, nothing is learnt.

        One that never `started` has loaded nothing either.
        """
        server, cost = ticket.server, None
        if server is None:
            raise TypeError("the job was sent nowhere")
        if rendered is not None:
            for estimates in (self.estimates, server.estimates):
                estimates.observe(ticket.workflow, ticket.models, ticket.before, rendered)
            # Loading is the doing of whoever came before: an owner pays for the work alone.
            cost = rendered if ticket.warm else min(rendered, self._service(ticket))
        server.jobs.pop(ticket, None)
        server.free_at = now + sum(other.charge for other in server.jobs)
        if not started and not server.jobs:
            server.loaded = ticket.before
        ticket.server = None
        self._lines[ticket.priority].settle(ticket, cost)
        self._tidy(ticket.priority)
        self.index.refresh(server)

    def leave(self, ticket: Ticket) -> None:
        """A job that waits is not wanted any more."""
        self._kinds[ticket.workflow, ticket.models] -= 1
        self._lines[ticket.priority].remove(ticket)
        self._tidy(ticket.priority)

    def forget(self, ticket: Ticket) -> None:
        """A job that left or was finished does not come back: it counts no more toward its owner's limit."""
        self._owned[ticket.owner] -= 1
        if not self._owned[ticket.owner]:
            del self._owned[ticket.owner]

    def again(self, ticket: Ticket, now: float) -> None:
        """A job that was finished without a result waits once more, in its old place."""
        ticket.passed = None
        self._enter(ticket, now)

    def refresh(self, server: Server) -> None:
        """Take notice that a server came, went, or was changed by others."""
        self.index.refresh(server)

    def order(self) -> Iterator[Ticket]:
        """The waiting jobs in the order in which they would run, if models did not matter."""
        for priority in sorted(self._lines, reverse=True):
            yield from self._lines[priority].order(self._service)

    # Inside ------------------------------------------------------------------------------------------------------

    def _enter(self, ticket: Ticket, now: float) -> None:
        line = self._lines.get(ticket.priority)
        if line is None:
            line = self._lines[ticket.priority] = Line()
        line.add(ticket, now)
        self._kinds[ticket.workflow, ticket.models] += 1

    def _tidy(self, priority: int) -> None:
        if self._lines[priority].idle:
            del self._lines[priority]

    def _in_turn(self, now: float) -> list[Line]:
        """Highest priority first; before that those that were not served for long, longest first."""
        lines = [(priority, line) for priority, line in self._lines.items() if line.waiting]
        if len(lines) > 1:
            lines.sort(key=lambda each: -each[0])
            starving = [each for each in lines if now - each[1].served >= _STARVING]
            starving.sort(key=lambda each: each[1].served)
            lines = starving + [each for each in lines if each not in starving]
        return [line for _, line in lines]

    def _choose(self, line: Line, now: float) -> Placement | None:
        """The first in turn that does not fare better by waiting; a later one only for the sake of its models."""
        due: Placement | None = None
        due_tag = 0.0
        for tag, ticket in line.heads():
            server, swap = self.index.best(ticket)
            placement = Placement(ticket, server, swap)
            if swap and self._waits(line, placement, now):
                continue
            if due is None:
                due, due_tag = placement, tag
                if not swap or server.loaded is None:
                    return due
            elif not swap and self._passes(line, due, ticket, tag - due_tag, now):
                return placement
        return due

    def _waits(self, line: Line, placement: Placement, now: float) -> bool:
        """Whether all such jobs are soon done by the busy servers that have their models."""
        ticket, swap = placement.ticket, placement.swap
        service = self.estimates.service(ticket.workflow, ticket.models)
        busy = self.index.soonest(ticket.models)
        if service is None or busy is None or placement.server.loaded is None:
            return False
        first, servers = busy
        if max(0.0, first - now) + (line.count(ticket.models) - 1) * service / servers > _WORTH_WAITING * swap:
            return False
        return self._patient(ticket, swap, now)

    def _passes(self, line: Line, due: Placement, other: Ticket, lead: float, now: float) -> bool:
        """Whether `other`, which needs no swap, goes before `due`, whose owner has used `lead` seconds less.

        An owner with a single job is not overtaken by one with many.
        """
        single = not line.backlogged(due.ticket.owner) and line.backlogged(other.owner)
        if lead > (0.0 if single else _LEAD * due.swap):
            return False
        return not self._relieves(line, due, other) and self._patient(due.ticket, due.swap, now)

    def _relieves(self, line: Line, due: Placement, other: Ticket) -> bool:
        """Whether one more server for the models of `due` shortens the longer of the two waits by more than swaps."""
        here, there = self.index.count(due.ticket.models), self.index.count(other.models)
        mine = line.count(due.ticket.models) * self._service(due.ticket)
        theirs = line.count(other.models) * self._service(other)
        if there < 2:
            return False
        before = max(mine / here if here else math.inf, theirs / there)
        return max(mine / (here + 1), theirs / (there - 1)) + _LEAD * due.swap < before

    def _patient(self, ticket: Ticket, swap: float, now: float) -> bool:
        """Whether a job may stay where it is for the sake of models."""
        if ticket.passed is None:
            ticket.passed = now
        until = ticket.passed + _PATIENCE * swap
        self.look_again = min(self.look_again, until)
        return now < until

    def _send(self, line: Line, placement: Placement, now: float) -> None:
        ticket, server = placement.ticket, placement.server
        line.take(ticket, self._service(ticket), now)
        self._kinds[ticket.workflow, ticket.models] -= 1
        ticket.server, ticket.before = server, server.loaded
        ticket.warm = server.loaded is not None and ticket.models <= server.loaded
        seconds = server.estimates.service(ticket.workflow, ticket.models)
        at_most = server.estimates.at_most(ticket.workflow, ticket.models)
        server.jobs[ticket] = math.inf if at_most is None else placement.swap + at_most
        server.free_at = max(now, server.free_at) + placement.swap + (UNKNOWN if seconds is None else seconds)
        server.loaded = ticket.models
        self.index.note_uploads(server, ticket.uploads)
        self.index.refresh(server)

    def _service(self, ticket: Ticket) -> float:
        known = self.estimates.service(ticket.workflow, ticket.models)
        return UNKNOWN if known is None else known

    def _until_done(self, now: float, owner: str | None = None) -> float:
        """Seconds until the servers have done what waits and runs now, of one owner or of all; at least 1."""
        if owner is None:
            work = sum(
                number * (UNKNOWN if (known := self.estimates.service(*kind)) is None else known)
                for kind, number in self._kinds.items()
            )
        else:
            work = sum(self._service(ticket) for line in self._lines.values() for ticket in line.tickets(owner))
        for server in self.servers:
            if owner is None or any(ticket.owner == owner for ticket in server.jobs):
                work += max(0.0, server.free_at - now)
        return max(1.0, work / max(self.index.usable, 1))
