"""Sharing clients by event loop and address."""

from __future__ import annotations

import asyncio
import gc
import threading

import pytest

from protobanana.comfy import ComfyClient, Job, client_for, close_all
from protobanana.errors import SettingsError

JOB_GRAPH = {
    "1": {"class_type": "EmptyImage", "inputs": {}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}},
}


async def test_one_client_per_address(comfy):
    """Spellings of one address share a client; another prefix or user has its own."""
    assert client_for(comfy.url) is client_for(f" {comfy.url}/ ") is client_for(comfy.url.removeprefix("http://"))
    assert client_for(comfy.url) is not client_for(f"{comfy.url}/prefix")
    assert client_for(comfy.url) is not client_for(comfy.url.replace("//", "//me:pw@"))
    await close_all()


async def test_credentials_are_sent(comfy):
    """User and password of the address go along as basic authorization, percent-escapes undone."""
    await client_for(comfy.url.replace("//", "//me:p%40%C3%BC@")).system_stats()

    assert comfy.log == [("authorization", "Basic bWU6cEDDvA==")]
    await close_all()


async def test_closed_client_is_replaced(comfy):
    """After close_all the next call gets a fresh client."""
    first = client_for(comfy.url)
    await first.ping()
    await close_all()

    second = client_for(comfy.url)
    assert second is not first
    assert await second.ping() == 0
    await close_all()


async def test_foreign_loop(comfy):
    """A client used in a second event loop says what is wrong."""
    client = ComfyClient(comfy.url)
    await client.ping()
    caught: list[BaseException] = []

    def elsewhere() -> None:
        try:
            asyncio.run(client.ping())
        except TypeError as error:
            caught.append(error)

    await asyncio.to_thread(elsewhere)
    assert "client_for" in str(caught[0])
    await client.close()


async def in_another_loop(url: str, *, politely: bool) -> None:
    """Run one job in an event loop of its own, whose client nobody closes."""

    async def use() -> None:
        client = client_for(url)
        assert client is client_for(url)
        async for _ in client.run(Job(JOB_GRAPH, ("9",))):
            pass
        await client.ping()

    def run() -> None:
        if politely:
            asyncio.run(use())
        else:
            loop = asyncio.new_event_loop()
            loop.run_until_complete(use())
            loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    while thread.is_alive():
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("politely", [True, False], ids=["asyncio.run", "loop.close"])
async def test_dead_loops_leave_nothing(comfy, politely):
    """A client that nobody closed goes with its loop, without a warning and without an open socket."""
    await in_another_loop(comfy.url, politely=politely)
    client_for(comfy.url)
    gc.collect()
    async with asyncio.timeout(5):
        while comfy.sockets:
            await asyncio.sleep(0.01)
    await close_all()


async def test_cancelled_by_asyncio_run(comfy):
    """A job that is under way when asyncio.run ends is cancelled in ComfyUI first."""
    comfy.gate.clear()
    job = Job(JOB_GRAPH, ("9",))

    async def read() -> None:
        async for _ in client_for(comfy.url).run(job):
            pass

    async def use() -> None:
        task = asyncio.create_task(read())
        while not comfy.running:
            await asyncio.sleep(0.01)
        del task

    await asyncio.to_thread(asyncio.run, use())
    assert ("interrupt", job.prompt_id) in comfy.log


@pytest.mark.parametrize("text", ["", "ftp://host", "http://", "http://host?x=1", "http://host:port", "http://[::1"])
async def test_impossible_addresses(text):
    """What cannot be an address is refused when the client is made."""
    with pytest.raises(SettingsError, match="address"):
        client_for(text)
