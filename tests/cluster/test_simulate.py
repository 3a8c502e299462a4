"""The simulation: what the scheduler is worth, and what it promises."""

from __future__ import annotations

import pytest

from protobanana.cluster.simulate import SHAPES, Mix, compare, measured, simulate, without_greedy
from protobanana.cluster.simulate.policies import LeastBusy, Ours, Partition
from protobanana.cluster.simulate.traffic import Request


def mix(**changes: float) -> Mix:
    return Mix(**{"servers": 8, "load": 0.7, "edits": 0.6, "jobs": 2000, "seed": 1, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_eight_servers_at_seventy_percent(seed: int) -> None:
    """At most a quarter of least-busy's swaps, half of its p95 wait, and 1.5 times the oracle's."""
    requests = SHAPES["steady"](mix(seed=seed))
    results = compare(requests, mix(), requests)
    ours, usual, oracle = results["protoBanana"], results["least busy"], results["oracle"]

    assert ours.swaps <= usual.swaps / 4
    assert ours.percentile(0.95) <= usual.percentile(0.95) / 2
    assert ours.percentile(0.95) <= 1.5 * oracle.percentile(0.95)


@pytest.mark.parametrize("servers", [1, 8])
@pytest.mark.parametrize("seed", [1, 2])
def test_greedy_owner(servers: int, seed: int) -> None:
    """Who asks for one picture beside an owner of a thousand waits for one job's length at most, a swap included."""
    requests = SHAPES["greedy"](mix(servers=servers, seed=seed))
    result = simulate(Ours, requests, servers)
    others = list(without_greedy(requests))

    assert len(others) == 50
    own_swap = 2 * measured().swap  # the job that runs may have loaded, and the visitor's may have to
    assert result.percentile(1.0, others) <= measured().longest + own_swap


@pytest.mark.parametrize("shape", list(SHAPES))
def test_same_seed_same_answer(shape: str) -> None:
    """A seed decides everything, and every request is served once."""
    first, second = (simulate(Ours, SHAPES[shape](mix(jobs=300)), 8) for _ in range(2))

    assert list(first.waits.values()) == list(second.waits.values())
    assert len(first.waits) >= 300
    assert min(first.waits.values()) >= -1e-6


def test_waits_by_hand() -> None:
    """Two equal jobs on one machine: the first waits for its models, the second for the first."""
    kind, times = measured().edit, measured()
    requests = [Request(0.0, "a", kind, 10.0), Request(1.0, "b", kind, 10.0)]
    result = simulate(LeastBusy, requests, 1)

    assert list(result.waits.values()) == pytest.approx([times.cold, times.cold + 9.0])
    assert result.swaps == 0
    assert result.busy == pytest.approx(20 / (20 + times.cold))


def test_a_partition_never_swaps() -> None:
    """Machines that draw one kind only load once."""
    assert simulate(lambda machines: Partition(machines, 5), SHAPES["steady"](mix(jobs=500)), 8).swaps == 0


@pytest.mark.parametrize("shape", ["steady", "burst", "day"])
def test_load_is_what_was_asked_for(shape: str) -> None:
    """All shapes bring the same work on average: the load, within a tenth."""
    requests = SHAPES[shape](mix(jobs=5000))
    length = max(request.arrived for request in requests)

    assert sum(request.seconds for request in requests) / (8 * length) == pytest.approx(0.7, rel=0.1)
