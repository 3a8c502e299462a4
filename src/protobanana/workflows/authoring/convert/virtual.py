"""Nodes that exist in the editor only: no server knows their classes, and their wires are followed through them."""

from __future__ import annotations

from protobanana.workflows.authoring.convert.document import EditorNode

REROUTES = frozenset({"Reroute", "Reroute (rgthree)"})
"""The output is whatever the first input gets."""

PRIMITIVES = frozenset({"PrimitiveNode"})
"""Its value is written into every widget that it is wired to."""

SETTERS = frozenset({"SetNode", "easy setNode"})
GETTERS = frozenset({"GetNode", "easy getNode"})
"""A getter's output is what the setter of the same name gets."""

_REMARKS = frozenset({"Note", "MarkdownNote"})

_GROUP_PREFIXES = ("workflow>", "workflow/")


def is_virtual(node: EditorNode) -> bool:
    """Whether the node itself never reaches a server."""
    return node.type in REROUTES | PRIMITIVES | SETTERS | GETTERS | _REMARKS


def is_group_node(node: EditorNode) -> bool:
    """Whether this is a group node, what subgraphs were before there were subgraphs."""
    return node.type.startswith(_GROUP_PREFIXES)


def shared_name(node: EditorNode) -> str | None:
    """The name by which setters and getters find each other."""
    name = node.values[0] if node.values else None
    return name if isinstance(name, str) and name else None


__all__ = ["GETTERS", "PRIMITIVES", "REROUTES", "SETTERS", "is_group_node", "is_virtual", "shared_name"]
