"""The measurement: every lane in every cell, in turns, so that all of them see the same weather on the machine."""

from __future__ import annotations

import math
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import aiohttp

from protobanana.cli.bench.endpoints import WITH_FORMATS, Answer, Client, stamped
from protobanana.cli.bench.floor import Floor
from protobanana.cli.bench.load import Tally, fire
from protobanana.cli.bench.programs import Program

FLOOR = "floor"
ROUNDS = 4
TURNS = 2
"""Requests that each of those who ask at once makes in a round, at least."""
_ANSWER = "protobanana_answer_seconds"
_STALLS = "protobanana_loop_stalls_total"


@dataclass(frozen=True)
class Plan:
    """What is asked for. `seconds` per lane and cell takes the place of `requests`."""

    endpoints: Sequence[str]
    formats: Sequence[str]
    concurrency: Sequence[int]
    requests: int
    seconds: float | None = None

    def cells(self) -> list[tuple[str, str]]:
        """Endpoint and format; no format where the endpoint has none."""
        return [
            (endpoint, form)
            for endpoint in self.endpoints
            for form in (self.formats if endpoint in WITH_FORMATS else ("",))
        ]

    def share(self, at_once: int) -> tuple[int, float | None]:
        """Requests of a lane in a round, or seconds in their place."""
        seconds = None if self.seconds is None else self.seconds / ROUNDS
        return max(math.ceil(self.requests / ROUNDS), TURNS * at_once), seconds


@dataclass(frozen=True)
class Lane:
    """A way to a picture other than the floor."""

    name: str
    client: Client
    only: tuple[str, ...] | None = None
    """The formats it can give; None: all. Where only some are named, streams of images are not among them."""

    slow: bool = False
    """Whether it is asked at the least concurrency only."""

    def takes(self, cell: Cell, least: int) -> bool:
        """Whether it is asked this; `least` is the least concurrency of all."""
        if self.slow and cell.at_once > least:
            return False
        return self.only is None or (cell.form in self.only and cell.endpoint != "sse")


@dataclass
class Cell:
    """A row of the report: the lanes' tallies, and what the gateway says of itself meanwhile."""

    endpoint: str
    form: str
    at_once: int
    pace: float
    lanes: dict[str, Tally] = field(default_factory=dict)
    answered: float | None = None
    """Mean seconds from ComfyUI's `executed` to the first byte of the answer; None: the gateway does not say."""
    stalls: int | None = None
    """Times that the gateway's event loop came 50 ms late."""
    memory: dict[str, float] = field(default_factory=dict)
    """Resident MB of the programs, the most that was seen between the rounds."""


@dataclass(frozen=True)
class Bench:
    """Everything that takes part. `picture` is what every answer must show; None: any picture will do."""

    plan: Plan
    lanes: Sequence[Lane]
    floor: Floor | None
    picture: bytes | None
    programs: Sequence[Program] = ()
    pace: float = 0.0

    async def run(self, tell: Callable[[Cell], None]) -> list[Cell]:
        """All cells; `tell` is called as each one begins."""
        done = []
        for endpoint, form in self.plan.cells():
            straight = await self._straight(endpoint, form)
            for at_once in self.plan.concurrency:
                cell = Cell(endpoint, form, at_once, self.pace)
                tell(cell)
                await self._fill(cell, straight)
                done.append(cell)
        return done

    async def _straight(self, endpoint: str, form: str) -> Callable[[int], Awaitable[Answer]] | None:
        """The floor's way: the very graph that the gateway makes of this request."""
        client = self.lanes[0].client
        words = f"called {uuid.uuid4().hex[:8]}"
        await client.ask(endpoint, form, 0, words)
        if self.floor is None:
            return None
        floor, graph = self.floor, await self.floor.graph_with(words)

        async def shot(number: int) -> Answer:
            picture = stamped(client.picture, number) if endpoint == "edits" else None
            begun = time.perf_counter()
            pictures = await floor.draw(graph, picture)
            took = time.perf_counter() - begun
            return Answer(took, took, b"", pictures[0])

        return shot

    async def _fill(self, cell: Cell, straight: Callable[[int], Awaitable[Answer]] | None) -> None:
        ways = {FLOOR: straight} if straight else {}
        for lane in self.lanes:
            if lane.takes(cell, min(self.plan.concurrency)):
                ways[lane.name] = _asker(lane.client, cell)
        cell.lanes = {name: Tally() for name in ways}
        for way in ways.values():
            await fire(way, Tally(), self.picture, at_once=cell.at_once, count=2 * cell.at_once)
        before = await _numbers(self.lanes[0].client)
        for _ in range(ROUNDS):
            for name, way in ways.items():
                count, seconds = self.plan.share(cell.at_once)
                await fire(way, cell.lanes[name], self.picture, at_once=cell.at_once, count=count, seconds=seconds)
                self._weigh(cell)
        after = await _numbers(self.lanes[0].client)
        answers = after.get(f"{_ANSWER}_count", 0) - before.get(f"{_ANSWER}_count", 0)
        if answers:
            cell.answered = (after[f"{_ANSWER}_sum"] - before[f"{_ANSWER}_sum"]) / answers
        if _STALLS in after:
            cell.stalls = round(after[_STALLS] - before[_STALLS])

    def _weigh(self, cell: Cell) -> None:
        for program in self.programs:
            if (held := program.memory()) is not None:
                cell.memory[program.name] = max(held, cell.memory.get(program.name, 0))


def _asker(client: Client, cell: Cell) -> Callable[[int], Awaitable[Answer]]:
    def shot(number: int) -> Awaitable[Answer]:
        return client.ask(cell.endpoint, cell.form, number)

    return shot


async def _numbers(client: Client) -> dict[str, float]:
    """What the gateway counts, by name; nothing from a gateway that has no such page. Labelled ones are left out."""
    headers = {"Authorization": f"Bearer {client.key}"}
    try:
        async with client.session.get(f"{client.base.removesuffix('/v1')}/metrics", headers=headers) as response:
            text = await response.text() if response.status == 200 else ""
    except (aiohttp.ClientError, UnicodeDecodeError):
        return {}
    found = re.findall(r"^(\w+) (\S+)$", text, re.MULTILINE)
    return {name: float(value) for name, value in found if name.startswith("protobanana_")}
