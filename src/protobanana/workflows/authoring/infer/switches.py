"""Switches of a graph whose position is written in it: only the chosen branch counts."""

from __future__ import annotations

import re

from protobanana.workflows.graph import Graph, is_link


def chosen_branch(graph: Graph, node_id: str) -> str | None:
    """The input that a switch passes on, None for other nodes and for a switch whose position is not known."""
    inputs = graph[node_id]["inputs"]
    if {"on_true", "on_false"} <= inputs.keys():
        position = next((inputs[name] for name in ("switch", "boolean", "condition") if name in inputs), None)
        if is_link(position):
            source = [value for value in graph[position[0]]["inputs"].values() if isinstance(value, bool)]
            position = source[0] if len(source) == len(graph[position[0]]["inputs"]) == 1 else None
        return None if not isinstance(position, bool) else "on_true" if position else "on_false"
    if isinstance(inputs.get("select"), int):
        name = f"input{inputs['select']}"
        return name if is_link(inputs.get(name)) else None
    if any(re.fullmatch(r"any_\d+", name) for name in inputs):
        return next((name for name in sorted(inputs, key=natural) if is_link(inputs[name])), None)
    return None


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts `image2` before `image10`, and `83:8` by both of its numbers."""
    parts = [part for part in re.split(r"(\d+)", name) if part]
    return tuple((1, len(part.lstrip("0")), part) if part.isdecimal() else (0, 0, part) for part in parts)


__all__ = ["chosen_branch", "natural"]
