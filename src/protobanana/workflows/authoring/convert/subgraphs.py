"""Subgraphs unfolded: every instance becomes a frame of its own, with the values that it gives its widgets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from protobanana.errors import WorkflowError
from protobanana.workflows.authoring.convert.document import (
    EditorDocument,
    EditorNode,
    Port,
    Scope,
    Socket,
)

MAX_NODES = 5_000
"""Most nodes after unfolding; definitions inside definitions can grow without end."""

MAX_DEPTH = 32

_OWN = "-1"


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """One use of a scope. `path` is what its node ids begin with: empty for the root, `57:` in instance 57."""

    path: str
    scope: Scope
    instance: EditorNode | None = None
    parent: Frame | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    """Input name -> value, for inputs that the instance shows as widgets."""
    children: dict[str, Frame] = field(default_factory=dict)
    """Instance id -> its frame."""

    def node_id(self, node: EditorNode) -> str:
        """The node's id in the API graph."""
        return self.path + node.id

    def walk(self) -> Iterator[tuple[Frame, EditorNode]]:
        """All nodes but the instances themselves, in the file's order, an instance's nodes in its place."""
        for node in self.scope.nodes.values():
            if node.id in self.children:
                yield from self.children[node.id].walk()
            else:
                yield self, node


def unfold(document: EditorDocument) -> Frame:
    """The root's frame. Raises WorkflowError for definitions that contain themselves, or too many nodes."""
    root = Frame("", document.root)
    waiting: list[tuple[Frame, tuple[str, ...]]] = [(root, ())]
    count = 0
    while waiting:
        frame, above = waiting.pop()
        count += len(frame.scope.nodes)
        if count > MAX_NODES:
            raise WorkflowError(f"its subgraphs unfold to more than {MAX_NODES} nodes.")
        for node in frame.scope.nodes.values():
            scope = document.definitions.get(node.type)
            if scope is None:
                continue
            if node.type in above:
                raise WorkflowError(f"{scope.name} contains itself ({node}).")
            if len(above) >= MAX_DEPTH:
                raise WorkflowError(f"subgraphs are nested more than {MAX_DEPTH} deep ({node}).")
            child = Frame(f"{frame.path}{node.id}:", scope, node, frame, dict(_given(node, scope)))
            frame.children[node.id] = child
            waiting.append((child, (*above, node.type)))
    return root


def _given(instance: EditorNode, scope: Scope) -> Iterator[tuple[str, Any]]:
    """Values of the instance's own widgets; null means that the inner widget keeps its value.

    Entries of `proxyWidgets` that name an inner node mirror that node's widget, whose own value counts. Without that
    list, values stand in the order of the inputs that end in a widget.
    """
    if instance.named:
        pairs: Iterator[tuple[str, Any]] = iter(instance.named.items())
    elif instance.proxies:
        pairs = (
            (name, value)
            for (owner, name), value in zip(instance.proxies, instance.values or (), strict=False)
            if owner == _OWN
        )
    else:
        names = [port.name for port in scope.inputs if next(fed_widgets(scope, port), None)]
        pairs = zip(names, instance.values or (), strict=False)
    return ((name, value) for name, value in pairs if value is not None)


def fed_widgets(scope: Scope, port: Port) -> Iterator[tuple[EditorNode, Socket]]:
    """Inner widgets that get their value from a port, the one that the port shows first."""
    for link_id in port.links:
        node = scope.nodes.get(scope.links[link_id].target) if link_id in scope.links else None
        for socket in node.inputs if node else ():
            if node and socket.link == link_id and socket.widget is not None:
                yield node, socket


__all__ = ["Frame", "fed_widgets", "unfold"]
