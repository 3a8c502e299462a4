"""From an API graph to a file that ComfyUI's editor opens: the way back of `convert`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from typing import Any

from protobanana.workflows.authoring.convert.layout import (
    ABSENT,
    CONTROL_NAMES,
    controls_of,
    default_of,
    is_widget,
)
from protobanana.workflows.authoring.convert.text import editor_prompt
from protobanana.workflows.authoring.schema import ANY, MATCH_TYPE, Catalogue, InputSpec, NodeSpec
from protobanana.workflows.graph import Graph, is_link, links, read_graph

_COLUMN, _ROW, _TOP, _GAP = 420, 26, 60, 40
"""Pixels: width of a column, height of one input or widget, of a node's head, and between nodes."""

_WIDTH = 340
_OPTIONAL = 7  # the editor's shape for an input that may stay empty
_UPLOADED = "image"  # what the editor keeps in the place of an upload button


def export(graph: Mapping[str, Any], schemas: Catalogue) -> dict[str, Any]:
    """A file of ComfyUI's editor, version 0.4, with nodes in columns from the loaders to the results.

    Keys of the graph that begin with `_` (a `_protobanana` header) are kept in `extra`. `convert` makes the same graph
    of it, defaults filled in. Raises WorkflowError for what is no graph.
    """
    nodes = read_graph(graph)
    wires = _Wires(nodes, schemas)
    boxes = [_box(node_id, nodes, schemas, wires) for node_id in nodes]
    _tell_outputs(boxes, wires.rows)
    for order, (box, place) in enumerate(zip(boxes, _places(nodes, boxes), strict=True)):
        box["order"], box["pos"] = order, place
    numbers = [box["id"] for box in boxes if isinstance(box["id"], int)]
    return {
        "last_node_id": max(numbers, default=0),
        "last_link_id": len(wires.rows),
        "nodes": boxes,
        "links": wires.rows,
        "groups": [],
        "config": {},
        "extra": {key: value for key, value in graph.items() if key.startswith("_")},
        "version": 0.4,
    }


class _Wires:
    """Links get numbers as inputs ask for them; outputs are told afterwards which ones begin there."""

    def __init__(self, graph: Graph, schemas: Catalogue) -> None:
        self.graph = graph
        self.schemas = schemas
        self.rows: list[list[Any]] = []
        self.used: dict[str, int] = {}
        """Node id -> how many outputs are linked, for classes that are not known."""
        for node in graph.values():
            for _, source, slot in links(node):
                self.used[source] = max(self.used.get(source, 0), slot + 1)

    def add(self, target: str, target_slot: int, source: list[Any]) -> tuple[int, str]:
        """Number and type of a new link."""
        kind = self.schemas.output_type(self.graph, source[0], source[1]) or ANY
        self.rows.append([len(self.rows) + 1, _editor_id(source[0]), source[1], _editor_id(target), target_slot, kind])
        return len(self.rows), kind


def _editor_id(node_id: str) -> int | str:
    """The editor counts its nodes; ids that are no number stay text."""
    return int(node_id) if node_id.isdecimal() and str(int(node_id)) == node_id and len(node_id) < 16 else node_id


def _box(node_id: str, graph: Graph, schemas: Catalogue, wires: _Wires) -> dict[str, Any]:
    node = graph[node_id]
    spec = schemas.get(node["class_type"])
    given = node["inputs"]
    declared = spec.inputs_for(given) if spec else {}
    inputs: list[dict[str, Any]] = []
    for name in dict.fromkeys((*declared, *given)):
        socket = _socket(name, declared.get(name), given, known=spec is not None)
        if socket is None:
            continue
        if is_link(given.get(name)):
            number, kind = wires.add(node_id, len(inputs), given[name])
            socket["link"] = number
            socket["type"] = kind if name not in declared else socket["type"]
        inputs.append(socket)
    values = list(_known_values(spec, given)) if spec else _plain(given)
    placed = {name for name, _ in values}
    stray = {name: value for name, value in _plain(given) if name not in placed}
    title = (node.get("_meta") or {}).get("title")
    return {
        "id": _editor_id(node_id),
        "type": node["class_type"],
        "pos": [0, 0],
        "size": [_WIDTH, _TOP + _ROW * (max(len(inputs), 1) + len(values))],
        "flags": {},
        "order": 0,
        "mode": 0,
        "inputs": inputs,
        "outputs": _outputs(spec, wires.used.get(node_id, 0)),
        "properties": {"Node name for S&R": node["class_type"]},
        "widgets_values": [value for _, value in values],
        **({"widgets_values_named": {**dict(values), **stray}} if stray or not spec else {}),
        **({"title": title} if isinstance(title, str) and title else {}),
    }


