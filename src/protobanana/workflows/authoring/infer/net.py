"""A graph with the types of its links: what `/object_info` declares, else what neighbours and input names tell."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from protobanana.errors import WorkflowError
from protobanana.workflows.authoring.infer.switches import chosen_branch, natural
from protobanana.workflows.authoring.schema import ANY, MATCH_TYPE, Catalogue, InputSpec, NodeSpec
from protobanana.workflows.graph import Graph, Target, find_cycle, is_link, read_graph

MAX_DEPTH = 400
"""Longest chain of nodes that is followed; the deepest official template has 61."""

_SHOWN_TITLE = 60

_TYPES_BY_NAME: Mapping[str, str] = {
    **dict.fromkeys(("positive", "negative", "conditioning", "cond"), "CONDITIONING"),
    **dict.fromkeys(("image", "images", "pixels", "picture"), "IMAGE"),
    **dict.fromkeys(("samples", "latent", "latent_image", "latents"), "LATENT"),
    **dict.fromkeys(("mask", "masks"), "MASK"),
    **dict.fromkeys(("text", "prompt", "string"), "STRING"),
    **dict.fromkeys(("width", "height", "seed", "noise_seed", "steps", "batch_size"), "INT"),
    **dict.fromkeys(("cfg", "denoise", "guidance"), "FLOAT"),
    **{
        name: name.upper()
        for name in ("model", "clip", "vae", "guider", "sigmas", "noise", "sampler", "video", "audio")
    },
}
"""Type of a link between two nodes that no schema knows, by the input's name without its number."""


class Link(NamedTuple):
    """One linked input: `source`'s output number `slot` goes into `input` of `node`."""

    node: str
    input: str
    source: str
    slot: int


class Widget(NamedTuple):
    """One input that holds a value. `spec` is None where the class is not known."""

    name: str
    kind: str
    value: str | float | bool
    spec: InputSpec | None


