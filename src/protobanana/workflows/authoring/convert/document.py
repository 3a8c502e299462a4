"""ComfyUI's editor format as typed data: a root scope, the subgraph definitions beside it, nodes, links and ports."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from protobanana.errors import WorkflowError
from protobanana.workflows.authoring.convert.text import clean_title
from protobanana.workflows.authoring.schema import ANY, COMBO

MUTED, BYPASSED = 2, 4
"""Values of a node's `mode`; every other one means that it runs."""

INPUT_PORTS, OUTPUT_PORTS = "-10", "-20"
"""What the links of a subgraph call the two ends that lie outside it."""

_ID = re.compile(r"[\w.:-]{1,100}")
_HOLLOW = 7
"""The `shape` of an input that may stay empty."""

MAX_ENTRIES = 5_000
"""Most nodes, links or definitions in one list; real files have hundreds."""


@dataclass(frozen=True, slots=True)
class Socket:
    """One input of a node. `link` is the id of the link that ends here; `widget` the name of the widget it replaces."""

    name: str
    type: str
    link: str | None
    widget: str | None
    optional: bool
    """Whether the editor draws it as one that may stay empty."""


@dataclass(frozen=True, eq=False, slots=True)
class EditorNode:
    """One box of the editor. `values` and `named` are its widgets' values, by position and by name."""

    id: str
    type: str
    title: str
    mode: int
    inputs: tuple[Socket, ...]
    outputs: tuple[str, ...]
    """Types of the outputs."""
    values: tuple[Any, ...] | None
    named: Mapping[str, Any]
    proxies: tuple[tuple[str, str], ...]
    """A subgraph instance's promoted widgets as (inner node id or "-1" for its own, widget name)."""
    search_name: str
    """What `%Name.widget%` in a file name may call it beside its title."""

    def input(self, name: str) -> Socket | None:
        """The input of that name."""
        return next((socket for socket in self.inputs if socket.name == name), None)

    def __str__(self) -> str:
        title = self.title or clean_title(self.type)
        kind = clean_title(self.type)
        return f"node {self.id} ({title})" if title == kind else f"node {self.id} ({title}, {kind})"


@dataclass(frozen=True, slots=True)
class EditorLink:
    """A wire from output `slot` of node `origin` to node `target`."""

    id: str
    origin: str
    slot: int
    target: str
    target_slot: int


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output of a subgraph with the ids of its inner links."""

    name: str
    type: str
    links: tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Scope:
    """The root of a file, or one subgraph definition."""

    name: str
    nodes: Mapping[str, EditorNode]
    links: Mapping[str, EditorLink]
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    entrances: Mapping[str, Port] = field(default_factory=dict)
    """Id of a link that begins at an input of the subgraph -> that input: the one that lists it, else by its number."""


@dataclass(frozen=True, eq=False, slots=True)
class EditorDocument:
    """A whole file. `definitions` maps subgraph id to scope, in the file's order."""

    root: Scope
    definitions: Mapping[str, Scope] = field(default_factory=dict)


def is_editor_format(document: object) -> bool:
    """Whether this looks like a file of the editor rather than an API graph."""
    return isinstance(document, Mapping) and isinstance(document.get("nodes"), list)


def read_document(document: Mapping[str, Any]) -> EditorDocument:
    """Read a parsed file. Raises WorkflowError naming the node, link or subgraph that is malformed."""
    if not is_editor_format(document):
        raise WorkflowError("it is not in the format of ComfyUI's editor: it has no list of `nodes`.")
    container = document.get("definitions")
    listed = container.get("subgraphs") if isinstance(container, Mapping) else None
    definitions: dict[str, Scope] = {}
    for entry in _entries(listed, "subgraphs"):
        if not isinstance(entry, Mapping) or not isinstance(entry.get("id"), str):
            raise WorkflowError("one of its subgraph definitions is no object with an `id`.")
        definitions[entry["id"]] = _read_scope(entry, f"subgraph {clean_title(entry.get('name')) or 'without a name'}")
    return EditorDocument(_read_scope(document, ""), definitions)


def _read_scope(entry: Mapping[str, Any], name: str) -> Scope:
    where = f" in {name}" if name else ""
    nodes: dict[str, EditorNode] = {}
    for raw in _entries(entry.get("nodes"), "nodes"):
        node = _read_node(raw, where)
        if node.id in nodes:
            raise WorkflowError(f"two nodes{where} have the id {node.id}: {nodes[node.id]} and {node}.")
        nodes[node.id] = node
    links = {link.id: link for link in (_read_link(raw, where) for raw in _entries(entry.get("links"), "links"))}
    if not name:
        return Scope(name, nodes, links)
    inputs, outputs = (
        tuple(_read_port(raw, where) for raw in _entries(entry.get(key), key)) for key in ("inputs", "outputs")
    )
    listed = {link_id: port for port in reversed(inputs) for link_id in port.links}
    counted = {
        link.id: inputs[link.slot]
        for link in links.values()
        if link.origin == INPUT_PORTS and 0 <= link.slot < len(inputs)
    }
    return Scope(name, nodes, links, inputs, outputs, counted | listed)


