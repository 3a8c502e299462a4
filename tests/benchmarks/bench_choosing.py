"""CPU time to choose a job and a server among a thousand servers.

Run it: `python tests/benchmarks/bench_choosing.py`.
"""

from __future__ import annotations

import random
import statistics
import time

from protobanana.cluster.estimates import Estimates
from protobanana.cluster.scheduler import Limits, Order, Scheduler
from protobanana.cluster.server import Server

SERVERS = 1000
SETS = 8
OWNERS = 500
JOBS = 20_000


def main() -> None:
    """Measure and print."""
    chance = random.Random(7)
    kinds = [(f"workflow {number}", frozenset({f"model {number}", "text encoder", "vae"})) for number in range(SETS)]
    estimates = Estimates()
    for name, models in kinds:
        estimates.observe(name, models, models, chance.uniform(2, 20))
    servers = [Server(number, Estimates(estimates)) for number in range(SERVERS)]
    for number, server in enumerate(servers):
        server.loaded = kinds[number % SETS][1]
    scheduler = Scheduler(servers, estimates, Limits(10**9, 10**9))
    running = []
    taken: dict[str, list[float]] = {"submit": [], "choose": [], "nothing to send": [], "finish": []}

    def timed(what: str, work):  # type: ignore[no-untyped-def]  # a benchmark's helper
        start = time.thread_time()
        result = work()
        spent = (time.thread_time() - start) * 1e6
        taken["nothing to send" if result is None and what == "choose" else what].append(spent)
        return result

    now = 0.0
    for number in range(JOBS):
        now += 0.01
        name, models = chance.choice(kinds)
        order = Order(f"owner {chance.randrange(OWNERS)}", name, models)
        timed("submit", lambda order=order, now=now: scheduler.submit(order, now))
        while (placement := timed("choose", lambda now=now: scheduler.next(now))) is not None:
            running.append(placement.ticket)
        if number > 2 * SERVERS:
            ticket = running.pop(chance.randrange(len(running)))
            timed("finish", lambda ticket=ticket, now=now: scheduler.finish(ticket, now, chance.uniform(2, 20)))
            scheduler.forget(ticket)
            while (placement := timed("choose", lambda now=now: scheduler.next(now))) is not None:
                running.append(placement.ticket)
    print(f"{SERVERS} servers, {SETS} sets of models, {OWNERS} owners, {scheduler.waiting} jobs in line at the end")
    for what, times in taken.items():
        ranked = sorted(times)
        print(
            f"{what:15} median {statistics.median(ranked):.1f} us, p99 {ranked[int(0.99 * len(ranked))]:.1f} us, "
            f"mean {statistics.mean(ranked):.1f} us, {len(ranked)} calls"
        )


if __name__ == "__main__":
    main()