class Net:
    """A checked graph. Of a switch whose position is known, only the chosen branch is linked."""

    def __init__(self, document: Mapping[str, Any], catalogue: Catalogue) -> None:
        _check_links(document)
        self.graph: Graph = read_graph(document)
        self.catalogue = catalogue
        self._rank = {node_id: rank for rank, node_id in enumerate(sorted(self.graph, key=natural))}
        self._order()

    def spec(self, node_id: str) -> NodeSpec | None:
        """The node's class, None where the server does not list it."""
        return self.catalogue.get(self.graph[node_id]["class_type"])

    def class_of(self, node_id: str) -> str:
        """The node's class name."""
        return str(self.graph[node_id]["class_type"])

    def title(self, node_id: str) -> str:
        """The node's title on one short line, else its class."""
        return title_of(self.graph[node_id])

    def label(self, node_id: str) -> str:
        """A node for people: `'KSampler' (3)`."""
        return f"{self.title(node_id)!r} ({node_id})"

    def rank(self, node_id: str) -> int:
        """Place of the node when ids are sorted as people count."""
        return self._rank[node_id]

    # Links ------------------------------------------------------------------------------------------------------

    def links(self, node_id: str, kind: str | None = None) -> list[Link]:
        """The node's linked inputs in natural order of their names, of one type if asked."""
        return [link for link in self._links[node_id] if kind is None or self.carries(link, kind)]

    def link(self, node_id: str, *names: str) -> Link | None:
        """The first of the named inputs that is linked."""
        found = {link.input: link for link in self._links[node_id]}
        return next((found[name] for name in names if name in found), None)

    def uses(self, node_id: str, slot: int | None = None) -> list[Link]:
        """Where the node's outputs go, in the order of the consumers' ids."""
        return [link for link in self._uses.get(node_id, ()) if slot is None or link.slot == slot]

    def used_by(self, node_id: str, needed: Collection[str]) -> list[Link]:
        """Where the node's outputs go among these nodes."""
        return [link for link in self.uses(node_id) if link.node in needed]

    def kind(self, link: Link) -> str:
        """The type that the link carries, `*` where nothing tells."""
        for _ in range(MAX_DEPTH):
            found = self._declared_output(link.source, link.slot)
            if found == MATCH_TYPE:
                inner = next((into for into in self._links[link.source] if self._is_matched(into)), None)
                if inner is not None:
                    link = inner
                    continue
            if found is None or found in (ANY, MATCH_TYPE):
                found = self._wanted(link)
            return found
        return ANY

    def carries(self, link: Link, kind: str) -> bool:
        """Whether the link's type is `kind`, or a union that names it."""
        return kind in [part.strip() for part in self.kind(link).split(",")]

    def gives(self, node_id: str, kind: str) -> bool:
        """Whether one of the node's outputs has that type; of an unknown class only linked outputs are known."""
        spec = self.spec(node_id)
        if spec is not None and kind in spec.outputs:
            return True
        return any(self.carries(link, kind) for link in self.uses(node_id))

    def takes(self, node_id: str, kind: str) -> bool:
        """Whether a link of that type goes into the node."""
        return bool(self.links(node_id, kind))

    def output_name(self, node_id: str, slot: int) -> str:
        """The name of an output in lower case, empty where not known."""
        spec = self.spec(node_id)
        return spec.output_names[slot].casefold() if spec and slot < len(spec.output_names) else ""

    def upstream(self, node_id: str, kind: str | None = None) -> list[str]:
        """The node and everything it depends on, sources first; by links of one type only, if asked."""
        found: set[str] = set()
        waiting = [node_id]
        while waiting:
            current = waiting.pop()
            if current not in found:
                found.add(current)
                waiting.extend(link.source for link in self.links(current, kind))
        return sorted(found, key=self._depth_of)

    # Values -----------------------------------------------------------------------------------------------------

    def declared(self, node_id: str) -> Mapping[str, InputSpec]:
        """The inputs that the node's class declares, empty for an unknown class."""
        return self._declared[node_id]

    def widgets(self, node_id: str, *kinds: str) -> list[Widget]:
        """The inputs that hold a plain value, of these types if asked."""
        found = []
        for name, value in self.graph[node_id]["inputs"].items():
            if not isinstance(value, str | int | float):
                continue
            spec = self._declared[node_id].get(name)
            open_typed = spec is None or spec.type in (ANY, MATCH_TYPE)
            if not (open_typed or (spec and spec.takes_value)) or name in self._idle[node_id]:
                continue
            kind = _kind_of(value) if spec is None or open_typed else spec.type
            if not kinds or kind in kinds:
                found.append(Widget(name, kind, value, spec))
        return found

    def widget(self, node_id: str, name: str) -> Widget | None:
        """One input that holds a plain value, by name."""
        return next((widget for widget in self.widgets(node_id) if widget.name == name), None)

    def value(self, target: Target) -> Any:
        """What stands at a `node.input`."""
        return self.graph[target.node]["inputs"][target.input]

    # Building ---------------------------------------------------------------------------------------------------

    @cached_property
    def _declared(self) -> dict[str, dict[str, InputSpec]]:
        specs = {node_id: self.spec(node_id) for node_id in self.graph}
        return {
            node_id: spec.inputs_for(self.graph[node_id]["inputs"]) if spec else {} for node_id, spec in specs.items()
        }

    @cached_property
    def _links(self) -> dict[str, list[Link]]:
        return {
            node_id: [link for link in _all_links(self.graph, node_id) if link.input not in self._idle[node_id]]
            for node_id in self.graph
        }

    @cached_property
    def _idle(self) -> dict[str, frozenset[str]]:
        """The inputs of switches that their position leaves unused."""
        chosen = {node_id: chosen_branch(self.graph, node_id) for node_id in self.graph}
        return {
            node_id: frozenset(self.graph[node_id]["inputs"]) - {name} if name else frozenset()
            for node_id, name in chosen.items()
        }

    @cached_property
    def _uses(self) -> dict[str, list[Link]]:
        found: dict[str, list[Link]] = {}
        for node_id in sorted(self.graph, key=self.rank):
            for link in self._links[node_id]:
                found.setdefault(link.source, []).append(link)
        return found

    def _declared_output(self, node_id: str, slot: int) -> str | None:
        spec = self.spec(node_id)
        return spec.outputs[slot] if spec and slot < len(spec.outputs) else None

    def _is_matched(self, link: Link) -> bool:
        spec = self._declared[link.node].get(link.input)
        return spec is not None and spec.type == MATCH_TYPE

    def _wanted(self, link: Link) -> str:
        """The type by the ends of the links that leave the same output, the asked one first."""
        others = self.uses(link.source, link.slot)
        for other in (link, *others):
            spec = self._declared[other.node].get(other.input)
            if spec is not None and spec.type not in (ANY, MATCH_TYPE):
                return "STRING" if spec.is_combo else spec.type
        for other in (link, *others):
            name = re.sub(r"[_\d]+$", "", other.input.rpartition(".")[2].casefold())
            if name in _TYPES_BY_NAME:
                return _TYPES_BY_NAME[name]
        return ANY

    def _order(self) -> None:
        """Depth of every node, sources 0. Raises WorkflowError for a graph too deep to be followed."""
        depth: dict[str, int] = {}
        for start in sorted(self.graph, key=self.rank):
            waiting = [start]
            while waiting:
                node_id = waiting[-1]
                missing = [link.source for link in self._links[node_id] if link.source not in depth]
                if missing:
                    waiting.extend(missing)
                    continue
                waiting.pop()
                depth[node_id] = max((depth[link.source] + 1 for link in self._links[node_id]), default=0)
        deepest = max(depth, key=lambda node_id: depth[node_id])
        if depth[deepest] > MAX_DEPTH:
            raise WorkflowError(f"{self.label(deepest)} ends a chain of more than {MAX_DEPTH} nodes.")
        self._depth = depth

    def _depth_of(self, node_id: str) -> tuple[int, int]:
        return self._depth[node_id], self.rank(node_id)


