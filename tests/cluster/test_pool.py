"""Pools before real engines: order, bounds, and what a reader sees."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from protobanana import telemetry
from protobanana.cluster import Order, Pool, close_all, pool_for
from protobanana.cluster.fleet import Fleet
from protobanana.cluster.scheduler import Limits
from protobanana.comfy import Job, Output
from protobanana.errors import (
    InvalidRequestError,
    JobTimeoutError,
    ServerBusyError,
    ServerUnreachableError,
    SettingsError,
    WorkflowRejectedError,
)
from protobanana.events import Progress, Queued
from support.pools import Engines, collect, drawing, finished, order, queued, until


def small_pool(url: str, **limits: int) -> Pool:
    """A pool with limits of its own."""
    fleet = Fleet()
    pool = Pool(fleet, [fleet.server(url)], Limits(**limits))
    fleet.pools[frozenset()] = pool
    return pool


class TestPoolFor:
    """Which addresses share a pool."""

    async def test_spelling_does_not_matter(self):
        """Order, spaces, slashes and repetition do not make another pool; another set does."""
        pool = pool_for("http://a:8188, http://b:8188/")
        assert pool is pool_for("b:8188,http://a:8188,http://a:8188")
        assert pool is not pool_for("http://a:8188")
        assert [state.address for state in pool.state()] == ["http://a:8188", "http://b:8188"]
        await close_all()

    async def test_credentials_are_not_shown(self):
        """The state of a server names it without user and password."""
        assert "secret" not in repr(pool_for("http://me:secret@a:8188").state())
        await close_all()

    async def test_bad_addresses(self):
        """What cannot be an address is refused as such."""
        with pytest.raises(SettingsError):
            pool_for("http://a:8188,http://b?x=1")
        with pytest.raises(SettingsError):
            pool_for(" , ")


class TestRun:
    """The course of a job."""

    async def test_events_and_files(self, engines: Engines):
        """A job yields what the client yields."""
        engine = engines.start()
        events = await collect(pool_for(engine.url), drawing(3))

        assert isinstance(events[-1], Output)
        assert Progress(3, 3, "KSampler") in events

    async def test_both_servers_work(self, engines: Engines):
        """Jobs at the same time use all servers."""
        first, second = engines.start(pace=0.05), engines.start(pace=0.05)
        pool = pool_for(f"{first.url},{second.url}")

        await asyncio.gather(*(collect(pool, drawing(), order(str(number))) for number in range(6)))

        assert len(finished(first)) + len(finished(second)) == 6
        assert min(len(finished(first)), len(finished(second))) >= 1

    async def test_fair_between_owners(self, engines: Engines):
        """The only job of one owner is the next one after the job that runs, behind thirty of another."""
        pool = pool_for(engines.start(pace=0.05).url)
        ended: list[str] = []
        greedy = [asyncio.create_task(collect(pool, drawing(), order("greedy"), ended)) for _ in range(10)]
        await until(lambda: ended)

        await collect(pool, drawing(), order("b"), ended)

        assert ended.index("b") <= 3
        await asyncio.gather(*greedy)

    async def test_places_in_line(self, engines: Engines):
        """Those who wait are told how many run before them."""
        pool = pool_for(engines.start(pace=0.2).url)
        tasks = [asyncio.create_task(collect(pool, drawing(), order("a"))) for _ in range(3)]

        results = await asyncio.gather(*tasks)

        assert [result[0] for result in results[1:]] == [Queued(0), Queued(1)]

    async def test_refused_graph(self, engines: Engines):
        """What ComfyUI refuses is the caller's to know, and the server is free for others."""
        pool = pool_for(engines.start().url)
        broken = drawing()
        graph = {**broken.graph, "5": {"class_type": "Nonsense", "inputs": {}}}
        with pytest.raises(WorkflowRejectedError):
            await collect(pool, Job(graph, ("8",)))

        assert isinstance((await collect(pool, drawing()))[-1], Output)
        assert pool.state()[0].running == 0

    async def test_slow_reader(self, engines: Engines):
        """Somebody who stops reading does not hold up those behind him."""
        pool = pool_for(engines.start().url)
        async with aclosing(pool.run(drawing(), order("slow"))) as events:
            await anext(events)
            await collect(pool, drawing(), order("b"))

            assert isinstance([event async for event in events][-1], Output)

    async def test_shared_server(self, engines: Engines):
        """Two pools with the same server do not send it two long jobs at once."""
        engine, other = engines.start(pace=0.05), engines.start(pace=0.05)
        alone, both = pool_for(engine.url), pool_for(f"{engine.url},{other.url}")
        most = 0

        async def watch() -> None:
            nonlocal most
            while True:
                most = max(most, sum(queued(engine)))
                await asyncio.sleep(0.002)

        watching = asyncio.create_task(watch())
        await asyncio.gather(*(collect(pool, drawing(8)) for pool in [alone, both] * 3))
        watching.cancel()

        assert most == 1
        assert both.state()[0].models == alone.state()[0].models


