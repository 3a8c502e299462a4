"""How a node's function is called: inputs by name, lists as ComfyUI maps over them, results per output slot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from protobanana.engine.cache import NodeResult
from protobanana.engine.graph import inputs_of, is_link
from protobanana.engine.nodes.base import Outputs, Result
from protobanana.engine.schema import NodeSchema


def gather(schema: NodeSchema, node: Mapping[str, Any], results: Mapping[str, NodeResult]) -> dict[str, list[Any]]:
    """The declared inputs of a node as lists of values; linked ones without a result (lazy) are left out."""
    inputs = inputs_of(node)
    values: dict[str, list[Any]] = {}
    for declared in schema.inputs_for(inputs):
        if declared.name not in inputs:
            continue
        value = inputs[declared.name]
        if not is_link(value):
            values[declared.name] = [value]
        elif value[0] in results:
            values[declared.name] = results[value[0]].outputs[value[1]]
    return values


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """`{"size": "by width", "size.width": 3}` as `{"size": {"size": "by width", "width": 3}}`."""
    arguments: dict[str, Any] = {}
    for name, value in values.items():
        parent, dot, child = name.partition(".")
        if dot:
            held = arguments.get(parent)
            if not isinstance(held, dict):
                arguments[parent] = held = {} if parent not in arguments else {parent: held}
            held[child] = value
        else:
            arguments[name] = value
    return arguments


def call(
    schema: NodeSchema, run: Callable[[dict[str, Any]], Outputs | Result], values: Mapping[str, list[Any]]
) -> NodeResult:
    """Run a node once per item of its longest input list (shorter ones repeat their last), or once with whole lists."""
    if schema.is_input_list:
        returned = [run(nested(values))]
    else:
        count = max((len(items) for items in values.values()), default=1)
        returned = [
            run(nested({name: items[min(index, len(items) - 1)] for name, items in values.items()}))
            for index in range(count)
        ]
    results = [each if isinstance(each, Result) else Result(each) for each in returned]
    outputs = tuple(_slot(schema, slot, results) for slot in range(len(schema.outputs)))
    return NodeResult(outputs, _merge([each.ui for each in results if each.ui is not None]))


def _slot(schema: NodeSchema, slot: int, results: Sequence[Result]) -> list[Any]:
    if schema.output_is_list[slot]:
        return [value for result in results for value in result.outputs[slot]]
    return [result.outputs[slot] for result in results]


def _merge(shown: Sequence[Mapping[str, Sequence[Any]]]) -> dict[str, list[Any]] | None:
    if not shown:
        return None
    return {key: [item for each in shown for item in each.get(key, ())] for key in shown[0]}


__all__ = ["call", "gather", "nested"]
