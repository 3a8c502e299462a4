"""Whatever file an author has: API graph, document with a header, the editor's file, or a picture that carries one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from protobanana.errors import WorkflowError
from protobanana.workflows.authoring.convert.conversion import convert
from protobanana.workflows.authoring.convert.document import is_editor_format
from protobanana.workflows.authoring.convert.notes import Note
from protobanana.workflows.authoring.convert.text import clean_title
from protobanana.workflows.authoring.png import embedded, is_picture
from protobanana.workflows.authoring.schema import Catalogue
from protobanana.workflows.graph import Graph, read_graph

HEADER = "_protobanana"
MAX_BYTES = 64 * 1024 * 1024
"""Largest file that is looked at; pictures of 20 megapixels stay below it."""

_WHAT_IT_MAY_BE = (
    "It may be an API graph (in ComfyUI: Workflow > Export (API)), a workflow saved by ComfyUI's editor, "
    "or a picture that ComfyUI made."
)


@dataclass(frozen=True, slots=True)
class AuthoredFile:
    """What was in a file. `header` is the `_protobanana` header as it stands there, unchecked; None without one."""

    kind: Literal["api", "editor"]
    graph: Graph
    header: dict[str, Any] | None
    notes: tuple[Note, ...] = ()


def read_any(data: bytes, name: str, schemas: Catalogue) -> AuthoredFile:
    """Read a file of any of the kinds; `name` is what errors call it.

    Of a picture that carries both, the graph that ran is read rather than the editor's file. Raises WorkflowError
    saying what the file is not, or what is wrong with it.
    """
    shown = clean_title(name) or "the file"
    if len(data) > MAX_BYTES:
        raise WorkflowError(f"{shown} has {len(data)} bytes, more than the {MAX_BYTES} that are read.")
    try:
        document = _from_picture(data) if is_picture(data) else _from_text(data)
        wrapped = document.get("prompt")
        if isinstance(wrapped, Mapping) and "class_type" not in wrapped and not is_editor_format(document):
            document = dict(wrapped)  # the body of a request to ComfyUI
        if not is_editor_format(document):
            _check_api(document)
            return AuthoredFile("api", read_graph(document), _header(document))
    except WorkflowError as error:
        raise WorkflowError(f"{shown}: {error.message}") from None
    converted = convert(document, schemas, source=shown)
    extra = document.get("extra")
    return AuthoredFile("editor", converted.graph, _header(extra), converted.notes)


def _from_picture(data: bytes) -> dict[str, Any]:
    found = embedded(data)
    document = found.prompt or found.workflow
    if document is None:
        raise WorkflowError(
            "it is a picture without a workflow in it; messengers and web pages remove it. Use the file that ComfyUI "
            "saved."
        )
    return document


def _from_text(data: bytes) -> dict[str, Any]:
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise WorkflowError(f"it is neither UTF-8 text nor a picture. {_WHAT_IT_MAY_BE}") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise WorkflowError(f"it is not valid JSON ({where}). {_WHAT_IT_MAY_BE}") from None
    except (RecursionError, ValueError):
        raise WorkflowError("it is nested too deeply, or has a number that is too long.") from None
    if not isinstance(document, dict):
        raise WorkflowError(f"it is JSON, but no object. {_WHAT_IT_MAY_BE}")
    return document


def _check_api(document: Mapping[str, Any]) -> None:
    nodes = [value for value in document.values() if isinstance(value, Mapping) and "class_type" in value]
    if not nodes:
        raise WorkflowError(f"it is JSON, but no node of ComfyUI is in it. {_WHAT_IT_MAY_BE}")


def _header(document: object) -> dict[str, Any] | None:
    header = document.get(HEADER) if isinstance(document, Mapping) else None
    return dict(header) if isinstance(header, Mapping) else None


__all__ = ["AuthoredFile", "read_any"]
