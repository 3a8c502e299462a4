"""The API graph as data: reading it, walking it, copying it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protobanana.errors import WorkflowError
from protobanana.workflows.graph import (
    Target,
    copied,
    describe,
    find_cycle,
    is_link,
    links,
    needed_for,
    read_graph,
    split_target,
)


def node(kind: str = "Node", **inputs: Any) -> dict[str, Any]:
    """A node of an API graph."""
    return {"class_type": kind, "inputs": inputs}


class TestReadGraph:
    """Which shapes are graphs."""

    def test_documentation_is_left_out(self) -> None:
        """Keys that begin with an underscore are no nodes, whatever they hold."""
        assert read_graph({"_doc": "text", "_meta": {"a": 1}, "1": node()}) == {"1": node()}

    def test_foreign_keys_of_a_node_are_left_out(self) -> None:
        """`is_changed`, which ComfyUI writes into PNGs, does not travel on; the title does."""
        read = read_graph({"1": {**node(x=1), "is_changed": ["abc"], "_meta": {"title": "One"}}})
        assert read == {"1": {**node(x=1), "_meta": {"title": "One"}}}

    @pytest.mark.parametrize(
        ("document", "expected"),
        [
            ({}, "no node"),
            ({"_doc": ""}, "no node"),
            ({"version": 0.4}, "'version' is no node"),
            ({"extra": {"a": 1}}, "'extra' is no node"),
            ({"1": {"inputs": {}}}, "'1' is no node"),
            ({"1": {"class_type": "KSampler"}}, "node 1 (KSampler) has no 'inputs'"),
            ({"1": {"class_type": "A", "inputs": []}}, "node 1 (A) has no 'inputs'"),
            ({"1": node(image=["7", 0])}, "input 'image' of node 1 (Node) is linked to node 7, which does not exist"),
            ({"1": node(), "2": node(image=[1, 0])}, "is a list but no link"),
            ({"1": node(), "2": node(image=["1", "0"])}, "is a list but no link"),
            ({"1": node(), "2": node(image=["1", -1])}, "is a list but no link"),
            ({"1": node(), "2": node(image=[])}, "is a list but no link"),
            ({"1": node(a=["2", 0]), "2": node(a=["1", 0])}, "run in a circle"),
            ({"1": node(a=["1", 0])}, "run in a circle"),
        ],
    )
    def test_broken_shapes_are_refused(self, document: dict[str, Any], expected: str) -> None:
        """Every shape that would stop or confuse ComfyUI is an error that names node and input."""
        with pytest.raises(WorkflowError) as caught:
            read_graph(document)
        assert expected in caught.value.message

    def test_wrapped_lists_are_values(self) -> None:
        """A list value in ComfyUI's wrapping is not taken for a link."""
        assert read_graph({"1": node(names={"__value__": ["2", 0]})})


class TestWalking:
    """Links and what depends on them."""

    def test_needed_for(self) -> None:
        """Only the outputs and what they are made from are needed."""
        graph = {"1": node(), "2": node(a=["1", 0]), "3": node(a=["1", 0]), "4": node(a=["2", 0], b=["1", 0])}
        assert needed_for(graph, ["4"]) == {"1", "2", "4"}

    def test_links(self) -> None:
        """Links are told from values."""
        assert list(links(node(a=["1", 2], b="1", c={"__value__": ["1", 0]}))) == [("a", "1", 2)]
        assert not is_link(["1", True])

    def test_long_chains_are_walked(self) -> None:
        """A chain of thousands of nodes is no deeper than any other graph."""
        graph = {str(n): node(a=[str(n + 1), 0]) for n in range(5000)} | {"5000": node()}

        assert find_cycle(graph) == []
        assert len(needed_for(graph, ["0"])) == 5001

    def test_describe(self) -> None:
        """Nodes are named by id and class."""
        assert describe({"3": node("KSampler")}, "3") == "node 3 (KSampler)"


class TestSplitTarget:
    """Node and input of a target."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("3.seed", Target("3", "seed")),
            ("75:62.steps", Target("75:62", "steps")),
            ("3.resize_type.width", Target("3", "resize_type.width")),
            ("1.5.width", Target("1.5", "width")),
            ("4.seed", None),
            ("3", None),
            ("3.", None),
            ("", None),
        ],
    )
    def test_split(self, text: str, expected: Target | None) -> None:
        """The node id ends at the first dot after an existing id; inputs may hold dots themselves."""
        assert split_target({"3": node(), "75:62": node(), "1.5": node()}, text) == expected


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_copied_is_equal_and_shares_nothing(value: Any) -> None:
    """A copy equals its original and has none of its lists or objects."""

    def containers(part: Any) -> set[int]:
        children = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        own = {id(part)} if isinstance(part, (dict, list)) else set()
        return own.union(*(containers(child) for child in children))

    copy = copied(value)

    assert copy == value
    assert containers(copy).isdisjoint(containers(value))
