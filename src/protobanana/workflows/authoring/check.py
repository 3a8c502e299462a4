"""Checks a whole workflow document: every graph that a request can make of it, and what its header promises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, combinations
from typing import Any

from protobanana.workflows.authoring.nodes import Problem, check_graph, problem_at
from protobanana.workflows.authoring.schema import Catalogue, InputSpec, read_catalogue
from protobanana.workflows.document import Workflow
from protobanana.workflows.graph import Graph, Target, find_cycle, needed_for
from protobanana.workflows.header import STANDARD_TIERS, ModelFile
from protobanana.workflows.wiring import picture_number

_WHOLE = frozenset({"INT"})
_NUMBER = frozenset({"INT", "FLOAT"})
_TEXT = frozenset({"STRING"})
_PICTURE = frozenset({"UPLOAD"})

_SLOT_KINDS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("prompt", "negative_prompt", "target"), _TEXT),
    **dict.fromkeys(("seed", "steps", "width", "height", "batch", "left", "top", "right", "bottom"), _WHOLE),
    **dict.fromkeys(("cfg", "strength", "grow", "feather"), _NUMBER),
    "mask": _PICTURE,
}
"""What the inputs behind the well-known slots must take."""

_ALL_SUBSETS_UP_TO = 6
"""With more optional slots than this, their combinations are sampled: none, all, each alone, all but each."""


@dataclass(frozen=True)
class _Variant:
    """One graph that a request can make: a quality and the slots that change the wiring."""

    quality: str
    given: frozenset[str]
    used: Graph
    """The part of the graph that an output depends on."""
    label: str
    """For people: `quality low, with image_2`."""


def check(workflow: Workflow, object_info: Mapping[str, Any] | None = None, *, tiers: bool = True) -> list[Problem]:
    """Everything wrong with a document, errors first; empty when it is sound.

    `object_info`: the answer of the server that will run it, which is then also asked for every model file. None (or
    `recorded_object_info()`) checks against the recorded ComfyUI 0.12.1, which knows no model files. `tiers=False`
    checks the default quality only.
    """
    catalogue = read_catalogue(object_info)
    variants = list(_variants(workflow, tiers=tiers))
    found = [
        *_check_header(workflow, catalogue),
        *_check_outputs(workflow, catalogue),
        *_check_slots(workflow, catalogue, variants),
        *_check_variants(workflow, catalogue, variants),
        *(_check_models(workflow, catalogue, variants) if tiers else ()),
        *(_check_unused(workflow, variants) if tiers else ()),
    ]
    return sorted(dict.fromkeys(found), key=lambda problem: problem.severity)


# The graphs of a document -------------------------------------------------------------------------------------------


def _variants(workflow: Workflow, *, tiers: bool) -> Iterator[_Variant]:
    names = (*STANDARD_TIERS, *workflow.tiers) if tiers else (workflow.header.default_tier,)
    for quality in dict.fromkeys(workflow.tier_name(name) for name in names):
        for given in _combinations(workflow):
            whole = workflow.wired(given, quality)
            # Following a circle would not end; check_graph reports it.
            needed = whole.keys() if find_cycle(whole) else needed_for(whole, workflow.header.outputs.values())
            used = {node_id: node for node_id, node in whole.items() if node_id in needed}
            chosen = sorted(slot for slot in given if not workflow.slots[slot].required)
            label = f"quality {quality}" + (f", with {', '.join(chosen)}" if chosen else "")
            yield _Variant(quality, given, used, label)


def _combinations(workflow: Workflow) -> Iterator[frozenset[str]]:
    """The sets of given slots whose wiring differs; pictures are given in order, none is left out between others."""
    required = {slot for slot, wiring in workflow.slots.items() if wiring.required}
    switches = [
        slot for slot, wiring in workflow.slots.items() if (wiring.absent or wiring.present) and slot not in required
    ]
    pictures = sorted((slot for slot in switches if picture_number(slot)), key=lambda slot: picture_number(slot) or 0)
    others = [slot for slot in switches if slot not in pictures]
    for count in range(len(pictures) + 1):
        for chosen in _subsets(others):
            yield frozenset((*required, *pictures[:count], *chosen))


def _subsets(slots: list[str]) -> Iterator[tuple[str, ...]]:
    sizes = range(len(slots) + 1) if len(slots) <= _ALL_SUBSETS_UP_TO else (0, 1, len(slots) - 1, len(slots))
    return chain.from_iterable(combinations(slots, size) for size in sizes)


def _check_variants(workflow: Workflow, catalogue: Catalogue, variants: list[_Variant]) -> Iterator[Problem]:
    """Problems of the graphs; one that not all of them have says in which it was seen first."""
    seen: dict[Problem, list[_Variant]] = {}
    for variant in variants:
        sources = {model.name: model for model in workflow.models(variant.quality)}
        for problem in dict.fromkeys(check_graph(variant.used, catalogue, sources)):
            seen.setdefault(problem, []).append(variant)
    for problem, where in seen.items():
        everywhere = len(where) == len(variants)
        yield problem if everywhere else replace(problem, message=f"{problem.message} [{where[0].label}]")


def _check_unused(workflow: Workflow, variants: list[_Variant]) -> Iterator[Problem]:
    used = {node_id for variant in variants for node_id in variant.used}
    for node_id, node in workflow.graph.items():
        if node_id not in used:
            yield problem_at(node_id, node, "no output ever depends on it; it is never run.", warning=True)


# What the header promises -------------------------------------------------------------------------------------------


def _check_header(workflow: Workflow, catalogue: Catalogue) -> Iterator[Problem]:
    header = workflow.header
    if header.license is None:
        yield Problem("warning", "the header has no `license`.")
    if header.limits.max_batch > 1 and not workflow.accepts("batch"):
        yield Problem("warning", f"limits.max_batch is {header.limits.max_batch}, but there is no slot 'batch'.")
    if header.sizes and not (workflow.accepts("width") and workflow.accepts("height")):
        yield Problem("warning", "`sizes` are listed, but there are no slots 'width' and 'height'.")
    declared = {pack.name for pack in header.custom_nodes}
    for node_id, node in workflow.graph.items():
        spec = catalogue.get(node["class_type"])
        if spec and spec.pack and spec.pack not in declared:
            message = f"{spec.name} comes with {spec.pack}, which `custom_nodes` does not list."
            yield problem_at(node_id, node, message, warning=True)


def _check_outputs(workflow: Workflow, catalogue: Catalogue) -> Iterator[Problem]:
    for name, node_id in workflow.header.outputs.items():
        node = workflow.graph[node_id]
        spec = catalogue.get(node["class_type"])
        if spec and not spec.is_output:
            yield problem_at(node_id, node, f"output '{name}' is no output node: ComfyUI would not run it.")


def _check_slots(workflow: Workflow, catalogue: Catalogue, variants: list[_Variant]) -> Iterator[Problem]:
    for slot, wiring in workflow.slots.items():
        for target in wiring.to:
            yield from _check_target(workflow, catalogue, slot, target)
        for variant in variants:
            given = slot in variant.given or not (wiring.absent or wiring.present)
            if given and not any(target.node in variant.used for target in wiring.to):
                target = wiring.to[0]
                message = f"slot '{slot}' has no effect: no output depends on it [{variant.label}]"
                yield problem_at(target.node, workflow.graph[target.node], message, at=target.input)
                break


def _check_target(workflow: Workflow, catalogue: Catalogue, slot: str, target: Target) -> Iterator[Problem]:
    node = workflow.graph[target.node]
    spec = catalogue.get(node["class_type"])
    declared = spec.inputs_for(node["inputs"]).get(target.input) if spec else None
    if declared is None:
        return
    wanted = _PICTURE if picture_number(slot) else _SLOT_KINDS.get(slot)
    if not declared.takes_value:
        message = f"slot '{slot}' fills an input that takes a link to {declared.type}, not a value."
        yield problem_at(target.node, node, message, at=target.input)
    elif wanted and _kind(declared) not in wanted:
        message = f"slot '{slot}' needs an input of type {' or '.join(sorted(wanted))}, this one is {_kind(declared)}."
        yield problem_at(target.node, node, message, at=target.input)


def _kind(spec: InputSpec) -> str:
    return "UPLOAD" if spec.is_upload else spec.type


def _check_models(workflow: Workflow, catalogue: Catalogue, variants: list[_Variant]) -> Iterator[Problem]:
    """The files that the graphs name are those that the header says are needed, quality by quality."""
    named: set[str] = set()
    for variant in variants:
        declared = {model.name for model in workflow.models(variant.quality)}
        for target, value in _named_models(variant.used, catalogue):
            named.add(value)
            if value not in declared:
                message = f"`models` does not list {value} (quality {variant.quality})."
                yield problem_at(target.node, variant.used[target.node], message, at=target.input, warning=True)
    extra: tuple[ModelFile, ...] = tuple(model for tier in workflow.header.tiers.values() for model in tier.models)
    for model in dict.fromkeys((*workflow.header.models, *extra)):
        if model.name not in named and model.fetched_by is None:
            yield Problem("warning", f"`models` lists {model.name}, which no node names.")


def _named_models(graph: Graph, catalogue: Catalogue) -> Iterator[tuple[Target, str]]:
    for node_id, node in graph.items():
        spec = catalogue.get(node["class_type"])
        for name, declared in (spec.inputs_for(node["inputs"]) if spec else {}).items():
            value = node["inputs"].get(name)
            if isinstance(value, str) and declared.names_model(value):
                yield Target(node_id, name), value


__all__ = ["Problem", "check"]
