"""What must hold for a graph before it may be posted.

ComfyUI's validation overlooks two shapes that end its only execution thread for good (measured with 0.12.1): an input
that the node does not declare but that links to a missing node, and a node without `inputs`. Neither ever leaves here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from protobanana.comfy.types import Graph
from protobanana.errors import WorkflowError

_NODE_KEYS = ("class_type", "inputs", "_meta")


def check(graph: Graph, outputs: tuple[str, ...]) -> None:
    """Raise WorkflowError, naming node and input, unless every node is whole, every link lands and nothing loops."""
    if not graph:
        raise WorkflowError("The workflow has no nodes.")
    for node_id, node in graph.items():
        if not isinstance(node_id, str):
            raise WorkflowError(f"Node id {node_id!r} must be a string.")
        if not isinstance(node, Mapping):
            raise WorkflowError(f"Node '{node_id}' is no node: it must hold 'class_type' and 'inputs'.")
        if not isinstance(node.get("class_type"), str) or not node["class_type"]:
            raise WorkflowError(f"{name(graph, node_id)} has no 'class_type'.")
        if not isinstance(node.get("inputs"), Mapping):
            raise WorkflowError(f"{name(graph, node_id)} has no 'inputs'; an empty object is the least.")
    for node_id, slot, source in _links(graph):
        if source not in graph:
            raise WorkflowError(f"{name(graph, node_id)}, input '{slot}': links to node '{source}', which is missing.")
    _refuse_loops(graph)
    for output in outputs:
        if output not in graph:
            raise WorkflowError(f"The wanted output node '{output}' is not in the workflow.")


def submittable(graph: Graph) -> dict[str, dict[str, Any]]:
    """The graph with nothing but what ComfyUI reads of a node.

    An `is_changed` key, as ComfyUI writes it into the PNGs it saves, would freeze its cache if it came back.
    """
    return {node_id: {key: node[key] for key in _NODE_KEYS if key in node} for node_id, node in graph.items()}


def title(graph: Graph, node_id: str) -> str:
    """The node's title as drawn by its author, else its class, else its id."""
    node = graph.get(node_id, {})
    meta = node.get("_meta")
    drawn = meta.get("title") if isinstance(meta, Mapping) else None
    return " ".join(str(drawn or node.get("class_type") or node_id).split())


def name(graph: Graph, node_id: str) -> str:
    """A node for messages: `Node 'Sampler' (KSampler)`; the class is left out where it is the title."""
    shown = title(graph, node_id)
    kind = graph.get(node_id, {}).get("class_type")
    return f"Node '{shown}' ({kind})" if kind and kind != shown else f"Node '{shown}' (id {node_id})"


def _links(graph: Graph) -> Iterator[tuple[str, str, str]]:
    """(node, input, source node) of every value that ComfyUI takes for a link, declared input or not."""
    for node_id, node in graph.items():
        for slot, value in node["inputs"].items():
            if isinstance(value, list | tuple) and len(value) == 2:
                source, index = value
                if isinstance(source, str) and isinstance(index, int | float):
                    yield node_id, slot, source


def _refuse_loops(graph: Graph) -> None:
    """Peel off nodes whose sources are all peeled; whatever is left feeds itself."""
    waiting: dict[str, dict[str, str]] = {node_id: {} for node_id in graph}
    readers: dict[str, set[str]] = {node_id: set() for node_id in graph}
    for node_id, slot, source in _links(graph):
        waiting[node_id][source] = slot
        readers[source].add(node_id)
    ready = deque(node_id for node_id, sources in waiting.items() if not sources)
    while ready:
        done = ready.popleft()
        del waiting[done]
        for reader in readers[done]:
            del waiting[reader][done]
            if not waiting[reader]:
                ready.append(reader)
    if waiting:
        node_id = _on_the_loop(waiting)
        slot = next(slot for source, slot in waiting[node_id].items() if source in waiting)
        raise WorkflowError(f"{name(graph, node_id)}, input '{slot}': the workflow loops back to this node.")


def _on_the_loop(waiting: Mapping[str, Mapping[str, str]]) -> str:
    """Walk upstream from any unpeeled node until one is met twice: that one lies on the loop."""
    node_id, seen = next(iter(waiting)), set[str]()
    while node_id not in seen:
        seen.add(node_id)
        node_id = next(source for source in waiting[node_id] if source in waiting)
    return node_id
