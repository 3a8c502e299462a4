"""Processes that are killed without a word: what the caller hears, what becomes of the job, how it goes on."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from faults.conftest import drawing, talk, until
from support.engines import EngineProcess, outcomes, pending, running
from support.gateways import KEY, Gateway, serve, stop


@pytest.fixture(scope="module")
def engine() -> Iterator[EngineProcess]:
    with EngineProcess(pace=0.1) as process:
        yield process


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, engine: EngineProcess) -> Iterator[Gateway]:
    running_gateway = serve(tmp_path_factory.mktemp("kills"), engine)
    yield running_gateway
    stop(running_gateway)


@pytest.fixture
async def client(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=f"{gateway.url}/v1", headers={"authorization": f"Bearer {KEY}"}, timeout=100
    ) as client:
        yield client


async def drawn(client: httpx.AsyncClient, seed: int) -> float:
    """Seconds until a picture is drawn again; every refusal on the way says when to come back."""
    since = time.monotonic()
    while (answer := await client.post("images/generations", json=drawing(seed))).status_code != 200:
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1
        await asyncio.sleep(0.1)
    return time.monotonic() - since


async def test_comfyui_is_killed_and_stays_dead(client: httpx.AsyncClient, engine: EngineProcess) -> None:
    """503 with the time to come back, for the job that ran and for those that come; a stream that has begun ends with
    an error; drawing goes on by itself.
    """
    await drawn(client, 1)
    streamed = drawing(3, quality="medium", stream=True, partial_images=2)
    work = [
        asyncio.create_task(client.post("images/generations", json=drawing(2, quality="medium"))),
        asyncio.create_task(client.post("images/generations", json=streamed)),
        asyncio.create_task(client.post("chat/completions", json=talk(stream=True, quality="medium", seed=4))),
    ]
    await until(lambda: running(engine.url))
    engine.kill()
    since = time.monotonic()
    plain, *streams = await asyncio.gather(*work)
    told = time.monotonic() - since
    later = await client.post("images/generations", json=drawing(5))
    engine.start()
    recovered = await drawn(client, 6)
    print(f"\nkilled: all callers knew after {told:.1f} s; drawing again {recovered:.1f} s after ComfyUI was back")

    for refusal in (plain, later):
        assert refusal.status_code == 503
        assert int(refusal.headers["retry-after"]) >= 1
        assert set(refusal.json()["error"]) == {"message", "type", "param", "code"}
    for stream in streams:
        # The stream may have begun, or not.
        (frame,) = re.findall(r'\{"error".*', stream.text)
        error = json.loads(frame)["error"]
        assert set(error) == {"message", "type", "param", "code"}
        assert error["code"] == "comfyui_unreachable"
        assert "Traceback" not in stream.text


async def test_comfyui_restarts_under_a_job(client: httpx.AsyncClient, engine: EngineProcess) -> None:
    """A job whose ComfyUI died and came back runs once more, and only once; the caller just waits longer."""
    await drawn(client, 10)
    work = asyncio.create_task(client.post("images/generations", json=drawing(11, quality="medium")))
    await until(lambda: running(engine.url))
    engine.kill()
    engine.start()
    answer = await work
    await until(lambda: not running(engine.url) and not pending(engine.url))

    assert answer.status_code == 200
    assert list(outcomes(engine.url).values()) == ["success"]


async def test_the_gateway_is_killed(tmp_path: Path, engine: EngineProcess) -> None:
    """What it had sent to ComfyUI ends by itself, and a new gateway draws."""
    first = serve(tmp_path, engine)
    before = set(outcomes(engine.url))
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {KEY}"}, timeout=60) as client:
        body = drawing(30, quality="medium", stream=True, partial_images=1)
        work = asyncio.create_task(client.post(f"{first.url}/v1/images/generations", json=body))
        await until(lambda: running(engine.url))
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
        with pytest.raises(httpx.HTTPError):
            await work
        await until(lambda: not running(engine.url) and not pending(engine.url))
        second = serve(tmp_path, engine)
        try:
            client.base_url = httpx.URL(f"{second.url}/v1")
            await drawn(client, 31)
        finally:
            first.client().close()
            stop(second)

    assert len(set(outcomes(engine.url)) - before) == 2
