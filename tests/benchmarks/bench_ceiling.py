"""What LiteLLM leaves of a core: calls a second to its own proxy with a provider that does nothing, beside our gateway.

    python tests/benchmarks/bench_ceiling.py [REQUESTS] [WORKERS]

Generations by address, the address not followed: the smallest answer there is. Both are asked in turns, by one load
generator on the same machine; CPU time is that of the gateway's processes.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp

from protobanana.cli.bench.endpoints import Models
from protobanana.cli.bench.programs import KEY, Program, Programs

ROUNDS = 4
TICKS = os.sysconf("SC_CLK_TCK")


def config() -> dict[str, Any]:
    """A plain LiteLLM."""
    return {
        "model_list": [{"model_name": Models.image, "litellm_params": {"model": "nothing/1"}}],
        "litellm_settings": {"custom_provider_map": [{"provider": "nothing", "custom_handler": "nothing.handler"}]},
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
        "general_settings": {"master_key": KEY},
    }


def cpu(program: Program) -> float:
    """Seconds of CPU of a program and of its workers."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text("ascii").rpartition(")")[2].split()
        except OSError:
            continue
        if program.process.pid in (int(stat.parent.name), int(fields[1])):
            total += int(fields[11]) + int(fields[12])
    return total / TICKS


async def ask(session: aiohttp.ClientSession, base: str, count: int, at_once: int) -> float:
    """Seconds that so many requests take."""
    left = iter(range(count))

    async def worker() -> None:
        for _ in left:
            body = {"model": Models.image, "prompt": "a lighthouse", "response_format": "url"}
            async with session.post(f"{base}/images/generations", json=body) as response:
                assert "url" in (await response.json())["data"][0]

    begun = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(at_once)))
    return time.perf_counter() - begun


async def measure(doors: dict[str, Program], requests: int) -> None:
    """All doors in turns, at 1, 8 and 32 at once."""
    headers = {"Authorization": f"Bearer {KEY}", "Accept-Encoding": "gzip, deflate"}
    async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=0)) as session:
        for at_once in (1, 8, 32):
            spent = {name: [0.0, 0.0] for name in doors}
            for turn in range(ROUNDS + 1):
                for name, program in doors.items():
                    before = cpu(program)
                    took = await ask(session, program.url, requests // ROUNDS, at_once)
                    if turn:  # the first round warms up
                        spent[name][0] += took
                        spent[name][1] += cpu(program) - before
            for name, (took, used) in spent.items():
                made = requests // ROUNDS * ROUNDS
                print(f"{at_once:>2} at once  {name:<14} {made / took:6.1f}/s  {used / made * 1000:5.2f} ms CPU a call")


def main() -> None:
    """Start both and print."""
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 800
    workers = sys.argv[2] if len(sys.argv) > 2 else "1"
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    with tempfile.TemporaryDirectory() as folder, Programs(Path(folder)) as programs:
        engine = programs.engine(2.0, 0.0).wait()
        doors = {
            "LiteLLM alone": programs.litellm("litellm", config()),
            "protobanana": programs.gateway(engine.url, "--workers", workers),
        }
        asyncio.run(measure({name: program.wait() for name, program in doors.items()}, requests))


if __name__ == "__main__":
    main()
