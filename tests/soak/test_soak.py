"""Two gateways, three ComfyUIs, and thousands of requests, while servers are killed and added."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.engines import EngineProcess, running
from support.gateways import KEY, Gateway, free_port, litellm_config, start, stop
from support.ray import deploy, ray_cluster, replicas
from support.traffic import PROMISED, Traffic, executions

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3000)]
REQUESTS = int(os.environ.get("SOAK_REQUESTS", "2000"))
AT_ONCE = 24


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def redis(stack: ExitStack, tmp_path: Path) -> int:
    """Port of a Redis of our own."""
    program = shutil.which("redis-server")
    assert program, "this test needs redis-server: `make tools` installs it"
    port = free_port()
    process = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""], cwd=tmp_path, stdout=subprocess.DEVNULL
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)
    return port


def gateways(stack: ExitStack, folder: Path, address: str, redis: int, environment: dict[str, str]) -> list[Gateway]:
    """Two `protobanana serve` that share what several gateways share: Redis, pictures and the secret."""
    config: dict[str, Any] = litellm_config(address, callback=True)
    config["litellm_settings"]["cache"] = True
    config["litellm_settings"]["cache_params"] = {
        "type": "redis", "host": "127.0.0.1", "port": redis, "supported_call_types": [],
    }  # fmt: skip
    config["router_settings"] |= {"redis_host": "127.0.0.1", "redis_port": redis}
    made = []
    for name in ("one", "two"):
        place = folder / name
        place.mkdir()
        (place / "config.yaml").write_text(json.dumps(config), "utf-8")
        command = [sys.executable, "-m", "protobanana", "serve", "--key", KEY, "--port", "0"]
        command += ["--config", str(place / "config.yaml"), "--engine", "http://127.0.0.1:9"]
        shared = {
            "PROTOBANANA_STORE": str(folder / "pictures"), "PROTOBANANA_SECRET": "shared",
            "PROTOBANANA_KEEP_METADATA": "true", "PROTOBANANA_INTENT_MODE": "keyword",
            "PROTOBANANA_KEY_LIMIT": "1000",
        }  # fmt: skip
        gateway = start(command, None, place, None, shared | environment)
        stack.callback(stop, gateway)
        made.append(gateway)
    return made


async def soak(
    made: Sequence[Gateway], tag: str, disturbances: Sequence[tuple[str, Callable[[], Any]]]
) -> tuple[Traffic, dict[str, tuple[float, float]]]:
    """All requests, with the disturbances spread evenly over them; when each began and how long it took."""
    clients = [gateway.async_client() for gateway in made]
    traffic, times, tasks = Traffic(clients, tag), {}, []

    async def disturb(name: str, action: Callable[[], Any]) -> None:
        begin = time.monotonic()
        await asyncio.to_thread(action)
        times[name] = (begin, time.monotonic() - begin)

    due = {REQUESTS * (n + 1) // (len(disturbances) + 1): each for n, each in enumerate(disturbances)}
    async for _ in traffic.run(REQUESTS, AT_ONCE):
        if (step := due.get(len(traffic.answers))) is not None:
            tasks += [asyncio.create_task(disturb(*step))]
    await asyncio.gather(*tasks)
    for client in clients:
        await client.close()
    return traffic, times


def wait_for_work(url: str) -> None:
    """Until an engine has done its first job; fails where the requests end before."""
    deadline = time.monotonic() + 120
    while not httpx.get(f"{url}/history").json():
        assert time.monotonic() < deadline, f"{url} got no job in time: slow machine, or too few SOAK_REQUESTS"
        time.sleep(0.05)


def verdict(traffic: Traffic, times: dict[str, tuple[float, float]], capsys: pytest.CaptureFixture[str]) -> None:
    """Print what happened; fail for an answer that is wrong, or an error that nobody was promised."""
    answers = traffic.answers
    took = max(each.done for each in answers) - min(each.sent for each in answers)
    waits = sorted(each.done - each.sent for each in answers)
    with capsys.disabled():
        print(f"\n{len(answers)} requests in {took:.1f} s, {len(answers) / took:.1f} per second")
        print(f"answers by status: {dict(Counter(each.status for each in answers))}")
        print(f"latency p50 {waits[len(waits) // 2]:.2f} s, p99 {waits[len(waits) * 99 // 100]:.2f} s, "
              f"worst {waits[-1]:.2f} s")  # fmt: skip
        for name, (begin, seconds) in times.items():
            hit = [each for each in answers if each.sent <= begin <= each.done]
            slowest = max((each.done - begin for each in hit), default=0.0)
            failed = Counter(each.status for each in answers if each.status != 200 and each.done >= begin)
            print(f"{name} (took {seconds:.1f} s): {len(hit)} requests under way, the last of them answered "
                  f"{slowest:.1f} s later; errors since: {dict(failed)}")  # fmt: skip
    wrong = [each for each in answers if each.status == 200 and not each.right]
    broken = [each for each in answers if each.status not in {200, *PROMISED}]

    assert len({each.words for each in answers}) == REQUESTS
    assert not wrong, wrong[:3]
    assert not broken, broken[:3]
    assert sum(each.status != 200 for each in answers) < REQUESTS / 20


async def test_ray(stack: ExitStack, redis: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ray Serve: a ComfyUI is killed, a replica is killed, one is added and one back; nobody gets a wrong picture."""
    environment = stack.enter_context(ray_cluster())
    engines = [stack.enter_context(EngineProcess(pace=0.005)) for _ in range(4)]
    urls = [engine.url for engine in engines]
    deploy(environment, *(word for url in urls[:3] for word in ("--engine", url)))
    made = gateways(stack, tmp_path, "ray://protobanana", redis, environment)

    def kill_comfyui() -> None:
        while not running(urls[2]):
            time.sleep(0.01)
        engines[2].kill()

    def kill_replica() -> None:
        os.kill(replicas(environment, "protobanana")[0], signal.SIGKILL)

    def add() -> None:
        engines[2].start()
        deploy(environment, *(word for url in urls for word in ("--engine", url)))
        wait_for_work(urls[3])

    actions = [("ComfyUI killed", kill_comfyui), ("replica killed", kill_replica), ("ComfyUI back, another added", add)]
    traffic, times = await soak(made, "r", actions)

    verdict(traffic, times, capsys)
    counted = executions(urls, "r")
    doubled = sum(number - 1 for number in counted.values())
    with capsys.disabled():
        print(f"executions remembered: {sum(counted.values())}, of which doubled: {doubled}")
    # A replica that is killed leaves at most what it had in ComfyUI, which draws it for nobody.
    assert doubled <= 2


async def test_fixed_list(stack: ExitStack, redis: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A fixed list: a ComfyUI is killed and comes back; nobody gets a wrong picture and nothing is drawn twice."""
    engines = [stack.enter_context(EngineProcess(pace=0.005)) for _ in range(3)]
    urls = [engine.url for engine in engines]
    made = gateways(stack, tmp_path, ",".join(urls), redis, {})

    def kill() -> None:
        while not running(urls[2]):
            time.sleep(0.01)
        engines[2].kill()

    def revive() -> None:
        engines[2].start()
        wait_for_work(urls[2])

    traffic, times = await soak(made, "f", [("ComfyUI killed", kill), ("ComfyUI back", revive)])

    verdict(traffic, times, capsys)
    counted = executions(urls, "f")
    doubled = sum(number - 1 for number in counted.values())
    with capsys.disabled():
        print(f"executions remembered: {sum(counted.values())}, of which doubled: {doubled}")
    assert doubled == 0
