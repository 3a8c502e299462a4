"""A real Ray cluster of one machine: replicas before embedded engines, and what a reader sees of them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from protobanana.cli.doctor.application import check_application
from protobanana.cli.doctor.finding import Level
from protobanana.cluster import close_all, pool_for
from protobanana.comfy import Job, Output
from protobanana.engine import EngineThread
from protobanana.errors import (
    InvalidRequestError,
    JobTimeoutError,
    ServerBusyError,
    ServerUnreachableError,
    WorkflowRejectedError,
)
from protobanana.events import Progress, Queued
from support.gateways import KEY, serve, stop
from support.pools import Engines, collect, drawing, finished, order, queued, until
from support.ray import deploy, member, ray_cluster, replicas, shutdown

pytestmark = [
    # Its imports use what pydantic deprecates, and it leaves sockets and files to the end of the process.
    pytest.mark.filterwarnings(
        "ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
    ),
]
ADDRESS = "ray://pictures"


@pytest.fixture(scope="module")
def cluster() -> Iterator[dict[str, str]]:
    with ray_cluster() as environment, member(environment):
        yield environment


@pytest.fixture(scope="module")
def servers(cluster: dict[str, str]) -> Iterator[tuple[EngineThread, EngineThread]]:
    """Two engines behind one application."""
    engines = Engines()
    first, second = engines.start(pace=0.02), engines.start(pace=0.02)
    deploy(cluster, "--name", "pictures", "--engine", first.url, "--engine", second.url)
    yield first, second
    engines.stack.close()


@pytest.fixture
async def pool(servers: tuple[EngineThread, EngineThread]) -> AsyncIterator[Any]:
    """Both replicas are in service, and nothing runs."""
    pool = pool_for(ADDRESS)
    async with asyncio.timeout(60):
        while [state.condition for state in await pool.look()] != ["up", "up"]:
            await asyncio.sleep(0.2)
    yield pool
    await close_all()
    await until(lambda: all(queued(server) == (0, 0) for server in servers))


async def test_events_and_files(pool: Any) -> None:
    """A job yields what the client yields, through a replica."""
    events = await collect(pool, drawing(3))

    assert isinstance(events[-1], Output)
    assert events[-1].data.startswith(b"\x89PNG")
    assert Progress(3, 3, "KSampler") in events


async def test_models_stay_where_they_are(pool: Any, servers: tuple[EngineThread, EngineThread]) -> None:
    """Jobs go where their models are: two sets of models, two servers, and hardly a change between them."""
    for model in ("edit", "generate"):
        await collect(pool, drawing(1, model), order(model=model))
        await asyncio.sleep(1)  # what is loaded where travels through Serve's controller
    before = {server: len(finished(server)) for server in servers}

    for number in range(24):
        model = ("edit", "generate")[number % 2]
        await collect(pool, drawing(1, model), order(model=model))

    changes = 0
    for server in servers:
        history = server._engine._state.queue.history()
        models = [entry["prompt"][2]["1"]["inputs"]["unet_name"] for entry in history.values()][before[server] :]
        changes += sum(one != other for one, other in pairwise(models))
    assert changes <= 4


async def test_closing_cancels_in_comfyui(pool: Any, servers: tuple[EngineThread, EngineThread]) -> None:
    """A reader who goes away takes his job along, whether it runs or waits."""
    tasks = [asyncio.create_task(collect(pool, drawing(1000))) for _ in range(8)]
    await until(lambda: all(queued(server)[0] for server in servers))

    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)

    await until(lambda: all(queued(server) == (0, 0) for server in servers))
    assert isinstance((await collect(pool, drawing()))[-1], Output)


async def test_errors_arrive_as_they_were_raised(pool: Any) -> None:
    """An error of a replica has its class, its words and its fields."""
    graph = {**drawing().graph, "5": {"class_type": "Nonsense", "inputs": {}}}
    with pytest.raises(WorkflowRejectedError, match="Nonsense") as caught:
        await collect(pool, Job(graph, ("8",)))
    assert (caught.value.status, caught.value.code, caught.value.param) == (502, "workflow_rejected", None)

    with pytest.raises(JobTimeoutError) as late:
        await collect(pool, drawing(1000, timeout=0.2))
    assert (late.value.status, late.value.type, late.value.code) == (504, "timeout_error", "render_timeout")


async def test_killed_replica(pool: Any, servers: tuple[EngineThread, EngineThread], cluster: dict[str, str]) -> None:
    """Jobs whose replicas are killed run once more, and the replicas come back."""
    tasks = [asyncio.create_task(collect(pool, drawing(100), order(str(n)))) for n in range(2)]
    await until(lambda: sum(sum(queued(server)) for server in servers) == 2)

    os.kill(replicas(cluster, "pictures")[0], signal.SIGKILL)

    assert all(isinstance(events[-1], Output) for events in await asyncio.gather(*tasks))


async def test_dying_server(pool: Any, servers: tuple[EngineThread, EngineThread]) -> None:
    """A job whose ComfyUI dies and stays dead is done by another one, once."""
    first, second = servers
    running = asyncio.create_task(collect(pool, drawing(300)))
    await until(lambda: queued(first)[0] or queued(second)[0])
    dead, alive = (first, second) if queued(first)[0] else (second, first)
    before = len(finished(alive))

    dying = asyncio.create_task(asyncio.to_thread(dead.restart, 12.0))

    assert isinstance((await running)[-1], Output)
    assert len(finished(alive)) == before + 1
    await dying


async def test_places_in_line(pool: Any) -> None:
    """Those who wait are told how many were there before them at this gateway."""
    results = await asyncio.gather(*(collect(pool, drawing(20), order(str(n))) for n in range(9)))

    places = {event.position for events in results for event in events if isinstance(event, Queued)}
    assert len(places) >= 2


async def test_started_by_ray(cluster: dict[str, str]) -> None:
    """A ComfyUI that Ray starts has a line that fills up (429 with a time to come back), ends with its application, and
    draws again once that is deployed anew.
    """
    words = ("--name", "own", "--start", f"{sys.executable} -m protobanana engine --port {{port}} --pace 0.05")
    assert "ray://own: 1 of 1 in service" in deploy(cluster, *words, PROTOBANANA_QUEUE_LIMIT="1")
    pool = pool_for("ray://own")

    results = await asyncio.gather(
        *(collect(pool, drawing(20), order(str(n))) for n in range(8)), return_exceptions=True
    )

    refused = [result for result in results if isinstance(result, ServerBusyError)]
    assert refused
    assert all((error.status, error.code, error.retry_after) == (429, "queue_full", 5.0) for error in refused)
    assert all(isinstance(result, list) for result in results if result not in refused)
    [before] = await pool.look()
    assert (before.condition, before.models) == ("up", {"edit.safetensors"})
    local = f"http://127.0.0.1:{urlsplit(before.address).port}/prompt"
    assert httpx.get(local).status_code == 200

    shutdown(cluster, "own")
    with pytest.raises(httpx.ConnectError):
        httpx.get(local)
    [gone] = await pool.look()
    assert (gone.condition, gone.address) == ("down", "ray://own")

    deploy(cluster, *words)
    assert isinstance((await collect(pool, drawing()))[-1], Output)
    await close_all()


async def test_nothing_deployed(cluster: dict[str, str]) -> None:
    """An application that is not there is said to be absent, with how to make it."""
    pool = pool_for("ray://nobody")
    assert [(state.address, state.condition) for state in await pool.look()] == [("ray://nobody", "down")]
    with pytest.raises(ServerUnreachableError, match="cluster deploy") as caught:
        await collect(pool, drawing())
    assert (caught.value.status, caught.value.retry_after) == (503, 5.0)
    await close_all()


async def test_drain_is_for_serve(pool: Any) -> None:
    """Taking a server out is a new deployment, and says so."""
    with pytest.raises(InvalidRequestError, match="cluster deploy"):
        pool.drain("http://a:8188")


async def test_what_an_operator_sees(
    pool: Any, servers: tuple[EngineThread, EngineThread], cluster: dict[str, str], tmp_path: Path
) -> None:
    """A gateway before Ray, started like any other, says which ComfyUIs are in service, and who takes them out; doctor
    does, too.
    """
    gateway = await asyncio.to_thread(serve, tmp_path, None, environment=cluster, at=[ADDRESS])
    try:
        with httpx.Client(base_url=gateway.url, headers={"Authorization": f"Bearer {KEY}"}, timeout=30) as client:
            health = client.get("/health")
            [line] = client.get("/protobanana/cluster").json()
            refused = client.post("/protobanana/cluster/drain", params={"address": servers[0].url})
    finally:
        await asyncio.to_thread(stop, gateway)
    urls = {server.url for server in servers}
    assert (health.status_code, health.json()["status"]) == (200, "ok")
    assert {server["url"] for server in health.json()["comfyui"]} == urls
    assert {(server["address"], server["condition"]) for server in line} == {(url, "up") for url in urls}
    assert (refused.status_code, "cluster deploy" in refused.text) == (400, True)

    [finding] = await check_application(ADDRESS)
    assert (finding.level, finding.server) == (Level.OK, ADDRESS)
    assert "2 of 2" in finding.message
    [absent] = await check_application("ray://nobody")
    assert absent.level is Level.PROBLEM
    assert "cluster deploy" in absent.message
