"""Ways to share work among servers: ours, the usual ones, and what could be done with knowledge of the future."""

from __future__ import annotations

import math
from collections import deque
from typing import Protocol

from protobanana.cluster.estimates import Estimates, Models
from protobanana.cluster.line import Ticket
from protobanana.cluster.scheduler import Limits, Order, Scheduler
from protobanana.cluster.server import Server
from protobanana.cluster.simulate.traffic import Request, measured


class Machine:
    """A simulated server. `free_at` is the truth, which only an oracle may look at."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.loaded: Models | None = None
        self.job: Request | None = None
        self.free_at = 0.0

    def loading(self, models: Models) -> float:
        """Seconds until these models are loaded, were the machine free."""
        if self.loaded == models:
            return 0.0
        return measured().cold if self.loaded is None else measured().swap


class Policy(Protocol):
    """Decides; the simulation carries out. A machine takes one job at a time."""

    def arrive(self, request: Request, now: float) -> None:
        """A request came."""

    def take(self, now: float) -> tuple[Request, Machine] | None:
        """A request and the free machine that it starts on now; None: nothing starts."""

    def done(self, request: Request, now: float, seconds: float) -> None:
        """A request was done, in so many seconds, loading included."""

    def look_again(self) -> float:
        """When to ask `take` again though nothing happened; infinite: never."""


class Ours:
    """The scheduler that the gateway runs, with nothing but what it measures itself."""

    def __init__(self, machines: list[Machine]) -> None:
        estimates = Estimates()
        self._machines = {Server(machine.number, Estimates(estimates)): machine for machine in machines}
        self._scheduler = Scheduler(list(self._machines), estimates, Limits(10**9, 10**9))
        self._requests: dict[Ticket, Request] = {}
        self._tickets: dict[Request, Ticket] = {}

    def arrive(self, request: Request, now: float) -> None:
        """Put it in line."""
        ticket = self._scheduler.submit(Order(request.owner, request.kind.workflow, request.kind.models), now)
        self._requests[ticket] = request
        self._tickets[request] = ticket

    def take(self, now: float) -> tuple[Request, Machine] | None:
        """Ask the scheduler."""
        placement = self._scheduler.next(now)
        if placement is None:
            return None
        return self._requests.pop(placement.ticket), self._machines[placement.server]

    def done(self, request: Request, now: float, seconds: float) -> None:
        """Tell the scheduler."""
        ticket = self._tickets.pop(request)
        self._scheduler.finish(ticket, now, seconds)
        self._scheduler.forget(ticket)

    def look_again(self) -> float:
        """As the scheduler says."""
        return self._scheduler.look_again


class _Passive:
    """For policies that learn nothing and act only when something happens."""

    def done(self, request: Request, now: float, seconds: float) -> None:
        """Nothing to learn."""

    def look_again(self) -> float:
        """Never."""
        return math.inf


class RoundRobin(_Passive):
    """Each request to the next machine, where it waits; what a router in front of ComfyUI does."""

    def __init__(self, machines: list[Machine]) -> None:
        self._queues = [(machine, deque[Request]()) for machine in machines]
        self._next = 0

    def arrive(self, request: Request, now: float) -> None:
        """Append it to one machine's queue."""
        self._queues[self._choose()][1].append(request)

    def take(self, now: float) -> tuple[Request, Machine] | None:
        """The first of a free machine's queue."""
        for machine, queue in self._queues:
            if queue and machine.job is None:
                return queue.popleft(), machine
        return None

    def _choose(self) -> int:
        self._next += 1
        return (self._next - 1) % len(self._queues)


class LeastBusy(RoundRobin):
    """Each request to a machine with the fewest requests, in turn among equals; it waits there."""

    def _choose(self) -> int:
        size = len(self._queues)
        load = [len(queue) + (machine.job is not None) for machine, queue in self._queues]
        chosen = min(range(size), key=lambda number: (load[number], (number - self._next) % size))
        self._next = chosen + 1
        return chosen


class Partition(_Passive):
    """The first machines draw edits only, the others the rest, first come first served: no machine ever swaps."""

    def __init__(self, machines: list[Machine], edits: int) -> None:
        self._parts = [(machines[:edits], deque[Request]()), (machines[edits:], deque[Request]())]

    def arrive(self, request: Request, now: float) -> None:
        """Append it to the queue of its part."""
        self._parts[request.kind is not measured().edit][1].append(request)

    def take(self, now: float) -> tuple[Request, Machine] | None:
        """The first in line of a part with a free machine."""
        for machines, queue in self._parts:
            free = next((machine for machine in machines if machine.job is None), None) if queue else None
            if free is not None and queue:
                return queue.popleft(), free
        return None


class Foresight(_Passive):
    """Knows how long everything takes, and reorders at will.

    A request waits for the machine on which it is done first, where loading counts `dear` times. `short_first` takes
    the shortest of those that may start; otherwise the oldest.
    """

    def __init__(self, machines: list[Machine], dear: float, *, short_first: bool) -> None:
        self._machines = machines
        self._dear = dear
        self._short_first = short_first
        self._line: list[Request] = []

    def arrive(self, request: Request, now: float) -> None:
        """Put it in line."""
        self._line.append(request)

    def take(self, now: float) -> tuple[Request, Machine] | None:
        """The first that is best off with a free machine, given that those before it get theirs."""
        free_at = {machine: max(now, machine.free_at) for machine in self._machines}
        loaded = {machine: machine.loaded for machine in self._machines}
        line = sorted(self._line, key=lambda request: request.seconds) if self._short_first else self._line
        if all(machine.job is not None for machine in self._machines):
            return None
        for request in line[: 8 * len(self._machines)]:
            best = min(
                self._machines,
                key=lambda m: (free_at[m] + self._dear * _loading(loaded[m], request.kind.models), m.number),
            )
            if free_at[best] <= now and best.job is None:
                self._line.remove(request)
                return request, best
            free_at[best] += _loading(loaded[best], request.kind.models) + request.seconds
            loaded[best] = request.kind.models
        return None


def _loading(loaded: Models | None, models: Models) -> float:
    if loaded == models:
        return 0.0
    return measured().cold if loaded is None else measured().swap
