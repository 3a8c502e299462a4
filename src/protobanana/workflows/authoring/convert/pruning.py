"""What of a converted graph can run: the rest is left out, or is a reason to refuse the file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from protobanana.errors import WorkflowError
from protobanana.workflows.authoring.convert.document import EditorNode
from protobanana.workflows.authoring.convert.links import compatible
from protobanana.workflows.authoring.convert.notes import Note
from protobanana.workflows.authoring.nodes import check_graph, title_of
from protobanana.workflows.authoring.schema import ANY, Catalogue
from protobanana.workflows.graph import Graph, find_cycle, is_link, links, needed_for

_SHOWN = 5

Reasons = dict[str, dict[str, str]]
"""Node id -> input -> what keeps the node from running."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the file says of the nodes of the graph, by node id."""

    boxes: Mapping[str, EditorNode]
    muted: Mapping[str, Mapping[str, str]]
    """Input -> the muted node that would have fed it."""
    nameless: Collection[str]
    """Nodes whose values cannot be told apart."""


def prune(graph: Graph, schemas: Catalogue, evidence: Evidence) -> list[Note]:
    """Take out of the graph, in place, what no output needs and could not run, and outputs that hang on muted nodes.

    Raises WorkflowError when a node that an output needs cannot run, or when no output is left.
    """
    _refuse_cycle(graph)
    notes: list[Note] = []
    broken = _broken(graph, schemas, evidence, notes)
    sources = {source for node in graph.values() for _, source, _ in links(node)}
    outputs = [node_id for node_id in graph if _is_output(graph, schemas, node_id, feeds=node_id in sources)]
    cut = _cut_off(graph, broken, evidence.muted)
    notes += [
        _dropped(graph, output, f"it depends on {cut[output]}, which is muted, and is left out.")
        for output in outputs
        if output in cut
    ]
    kept = [output for output in outputs if output not in cut]
    needed = needed_for(graph, kept)
    _refuse_broken(graph, {node_id: reasons for node_id, reasons in broken.items() if node_id in needed})
    if not kept:
        reasons = " ".join(str(note) for note in notes[:_SHOWN])
        raise WorkflowError(
            "no node in it saves or shows a result: it needs an output node such as Save Image that runs. " + reasons
        )
    strangers = {node_id for node_id in graph if schemas.live and schemas.get(graph[node_id]["class_type"]) is None}
    idle = _fed_by(graph, {*broken, *evidence.nameless, *strangers, *cut} - needed)
    for node_id in (node_id for node_id in list(graph) if node_id in idle):
        if node_id not in cut or node_id not in outputs:
            notes.append(_dropped(graph, node_id, "no result depends on it and it could not run; it is left out."))
    for node_id in idle:
        del graph[node_id]
    notes.extend(_valueless(graph, evidence.muted))
    return notes


def _is_output(graph: Graph, schemas: Catalogue, node_id: str, *, feeds: bool) -> bool:
    """Whether a graph is run for the node's sake; of an unknown class, one that takes links and gives none may be."""
    spec = schemas.get(graph[node_id]["class_type"])
    if spec is not None:
        return spec.is_output
    return not feeds and any(True for _ in links(graph[node_id]))


def _broken(graph: Graph, schemas: Catalogue, evidence: Evidence, notes: list[Note]) -> Reasons:
    """What the check finds, but for values: lists of choices and ranges differ between versions.

    Against the record, what the file itself shows of a newer version of a class is only remarked on.
    """
    found: Reasons = {}
    for problem in check_graph(graph, schemas):
        if problem.severity == "warning" or problem.node is None:
            continue
        node = graph[problem.node]
        if schemas.get(node["class_type"]) is None:
            continue
        has_value = problem.input in node["inputs"] and not is_link(node["inputs"][problem.input])
        if has_value:
            continue
        if not schemas.live and _is_newer(graph, schemas, evidence.boxes, problem.node, problem.input or ""):
            message = f"{problem.input}: the file was made with a newer version of this node. ({problem.message})"
            notes.append(Note("unknown", message, problem.node, title_of(node)))
        else:
            found.setdefault(problem.node, {})[problem.input or ""] = problem.message
    return found


def _is_newer(graph: Graph, schemas: Catalogue, boxes: Mapping[str, EditorNode], node_id: str, name: str) -> bool:
    """Whether the file's own picture of the class allows what the record does not."""
    socket = next((socket for socket in boxes[node_id].inputs if name in (socket.widget, socket.name)), None)
    value = graph[node_id]["inputs"].get(name)
    if value is None:
        return socket is not None and socket.optional
    source, slot = value
    outputs = boxes[source].outputs if source in boxes else ()
    if socket is None or slot >= len(outputs) or not compatible(outputs[slot], socket.type):
        return False
    # Types that go with everything prove nothing, unless the record has no such output at all.
    return ANY not in (outputs[slot], socket.type) or schemas.output_type(graph, source, slot) is None


def _refuse_cycle(graph: Graph) -> None:
    cycle = find_cycle(graph)
    if cycle:
        way = " -> ".join(f"{node_id} ({title_of(graph[node_id])})" for node_id in cycle[: _SHOWN * 2])
        raise WorkflowError(f"the links run in a circle: node {way}.")


def _refuse_broken(graph: Graph, broken: Reasons) -> None:
    lines = [
        f"node {node_id} ({title_of(graph[node_id])}), {name}: {reason}"
        for node_id, reasons in broken.items()
        for name, reason in reasons.items()
    ]
    if lines:
        more = f" And {len(lines) - _SHOWN} more." if len(lines) > _SHOWN else ""
        raise WorkflowError(" ".join(lines[:_SHOWN]) + more + " Connect or set it in ComfyUI and save.")


def _cut_off(graph: Graph, broken: Reasons, muted: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Node id -> the muted node without which it cannot run, itself or something that it depends on."""
    found: dict[str, str] = {}
    for node_id, inputs in broken.items():
        names = muted.get(node_id, {}) if node_id not in found else {}
        by = next((names[name] for name in inputs if name in names), None)
        if by is not None:
            found |= {fed: by for fed in _fed_by(graph, {node_id}) if fed not in found}
    return found


def _fed_by(graph: Graph, start: set[str]) -> set[str]:
    """These nodes and all that depend on them."""
    fed: dict[str, list[str]] = {}
    for node_id, node in graph.items():
        for _, source, _ in links(node):
            fed.setdefault(source, []).append(node_id)
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        node_id = waiting.pop()
        if node_id not in found:
            found.add(node_id)
            waiting.extend(fed.get(node_id, ()))
    return found


def _valueless(graph: Graph, muted: Mapping[str, Mapping[str, str]]) -> Iterator[Note]:
    for node_id, inputs in muted.items():
        for name, by in inputs.items() if node_id in graph else ():
            yield Note("suspicious", f"{name} gets nothing, as {by} is muted.", node_id, title_of(graph[node_id]))


def _dropped(graph: Graph, node_id: str, message: str) -> Note:
    return Note("dropped", message, node_id, title_of(graph[node_id]))


__all__ = ["Evidence", "prune"]
