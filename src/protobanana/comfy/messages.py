"""Sentences for people, made from what ComfyUI says: no traceback, no path of the server, one line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from protobanana.comfy.graph import name
from protobanana.comfy.types import Graph
from protobanana.errors import JobFailedError, JobInterruptedError, WorkflowRejectedError

_LONGEST = 300
_QUOTED_PATH = re.compile(r"""(['"])(?:/|~/|[A-Za-z]:[\\/]|\\\\|file:/)(?:(?!\1).)*?([^\\/'"]*)[\\/]*\1""")
_BARE_PATH = re.compile(r"""(?<![\w.:/\\~-])(?:file:/+|~/|/|[A-Za-z]:[\\/]|\\\\)(?:[^\s'",;:()\[\]{}/\\]+[\\/]+)+""")


def clean(text: object) -> str:
    """First line of a message, absolute paths cut to their last part, at most 300 characters."""
    lines = str(text).strip().splitlines()
    line = "".join(character for character in (lines[0] if lines else "") if character.isprintable()).strip()
    line = _BARE_PATH.sub("", _QUOTED_PATH.sub(r"\1\2\1", line))
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."


def failed(detail: Mapping[str, Any], graph: Graph) -> JobFailedError:
    """The error for an `execution_error` message."""
    node = name(graph, str(detail.get("node_id") or ""))
    if str(detail.get("node_id")) not in graph:
        node = f"Node '{detail.get('node_type') or 'unknown'}'"
    reason = clean(detail.get("exception_message") or "") or str(detail.get("exception_type") or "no reason given")
    return JobFailedError(f"{node} failed: {reason.rstrip('.')}.")


def interrupted(detail: Mapping[str, Any], graph: Graph) -> JobInterruptedError:
    """The error for an `execution_interrupted` message that nobody here asked for."""
    node = str(detail.get("node_id") or "")
    where = f"; {name(graph, node)} was at work" if node in graph else ""
    return JobInterruptedError(f"Somebody stopped the job in ComfyUI{where}.")


def rejected(document: Mapping[str, Any], graph: Graph) -> WorkflowRejectedError:
    """The error for an answer to POST /prompt that carries `error` or `node_errors`."""
    reasons = list(_node_reasons(document.get("node_errors"), graph))
    if not reasons:
        error = document.get("error")
        reasons = [_reason(error) if isinstance(error, Mapping) else clean(error or "no reason given")]
    return WorkflowRejectedError(f"ComfyUI refused the workflow: {'; '.join(reasons)}.")


def node_errors(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(node id, error) of every complaint about a node."""
    nodes = document.get("node_errors")
    for node_id, entry in nodes.items() if isinstance(nodes, Mapping) else ():
        errors = entry.get("errors") if isinstance(entry, Mapping) else None
        for error in errors if isinstance(errors, list) else ():
            if isinstance(error, Mapping):
                yield str(node_id), error


def _node_reasons(nodes: object, graph: Graph) -> Iterator[str]:
    said = set[str]()
    for node_id, error in node_errors({"node_errors": nodes}):
        if (reason := f"{name(graph, node_id)}: {_reason(error)}") not in said:
            said.add(reason)
            yield reason
    for node_id, entry in nodes.items() if isinstance(nodes, Mapping) else ():
        if not (isinstance(entry, Mapping) and entry.get("errors")):
            yield f"{name(graph, str(node_id))} is not valid"


def _reason(error: Mapping[str, Any]) -> str:
    """`message (details)`, each once."""
    message, details = clean(error.get("message") or "").rstrip("."), clean(error.get("details") or "").rstrip(".")
    if details and details not in message:
        return f"{message} ({details})" if message else details
    return message or "no reason given"
