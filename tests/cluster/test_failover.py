"""Servers that die, restart, hang or answer nonsense under a pool."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from protobanana.cluster import pool_for
from protobanana.cluster.errand import JobEvent
from protobanana.comfy import Output
from protobanana.errors import JobLostError, JobTimeoutError, ServerUnreachableError
from protobanana.events import Progress
from support.pools import Engines, collect, drawing, finished, order, queued, until


async def test_single_dead_server() -> None:
    """Where nobody answers the caller is told at once, with a time to come back."""
    pool = pool_for("http://127.0.0.1:1")
    for _ in range(2):
        with pytest.raises(ServerUnreachableError, match=r"127\.0\.0\.1:1") as caught:
            await collect(pool, drawing())
        assert caught.value.retry_after is not None
        assert caught.value.retry_after >= 1
    assert pool.state()[0].condition == "down"


async def test_dead_server_beside_a_good_one(engines: Engines) -> None:
    """Jobs that had not reached a dead server are done by another one; nobody notices."""
    engine = engines.start()
    pool = pool_for(f"http://127.0.0.1:1,{engine.url}")

    results = await asyncio.gather(*(collect(pool, drawing()) for _ in range(5)))

    assert all(isinstance(result[-1], Output) for result in results)
    assert [state.condition for state in pool.state()] == ["down", "up"]


async def test_server_that_comes_back(engines: Engines) -> None:
    """A server that was down is used again as soon as it answers."""
    first, second = engines.start(), engines.start()
    pool = pool_for(f"{first.url},{second.url}")
    first.faults.html_on = {"/ws", "/prompt", "/queue"}
    await asyncio.gather(*(collect(pool, drawing(), order(str(n))) for n in range(3)))
    assert pool.state()[0].condition == "down"

    first.faults.html_on = set()
    await until(lambda: pool.state()[0].condition == "up")

    pool.drain(second.url)
    assert isinstance((await collect(pool, drawing()))[-1], Output)


async def test_restart_runs_the_job_again(engines: Engines) -> None:
    """A job that a restart lost runs once more, on the same server where there is no other."""
    engine = engines.start(pace=0.1)
    pool = pool_for(engine.url)
    job = drawing(8)
    running = asyncio.create_task(collect(pool, job))
    await until(lambda: queued(engine)[0])

    await asyncio.to_thread(engine.restart, 0.3)

    assert isinstance((await running)[-1], Output)
    assert len(finished(engine)) == 1
    assert finished(engine) != [job.prompt_id]


async def test_second_restart_is_the_end(engines: Engines) -> None:
    """A job runs again once, not twice."""
    engine = engines.start(pace=0.1)
    heard: list[JobEvent] = []

    async def listen() -> None:
        async with aclosing(pool_for(engine.url).run(drawing(1000), order())) as events:
            async for event in events:
                heard.append(event)  # noqa: PERF401 - one by one, while it goes on

    running = asyncio.create_task(listen())
    for _ in range(2):
        # Its first step: the pool knows by then that ComfyUI has it.
        await until(lambda: any(isinstance(event, Progress) and event.done == 1 for event in heard))
        heard.clear()
        await asyncio.to_thread(engine.restart, 0.2)

    with pytest.raises(JobLostError):
        await running
    assert queued(engine) == (0, 0)


async def test_cleared_queue_is_somebodys_wish(engines: Engines) -> None:
    """A job that an operator cleared away is not run again."""
    engine = engines.start(pace=0.1)
    pool = pool_for(engine.url)
    stranger = pool_for(engine.url.replace("//", "//me:pw@"))
    first = asyncio.create_task(collect(stranger, drawing(1000)))
    await until(lambda: queued(engine)[0])
    second = asyncio.create_task(collect(pool, drawing()))
    await until(lambda: queued(engine)[1])

    engine._engine._state.queue.clear()

    with pytest.raises(JobLostError):
        await second
    first.cancel()
    await asyncio.wait([first])
    assert queued(engine) == (0, 0)


async def test_caller_who_left_is_not_served_again(engines: Engines) -> None:
    """A job whose caller went away before the restart is over is not run again."""
    engine = engines.start(pace=0.1)
    running = asyncio.create_task(collect(pool_for(engine.url), drawing(1000)))
    await until(lambda: queued(engine)[0])
    restarting = asyncio.create_task(asyncio.to_thread(engine.restart, 0.5))
    await asyncio.sleep(0.1)

    running.cancel()
    await asyncio.wait([running])
    await restarting

    await asyncio.sleep(0.5)
    assert queued(engine) == (0, 0)
    assert not finished(engine)


async def test_dying_server_beside_a_good_one(engines: Engines) -> None:
    """A job whose server dies and stays dead is done by another one, long before the connection is given up."""
    bad, good = engines.start(pace=0.1), engines.start()
    pool = pool_for(f"{bad.url},{good.url}")
    pool.drain(good.url)
    running = asyncio.create_task(collect(pool, drawing(1000)))
    await until(lambda: queued(bad)[0])
    pool.undrain(good.url)

    dying = asyncio.create_task(asyncio.to_thread(bad.restart, 20.0))

    assert isinstance((await running)[-1], Output)
    assert not dying.done()
    assert len(finished(good)) == 1
    await dying


async def test_stuck_worker(engines: Engines) -> None:
    """A server that keeps a job which ran out of time gets no more jobs until it lets go."""
    engine, good = engines.start(), engines.start()
    pool = pool_for(f"{engine.url},{good.url}")
    engine.faults.kill_worker = True
    pool.drain(good.url)
    with pytest.raises(JobTimeoutError):
        await collect(pool, drawing(timeout=0.2))
    assert pool.state()[0].condition == "stuck"

    with pytest.raises(ServerUnreachableError, match="stuck"):
        await collect(pool, drawing())
    alone = pool_for(engine.url)
    with pytest.raises(ServerUnreachableError, match="restarted") as caught:
        await collect(alone, drawing())
    assert caught.value.code == "comfyui_stuck"
    pool.undrain(good.url)
    await collect(pool, drawing())
    assert len(finished(good)) == 1

    engine.faults.kill_worker = False
    await asyncio.to_thread(engine.restart)
    await until(lambda: alone.state()[0].condition == "up")
    assert isinstance((await collect(alone, drawing()))[-1], Output)


async def test_waiting_behind_a_stuck_job(engines: Engines) -> None:
    """Jobs that were sent behind one that will not end are taken back and done elsewhere, once."""
    bad, good = engines.start(), engines.start()
    pool = pool_for(f"{bad.url},{good.url}")
    pool.drain(good.url)
    for _ in range(6):  # so quick that several go at once
        await collect(pool, drawing(1))
    bad.faults.kill_worker = True
    stuck = asyncio.create_task(collect(pool, drawing(1, timeout=1.0)))
    await until(lambda: queued(bad)[0])
    behind = [asyncio.create_task(collect(pool, drawing(1), order(str(n)))) for n in range(2)]
    await until(lambda: queued(bad)[1] == 2)
    pool.undrain(good.url)

    with pytest.raises(JobTimeoutError):
        await stuck
    results = await asyncio.gather(*behind)

    assert all(isinstance(events[-1], Output) for events in results)
    assert len(finished(good)) == 2
    assert queued(bad)[1] == 0