class TestBounds:
    """Refusals and timeouts."""

    async def test_full_line(self, engines: Engines):
        """The job that is one too many is refused at the first step, with the time until there is room."""
        pool = small_pool(engines.start(pace=0.2).url, queue=1, key=100)
        first = asyncio.create_task(collect(pool, drawing()))
        await until(lambda: pool.state()[0].running)
        second = asyncio.create_task(collect(pool, drawing()))
        await until(lambda: pool.state()[0].waiting)

        with pytest.raises(ServerBusyError, match="The queue is full") as caught:
            pool.run(drawing(), order("b")).asend(None).send(None)

        assert caught.value.retry_after is not None
        assert caught.value.retry_after >= 1
        await asyncio.gather(first, second)

    async def test_too_many_of_one_owner(self, engines: Engines):
        """The limit of one owner does not touch another, and ends with his jobs."""
        pool = small_pool(engines.start(pace=0.1).url, queue=100, key=1)
        first = asyncio.create_task(collect(pool, drawing()))
        await until(lambda: pool.state()[0].running)

        with pytest.raises(ServerBusyError, match="This key") as caught:
            await collect(pool, drawing())
        assert caught.value.code == "key_limit"
        await collect(pool, drawing(), order("b"))
        await first
        await collect(pool, drawing())

    async def test_closing_in_line(self, engines: Engines):
        """Somebody who leaves the line frees the place at once and is never sent."""
        engine = engines.start(pace=0.1)
        pool = small_pool(engine.url, queue=1, key=2)
        first = asyncio.create_task(collect(pool, drawing()))
        await until(lambda: pool.state()[0].running)
        waiting = asyncio.create_task(collect(pool, drawing()))
        await until(lambda: pool.state()[0].waiting)

        waiting.cancel()
        await asyncio.wait([waiting])

        assert pool.state()[0].waiting == 0
        await collect(pool, drawing())
        await first
        assert len(finished(engine)) == 2

    async def test_closing_while_running(self, engines: Engines):
        """Closing the generator interrupts the job in ComfyUI and frees the server."""
        engine = engines.start(pace=0.05)
        pool = pool_for(engine.url)
        events = pool.run(drawing(1000), order())
        await anext(events)

        await events.aclose()

        assert queued(engine) == (0, 0)
        assert pool.state()[0].running == 0

    async def test_job_that_cannot_be_stopped(self, engines: Engines):
        """While a cancelled job still runs in ComfyUI, the next one waits in our line, not behind it in there."""
        engine = engines.start(pace=0.1)
        engine.faults.lose_early_interrupts = 10**6
        pool = pool_for(engine.url)
        events = pool.run(drawing(80), order())
        await anext(events)
        await events.aclose()

        following = asyncio.create_task(collect(pool, drawing()))
        await until(lambda: pool.state()[0].waiting)
        assert queued(engine) == (1, 0)

        assert isinstance((await following)[-1], Output)

    async def test_waiting_too_long(self, engines: Engines):
        """Time in line counts toward the queue timeout."""
        engine = engines.start(pace=0.05)
        pool = pool_for(engine.url)
        first = pool.run(drawing(1000), order())
        await anext(first)

        with pytest.raises(JobTimeoutError, match="in line"):
            await collect(pool, drawing(queue_timeout=0.1))

        assert sum(queued(engine)) == 1
        await first.aclose()

    async def test_loading_gets_its_own_time(self, engines: Engines):
        """A cold server may load for `load_timeout`; one that has the models may not."""
        pool = pool_for(engines.start(load_time=0.3, pace=0.05).url)

        await collect(pool, drawing(2, timeout=0.5, load_timeout=60.0))
        with pytest.raises(JobTimeoutError, match=r"within 0\.5 s of its start\."):
            await collect(pool, drawing(1000, timeout=0.5, load_timeout=60.0))


