"""Slots and quality tiers as changes to a graph: what the header says in words, resolved against real nodes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from protobanana.errors import WorkflowError
from protobanana.workflows.graph import Graph, Node, Target, copied, describe, split_target
from protobanana.workflows.header import Header, Patch

Changes = tuple[tuple[Target, Any], ...]
"""Inputs and what they become; None takes the input out of its node."""

_PICTURE = re.compile(r"image(?:_([0-9]+))?")
_MASK = "mask"


@dataclass(frozen=True, slots=True)
class SlotWiring:
    """Where a slot's value goes. `absent` and `present` are made to the graph when it is not given, or is given."""

    to: tuple[Target, ...]
    absent: Changes
    present: Changes
    required: bool
    """A picture or mask that the graph cannot do without."""


def picture_number(slot: str) -> int | None:
    """1 for slot `image`, 2 for `image_2` and so on; None for a slot that takes no numbered picture."""
    match = _PICTURE.fullmatch(slot)
    return int(match[1] or 1) if match else None


def count_pictures(slots: Iterable[str]) -> int:
    """How many of the slots take a numbered picture."""
    return sum(1 for slot in slots if picture_number(slot) is not None)


def apply(graph: Graph, changes: Changes) -> None:
    """Make changes to a graph, in place."""
    for target, value in changes:
        inputs = graph[target.node]["inputs"]
        if value is None:
            inputs.pop(target.input, None)
        else:
            inputs[target.input] = copied(value)


def wire_slots(header: Header, graph: Mapping[str, Node]) -> dict[str, SlotWiring]:
    """Every slot of the header, in its order. Raises WorkflowError naming the slot that points nowhere."""
    wirings: dict[str, SlotWiring] = {}
    filled: dict[Target, str] = {}
    for name, slot in header.slots.items():
        targets = tuple(_existing(graph, text, f"slot '{name}'") for text in slot.to)
        for target in targets:
            if target in filled:
                raise WorkflowError(f"slots '{filled[target]}' and '{name}' both fill {target}.")
            filled[target] = name
        wirings[name] = SlotWiring(
            to=targets,
            absent=_changes(graph, slot.absent or {}, f"slot '{name}', absent"),
            present=_changes(graph, slot.present or {}, f"slot '{name}', present"),
            required=slot.absent is None and (name == _MASK or picture_number(name) is not None),
        )
    _check_pictures(header, wirings)
    return wirings


def wire_tiers(header: Header, graph: Mapping[str, Node]) -> dict[str, Changes]:
    """Every tier of the header. Raises WorkflowError naming the tier that changes something that is not there."""
    return {name: _changes(graph, tier.set, f"tier '{name}'") for name, tier in header.tiers.items()}


def _check_pictures(header: Header, wirings: Mapping[str, SlotWiring]) -> None:
    names = [name for name in wirings if picture_number(name) is not None]
    expected = ["image", *(f"image_{number}" for number in range(2, len(names) + 1))][: len(names)]
    if sorted(names) != sorted(expected):
        raise WorkflowError(
            f"picture slots must be numbered without a gap: {', '.join(expected)}, not {', '.join(names)}."
        )
    for limit in ("min_images", "max_images"):
        declared = getattr(header.limits, limit)
        if declared is not None and declared > len(names):
            raise WorkflowError(f"limits.{limit} is {declared}, but there are {len(names)} picture slots.")


def _existing(graph: Mapping[str, Node], text: str, where: str) -> Target:
    target = _in_graph(graph, text, where)
    inputs = graph[target.node]["inputs"]
    if target.input not in inputs:
        raise WorkflowError(
            f"{where} points to {text}, but {describe(graph, target.node)} has no input '{target.input}'; "
            f"it has: {', '.join(inputs) or 'none'}."
        )
    return target


def _in_graph(graph: Mapping[str, Node], text: str, where: str) -> Target:
    target = split_target(graph, text)
    if target is None:
        name = text.rpartition(".")[2]
        nodes = [node_id for node_id, node in graph.items() if name in node["inputs"]]
        hint = f" Nodes with an input '{name}': {', '.join(nodes)}." if nodes else ""
        raise WorkflowError(f"{where} points to '{text}', which is not the `node.input` of any node.{hint}")
    return target


def _changes(graph: Mapping[str, Node], patch: Patch, where: str) -> Changes:
    return tuple(_change(graph, text, value, where) for text, value in patch.items())


def _change(graph: Mapping[str, Node], text: str, value: Any, where: str) -> tuple[Target, Any]:
    # A link may fill an input that the graph leaves open; a value always replaces one, so that a typo cannot hide.
    if not isinstance(value, tuple):
        return _existing(graph, text, where), value
    if value[0] not in graph:
        raise WorkflowError(f"{where} links {text} to node {value[0]}, which does not exist.")
    return _in_graph(graph, text, where), list(value)


__all__ = ["Changes", "SlotWiring", "apply", "count_pictures", "picture_number", "wire_slots", "wire_tiers"]
