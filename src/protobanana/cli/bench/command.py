"""`protobanana bench`: latency and throughput of a gateway, beside those of the ComfyUI behind it."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, TypeVar

import aiohttp
import typer

from protobanana.cli import console
from protobanana.cli.bench import report
from protobanana.cli.bench.doors import GATEWAY, Door, started
from protobanana.cli.bench.endpoints import ENDPOINTS, FORMATS, Client, Models
from protobanana.cli.bench.floor import Floor
from protobanana.cli.bench.measure import Bench, Cell, Lane, Plan
from protobanana.cli.bench.programs import KEY, Program, Programs
from protobanana.engine.instant import noise
from protobanana.errors import SettingsError

T = TypeVar("T")
SLOW_REQUESTS = 20
"""Requests per cell where jobs take their time: what is added to them varies little."""
PATIENCE = aiohttp.ClientTimeout(total=300)


@dataclass
class Wanted:
    """The command's words, understood."""

    url: str | None
    key: str
    comfyui: str | None
    plan: Plan
    megabytes: float
    paces: Sequence[float]
    litellm: bool
    models: Models

    @property
    def own_engine(self) -> bool:
        """Whether an instant engine is started: the pictures are known then."""
        return not (self.url or self.comfyui)


@dataclass
class Outcome:
    """What came of it."""

    cells: list[Cell] = field(default_factory=list)
    idle: dict[str, float] = field(default_factory=dict)
    after: dict[str, float] = field(default_factory=dict)


def bench(
    url: Annotated[
        str | None, typer.Option(help="Base URL of a gateway, ending in /v1; default: one is started.")
    ] = None,
    key: Annotated[str, typer.Option(help="Its API key; one that is started has its own.")] = KEY,
    comfyui: Annotated[
        str | None, typer.Option(help="The ComfyUI behind it, for the floor; default: an instant engine is started.")
    ] = None,
    endpoints: Annotated[str, typer.Option(help=f"Of {', '.join(ENDPOINTS)}.")] = ",".join(ENDPOINTS),
    concurrency: Annotated[str, typer.Option(help="Requests at once.")] = "1,8,32",
    requests: Annotated[int, typer.Option(min=1, help="Per cell of the table; more where many go at once.")] = 100,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="Per cell, in place of --requests.")] = None,
    mb: Annotated[float, typer.Option(min=0.01, max=200, help="Size of the pictures, in 10^6 bytes.")] = 2.0,
    response_format: Annotated[str, typer.Option(help=f"Of {', '.join(FORMATS)}.")] = ",".join(FORMATS),
    pace: Annotated[str, typer.Option(help="Seconds that jobs take in the engine that is started.")] = "0,0.3",
    litellm: Annotated[
        bool, typer.Option("--litellm", help="Measure a plain LiteLLM too, with our provider and with an empty one.")
    ] = False,
    image_model: Annotated[str, typer.Option(help="Model of generations.")] = Models.image,
    edit_model: Annotated[str, typer.Option(help="Model of edits.")] = Models.edit,
    chat_model: Annotated[str, typer.Option(help="Model of chats.")] = Models.chat,
    json_file: Annotated[
        Path | None, typer.Option("--json", dir_okay=False, help="Write everything to this file too.")
    ] = None,
) -> None:
    """Measure how long pictures take through a gateway, and straight from the ComfyUI behind it."""
    with console.plain_errors():
        plan = Plan(
            _chosen("--endpoints", endpoints, ENDPOINTS),
            _chosen("--response-format", response_format, FORMATS),
            _numbers("--concurrency", concurrency, int, least=1),
            requests,
            seconds,
        )
        paces = _numbers("--pace", pace, float, least=0)
        models = Models(image_model, edit_model, chat_model)
        base = console.checked_url(url) if url else None
        wanted = Wanted(base, key if url else KEY, comfyui, plan, mb, paces, litellm, models)
        if url and litellm:
            raise SettingsError("--litellm starts gateways of its own: leave out --url.")
        outcome = _measured(wanted)
        document = report.document(outcome.cells, outcome.idle, outcome.after, mb if wanted.own_engine else None)
        console.out.print(report.shown(document))
        if json_file:
            json_file.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
        if document["errors"]:
            raise typer.Exit(1)


