"""The servers of one line, sorted such that choosing does not look at each of them."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Iterable
from itertools import count

from protobanana.cluster.estimates import Estimates, Models
from protobanana.cluster.line import Ticket
from protobanana.cluster.server import Server

_REMEMBERED = 4096
"""Uploads whose whereabouts are known; those not used for longest are forgotten."""


class Group:
    """Servers that have the same models loaded: those that get a job now, and those that are at work."""

    __slots__ = ("busy", "loaded", "open", "queue")

    def __init__(self, loaded: Models | None) -> None:
        self.loaded = loaded
        self.open: dict[Server, None] = {}
        self.busy: dict[Server, float] = {}
        self.queue: list[tuple[float, int, Server]] = []

    def earliest(self) -> float:
        """When the first of the busy ones will be done; there must be one."""
        while self.busy.get(self.queue[0][2]) != self.queue[0][0]:
            heapq.heappop(self.queue)
        return self.queue[0][0]


class Index:
    """Every usable server is in one group. `refresh` after every change of one."""

    def __init__(self, servers: Iterable[Server], estimates: Estimates) -> None:
        self._estimates = estimates
        self._groups: dict[Models | None, Group] = {}
        self._group_of: dict[Server, Group] = {}
        self._tick = count()
        self._holders: OrderedDict[str, dict[Server, None]] = OrderedDict()
        self.open = 0
        for server in servers:
            self.refresh(server)

    @property
    def usable(self) -> int:
        """How many servers may get jobs, now or when they are done with what they have."""
        return len(self._group_of)

    def refresh(self, server: Server) -> None:
        """Take notice of what a server is now."""
        self._remove(server)
        if not server.usable:
            return
        group = self._groups.setdefault(server.loaded, Group(server.loaded))
        self._group_of[server] = group
        if server.open:
            group.open[server] = None
            self.open += 1
        else:
            group.busy[server] = server.free_at
            heapq.heappush(group.queue, (server.free_at, next(self._tick), server))
            if len(group.queue) > 64 + 4 * len(group.busy):
                group.queue = [(at, next(self._tick), busy) for busy, at in group.busy.items()]
                heapq.heapify(group.queue)

    def best(self, ticket: Ticket) -> tuple[Server, float]:
        """The open server on which a job starts soonest, and the seconds of loading there; one must be open.

        A server that never loaded anything comes before one that would have to give something up. Among equals: one
        that has the job's uploads, then one of the largest group, and of it the one that has been idle longest.
        """
        chosen, best = None, (3, 0.0, 0)
        for group in self._groups.values():
            if group.open:
                swap = self._estimates.swap(group.loaded, ticket.models)
                rank = (0 if not swap else 1 if group.loaded is None else 2, swap, -len(group.open))
                if rank < best:
                    chosen, best = group, rank
        if chosen is None:
            raise TypeError("no server is open")
        server = next(iter(chosen.open))
        for name in ticket.uploads:
            for holder in self._holders.get(name, ()):
                home = self._group_of.get(holder)
                if home and holder in home.open and self._estimates.swap(home.loaded, ticket.models) == best[1]:
                    return holder, best[1]
        return server, best[1]

    def soonest(self, models: Models) -> tuple[float, int] | None:
        """When the first busy server that has these models will be done, and how many such there are; None: none."""
        groups = [g for g in self._groups.values() if g.busy and g.loaded is not None and models <= g.loaded]
        if not groups:
            return None
        return min(group.earliest() for group in groups), sum(len(group.busy) for group in groups)

    def count(self, models: Models) -> int:
        """How many servers have these models."""
        return sum(
            len(group.open) + len(group.busy)
            for group in self._groups.values()
            if group.loaded is not None and models <= group.loaded
        )

    def note_uploads(self, server: Server, names: Iterable[str]) -> None:
        """These uploads are on that server now."""
        for name in names:
            self._holders.setdefault(name, {})[server] = None
            self._holders.move_to_end(name)
        while len(self._holders) > _REMEMBERED:
            self._holders.popitem(last=False)

    def _remove(self, server: Server) -> None:
        group = self._group_of.pop(server, None)
        if group is None:
            return
        if server in group.open:
            del group.open[server]
            self.open -= 1
        group.busy.pop(server, None)
        if not group.open and not group.busy:
            del self._groups[group.loaded]
