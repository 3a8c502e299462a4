"""Where an input gets its value from, through everything that exists in the editor only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from protobanana.errors import WorkflowError
from protobanana.workflows.authoring.convert.document import (
    BYPASSED,
    INPUT_PORTS,
    MUTED,
    OUTPUT_PORTS,
    EditorLink,
    EditorNode,
    Port,
    Socket,
)
from protobanana.workflows.authoring.convert.subgraphs import Frame, fed_widgets
from protobanana.workflows.authoring.convert.text import clean_title
from protobanana.workflows.authoring.convert.virtual import (
    GETTERS,
    PRIMITIVES,
    REROUTES,
    SETTERS,
    is_virtual,
    shared_name,
)
from protobanana.workflows.authoring.schema import ANY

MAX_STEPS = 1_000
"""Most reroutes, bypassed nodes and borders of subgraphs on the way to a source."""


@dataclass(frozen=True, slots=True)
class Linked:
    """Output `slot` of a node of the API graph."""

    node: str
    slot: int


@dataclass(frozen=True, slots=True)
class Given:
    """A value written into the input from outside: by a primitive node, or by the instance of a subgraph."""

    value: Any


@dataclass(frozen=True, slots=True)
class Muted:
    """The source is switched off, so that the input has nothing at all, not even its own value."""

    by: str


@dataclass(frozen=True, slots=True)
class Shared:
    """The value that another node's widget holds: both are wired to the same input of a subgraph."""

    frame: Frame
    node: EditorNode
    widget: str


Source = Linked | Given | Shared | Muted | None
"""None: nothing reaches the input, and a widget keeps its own value."""


@dataclass(frozen=True, slots=True)
class _Wire:
    """A place on the way to the source: a link, or a value found at a port of a subgraph."""

    frame: Frame
    link: EditorLink


def source_of(frame: Frame, node: EditorNode, socket: Socket) -> Source:
    """What the input of a node gets. Raises WorkflowError for links that lead nowhere, or round in a circle."""
    found: _Wire | Source = _enter(frame, node, socket)
    seen: set[tuple[str, str]] = set()
    while isinstance(found, _Wire):
        place = (found.frame.path, found.link.id)
        if len(seen) > MAX_STEPS:
            raise WorkflowError(f"input {clean_title(socket.name)!r} of {node} is wired through too many nodes.")
        if place in seen:
            raise WorkflowError(f"input {clean_title(socket.name)!r} of {node} is wired in a circle, back to itself.")
        seen.add(place)
        if found.link.origin == INPUT_PORTS and found.frame.parent is not None:
            found = _leave_subgraph(found, node, socket)
        else:
            found = _follow(found.frame, _origin(found, node, socket), found.link.slot, socket.type)
    return found


def _enter(frame: Frame, node: EditorNode, socket: Socket | None) -> _Wire | None:
    """The wire that ends at an input."""
    if socket is None or socket.link is None:
        return None
    link = frame.scope.links.get(socket.link)
    if link is None:
        raise WorkflowError(
            f"input {clean_title(socket.name)!r} of {node} has link {socket.link}, which the file does not contain. "
            "Connect the input again in ComfyUI and save."
        )
    return _Wire(frame, link)


def _origin(wire: _Wire, node: EditorNode, socket: Socket) -> EditorNode:
    origin = wire.frame.scope.nodes.get(wire.link.origin)
    if origin is None:
        raise WorkflowError(
            f"input {clean_title(socket.name)!r} of {node} is linked to node {wire.link.origin}, which does not exist. "
            "Connect the input again in ComfyUI and save."
        )
    return origin


def _follow(frame: Frame, node: EditorNode, slot: int, wanted: str) -> _Wire | Source:
    """One step from an output of a node towards its source."""
    if node.type in PRIMITIVES:
        return Given(node.values[0]) if node.values else None
    if node.mode == MUTED:
        return Muted(str(node))
    if node.type in REROUTES | SETTERS:
        return _enter(frame, node, node.inputs[0] if node.inputs else None)
    if node.mode == BYPASSED:
        return _enter(frame, node, _passed_through(node, slot, wanted))
    if node.type in GETTERS:
        setter_frame, setter = _setter(frame, node)
        return _enter(setter_frame, setter, setter.inputs[0] if setter.inputs else None)
    if node.id in frame.children:
        return _enter_subgraph(frame.children[node.id], node, slot)
    if slot < 0 or (node.outputs and slot >= len(node.outputs)):
        raise WorkflowError(f"a link begins at output {slot} of {node}, which has {len(node.outputs)} outputs.")
    return Muted(str(node)) if is_virtual(node) else Linked(frame.node_id(node), slot)