def title_of(node: Mapping[str, Any]) -> str:
    """The title that an author gave a node, on one short line; its class where there is none."""
    meta = node.get("_meta")
    title = meta.get("title") if isinstance(meta, Mapping) else None
    text = title if isinstance(title, str) and title.strip() else str(node.get("class_type"))
    text = " ".join("".join(char if char.isprintable() else " " for char in text[: 4 * _SHOWN_TITLE]).split())
    return text if len(text) <= _SHOWN_TITLE else f"{text[: _SHOWN_TITLE - 1]}…"


def _kind_of(value: object) -> str:
    return "BOOLEAN" if isinstance(value, bool) else {int: "INT", float: "FLOAT"}.get(type(value), "STRING")


def _all_links(graph: Graph, node_id: str) -> Iterator[Link]:
    inputs = graph[node_id]["inputs"]
    for name in sorted(inputs, key=natural):
        value = inputs[name]
        if is_link(value):
            yield Link(node_id, name, value[0], value[1])


def _check_links(document: Mapping[str, Any]) -> None:
    """Raises WorkflowError naming titles and ids for a link to nowhere or a circle, which ComfyUI would choke on."""
    nodes = {node_id: node for node_id, node in document.items() if _is_node(node_id, node)}
    for node_id, node in nodes.items():
        for name, value in node["inputs"].items():
            if is_link(value) and (value[0] not in document or value[0].startswith("_")):
                place = f"input {name!r} of {title_of(node)!r} ({node_id})"
                raise WorkflowError(f"{place} is linked to node {value[0]}, which does not exist.")
    cycle = find_cycle(nodes)
    if cycle:
        path = " -> ".join(f"{title_of(nodes[node_id])!r} ({node_id})" for node_id in cycle)
        raise WorkflowError(f"the links run in a circle: {path}.")


def _is_node(node_id: str, node: object) -> bool:
    return not node_id.startswith("_") and isinstance(node, dict) and isinstance(node.get("inputs"), dict)


__all__ = ["MAX_DEPTH", "Link", "Net", "Widget", "title_of"]
