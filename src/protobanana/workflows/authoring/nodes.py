"""Checks a graph against the node classes of a ComfyUI, as the server would, and finds what the server lets pass."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from protobanana.workflows.authoring.schema import Catalogue, InputSpec
from protobanana.workflows.graph import Graph, Node, find_cycle, is_link
from protobanana.workflows.header import ModelFile

_SHOWN_CHOICES = 12

# How each widget type reads for people, and what it takes. Whole floats count as integers: browsers save 4 as 4.0.
_KINDS = {"INT": "a whole number", "FLOAT": "a number", "STRING": "text", "BOOLEAN": "true or false"}


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. An `error` keeps a graph from running as meant; a `warning` is worth a look.

    `node`, `title` and `input` are None where the finding is about the header.
    """

    severity: Literal["error", "warning"]
    message: str
    node: str | None = None
    title: str | None = None
    input: str | None = None

    def __str__(self) -> str:
        if self.node is None:
            return f"{self.severity}: {self.message}"
        named = f" ({self.title})" if self.title else ""
        place = f"node {self.node}{named}" + (f", {self.input}" if self.input else "")
        return f"{self.severity}: {place}: {self.message}"


def problem_at(node_id: str, node: Node, message: str, *, at: str | None = None, warning: bool = False) -> Problem:
    """A finding about a node, or about its input `at`."""
    return Problem("warning" if warning else "error", message, node_id, title_of(node), at)


def title_of(node: Node) -> str:
    """The node's title in the editor, else its class."""
    title = (node.get("_meta") or {}).get("title")
    return str(title or node["class_type"])


def check_graph(
    graph: Graph, catalogue: Catalogue, sources: Mapping[str, ModelFile] | None = None
) -> Iterator[Problem]:
    """Everything that is wrong with a graph. Names of model files are judged only by a live catalogue.

    `sources`: model file name -> where it can be had, for the advice on missing ones.
    """
    cycle = find_cycle(graph)
    if cycle:
        yield problem_at(cycle[0], graph[cycle[0]], f"the links run in a circle: {' -> '.join(cycle)}.")
        return
    for node_id, node in graph.items():
        spec = catalogue.get(node["class_type"])
        if spec is None:
            yield problem_at(node_id, node, _unknown_class(node["class_type"], catalogue))
        else:
            yield from _check_node(graph, catalogue, node_id, sources or {})


def _unknown_class(class_type: str, catalogue: Catalogue) -> str:
    close = get_close_matches(class_type, catalogue.classes, n=1, cutoff=0.8)
    where = "this ComfyUI has" if catalogue.live else "the recorded ComfyUI has"
    hint = f", did you mean {close[0]!r}?" if close else "; a custom node pack may be missing."
    return f"{where} no node class {class_type!r}{hint}"


def _check_node(
    graph: Graph, catalogue: Catalogue, node_id: str, sources: Mapping[str, ModelFile]
) -> Iterator[Problem]:
    node = graph[node_id]
    spec = catalogue.classes[node["class_type"]]
    declared = spec.inputs_for(node["inputs"])
    for name, wanted in declared.items():
        if wanted.required and name not in node["inputs"]:
            yield problem_at(node_id, node, "a required input is missing.", at=name)
    for name, value in node["inputs"].items():
        if name not in declared:
            close = get_close_matches(name, declared, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            yield problem_at(
                node_id, node, f"{spec.name} has no such input; it is ignored.{hint}", at=name, warning=True
            )
            continue
        if is_link(value):
            message = _check_link(graph, catalogue, declared[name], value)
        elif catalogue.live and _lacks_model(declared[name], value):
            message = _missing_model(declared[name].choices or (), value, sources.get(value))
        else:
            message = check_value(declared[name], value)
        if message:
            yield problem_at(node_id, node, message, at=name)


def _check_link(graph: Graph, catalogue: Catalogue, wanted: InputSpec, link: list[Any]) -> str | None:
    source, slot = link
    if source not in graph:
        return f"it is linked to node {source}, which does not exist."
    received = catalogue.output_type(graph, source, slot)
    if received is None:
        return f"it is linked to output {slot} of node {source} ({title_of(graph[source])}), which has no such output."
    if not wanted.accepts_link(received):
        return f"it takes {wanted.type}, but node {source} ({title_of(graph[source])}) gives {received}."
    return None


def check_value(spec: InputSpec, value: Any) -> str | None:
    """What is wrong with a value that stands for an input, None when nothing is. Model files are not looked for."""
    if isinstance(value, Mapping) and "__value__" in value:
        value = value["__value__"]
    if not spec.allows_value:
        return f"it takes a link to {spec.type}, not a value."
    if spec.is_combo:
        return _check_choice(spec, value)
    if not _is_kind(spec.type, value):
        return f"it takes {_KINDS[spec.type]}."
    return _check_range(spec, value)


def _is_kind(kind: str, value: Any) -> bool:
    if kind in ("INT", "FLOAT"):
        if isinstance(value, float):
            return math.isfinite(value) and (kind == "FLOAT" or value.is_integer())
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, {"STRING": str, "BOOLEAN": bool}.get(kind, object))


def _check_range(spec: InputSpec, value: Any) -> str | None:
    least, most = spec.options.get("min"), spec.options.get("max")
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    if least is not None and value < least:
        return f"{value} is less than {least}, the smallest allowed."
    if most is not None and value > most:
        return f"{value} is more than {most}, the largest allowed."
    return None


def _check_choice(spec: InputSpec, value: Any) -> str | None:
    if spec.choices is None or spec.is_upload or spec.options.get("multiselect"):
        return None
    if value in spec.choices or spec.names_model(value):
        return None
    close = get_close_matches(str(value), map(str, spec.choices), n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    shown = ", ".join(repr(choice) for choice in spec.choices[:_SHOWN_CHOICES])
    more = f" and {len(spec.choices) - _SHOWN_CHOICES} more" if len(spec.choices) > _SHOWN_CHOICES else ""
    return f"{value!r} is not one of {shown}{more}.{hint}"


def _lacks_model(spec: InputSpec, value: Any) -> bool:
    return spec.choices is not None and spec.names_model(value) and value not in spec.choices


def _missing_model(choices: tuple[Any, ...], value: str, source: ModelFile | None) -> str:
    elsewhere = [choice for choice in choices if file_name(str(choice)) == file_name(value)]
    if elsewhere:
        return f"model file {value} is missing on the server, which has {elsewhere[0]}."
    if source is None:
        return f"model file {value} is missing on the server."
    place = f"models/{source.folder}/{source.name}"
    return f"model file {value} is missing on the server, get it from {source.repo} ({source.path}) as {place}."


def file_name(path: str) -> str:
    """The last part of a model's name, which is a path on either kind of system."""
    return path.replace("\\", "/").rpartition("/")[2]


__all__ = ["Problem", "check_graph", "check_value", "file_name", "problem_at", "title_of"]