def _read_node(raw: object, where: str) -> EditorNode:
    if not isinstance(raw, Mapping) or not isinstance(raw.get("type"), str):
        raise WorkflowError(f"a node{where} is no object with a `type`.")
    node_id = _read_id(raw.get("id"))
    kind = clean_title(raw["type"])
    if node_id is None or node_id.startswith(("_", "-")):
        raise WorkflowError(f"a node of type {kind!r}{where} has no usable `id`; it must be a number or a short name.")
    found = raw.get("properties")
    properties: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    values, by_name = raw.get("widgets_values"), raw.get("widgets_values_named")
    named = values if isinstance(values, Mapping) else by_name if isinstance(by_name, Mapping) else {}
    mode = raw.get("mode", 0)
    title = raw.get("title")
    return EditorNode(
        id=node_id,
        type=raw["type"],
        title=clean_title(title) if isinstance(title, str) else "",
        mode=mode if type(mode) is int else 0,
        inputs=tuple(_read_socket(item, node_id, where) for item in _entries(raw.get("inputs"), "inputs")),
        outputs=tuple(
            _read_type(item.get("type")) if isinstance(item, Mapping) else ANY
            for item in _entries(raw.get("outputs"), "outputs")
        ),
        values=tuple(values) if isinstance(values, list) else None,
        named={str(name): value for name, value in named.items()},
        proxies=tuple(_read_proxies(properties.get("proxyWidgets"))),
        search_name=str(properties.get("Node name for S&R") or ""),
    )


def _read_proxies(raw: object) -> Iterator[tuple[str, str]]:
    for entry in raw if isinstance(raw, list) else ():
        if isinstance(entry, list) and len(entry) >= 2:
            yield str(entry[0]), str(entry[1])


def _read_socket(raw: object, node_id: str, where: str) -> Socket:
    if not isinstance(raw, Mapping) or not isinstance(raw.get("name"), str):
        raise WorkflowError(f"an input of node {node_id}{where} is no object with a `name`.")
    link = raw.get("link")
    link_id = _read_id(link)
    if link is not None and link_id is None:
        raise WorkflowError(f"input {clean_title(raw['name'])!r} of node {node_id}{where} has a `link` that is no id.")
    widget = raw.get("widget")
    name = widget.get("name") if isinstance(widget, Mapping) else None
    is_widget = isinstance(widget, Mapping) or widget is True
    return Socket(
        raw["name"],
        _read_type(raw.get("type")),
        link_id,
        str(name or raw["name"]) if is_widget else None,
        raw.get("shape") == _HOLLOW,
    )


def _read_type(raw: object) -> str:
    """A type's name; old files spell a combo as the list of its values and an event as a number."""
    return COMBO if isinstance(raw, list) else raw if isinstance(raw, str) and raw else ANY


def _read_link(raw: object, where: str) -> EditorLink:
    """`[id, origin, slot, target, slot, type]` in the root of version 0.4, an object elsewhere."""
    if isinstance(raw, Mapping):
        parts = [raw.get(key) for key in ("id", "origin_id", "origin_slot", "target_id", "target_slot")]
    else:
        parts = list(raw[:5]) if isinstance(raw, list) else []
    if len(parts) == 5:
        link, origin, target = (_read_id(parts[index]) for index in (0, 1, 3))
        slot, target_slot = parts[2], parts[4]
        if link and origin and target and type(slot) is int and type(target_slot) is int:
            return EditorLink(link, origin, slot, target, target_slot)
    shown = clean_title(str(parts[0])) if parts else "without an id"
    raise WorkflowError(f"link {shown}{where} is malformed: a link is [id, from node, output, to node, input, type].")


def _read_port(raw: object, where: str) -> Port:
    if not isinstance(raw, Mapping) or not isinstance(raw.get("name"), str):
        raise WorkflowError(f"an input or output{where} is no object with a `name`.")
    links = tuple(filter(None, map(_read_id, _entries(raw.get("linkIds"), "linkIds"))))
    return Port(raw["name"], _read_type(raw.get("type")), links)


def _read_id(raw: object) -> str | None:
    """Ids are whole numbers or names in a file, and text everywhere else; None for anything else."""
    if isinstance(raw, str):
        return raw if _ID.fullmatch(raw) else None
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    return str(raw) if type(raw) is int else None


def _entries(raw: object, what: str) -> list[Any]:
    """A list of the file without its empty places; a missing one is empty."""
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise WorkflowError(f"`{what}` is not a list.")
    if len(raw) > MAX_ENTRIES:
        raise WorkflowError(f"`{what}` has {len(raw)} entries, more than the {MAX_ENTRIES} that are read.")
    return [entry for entry in raw if entry is not None]


__all__ = [
    "BYPASSED",
    "INPUT_PORTS",
    "MUTED",
    "OUTPUT_PORTS",
    "EditorDocument",
    "EditorLink",
    "EditorNode",
    "Port",
    "Scope",
    "Socket",
    "is_editor_format",
    "read_document",
]
