"""Ten times what the line holds, at once: everybody is answered, nobody twice, and nothing is lost in between."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from faults.conftest import drawing, until
from protobanana.engine import EngineSettings, EngineThread
from support.engines import outcomes, pending, running
from support.gateways import KEY, Gateway, serve, stop

LINE = 10
"""Jobs that may wait."""
FLOOD = 10 * LINE


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with a short line before an engine that takes its time."""
    with EngineThread(EngineSettings(instant_mb=0.01, pace=0.1)) as engine:
        limits = {"PROTOBANANA_QUEUE_LIMIT": str(LINE), "PROTOBANANA_KEY_LIMIT": "1000"}
        gateway = serve(tmp_path_factory.mktemp("narrow"), engine, environment=limits)
        yield gateway
        stop(gateway)


async def test_a_flood(narrow: Gateway) -> None:
    """What fits in line is drawn exactly once each; the rest is refused with 429 and the time to come back."""
    before = set(outcomes(narrow.engine.url))
    headers = {"authorization": f"Bearer {KEY}"}
    limits = httpx.Limits(max_connections=FLOOD)
    async with httpx.AsyncClient(base_url=f"{narrow.url}/v1", headers=headers, timeout=90, limits=limits) as client:
        answers = await asyncio.gather(
            *(client.post("images/generations", json=drawing(seed)) for seed in range(1000, 1000 + FLOOD))
        )
        await until(lambda: not running(narrow.engine.url) and not pending(narrow.engine.url))
        later = await client.post("images/generations", json=drawing(2000))
    statuses = Counter(answer.status_code for answer in answers)
    drawn = [answer.json()["data"][0] for answer in answers if answer.status_code == 200]
    seeds = [picture["provider_specific_fields"]["seed"] for picture in drawn]
    jobs = len(set(outcomes(narrow.engine.url)) - before)
    print(f"\nflood of {FLOOD}: {dict(statuses)}")

    assert set(statuses) == {200, 429}
    assert statuses[200] >= LINE
    assert len(set(seeds)) == len(seeds) == statuses[200]
    assert jobs == statuses[200] + 1
    assert later.status_code == 200
    for answer in answers:
        if answer.status_code == 429:
            assert int(answer.headers["retry-after"]) >= 1
            assert answer.json()["error"]["type"] == "rate_limit_error"
