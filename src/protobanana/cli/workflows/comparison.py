"""What differs between two workflows, said by node title and input, and by key of the header."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from protobanana.cli.workflows.cells import short
from protobanana.cli.workflows.pairing import Pairs, digests, same
from protobanana.workflows.authoring.nodes import title_of
from protobanana.workflows.graph import Graph, Node, is_link, split_target

_ABSENT = object()
_REFERRING = ("slots", "tiers", "outputs")
"""Keys of the header in which nodes are named."""
_LONGEST = 300


def differences(left: Graph, right: Graph, pairs: Pairs) -> Iterator[str]:
    """One line per node or input that differs; none where both graphs do the same. `pairs`: see `paired`."""
    for node_id, node in left.items():
        if node_id not in pairs:
            yield f"only in the first: {_label(node_id, node)}"
    taken = set(pairs.values())
    for node_id, node in right.items():
        if node_id not in taken:
            yield f"only in the second: {_label(node_id, node)}"
    here, there = digests(left), digests(right)
    for node_id, node in left.items():
        if node_id not in pairs:
            continue
        other = right[pairs[node_id]]
        label = _label(node_id, node) + ("" if pairs[node_id] == node_id else f", there {pairs[node_id]}")
        mine, theirs = (one.get("_meta", {}).get("title") for one in (node, other))
        if mine and theirs and mine != theirs:
            yield f"{label}: title: {_shown(mine)} -> {_shown(theirs)}"
        for name in dict.fromkeys((*node["inputs"], *other["inputs"])):
            one, two = node["inputs"].get(name, _ABSENT), other["inputs"].get(name, _ABSENT)
            if is_link(one) and is_link(two):
                alike = pairs.get(one[0]) == two[0] or here[one[0]] == there[two[0]]
                differ = one[1] != two[1] or not alike
            else:
                differ = not same(one, two)
            if differ:
                yield f"{label}, {name}: {_value(left, one)} -> {_value(right, two)}"


def header_differences(
    one: Mapping[str, Any] | None, other: Mapping[str, Any] | None, left: Graph, pairs: Pairs
) -> Iterator[str]:
    """One line per key; nodes that the first header names are looked up under their ids in the second graph."""
    if one is None or other is None:
        if one is not other:
            yield f"header: only in the {'first' if other is None else 'second'}"
        return
    first, second = dict(_flat(_renamed(_plain(one), left, pairs))), dict(_flat(_plain(other)))
    for key in dict.fromkeys((*first, *second)):
        mine, theirs = first.get(key, _ABSENT), second.get(key, _ABSENT)
        if not same(mine, theirs):
            yield f"header, {key}: {_shown(mine)} -> {_shown(theirs)}"


def _label(node_id: str, node: Node) -> str:
    return f"{short(title_of(node))} ({node_id})"


def _value(graph: Graph, value: Any) -> str:
    if is_link(value):
        return f"output {value[1]} of {_label(value[0], graph[value[0]])}"
    return _shown(value)


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "not there"
    return short(json.dumps(value, ensure_ascii=False), _LONGEST)


# Headers --------------------------------------------------------------------------------------------------------------


def _plain(header: Mapping[str, Any]) -> dict[str, Any]:
    """The header with slots and operations in their long form, and without the note that shows it."""
    found = {key: value for key, value in header.items() if key not in ("class_type", "inputs")}
    if isinstance(found.get("slots"), Mapping):
        found["slots"] = {name: _long(entry) for name, entry in found["slots"].items()}
    if isinstance(found.get("operation"), str):
        found["operation"] = [found["operation"]]
    return found


def _long(entry: Any) -> Any:
    slot = dict(entry) if isinstance(entry, Mapping) else {"to": entry}
    if isinstance(slot.get("to"), str):
        slot["to"] = [slot["to"]]
    return slot


def _renamed(header: dict[str, Any], graph: Graph, pairs: Pairs) -> dict[str, Any]:
    """The same with the other graph's ids wherever nodes of this one are named."""

    def renamed(value: Any) -> Any:
        if isinstance(value, str):
            target = split_target(graph, value)
            return f"{pairs.get(target.node, target.node)}.{target.input}" if target else value
        if is_link(value):
            return [pairs.get(value[0], value[0]), value[1]]
        if isinstance(value, Mapping):
            return {renamed(key): renamed(item) for key, item in value.items()}
        return [renamed(item) for item in value] if isinstance(value, list) else value

    found = {key: renamed(value) if key in _REFERRING else value for key, value in header.items()}
    outputs = header.get("outputs")
    if isinstance(outputs, Mapping):
        found["outputs"] = {
            name: pairs.get(node, node) if isinstance(node, str) else node for name, node in outputs.items()
        }
    return found


def _flat(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Leaves with their dotted keys. Lists are leaves, but for those of things that have names."""
    if isinstance(value, list) and value and all(isinstance(one, Mapping) and "name" in one for one in value):
        value = {str(one["name"]): {name: item for name, item in one.items() if name != "name"} for one in value}
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            yield from _flat(item, f"{key}.{name}" if key else str(name))
    else:
        yield key, value


__all__ = ["differences", "header_differences"]
