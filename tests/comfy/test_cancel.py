"""Cancelling: by closing the generator or by cancelling the task that reads it."""

from __future__ import annotations

import asyncio
from typing import Any

from protobanana.comfy import ComfyClient, Job, Output


def job(**changes: Any) -> Job:
    graph = {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 64}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}},
    }
    return Job(graph, ("9",), **changes)


async def collect(client: ComfyClient, job: Job) -> list[Any]:
    return [event async for event in client.run(job)]


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def test_closing_the_generator_interrupts(comfy, client):
    """aclose() returns when ComfyUI has stopped the running job."""
    comfy.gate.clear()
    events = client.run(one := job())
    await anext(events)

    await events.aclose()

    assert ("interrupt", one.prompt_id) in comfy.log
    assert not comfy.running
    assert comfy.history[one.prompt_id]["status"]["status_str"] == "error"


async def test_lost_interrupts_are_repeated(comfy, client):
    """An interrupt that had no effect is sent again."""
    comfy.gate.clear()
    comfy.lose_interrupts = 3
    events = client.run(one := job())
    await anext(events)

    await events.aclose()

    assert comfy.log.count(("interrupt", one.prompt_id)) == 4
    assert not comfy.running


async def test_cancelling_the_task(comfy, client):
    """Cancelling the reading task cancels the job, and the task ends as cancelled."""
    comfy.gate.clear()
    running = asyncio.create_task(collect(client, one := job()))
    await until(lambda: comfy.running)

    running.cancel()
    await asyncio.wait([running])

    assert running.cancelled()
    assert ("interrupt", one.prompt_id) in comfy.log
    assert not comfy.running


async def test_cancelling_twice_still_cleans_up(comfy, client):
    """A second cancellation does not stop the clean-up that the first one began."""
    comfy.gate.clear()
    comfy.lose_interrupts = 2
    running = asyncio.create_task(collect(client, job()))
    await until(lambda: comfy.running)

    running.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait([running])

    await until(lambda: not comfy.running)


async def test_cancelling_a_waiting_job(comfy, client):
    """A waiting job is deleted; the running one of somebody else is neither deleted nor interrupted."""
    comfy.gate.clear()
    first = asyncio.create_task(collect(client, job()))
    await until(lambda: comfy.running)
    second = asyncio.create_task(collect(client, two := job()))
    await until(lambda: comfy.pending)

    second.cancel()
    await asyncio.wait([second])

    assert comfy.pending == []
    assert {tuple(value) if isinstance(value, list) else value for kind, value in comfy.log if kind != "look"} == {
        (two.prompt_id,)
    }
    comfy.gate.set()
    assert isinstance((await first)[-1], Output)


async def test_waiting_job_that_starts_meanwhile(comfy, client):
    """A job that slips from the queue into the worker while it is being deleted is interrupted there."""
    comfy.gate.clear()
    first = asyncio.create_task(collect(client, job()))
    await until(lambda: comfy.running)
    second = asyncio.create_task(collect(client, two := job()))
    await until(lambda: comfy.pending)
    comfy.mute = True

    async def too_late(request: Any) -> Any:
        comfy.interrupted.add(comfy.running[1])
        await until(lambda: comfy.running and comfy.running[1] == two.prompt_id)
        return await comfy._post_queue(request)

    comfy.faults["POST /queue"] = [too_late]
    second.cancel()
    await asyncio.wait([second])

    assert ("interrupt", two.prompt_id) in comfy.log
    await until(lambda: not comfy.running)
    first.cancel()
    await asyncio.wait([first])


async def test_cancelled_while_submitting(comfy, client):
    """A submission under way is let through and then deleted: nothing is left in ComfyUI."""
    comfy.gate.clear()
    arrived, answer = asyncio.Event(), asyncio.Event()

    async def slow(request: Any) -> Any:
        body = await request.json()
        arrived.set()
        await answer.wait()
        return await comfy.accept(body)

    comfy.faults["POST /prompt"] = [slow]
    running = asyncio.create_task(collect(client, job()))
    await arrived.wait()

    running.cancel()
    await asyncio.sleep(0.05)
    answer.set()
    await asyncio.wait([running])

    assert running.cancelled()
    await until(lambda: not comfy.running)
    assert comfy.pending == []


async def test_bounded_when_nothing_helps(comfy, client):
    """A node that cannot be interrupted does not hold the caller for ever; the client knows that it is still there."""
    comfy.gate.clear()
    comfy.lose_interrupts = 10**6
    events = client.run(job())
    await anext(events)

    async with asyncio.timeout(10):
        await events.aclose()

    assert await client.linger()
    comfy.gate.set()
    await until(lambda: not comfy.running)
    assert not await client.linger()


async def test_server_gone(comfy, client):
    """Cancelling a job whose server died raises nothing."""
    comfy.gate.clear()
    events = client.run(job())
    await anext(events)
    await comfy.stop()

    await events.aclose()
    await comfy.start()


async def test_leaving_after_the_end(comfy, client):
    """Closing the generator once ComfyUI is done touches nothing there."""
    events = client.run(job())
    async for event in events:
        if isinstance(event, Output):
            break
    await events.aclose()

    assert comfy.log == []
