"""Calling node functions."""

from __future__ import annotations

from typing import Any

from protobanana.engine.cache import NodeResult
from protobanana.engine.call import call, gather, nested
from protobanana.engine.nodes.base import Outputs, Result
from protobanana.engine.schema import schema_of


def test_nested() -> None:
    """Dotted names arrive under their first part, in any order."""
    flat = {"size.width": 3, "size": "exact", "images.image0": "a", "images.image1": "b", "plain": 1}

    assert nested({"size": "exact", "size.width": 3}) == {"size": {"size": "exact", "width": 3}}
    assert nested(flat)["images"] == {"image0": "a", "image1": "b"}
    assert nested(flat)["plain"] == 1


def test_gather_takes_declared_inputs_only() -> None:
    """Undeclared inputs never reach the function; links bring the values of their slot."""
    node = {"class_type": "ImageInvert", "inputs": {"image": ["1", 0], "bogus": 5}}
    results = {"1": NodeResult((["picture"],), None)}

    assert gather(schema_of("ImageInvert"), node, results) == {"image": ["picture"]}


def test_gather_spreads_dynamic_inputs() -> None:
    """The inputs of the chosen option of a dynamic combo are declared too."""
    inputs = {"input": ["1", 0], "resize_type": "scale width", "resize_type.width": 7, "resize_type.height": 9}
    node = {"class_type": "ResizeImageMaskNode", "inputs": inputs}
    values = gather(schema_of("ResizeImageMaskNode"), node, {"1": NodeResult((["picture"],), None)})

    assert values == {"input": ["picture"], "resize_type": ["scale width"], "resize_type.width": [7]}


def test_lists_are_mapped() -> None:
    """A node runs once per item of the longest list; shorter lists repeat their last item; shown items are joined."""

    def run(arguments: dict[str, Any]) -> Result:
        return Result((arguments["a"] + arguments["b"],), {"text": [arguments["a"]]})

    result = call(schema_of("ImageInvert"), run, {"a": [1, 2, 3], "b": [10, 20]})

    assert result.outputs == ([11, 22, 23],)
    assert result.ui == {"text": [1, 2, 3]}


def test_list_nodes_get_and_return_lists() -> None:
    """A node with is_input_list sees whole lists once; an output_is_list slot is spread."""

    def run(arguments: dict[str, Any]) -> Outputs:
        return (arguments["images"] * arguments["batch_size"][0],)

    result = call(schema_of("RebatchImages"), run, {"images": ["a", "b"], "batch_size": [2]})

    assert result.outputs == (["a", "b", "a", "b"],)
