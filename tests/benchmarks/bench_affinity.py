"""The pool before eight embedded engines that take their time to load models, beside the least busy server.

    python tests/benchmarks/bench_affinity.py [JOBS]

60 % edits and 40 % generations of 0.6 s each arrive at 70 % of what eight servers do; changing the model takes 2.4 s,
four times a picture, as on an H200 with four steps. Prints waits and swaps as they happened.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from protobanana.cluster import close_all, pool_for
from protobanana.engine import EngineThread
from support.pools import Engines, collect, drawing, finished, order

SERVERS, STEPS, PACE, LOAD = 8, 4, 0.15, 2.4
SERVICE = STEPS * PACE
MODELS = ("edit", "generate")


async def measure(urls: Sequence[str], jobs: int, choose: Callable[[dict[str, int]], str]) -> list[float]:
    """Seconds that each job waited, over its own time; `choose` gets how many jobs each address has."""
    rng, under_way, waits = random.Random(7), dict.fromkeys(urls, 0), []

    async def one(model: str) -> None:
        address, since = choose(under_way), time.monotonic()
        under_way[address] = under_way.get(address, 0) + 1
        await collect(pool_for(address), drawing(STEPS, model), order(model=model))
        under_way[address] -= 1
        waits.append(time.monotonic() - since - SERVICE)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(jobs):
            await asyncio.sleep(rng.expovariate(0.7 * SERVERS / SERVICE))
            tasks.create_task(one(rng.choices(MODELS, (0.6, 0.4))[0]))
    await close_all()
    return sorted(waits)


def swaps_of(servers: Sequence[EngineThread]) -> int:
    """How often a server drew with another model than before."""
    changes = 0
    for server in servers:
        history = server._engine._state.queue.history()
        models = [entry["prompt"][2]["1"]["inputs"]["unet_name"] for entry in history.values()]
        assert len(models) == len(finished(server))
        changes += sum(one != other for one, other in pairwise(models))
    return changes


def main() -> None:
    """Both policies, one after the other, on engines of their own."""
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    print(f"{jobs} jobs, {SERVERS} engines, {SERVICE:g} s a job, {LOAD:g} s a change of models")
    for name in ("protoBanana", "least busy"):
        engines = Engines()
        servers = [engines.start(pace=PACE, load_time=LOAD) for _ in range(SERVERS)]
        urls = [server.url for server in servers]
        together = ",".join(urls)
        choose: Callable[[dict[str, int]], str] = (
            (lambda _, whole=together: whole)
            if name == "protoBanana"
            else lambda busy: min(busy, key=lambda url: busy[url])
        )
        waits = asyncio.run(measure(urls, jobs, choose))
        p95 = waits[len(waits) * 95 // 100]
        print(
            f"{name:12} wait p50 {statistics.median(waits):.2f} s, p95 {p95:.2f} s; swaps {swaps_of(servers)}",
            flush=True,
        )
        engines.stack.close()


if __name__ == "__main__":
    main()