def _socket(name: str, declared: InputSpec | None, given: Mapping[str, Any], *, known: bool) -> dict[str, Any] | None:
    """An input as the editor lists it, None for a widget that nothing is linked to."""
    linked = is_link(given.get(name))
    if declared is None:
        if known and not linked:
            return None
        widget = {} if linked else {"widget": {"name": name}}
        return {"name": name, "type": ANY, "link": None, **widget}
    if is_widget(declared):
        return {"name": name, "type": declared.type, "link": None, "widget": {"name": name}} if linked else None
    if "." in name and not linked and not declared.required:
        return None  # places of a growing list that nothing has grown into
    # A graph that leaves out a required input was made for a newer version, in which the input is optional.
    shape = {} if declared.required and name in given else {"shape": _OPTIONAL}
    return {"name": name, "type": _shown(declared.type), "link": None, **shape}


def _shown(kind: str) -> str:
    """A type that depends on what is connected goes with everything."""
    return ANY if kind == MATCH_TYPE else kind


def _known_values(spec: NodeSpec, given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Names and values in the editor's order, with the places behind seeds and of upload buttons."""
    required = [declared for declared in spec.inputs if declared.required]
    for declared in required:
        yield from _places_of(declared, given)
    if any(declared.options.get("image_upload") or declared.options.get("video_upload") for declared in required):
        yield "upload", _UPLOADED
    for declared in spec.inputs:
        if not declared.required:
            yield from _places_of(declared, given)


def _places_of(declared: InputSpec, given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if not is_widget(declared):
        return
    value = given.get(declared.name, ABSENT)
    if value is ABSENT or is_link(value):
        value = default_of(declared)
        value = None if value is ABSENT else value
    value = _unwrapped(value)
    dynamic = isinstance(value, str) and declared.options.get("dynamicPrompts")
    yield declared.name, editor_prompt(value) if dynamic else value
    for dependent in declared.dependents(value):
        yield from _places_of(dependent, given)
    yield from zip(CONTROL_NAMES, controls_of(declared), strict=False)


def _plain(given: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Names and values of all inputs that nothing is linked to."""
    return [(name, _unwrapped(value)) for name, value in given.items() if not is_link(value)]


def _unwrapped(value: Any) -> Any:
    return value["__value__"] if isinstance(value, Mapping) and "__value__" in value else value


def _outputs(spec: NodeSpec | None, used: int) -> list[dict[str, Any]]:
    kinds = [_shown(kind) for kind in spec.outputs] if spec else []
    kinds += [ANY] * (used - len(kinds))
    names = spec.output_names if spec else ()
    return [
        {"name": names[slot] if slot < len(names) else kind, "type": kind, "links": [], "slot_index": slot}
        for slot, kind in enumerate(kinds)
    ]


def _tell_outputs(boxes: list[dict[str, Any]], rows: list[list[Any]]) -> None:
    """Every output lists the links that begin there."""
    outputs = {(box["id"], output["slot_index"]): output for box in boxes for output in box["outputs"]}
    for number, source, slot, *_ in rows:
        outputs[source, slot]["links"].append(number)


def _places(graph: Graph, boxes: list[dict[str, Any]]) -> Iterator[list[int]]:
    """Where the nodes stand: each one column right of the furthest node that it depends on."""
    depth: dict[str, int] = {}
    bottom: dict[int, int] = {}
    for node_id in _in_order(graph):
        depth[node_id] = 1 + max((depth[source] for _, source, _ in links(graph[node_id])), default=-1)
    for node_id, box in zip(graph, boxes, strict=True):
        column = depth[node_id]
        top = bottom.get(column, 0)
        bottom[column] = top + box["size"][1] + _GAP
        yield [column * _COLUMN, top]


def _in_order(graph: Graph) -> Iterator[str]:
    """Node ids, each after all that it depends on."""
    sorter = TopologicalSorter({node_id: [source for _, source, _ in links(node)] for node_id, node in graph.items()})
    return iter(sorter.static_order())


__all__ = ["export"]