def _leave_subgraph(wire: _Wire, node: EditorNode, socket: Socket) -> _Wire | Source:
    """From the inside of a port to what the instance has there: a link from outside, else the value it shows."""
    frame, link = wire.frame, wire.link
    port = frame.scope.entrances.get(link.id)
    if frame.instance is None or frame.parent is None or port is None:
        raise WorkflowError(f"link {link.id} in {frame.scope.name} begins at input {link.slot}, which it has not.")
    if link.id not in port.links and not compatible(port.type, socket.type):
        return None  # left over from before the subgraph's inputs were changed
    outer = _enter(frame.parent, frame.instance, frame.instance.input(port.name))
    return outer or _shown(frame, port, node, socket)


def _shown(frame: Frame, port: Port, asking: EditorNode, at: Socket) -> Given | Shared | None:
    """The value of the widget that an instance shows for a port: its own, else that of the first inner widget."""
    while True:
        if port.name in frame.given:
            return Given(frame.given[port.name])
        node, socket = next(fed_widgets(frame.scope, port), (None, None))
        if node is None or socket is None or (node is asking and socket is at):
            return None
        child = frame.children.get(node.id)
        if child is None:
            return Shared(frame, node, socket.widget or socket.name)
        inner = next((port for port in child.scope.inputs if port.name == socket.name), None)
        if inner is None:
            return None
        frame, port = child, inner


def _enter_subgraph(frame: Frame, instance: EditorNode, slot: int) -> _Wire | None:
    """From an output of an instance to the link that ends there inside."""
    if not 0 <= slot < len(frame.scope.outputs):
        raise WorkflowError(f"{instance} has no output {slot}; {frame.scope.name} was changed since it was linked.")
    links = frame.scope.links
    for link_id in frame.scope.outputs[slot].links:
        if link_id in links:
            return _Wire(frame, links[link_id])
    ends = (link for link in links.values() if link.target == OUTPUT_PORTS and link.target_slot == slot)
    inner = next(ends, None)
    return _Wire(frame, inner) if inner else None


def _passed_through(node: EditorNode, slot: int, wanted: str) -> Socket | None:
    """The input that a bypassed node hands on: the one beside the output, else the first of the wanted type."""
    given = node.outputs[slot] if 0 <= slot < len(node.outputs) else ANY
    inputs = node.inputs
    if ANY in (wanted, given):
        return inputs[slot] if 0 <= slot < len(inputs) else next(iter(inputs), None)

    def fits(socket: Socket) -> bool:
        return compatible(socket.type, given) and compatible(socket.type, wanted)

    if 0 <= slot < len(inputs) and fits(inputs[slot]):
        return inputs[slot]
    same = (socket for socket in inputs if socket.type == wanted)
    return next(same, None) or next(filter(fits, inputs), None)


def _setter(frame: Frame, getter: EditorNode) -> tuple[Frame, EditorNode]:
    """The setter of the same name: in the same scope, else in the ones around it."""
    name = shared_name(getter)
    around: Frame | None = frame
    while around is not None:
        for node in around.scope.nodes.values():
            if node.type in SETTERS and name is not None and shared_name(node) == name:
                return around, node
        around = around.parent
    known = sorted({shared_name(node) or "" for node in frame.scope.nodes.values() if node.type in SETTERS} - {""})
    names = ", ".join(map(clean_title, known)) or "none"
    raise WorkflowError(f"{getter} gets {clean_title(name) or 'nothing'!r}, which no node sets; set are: {names}.")


def compatible(one: str, other: str) -> bool:
    """Whether the editor lets these two types be connected; `*` goes with all, and types may be comma unions."""
    if ANY in (one, other):
        return True
    return not {part.strip().lower() for part in one.split(",")}.isdisjoint(
        part.strip().lower() for part in other.split(",")
    )


__all__ = ["Given", "Linked", "Muted", "Shared", "Source", "compatible", "source_of"]
