"""ComfyUI's API graph as plain data: `{node id: {"class_type": str, "inputs": {...}, "_meta": {...}}}`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple, TypeGuard

from protobanana.errors import WorkflowError

Node = dict[str, Any]
Graph = dict[str, Node]


class Target(NamedTuple):
    """One input of one node."""

    node: str
    input: str

    def __str__(self) -> str:
        return f"{self.node}.{self.input}"


def is_link(value: object) -> TypeGuard[list[Any]]:
    """Whether an input value is a link `[node id, output number]`."""
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and type(value[1]) is int


def links(node: Node) -> Iterator[tuple[str, str, int]]:
    """`(input, source node id, output number)` of every linked input."""
    for name, value in node["inputs"].items():
        if is_link(value):
            yield name, value[0], value[1]


def describe(graph: Mapping[str, Node], node_id: str) -> str:
    """A node for people: `node 3 (KSampler)`."""
    return f"node {node_id} ({graph[node_id]['class_type']})"


def read_graph(document: Mapping[str, Any]) -> Graph:
    """The nodes of a document; keys that begin with `_` are documentation. Raises WorkflowError on any other shape.

    ComfyUI 0.12.1 takes some broken shapes (a link to nowhere, a node without `inputs`) and stops working for good,
    so nothing but whole nodes and links between them gets past here.
    """
    graph = {key: _read_node(key, value) for key, value in document.items() if not key.startswith("_")}
    if not graph:
        raise WorkflowError("there is no node in it.")
    for node_id, node in graph.items():
        for name, value in node["inputs"].items():
            if isinstance(value, list):
                _check_link(graph, Target(node_id, name), value)
    cycle = find_cycle(graph)
    if cycle:
        raise WorkflowError(f"the links run in a circle: {' -> '.join(cycle)}.")
    return graph


def _read_node(key: str, value: object) -> Node:
    if not isinstance(value, dict) or not isinstance(value.get("class_type"), str):
        raise WorkflowError(
            f"key {key!r} is no node: a node is {{'class_type': text, 'inputs': {{...}}}}; "
            "keys that are documentation begin with '_'."
        )
    if not isinstance(value.get("inputs"), dict):
        raise WorkflowError(f"node {key} ({value['class_type']}) has no 'inputs' object.")
    # A graph taken out of a PNG carries `is_changed`, which would freeze ComfyUI's cache.
    return {name: value[name] for name in ("class_type", "inputs", "_meta") if name in value}


def _check_link(graph: Graph, at: Target, value: list[Any]) -> None:
    where = f"input {at.input!r} of {describe(graph, at.node)}"
    if not is_link(value) or value[1] < 0:
        raise WorkflowError(
            f"{where} is a list but no link: a link is [node id as text, output number]; "
            "a list that is a value is written {'__value__': [...]}."
        )
    if value[0] not in graph:
        raise WorkflowError(f"{where} is linked to node {value[0]}, which does not exist.")


def find_cycle(graph: Graph) -> list[str]:
    """The node ids of a circle of links, first and last the same; empty when there is none."""
    try:
        TopologicalSorter(
            {node_id: [source for _, source, _ in links(node)] for node_id, node in graph.items()}
        ).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        return cycle
    return []


def split_target(graph: Mapping[str, Node], text: str) -> Target | None:
    """`"3.seed"` as node and input, where node ids and inputs may contain dots and colons; None without such a node."""
    dot = text.find(".")
    while dot != -1:
        if text[:dot] in graph and text[dot + 1 :]:
            return Target(text[:dot], text[dot + 1 :])
        dot = text.find(".", dot + 1)
    return None


def copied(value: Any) -> Any:
    """A copy of JSON-like data that shares nothing mutable with the original."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copied(item) for item in value]
    return value


MODEL_SUFFIXES = (".safetensors", ".sft", ".gguf", ".ckpt", ".pt", ".pth", ".bin", ".onnx")


def model_files(graph: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    """Names of the model files that the graph's inputs name: what a server has loaded once it has run it."""
    values = (value for node in graph.values() for value in node["inputs"].values())
    return frozenset(value for value in values if isinstance(value, str) and value.lower().endswith(MODEL_SUFFIXES))


def needed_for(graph: Graph, outputs: Iterable[str]) -> set[str]:
    """The output nodes and everything they depend on."""
    needed: set[str] = set()
    waiting = list(outputs)
    while waiting:
        node_id = waiting.pop()
        if node_id not in needed:
            needed.add(node_id)
            waiting.extend(source for _, source, _ in links(graph[node_id]))
    return needed


__all__ = [
    "Graph",
    "Node",
    "Target",
    "copied",
    "describe",
    "find_cycle",
    "is_link",
    "links",
    "needed_for",
    "read_graph",
    "split_target",
]
