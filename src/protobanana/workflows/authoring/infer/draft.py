"""What has been found so far: slots, why each is what it is, and what could as well have been meant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from protobanana.workflows.authoring.infer.net import Net
from protobanana.workflows.authoring.infer.origin import Number
from protobanana.workflows.graph import Target, split_target
from protobanana.workflows.header import Patch

_SHOWN_VALUE = 40


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that may be meant. `title`: the node's title in the editor, else its class; `value`: what it holds.

    `input` and `value` are empty where a whole node is meant.
    """

    node: str
    title: str
    input: str
    value: str

    def __str__(self) -> str:
        place = f"{self.title!r} ({self.node})"
        return f"{place}, {self.input}: {self.value}" if self.input else place


@dataclass
class Draft:
    """Slots in the order in which they were found. `reasons` also say why a slot was left out."""

    net: Net
    slots: dict[str, dict[str, Any]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    ambiguous: dict[str, tuple[Candidate, ...]] = field(default_factory=dict)

    def add(
        self,
        slot: str,
        targets: tuple[Target, ...],
        why: str,
        *,
        absent: Patch | None = None,
        present: Patch | None = None,
    ) -> None:
        """A slot and the inputs it fills; targets that another slot fills are left to that one."""
        taken = {text for name, entry in self.slots.items() if name != slot for text in entry["to"]}
        free = [str(target) for target in dict.fromkeys(targets) if str(target) not in taken]
        if not free:
            return
        entry: dict[str, Any] = {"to": free}
        if absent is not None:
            entry["absent"] = absent
        if present is not None:
            entry["present"] = present
        self.slots[slot] = entry
        self.reasons[slot] = why

    def add_number(self, slot: str, source: Number, why: str) -> None:
        """A slot behind a numeric input, or the reason why it has none."""
        if source.target is None:
            self.explain(slot, source.why)
        else:
            self.add(slot, (source.target,), why)

    def targets(self, slot: str) -> list[Target]:
        """The inputs that a slot fills, none where there is no such slot."""
        found = [split_target(self.net.graph, text) for text in self.slots.get(slot, {}).get("to", ())]
        return [target for target in found if target is not None]

    def explain(self, slot: str, why: str) -> None:
        """Why there is no such slot."""
        self.reasons.setdefault(slot, why)

    def doubt(self, slot: str, targets: tuple[Target, ...]) -> None:
        """Several places may be meant by a slot."""
        self.ambiguous[slot] = tuple(self.candidate(target) for target in targets)

    def candidate(self, target: Target) -> Candidate:
        """A place for people."""
        value = " ".join(str(self.net.value(target)).split())
        shown = value if len(value) <= _SHOWN_VALUE else f"{value[: _SHOWN_VALUE - 1]}…"
        return Candidate(target.node, self.net.title(target.node), target.input, shown)


__all__ = ["Candidate", "Draft"]
