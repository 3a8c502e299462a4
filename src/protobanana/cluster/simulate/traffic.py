"""Who asks for what and when, made up from a seed and measured service times."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from protobanana.cluster.estimates import Models

USERS = 40
"""Owners of the jobs, each as active as the others."""
GREEDY = "greedy"
GREEDY_JOBS, VISITORS = 1000, 50


@dataclass(frozen=True)
class Kind:
    """A sort of job: `seconds` warm on average, and the models it needs (one name of its own stands for all)."""

    workflow: str
    seconds: float
    models: Models


@dataclass(frozen=True)
class Measured:
    """Measured times in seconds; `spread`: service times lie within this share of their mean."""

    edit: Kind
    generate: Kind
    spread: float
    swap: float
    cold: float
    origin: str

    @property
    def longest(self) -> float:
        """The most that a job takes, loading aside."""
        return max(self.edit.seconds, self.generate.seconds) * (1 + self.spread)


@dataclass(frozen=True, eq=False)
class Request:
    """One job: when it comes (seconds), and how long it will really take, warm."""

    arrived: float
    owner: str
    kind: Kind
    seconds: float


@lru_cache(maxsize=1)
def measured() -> Measured:
    """The times that come with the package."""
    document = json.loads(files(__package__).joinpath("measured.json").read_text("utf-8"))
    kinds = {
        name: Kind(entry["workflow"], float(entry["seconds"]), frozenset({entry["workflow"]}))
        for name, entry in document["kinds"].items()
    }
    return Measured(
        kinds["edit"], kinds["generate"], document["spread"], document["swap"], document["cold"], document["origin"]
    )


@dataclass(frozen=True)
class Mix:
    """`load` is the share of the servers' time that the work takes, changes of models not counted."""

    servers: int
    load: float
    edits: float
    jobs: int
    seed: int

    def rate(self) -> float:
        """Jobs per second on average."""
        times = measured()
        mean = self.edits * times.edit.seconds + (1 - self.edits) * times.generate.seconds
        return self.load * self.servers / mean

    def requests(self, rate_at: Callable[[float], float], peak: float) -> list[Request]:
        """A Poisson stream whose rate at a share of its course is `rate_at` times the average, at most `peak` times."""
        chance = random.Random(self.seed)  # noqa: S311 - repeatable on purpose
        length, now, found = self.jobs / self.rate(), 0.0, list[Request]()
        while len(found) < self.jobs:
            now += chance.expovariate(self.rate() * peak)
            if chance.random() * peak < rate_at(now / length):
                found.append(self.request(chance, now, f"user {chance.randrange(USERS)}"))
        return found

    def request(self, chance: random.Random, now: float, owner: str) -> Request:
        """One job of the mix."""
        times = measured()
        kind = times.edit if chance.random() < self.edits else times.generate
        return Request(now, owner, kind, kind.seconds * chance.uniform(1 - times.spread, 1 + times.spread))


def steady(mix: Mix) -> list[Request]:
    """The same rate throughout."""
    return mix.requests(lambda _share: 1.0, 1.0)


def burst(mix: Mix) -> list[Request]:
    """Four times the rate in a twentieth of the time, in the middle; the average is kept."""
    quiet = (1 - 4 * 0.05) / 0.95
    return mix.requests(lambda share: 4.0 if 0.475 <= share % 1 < 0.525 else quiet, 4.0)


def day(mix: Mix) -> list[Request]:
    """From a quarter of the average to seven quarters of it and back."""
    return mix.requests(lambda share: 1 - 0.75 * math.cos(2 * math.pi * share), 1.75)


def greedy(mix: Mix) -> list[Request]:
    """One owner asks for a thousand pictures at once; meanwhile others come, one at a time, for one each."""
    chance = random.Random(mix.seed)  # noqa: S311 - repeatable on purpose
    thousand = [mix.request(chance, 0.0, GREEDY) for _ in range(GREEDY_JOBS)]
    length = sum(request.seconds for request in thousand) / mix.servers
    visits = (length * number / VISITORS for number in range(1, VISITORS + 1))
    return [*thousand, *(mix.request(chance, at, f"visitor {at:.0f}") for at in visits)]


SHAPES: Mapping[str, Callable[[Mix], list[Request]]] = {"steady": steady, "burst": burst, "day": day, "greedy": greedy}


def without_greedy(requests: list[Request]) -> Iterator[Request]:
    """The others' requests."""
    return (request for request in requests if request.owner != GREEDY)
