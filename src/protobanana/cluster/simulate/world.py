"""Simulated time: requests come, machines load and work, a policy decides."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from protobanana.cluster.simulate.policies import (
    Foresight,
    LeastBusy,
    Machine,
    Ours,
    Partition,
    Policy,
    RoundRobin,
)
from protobanana.cluster.simulate.traffic import Mix, Request

Making = Callable[[list[Machine]], Policy]


@dataclass(frozen=True)
class Result:
    """What came of a policy. `waits`: for each request, seconds from its arrival to its end less its own work.

    Loading thus counts as waiting. `swaps` are changes of models, first loads aside; `busy` is the share of the
    machines' time spent on work, loading aside, until the last request was done.
    """

    waits: dict[Request, float]
    swaps: int
    busy: float

    def percentile(self, share: float, of: Iterable[Request] | None = None) -> float:
        """The wait that `share` of the requests do not exceed, in seconds."""
        ranked = sorted(self.waits.values() if of is None else (self.waits[request] for request in of))
        return ranked[min(len(ranked) - 1, math.ceil(share * len(ranked)) - 1)]


def simulate(make: Making, requests: Sequence[Request], machines: int) -> Result:
    """Run a policy to the end of all requests. The same input gives the same result."""
    fleet = [Machine(number) for number in range(machines)]
    policy = make(fleet)
    arrivals = iter(requests)
    coming = next(arrivals, None)
    ends: list[tuple[float, int, float]] = []
    waits: dict[Request, float] = {}
    swaps, now = 0, 0.0
    while coming is not None or ends or math.isfinite(policy.look_again()):
        arrival = coming.arrived if coming is not None else math.inf
        end = ends[0][0] if ends else math.inf
        now = max(now, min(arrival, end, policy.look_again()))
        if coming is not None and arrival <= now:
            policy.arrive(coming, now)
            coming = next(arrivals, None)
        elif end <= now:
            _, number, seconds = heapq.heappop(ends)
            request, fleet[number].job = fleet[number].job, None
            if request is not None:
                waits[request] = now - request.arrived - request.seconds
                policy.done(request, now, seconds)
        while (choice := policy.take(now)) is not None:
            request, machine = choice
            loading = machine.loading(request.kind.models)
            swaps += bool(loading) and machine.loaded is not None
            machine.loaded, machine.job = request.kind.models, request
            machine.free_at = now + loading + request.seconds
            heapq.heappush(ends, (machine.free_at, machine.number, loading + request.seconds))
    work = sum(request.seconds for request in requests)
    return Result(waits, swaps, work / (machines * now) if now else 0.0)


def compare(requests: Sequence[Request], mix: Mix, of: Sequence[Request]) -> dict[str, Result]:
    """Our scheduler beside the others. The oracle is the best for `of` (least p95 wait), seen with hindsight, of all
    static partitions of the machines and of greedy choice with exact knowledge of every service time.
    """
    plain: dict[str, Making] = {"protoBanana": Ours, "round robin": RoundRobin, "least busy": LeastBusy}
    results = {name: simulate(make, requests, mix.servers) for name, make in plain.items()}
    gifted: list[Making] = [_partition(edits) for edits in range(1, mix.servers)]
    gifted += [_foresight(dear, short_first=short) for dear in (1.0, 1.25, 1.5, 2.0, 3.0) for short in (False, True)]
    oracles = [simulate(make, requests, mix.servers) for make in gifted]
    results["oracle"] = min(oracles, key=lambda result: (result.percentile(0.95, of), result.swaps))
    return results


def _partition(edits: int) -> Making:
    return lambda machines: Partition(machines, edits)


def _foresight(dear: float, *, short_first: bool) -> Making:
    return lambda machines: Foresight(machines, dear, short_first=short_first)
