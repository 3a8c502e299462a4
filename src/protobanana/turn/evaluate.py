"""How often the router is right on labelled turns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from protobanana.turn.route_lines import answer

_SIDES = ("left", "top", "right", "bottom")
TOLERANCE = 1
"""Pixels by which a pad may differ."""


@dataclass
class Score:
    """Right answers of all answers."""

    right: int = 0
    total: int = 0

    def add(self, *, right: bool) -> bool:
        """Count one answer and hand it back."""
        self.right += right
        self.total += 1
        return right

    @property
    def accuracy(self) -> float:
        """Share of right answers, 0 to 1; 1 when there was none to give."""
        return self.right / self.total if self.total else 1.0


@dataclass
class Report:
    """Scores by operation, and for sizes, pads and region phrases; `misses` are (turn, answer) pairs."""

    operations: dict[str, Score] = field(default_factory=dict)
    sizes: Score = field(default_factory=Score)
    pads: Score = field(default_factory=Score)
    splits: Score = field(default_factory=Score)
    misses: list[tuple[Mapping[str, Any], Mapping[str, Any]]] = field(default_factory=list)

    @property
    def macro(self) -> float:
        """Mean of the accuracies of the operations."""
        return sum(score.accuracy for score in self.operations.values()) / max(len(self.operations), 1)

    def rows(self) -> list[tuple[str, Score]]:
        """Names and scores in reading order, for a table."""
        scored = sorted(self.operations.items())
        return [*scored, ("sizes", self.sizes), ("pads", self.pads), ("splits", self.splits)]


def evaluate(turns: Iterable[Mapping[str, Any]]) -> Report:
    """Route labelled turns and compare. A turn has the router's fields and `expect`, whose `operation` is required.

    `width` and `height`, `pads`, `region` and `result` count wherever `expect` has them; phrases regardless of case.
    """
    report = Report()
    for turn in turns:
        given, expected = answer(turn), turn["expect"]
        right = given["operation"] == expected["operation"]
        report.operations.setdefault(expected["operation"], Score()).add(right=right)
        if "width" in expected:
            right &= report.sizes.add(right=all(given[name] == expected[name] for name in ("width", "height")))
        if "pads" in expected:
            wanted = expected["pads"]
            right &= report.pads.add(right=all(abs(given["pads"][at] - wanted[at]) <= TOLERANCE for at in _SIDES))
        if "region" in expected:
            named = [name for name in ("region", "result") if name in expected]
            right &= report.splits.add(right=all(_plain(given[name]) == _plain(expected[name]) for name in named))
        if not right:
            report.misses.append((turn, given))
    return report


def _plain(phrase: str | None) -> str:
    return " ".join((phrase or "").lower().split())


def corpus(part: str | None = None) -> list[dict[str, Any]]:
    """The labelled turns that ship with the package: one part (a file's stem), or all of them."""
    folder = resources.files("protobanana.operations") / "corpus"
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".jsonl")), key=lambda entry: entry.name)
    texts = [entry.read_text(encoding="utf-8") for entry in files if part in {None, entry.name.removesuffix(".jsonl")}]
    return [json.loads(line) for text in texts for line in text.splitlines() if line.strip()]
