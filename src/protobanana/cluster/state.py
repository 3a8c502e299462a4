"""One server as an operator sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Condition: TypeAlias = Literal["up", "down", "draining", "stuck"]


@dataclass(frozen=True)
class ServerState:
    """`address` has no credentials; `why` says what is wrong where something is.

    `waiting` is its share of the line, `running` the jobs that were sent there. `models` is None while it is not known
    what is loaded; `seconds` are measured service times by workflow, of jobs that found their models loaded.
    """

    address: str
    condition: Condition
    why: str
    waiting: int
    running: int
    models: frozenset[str] | None
    seconds: Mapping[str, float]
