"""How long jobs take and how long it takes to change models: measured as jobs run, never configured."""

from __future__ import annotations

from collections import deque
from typing import TypeAlias

Models: TypeAlias = frozenset[str]
"""Names of the model files that a graph loads."""

SWAP = 8.0
"""Seconds to change models until measured: Qwen edit to generate on one H200 under ComfyUI 0.12.1."""
COLD = 20.0
"""Seconds to load models into a fresh server until measured: Qwen generate cold (30 s) against warm, same machine."""
UNKNOWN = 10.0
"""Seconds that a job counts for before anything like it ran: twenty steps of Qwen-Image, same machine."""
_MEMORY = 8
"""Measurements kept of each kind; the middle one counts, so that one answer from ComfyUI's cache changes nothing."""


class Recent:
    """The last few measurements of one thing, in seconds. `upper` is the largest but one."""

    __slots__ = ("_last", "middle", "upper")

    def __init__(self) -> None:
        self._last: deque[float] = deque(maxlen=_MEMORY)
        self.middle = self.upper = 0.0

    def add(self, seconds: float) -> None:
        """Remember one more; the oldest goes."""
        self._last.append(seconds)
        ranked = sorted(self._last)
        self.middle = ranked[(len(ranked) - 1) // 2]
        self.upper = ranked[max(len(ranked) - 2, 0)]


class Estimates:
    """Service times by workflow and models, warm, and swap times by what was loaded and what was wanted.

    `fallback` answers what has not been measured here: all servers together, for one of them.
    """

    def __init__(self, fallback: Estimates | None = None) -> None:
        self._fallback = fallback
        self._service: dict[tuple[str, Models], Recent] = {}
        self._guessed: dict[tuple[str, Models], float] = {}
        self._swap: dict[tuple[Models | None, Models], Recent] = {}

    def service(self, workflow: str, models: Models) -> float | None:
        """Seconds a job takes where its models are loaded; None before one ran."""
        known = self._service.get((workflow, models))
        if known is not None:
            return known.middle
        if self._fallback is not None:
            return self._fallback.service(workflow, models)
        return self._guessed.get((workflow, models))

    def at_most(self, workflow: str, models: Models) -> float | None:
        """Seconds that nearly all such jobs stay below; None before one ran warm."""
        known = self._service.get((workflow, models))
        if known is not None:
            return known.upper
        return self._fallback.at_most(workflow, models) if self._fallback is not None else None

    def swap(self, loaded: Models | None, models: Models) -> float:
        """Seconds to get from one set of models to another; 0 where nothing is missing. None: a fresh server."""
        if not models or (loaded is not None and models <= loaded):
            return 0.0
        known = self._swap.get((loaded, models))
        if known is not None:
            return known.middle
        if self._fallback is not None:
            return self._fallback.swap(loaded, models)
        return COLD if loaded is None else SWAP

    def observe(self, workflow: str, models: Models, loaded: Models | None, seconds: float) -> None:
        """Learn from a job that took `seconds` in ComfyUI, on a server that had `loaded`."""
        key = (workflow, models)
        expected = self.swap(loaded, models)
        if not models or (loaded is not None and models <= loaded):
            self._service.setdefault(key, Recent()).add(seconds)
            return
        warm = self.service(workflow, models)
        if warm is not None:
            self._swap.setdefault((loaded, models), Recent()).add(max(0.0, seconds - warm))
            return
        if seconds < expected:  # it cannot have taken longer than the whole job
            self._swap.setdefault((loaded, models), Recent()).add(seconds)
        self._guessed[key] = max(seconds - expected, seconds / 3)

    def measured(self) -> dict[str, float]:
        """Seconds by workflow, warm; of several sets of models the slowest."""
        times: dict[str, float] = {}
        for (workflow, _), recent in self._service.items():
            times[workflow] = max(times.get(workflow, 0.0), recent.middle)
        return times
