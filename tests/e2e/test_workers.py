"""`protobanana serve --workers`: several processes on one port."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from protobanana.engine import EngineThread
from support.gateways import KEY, Gateway, start, stop
from support.pictures import opened

MODEL = "protolabs/qwen-image-turbo"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, engine: EngineThread) -> Iterator[Gateway]:
    """Two processes before one engine."""
    command = [sys.executable, "-m", "protobanana", "serve", "--key", KEY, "--port", "0", "--engine", engine.url]
    running = start([*command, "--workers", "2"], None, tmp_path_factory.mktemp("workers"), engine)
    yield running
    stop(running)


def children(gateway: Gateway) -> list[int]:
    """The processes that answer; multiprocessing's own helper is none of them."""
    found = Path(f"/proc/{gateway.process.pid}/task/{gateway.process.pid}/children").read_text("ascii").split()
    return [int(pid) for pid in found if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def draw(gateway: Gateway) -> tuple[int, int]:
    answer = gateway.client().images.generate(model=MODEL, prompt="a red square", size="256x256")
    return opened(answer.data[0].b64_json).size


def counted(gateway: Gateway) -> float:
    text = httpx.get(f"{gateway.url}/metrics", headers={"Authorization": f"Bearer {KEY}"}).text
    found = re.findall(r'protobanana_requests_total\{endpoint="images/generations".*?\} ([0-9.]+)', text)
    return sum(map(float, found))


def test_one_sum_of_all(gateway: Gateway) -> None:
    """Whichever process is asked, `/metrics` tells what all have answered."""
    before = counted(gateway)
    for _ in range(4):
        assert draw(gateway) == (256, 256)

    assert {counted(gateway) - before for _ in range(6)} == {4.0}


def test_a_process_that_dies(gateway: Gateway) -> None:
    """The other one answers, and a new one takes its place."""
    one, _ = before = children(gateway)
    os.kill(one, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while len(now := set(children(gateway)) - {one}) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)

    assert len(now) == len(before) == 2
    assert draw(gateway) == (256, 256)