def _measured(wanted: Wanted) -> Outcome:
    outcome = Outcome()
    # The programs must end with this one, however it ends.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    for pace in wanted.paces if wanted.own_engine else (0.0,):
        with tempfile.TemporaryDirectory(prefix="protobanana-bench-") as folder, Programs(Path(folder)) as programs:
            comfyui = wanted.comfyui
            if wanted.own_engine:
                comfyui = programs.engine(wanted.megabytes, pace).wait().url
            doors = _doors(wanted, programs, comfyui, alone=bool(pace))
            console.run(_run(wanted, programs.running, comfyui, doors, pace, outcome))
    return outcome


def _doors(wanted: Wanted, programs: Programs, comfyui: str | None, *, alone: bool) -> list[Door]:
    if comfyui is None or wanted.url is not None:
        return [Door(GATEWAY, str(wanted.url))]
    return started(programs, comfyui, wanted.models, wanted.megabytes, litellm=wanted.litellm and not alone)


async def _run(
    wanted: Wanted,
    programs: Sequence[Program],
    comfyui: str | None,
    doors: Sequence[Door],
    pace: float,
    outcome: Outcome,
) -> None:
    picture = noise(wanted.megabytes)
    async with _session() as session, AsyncExitStack() as stack:
        floor = await stack.enter_async_context(Floor(comfyui, session)) if comfyui else None
        lanes = [
            Lane(
                door.name,
                Client(door.base, wanted.key, session, wanted.models, picture, door.encodings),
                door.forms,
                door.slow,
            )
            for door in doors
        ]
        shown = picture if wanted.own_engine else None
        bench = Bench(_plan(wanted, pace), lanes, floor, shown, programs, pace)
        idle = _memory(programs)
        cells = await bench.run(_tell)
        if not outcome.cells:
            outcome.idle, outcome.after = idle, _memory(programs)
        outcome.cells += cells


@asynccontextmanager
async def _session() -> AsyncGenerator[aiohttp.ClientSession]:
    # Lanes take turns: a connection that rests for longer is closed by servers that keep them for 5 s.
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=2)
    async with aiohttp.ClientSession(connector=connector, timeout=PATIENCE) as session:
        yield session


def _plan(wanted: Wanted, pace: float) -> Plan:
    """Jobs that take their time are asked for one at a time: more would only wait for each other in ComfyUI."""
    if not pace:
        return wanted.plan
    least = min(wanted.plan.concurrency)
    return replace(wanted.plan, concurrency=(least,), requests=min(SLOW_REQUESTS, wanted.plan.requests))


def _memory(programs: Sequence[Program]) -> dict[str, float]:
    return {program.name: held for program in programs if (held := program.memory()) is not None}


def _tell(cell: Cell) -> None:
    pace = f", jobs of {cell.pace:g} s" if cell.pace else ""
    console.err.print(f"[dim]{cell.endpoint} {cell.form} {cell.at_once} at once{pace}[/]")


def _chosen(option: str, text: str, known: Sequence[str]) -> tuple[str, ...]:
    words = tuple(word.strip() for word in text.split(",") if word.strip())
    for word in words or ("",):
        if word not in known:
            raise SettingsError(f"{option} {word or 'nothing'}: choose from {', '.join(known)}.")
    return words


def _numbers(option: str, text: str, kind: Callable[[str], T], *, least: float) -> tuple[T, ...]:
    try:
        numbers = tuple(kind(word) for word in text.split(","))
    except ValueError:
        raise SettingsError(f"{option} {text}: numbers, with commas between them.") from None
    if any(number < least for number in numbers):  # type: ignore[operator]  # int or float
        raise SettingsError(f"{option} {text}: {least:g} is the least.")
    return numbers
