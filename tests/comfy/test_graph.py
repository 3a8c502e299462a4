"""What may be posted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protobanana.comfy.graph import check
from protobanana.errors import WorkflowError

SAVE = {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}}
SOURCE = {"class_type": "EmptyImage", "inputs": {"width": 1}}


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        ({}, "no nodes"),
        ({1: SOURCE}, "Node id 1"),
        ({"1": "documentation"}, "Node '1'"),
        ({"1": {"inputs": {}}}, "class_type"),
        ({"1": {"class_type": "X"}}, "inputs"),
        ({"1": {"class_type": "X", "inputs": []}}, "'X'.*inputs"),
        ({"9": SAVE}, "'SaveImage'.*'images'.*'1'"),
        ({"1": SOURCE, "9": {**SAVE, "inputs": {"stale": ["404", 0.0]}}}, "'stale'.*'404'"),
        ({"9": {**SAVE, "inputs": {"images": ["9", 0]}}}, "'images'.*loops"),
        (
            {
                "1": {"class_type": "A", "inputs": {"x": ["2", 0]}},
                "2": {"class_type": "B", "inputs": {"y": ["1", 0]}},
                "9": SAVE,
            },
            "Node '[AB]'.*loops",
        ),
        ({"1": SOURCE}, "output node '9'"),
    ],
)
def test_refused(graph, words):
    """A broken graph is refused with the node and the input that are to blame."""
    with pytest.raises(WorkflowError, match=words):
        check(graph, ("9",))


def test_accepted():
    """Literals that only resemble links, and links through tuples, are left to ComfyUI."""
    odd = {"class_type": "X", "inputs": {"a": [1, 0], "b": ["text"], "c": {"__value__": ["1", 0]}, "d": ("1", 0)}}

    check({"1": SOURCE, "2": odd, "9": SAVE}, ("9",))


@given(st.integers(1, 40), st.data())
def test_loops_are_found(size: int, data: Any):
    """A graph whose links all point backwards passes; one link that closes a circle is found."""
    targets = [data.draw(st.integers(0, index - 1)) if index else None for index in range(size)]
    graph = {
        str(index): {"class_type": "N", "inputs": {} if target is None else {"in": [str(target), 0]}}
        for index, target in enumerate(targets)
    }
    check(graph, ())
    graph["0"]["inputs"]["back"] = [str(size - 1), 0]
    with pytest.raises(WorkflowError, match=r"'back'|'in'"):
        check(graph, ())


def test_long_chain():
    """Depth does not matter."""
    graph = {str(i): {"class_type": "N", "inputs": {"in": [str(i - 1), 0]} if i else {}} for i in range(5000)}

    check(graph, ("4999",))
