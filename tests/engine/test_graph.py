"""The order of nodes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from protobanana.engine.graph import NodeNotFoundError, Schedule, is_link
from protobanana.engine.schema import schema_of

RECORDED = json.loads((Path(__file__).parents[1] / "data/engine/orders.json").read_text(encoding="utf-8"))["cases"]


def order(graph: dict[str, Any], outputs: list[str], cached: list[str]) -> list[str]:
    """The nodes of a graph that run, in order."""
    done = set(cached)
    schedule = Schedule(
        graph, done.__contains__, lambda node: schema_of(graph[node]["class_type"]).output_node, lambda _: ()
    )
    for output in outputs:
        schedule.add(output)
    ran = []
    while (node := schedule.next()) is not None:
        if node not in done:
            ran.append(node)
        done.add(node)
        schedule.done(node)
    return ran


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: str(case["scenario"]))
def test_recorded_order(case: dict[str, Any]) -> None:
    """Nodes run in the order in which genuine ComfyUI ran them."""
    ran = order(case["graph"], case["outputs"], case["cached"])

    assert ran[: len(case["ran"])] == case["ran"]


def test_missing_source() -> None:
    """A link to a node that is not there names the node."""
    graph = {"9": {"class_type": "SaveImage", "inputs": {"stale": ["404", 0]}}}

    with pytest.raises(NodeNotFoundError, match="404"):
        order(graph, ["9"], [])


@pytest.mark.parametrize(
    ("value", "expected"),
    [(["1", 0], True), (["1", -1], True), ([1, 0], False), (["1"], False), ("1", False), (["1", True], False)],
)
def test_is_link(value: object, expected: bool) -> None:
    """A link is a list of a text and a number."""
    assert is_link(value) is expected
