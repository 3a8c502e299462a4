"""Operations as tools of an LLM: names, descriptions and JSON schemas, derived from the operation classes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from protobanana.operations.base import Operation, operations
from protobanana.turn.agent.model import Tool
from protobanana.workflows.document import Workflow
from protobanana.workflows.library import WorkflowLibrary

SHOW = "show_image"
EXACT = 2**53 - 1
"""Largest integer that every JSON reader keeps exactly."""
_SIZES_NAMED = 7
_SIZE_FIELDS = frozenset({"width", "height"})
_OF_ALL = frozenset(Operation.model_fields) - {"prompt", "width"}
_SHOW_TOOL: Tool = {
    "type": "function",
    "function": {
        "name": SHOW,
        "description": (
            "Show an earlier picture again and make it the current one: for 'undo', 'go back', 'I prefer the previous "
            "one'. Draws nothing."
        ),
        "parameters": {
            "type": "object",
            "properties": {"image": {"type": "string", "description": "Id of the picture to go back to."}},
            "required": ["image"],
        },
    },
}


def offered(library: WorkflowLibrary, *, masked: bool) -> dict[str, type[Operation]]:
    """The operations an LLM may call: those with a workflow; those that need a mask only where there is one."""
    return {
        name: kind
        for name, kind in operations().items()
        if library.for_operation(name) and (masked or not kind.needs_mask)
    }


def tools(kinds: dict[str, type[Operation]], library: WorkflowLibrary) -> list[Tool]:
    """One tool per operation, and the one that goes back. What they share is described once, to stay small."""
    known: set[str] = set()
    return [*(_tool(kind, library.for_operation(kind.name), known) for kind in kinds.values()), _SHOW_TOOL]


def picture_field(kind: type[Operation]) -> str | None:
    """The argument that names the pictures: `image`, `images`, or None for an operation without."""
    return None if not kind.max_images else "image" if kind.max_images == 1 else "images"


def _tool(kind: type[Operation], workflows: list[Workflow], known: set[str]) -> Tool:
    most = max(workflow.max_images for workflow in workflows)
    properties: dict[str, Any] = {}
    required: list[str] = []
    pictures = picture_field(kind)
    if pictures:
        properties[pictures] = _pictures(kind, most)
        required.append(pictures)
    for name, schema, needed in _fields(kind, workflows[0]):
        if name in _OF_ALL and name in known:
            schema.pop("description", None)
        known.add(name)
        properties[name] = schema
        required += [name] if needed else []
    description = inspect.cleandoc(kind.__doc__ or kind.title()).replace("\n\n", " ").replace("\n", " ")
    parameters = {"type": "object", "properties": properties, "required": required}
    return {
        "type": "function",
        "function": {"name": kind.name, "description": description, "parameters": parameters},
    }


def _pictures(kind: type[Operation], most: int) -> dict[str, Any]:
    if picture_field(kind) == "image":
        return {"type": "string", "description": "Id of the picture to work on."}
    return {
        "type": "array",
        "items": {"type": "string"},
        "minItems": kind.min_images,
        "maxItems": most,
        "description": "Ids of the pictures in order; the prompt calls them image 1, image 2, ...",
    }


def _fields(kind: type[Operation], workflow: Workflow) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """(name, schema, required) of the parameters that its default workflow can honour."""
    own = [name for name in kind.model_fields if name not in Operation.model_fields]
    properties = kind.model_json_schema()["properties"]
    wordy = [name for name in own if properties[name].get("type") == "string"]
    for name in [*wordy, *(name for name in kind.model_fields if name not in wordy)]:
        if name in own or _honoured(name, kind, workflow):
            needed = name in wordy or (name == "prompt" and kind.needs_prompt and not wordy)
            yield name, _plain(name, properties[name], workflow), needed


def _honoured(name: str, kind: type[Operation], workflow: Workflow) -> bool:
    if name in _SIZE_FIELDS and kind.target is not Operation.target:
        return True  # an operation that sees to its size itself
    if name == "n":
        return workflow.accepts("seed")
    if name == "quality":
        return workflow.accepts("prompt")
    return workflow.accepts(name)


def _plain(name: str, schema: dict[str, Any], workflow: Workflow) -> dict[str, Any]:
    """A field's schema without what small models stumble over: titles, defaults, null, and numbers past 2**53."""
    allowed = next(part for part in schema.get("anyOf", [schema]) if part.get("type") != "null")
    plain = {key: value for key, value in allowed.items() if key in {"type", "enum", "minimum", "maximum", "items"}}
    if "maximum" in plain:
        plain["maximum"] = min(plain["maximum"], EXACT)
    if description := schema.get("description"):
        plain["description"] = description
    if name == "width" and workflow.accepts("width") and workflow.header.sizes:
        sizes = ", ".join(f"{width}x{height}" for width, height in workflow.header.sizes[:_SIZES_NAMED])
        plain["description"] = f"{plain.get('description', '')} Sizes it draws best: {sizes}.".strip()
    return plain
