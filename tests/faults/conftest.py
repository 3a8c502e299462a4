"""Fixtures for what goes wrong: gateways as processes, engines that can be broken, networks that misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import httpx
import pytest

from protobanana.engine import EngineSettings, EngineThread
from support.chaos import ChaosProxy, Weather
from support.engines import outcomes, pending, running
from support.gateways import KEY, Gateway, serve, stop
from support.junk import CHAT, GENERATE

PACE = 0.1
"""Seconds per sampler step: a job of good quality takes seconds."""


async def until(condition: Callable[[], object], within: float = 30.0) -> None:
    """Wait for something that is bound to happen; fails when it does not."""
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.02)


@dataclass
class World:
    """A gateway with a network on either side: client - `outside` - gateway - `between` - engine."""

    engine: EngineThread
    between: ChaosProxy
    outside: ChaosProxy
    gateway: Gateway

    def client(self, *, direct: bool = True, timeout: float = 60.0) -> httpx.AsyncClient:
        """A client of the gateway; not `direct`: by way of `outside`."""
        base = self.gateway.url if direct else self.outside.url
        return httpx.AsyncClient(base_url=f"{base}/v1", headers={"authorization": f"Bearer {KEY}"}, timeout=timeout)

    def running(self) -> list[str]:
        """Ids of the jobs that the engine works on now."""
        return running(self.engine.url)

    def pending(self) -> list[str]:
        """Ids of the jobs that wait in the engine."""
        return pending(self.engine.url)

    def outcomes(self) -> dict[str, str]:
        """How every job ended that the engine has worked on, by id."""
        return outcomes(self.engine.url)

    def mend(self) -> None:
        """No faults, fine weather."""
        self.between.weather, self.outside.weather = Weather(), Weather()
        healthy = type(self.engine.faults)()
        for field in fields(healthy):
            setattr(self.engine.faults, field.name, getattr(healthy, field.name))


def drawing(seed: int, **more: object) -> dict[str, object]:
    """Body of a generation; each seed is a job of its own."""
    return {"model": GENERATE, "prompt": "a red square", "size": "256x256", "quality": "low", "seed": seed, **more}


def talk(words: object = "draw a red square", **more: object) -> dict[str, object]:
    """Body of a chat."""
    return {"model": CHAT, "messages": [{"role": "user", "content": words}], "size": "256x256", **more}


@pytest.fixture(scope="session")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with EngineThread(EngineSettings(pace=PACE)) as engine, ChaosProxy(engine.url) as between:
        gateway = serve(tmp_path_factory.mktemp("world"), engine, at=[between.url])
        with ChaosProxy(gateway.url) as outside:
            yield World(engine, between, outside, gateway)
        stop(gateway)


@pytest.fixture
async def world(surroundings: World) -> AsyncIterator[World]:
    """Everything in order at the beginning of each test."""
    surroundings.mend()
    async with surroundings.client() as client, asyncio.timeout(60):
        while (await client.post("images/generations", json=drawing(1))).status_code != 200:
            await asyncio.sleep(0.2)
    yield surroundings
    surroundings.mend()


def temporary(folder: Path) -> Path:
    """Where the instant gateway that runs in `folder` puts temporary files."""
    return folder / "temporary"


@pytest.fixture(scope="module")
def instant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """`protobanana serve` before an engine that computes nothing."""
    with EngineThread(EngineSettings(instant_mb=0.01)) as engine:
        folder = tmp_path_factory.mktemp("instant")
        temporary(folder).mkdir()
        gateway = serve(folder, engine, environment={"TMPDIR": str(temporary(folder))})
        yield gateway
        stop(gateway)
