"""Who is next: start-time fair queueing between owners, first come first served within one."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from protobanana.cluster.estimates import Models

if TYPE_CHECKING:
    from protobanana.cluster.server import Server

_LEAST = 0.001
"""Seconds that a job costs its owner at least, so that turns alternate where jobs take no time."""
_SWEEP = 1024
"""Jobs between two looks for owners that need not be remembered."""


@dataclass(eq=False, slots=True)
class Ticket:
    """One job in the eyes of the scheduler; `number` counts arrivals."""

    owner: str
    workflow: str
    models: Models
    priority: int
    uploads: frozenset[str]
    arrived: float
    number: int
    waits: bool = False
    passed: float | None = None
    """When it first stayed in line for the sake of models although a server was free."""
    server: Server | None = None
    before: Models | None = None
    """What the server had loaded when the job was sent there."""
    warm: bool = False
    """Whether the server had its models."""
    charge: float = 0.0


class Flow:
    """The jobs of one owner. `tag` is the virtual time at which its next job may start."""

    __slots__ = ("owner", "running", "tag", "waiting")

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.tag = 0.0
        self.running = 0
        self.waiting: dict[Models, OrderedDict[int, Ticket]] = {}

    def first(self, models: Models) -> Ticket:
        """The oldest waiting job with these models; there must be one."""
        return next(iter(self.waiting[models].values()))

    def tickets(self) -> list[Ticket]:
        """All waiting jobs, oldest first."""
        return sorted((t for kind in self.waiting.values() for t in kind.values()), key=lambda t: t.number)

    def backlogged(self) -> bool:
        """Whether more than one job waits."""
        return len(self.waiting) > 1 or any(len(kind) > 1 for kind in self.waiting.values())


class Line:
    """All waiting jobs of one priority.

    Each owner's jobs start, in virtual time, where its previous one ended or where the service is now, whichever is
    later; the smallest start goes first. So an owner with a thousand jobs is ahead of a newcomer by one job at most.
    """

    def __init__(self) -> None:
        self.clock = 0.0
        self.served = 0.0
        """When a job was last taken from here, or the first one came."""
        self.waiting = 0
        self._running = 0
        self._flows: dict[str, Flow] = {}
        self._heaps: dict[Models, list[tuple[float, int, Flow]]] = {}
        self._counts: dict[Models, int] = {}
        self._added = 0

    def add(self, ticket: Ticket, now: float) -> None:
        """At the end of its owner's jobs; one that was there before gets its old place."""
        if not self.waiting:
            self.served = now
        flow = self._flows.get(ticket.owner)
        if flow is None:
            flow = self._flows[ticket.owner] = Flow(ticket.owner)
        if not flow.waiting:
            flow.tag = max(flow.tag, self.clock)
        kind = flow.waiting.setdefault(ticket.models, OrderedDict())
        returned = bool(kind) and ticket.number < next(iter(kind))
        kind[ticket.number] = ticket
        ticket.waits = True
        if returned:
            kind.move_to_end(ticket.number, last=False)
        self.waiting += 1
        self._counts[ticket.models] = self._counts.get(ticket.models, 0) + 1
        self._announce(flow)
        self._added += 1
        if self._added % _SWEEP == 0:
            self._sweep()

    def remove(self, ticket: Ticket) -> None:
        """It does not wait any more."""
        flow = self._flows[ticket.owner]
        kind = flow.waiting[ticket.models]
        del kind[ticket.number]
        ticket.waits = False
        self.waiting -= 1
        self._counts[ticket.models] -= 1
        if not kind:
            del flow.waiting[ticket.models]
        if not self._counts[ticket.models]:
            del self._counts[ticket.models], self._heaps[ticket.models]
        self._announce(flow)
        self._release(flow)

    def take(self, ticket: Ticket, cost: float, now: float) -> None:
        """It is sent to a server, at the cost of so many seconds to its owner."""
        flow = self._flows[ticket.owner]
        flow.running += 1
        self._running += 1
        self.clock = max(self.clock, flow.tag)
        self.served = now
        ticket.charge = max(cost, _LEAST)
        flow.tag += ticket.charge
        self.remove(ticket)

    def settle(self, ticket: Ticket, cost: float | None) -> None:
        """It has left the server; `cost` replaces what it was charged. None: the estimate stands."""
        flow = self._flows[ticket.owner]
        flow.running -= 1
        self._running -= 1
        if cost is not None:
            flow.tag += max(cost, _LEAST) - ticket.charge
        self._announce(flow)
        self._release(flow)

    def count(self, models: Models) -> int:
        """How many wait for a server with these models."""
        return self._counts.get(models, 0)

    def backlogged(self, owner: str) -> bool:
        """Whether this owner has more than one job waiting."""
        return self._flows[owner].backlogged()

    def tickets(self, owner: str) -> list[Ticket]:
        """The owner's waiting jobs, oldest first."""
        flow = self._flows.get(owner)
        return flow.tickets() if flow is not None else []

    def heads(self) -> list[tuple[float, Ticket]]:
        """For each set of models the job that is next in turn, with its virtual start; in turn among themselves."""
        tops = []
        for models, heap in self._heaps.items():
            while not self._valid(models, heap[0]):
                heapq.heappop(heap)
            tag, number, flow = heap[0]
            tops.append((tag, number, flow.first(models)))
        tops.sort(key=lambda top: top[:2])
        return [(tag, ticket) for tag, _, ticket in tops]

    def order(self, cost: Callable[[Ticket], float]) -> Iterator[Ticket]:
        """All waiting jobs in the order of their turns, if each takes `cost(ticket)` seconds."""
        turns = []
        for flow in self._flows.values():
            if flow.waiting:
                tickets = iter(flow.tickets())
                first = next(tickets)
                turns.append((flow.tag, first.number, first, tickets))
        heapq.heapify(turns)
        while turns:
            tag, _, ticket, rest = turns[0]
            yield ticket
            following = next(rest, None)
            if following is None:
                heapq.heappop(turns)
            else:
                heapq.heapreplace(turns, (tag + max(cost(ticket), _LEAST), following.number, following, rest))

    @property
    def idle(self) -> bool:
        """Whether nothing waits or runs: then nobody has anything to be even with."""
        return not self.waiting and not self._running

    def _announce(self, flow: Flow) -> None:
        for models in flow.waiting:
            heap = self._heaps.setdefault(models, [])
            heapq.heappush(heap, (flow.tag, flow.first(models).number, flow))
            if len(heap) > 64 + 4 * self._counts[models]:
                heap[:] = {entry for entry in heap if self._valid(models, entry)}
                heapq.heapify(heap)

    @staticmethod
    def _valid(models: Models, entry: tuple[float, int, Flow]) -> bool:
        tag, number, flow = entry
        return flow.tag == tag and models in flow.waiting and flow.first(models).number == number

    def _release(self, flow: Flow) -> None:
        if not flow.waiting and not flow.running and flow.tag <= self.clock:
            self._flows.pop(flow.owner, None)

    def _sweep(self) -> None:
        for flow in list(self._flows.values()):
            self._release(flow)