class TestDrain:
    """Servers that an operator takes out of service."""

    async def test_drained_server_gets_nothing(self, engines: Engines):
        """What a draining server has it finishes; new jobs go elsewhere until it is back."""
        first, second = engines.start(pace=0.02), engines.start()
        pool = pool_for(f"{first.url},{second.url}")
        running = asyncio.create_task(collect(pool, drawing()))
        await until(lambda: pool.state()[0].running)

        pool.drain(first.url)
        await asyncio.gather(*(collect(pool, drawing()) for _ in range(4)))
        await running

        assert (len(finished(first)), len(finished(second))) == (1, 4)
        assert pool.state()[0].condition == "draining"
        pool.undrain(first.url)
        assert pool.state()[0].condition == "up"

    async def test_nothing_left(self, engines: Engines):
        """With all servers draining, jobs are refused at once, and told when to come back."""
        pool = pool_for(engines.start().url)
        pool.drain(pool.state()[0].address)

        with pytest.raises(ServerUnreachableError, match="out of service") as caught:
            await collect(pool, drawing())
        assert caught.value.retry_after is not None

    async def test_unknown_address(self):
        """An address that is not of this pool is refused with those that are."""
        with pytest.raises(InvalidRequestError, match="http://a:1"):
            pool_for("http://a:1").drain("http://b:1")
        await close_all()


async def test_the_end_of_everything(engines: Engines) -> None:
    """After close_all nobody waits any more, nothing is left in ComfyUI, and a new pool starts afresh."""
    engine = engines.start(pace=0.05)
    pool = pool_for(engine.url)
    tasks = [asyncio.create_task(collect(pool, drawing(1000))) for _ in range(3)]
    await until(lambda: queued(engine)[0])

    await close_all()

    for task in tasks:
        with pytest.raises(ServerUnreachableError, match="closed"):
            await task
    assert queued(engine) == (0, 0)
    with pytest.raises(ServerUnreachableError, match="closed"):
        await collect(pool, drawing())
    assert isinstance((await collect(pool_for(engine.url), drawing()))[-1], Output)


async def test_loops_do_not_share(engines: Engines) -> None:
    """Every event loop has its own pool for the same address."""
    engine = engines.start()
    here = pool_for(engine.url)

    async def elsewhere() -> bool:
        pool = pool_for(engine.url)
        result = await collect(pool, drawing())
        await close_all()
        return pool is not here and isinstance(result[-1], Output)

    assert await asyncio.to_thread(lambda: asyncio.run(elsewhere()))


async def test_metrics(engines: Engines) -> None:
    """Every job is counted with its server, its workflow and how it ended."""
    engine = engines.start()
    await collect(pool_for(engine.url), drawing())
    text = telemetry.exposition()[0].decode()

    lines = [line for line in text.splitlines() if engine.url in line]
    assert any('outcome="success"' in line and 'workflow="edit"' in line and line.endswith(" 1.0") for line in lines)
    assert any(line.startswith("protobanana_") and "up{" in line and line.endswith(" 1.0") for line in lines)


async def test_order_is_hashable_and_plain() -> None:
    """Two equal wishes are equal."""
    assert {Order("a", "w", frozenset("m")), Order("a", "w", frozenset("m"))} == {Order("a", "w", frozenset("m"))}
