"""Which output node holds the result, and which only show masks, steps on the way or comparisons."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from protobanana.errors import WorkflowError
from protobanana.workflows.authoring.infer.net import Link, Net
from protobanana.workflows.authoring.infer.sampling import is_sampler

Medium = Literal["image", "video", "audio", "text"]

_SAVES = re.compile(r"save|combine|export|output|preview|show|display|compare", re.IGNORECASE)
_PREVIEWS = re.compile(r"preview|show|display", re.IGNORECASE)
_COMPARES = re.compile(r"compar", re.IGNORECASE)
_MOVING = re.compile(r"video|webm|animated|gif", re.IGNORECASE)
_MEDIA: dict[str, Medium] = {"VIDEO": "video", "AUDIO": "audio", "STRING": "text"}


@dataclass(frozen=True)
class Output:
    """An output node. `source`: the node whose result it shows."""

    node: str
    source: str
    medium: Medium
    is_preview: bool
    is_mask: bool
    is_comparison: bool


@dataclass(frozen=True)
class Chosen:
    """The output that is the result, others that might as well be, and the one that shows the region changed."""

    main: Output
    rivals: tuple[Output, ...]
    mask: Output | None
    why: str


def choose_output(net: Net, named: list[str], stated: str | None) -> Chosen:
    """The result's node. `named`: nodes that titles call output. Raises WorkflowError when there is none."""
    found = [output for node_id in sorted(net.graph, key=net.rank) if (output := _read(net, node_id))]
    if not found:
        last = max(net.graph, key=lambda node_id: len(net.upstream(node_id)))
        raise WorkflowError(f"no node saves a picture; the graph ends at {net.label(last)}.")
    mask = next((output for output in found if output.is_mask), None)
    for wanted, why in (((stated,), "stated in the header"), (named, "its title says so")):
        meant = [output for output in found if output.node in wanted]
        if meant:
            return Chosen(meant[0], tuple(meant[1:]), mask, f"{net.label(meant[0].node)}: {why}")
    if stated is not None:
        raise WorkflowError(f"output 'image' is node {stated}, which saves no picture.")
    return _rank(net, found, mask)


def _rank(net: Net, found: list[Output], mask: Output | None) -> Chosen:
    left, whys = found, []
    for keep, why in _PREFERENCES:
        kept = [one for one in left if keep(net, one, left)]
        if kept and len(kept) < len(left):
            left = kept
            whys.append(why)
    still = [one for one in left if one.medium == "image"] or left
    reason = f"{net.label(still[0].node)}: {'; '.join(whys) or 'the only output'}"
    rivals = [one for one in still[1:] if one.source != still[0].source]
    return Chosen(still[0], tuple(rivals), mask, reason)


def _read(net: Net, node_id: str) -> Output | None:
    spec = net.spec(node_id)
    is_output = spec.is_output if spec else not net.uses(node_id) and _SAVES.search(net.class_of(node_id))
    shown = _shown(net, node_id)
    if not is_output or shown is None:
        return None
    name = net.class_of(node_id)
    medium: Medium = next((found for kind, found in _MEDIA.items() if net.carries(shown, kind)), "image")
    if _MOVING.search(name):
        medium = "video"
    pictures = net.links(node_id, "IMAGE")
    return Output(
        node_id,
        shown.source,
        medium,
        is_preview=bool(_PREVIEWS.search(name)),
        is_mask=_is_mask(net, shown),
        is_comparison=bool(_COMPARES.search(name)) or len({link.source for link in pictures}) > 1,
    )


def _shown(net: Net, node_id: str) -> Link | None:
    """The link that an output node shows: a picture before anything else."""
    for kind in ("IMAGE", "VIDEO", "MASK", "AUDIO", "STRING"):
        found = net.links(node_id, kind)
        if found:
            return found[0]
    return None


def _is_mask(net: Net, link: Link) -> bool:
    """Whether a picture is a mask made visible."""
    if net.carries(link, "MASK"):
        return True
    while True:
        links = [into for into in net.links(link.source) if net.carries(into, "MASK") or net.carries(into, "IMAGE")]
        if len(links) != 1 or net.takes(link.source, "VAE") or not net.links(link.source):
            return False
        link = links[0]
        if net.carries(link, "MASK"):
            return True


def _drawn(net: Net, output: Output) -> set[str]:
    """The samplers that an output comes from."""
    return {node_id for node_id in net.upstream(output.node) if is_sampler(net, node_id)}


def _on_the_way(net: Net, output: Output, others: list[Output]) -> bool:
    """Whether another output is made from what this one shows, or by the same samplers and more."""
    samplers = _drawn(net, output)
    return any(
        output.source in net.upstream(other.source) or samplers < _drawn(net, other)
        for other in others
        if other.source != output.source
    )


_Preference = Callable[[Net, Output, list[Output]], bool]

_PREFERENCES: tuple[tuple[_Preference, str], ...] = (
    (lambda _net, one, _others: one.medium != "text", "texts are set aside"),
    (lambda _net, one, _others: not one.is_comparison, "comparisons are set aside"),
    (lambda _net, one, _others: not one.is_mask, "masks are set aside"),
    (lambda _net, one, _others: one.medium != "audio", "sound is set aside"),
    (lambda net, one, _others: one.medium == "video" or bool(_drawn(net, one)), "it is drawn by a sampler"),
    (lambda _net, one, _others: not one.is_preview, "it saves, others preview"),
    (lambda net, one, others: not _on_the_way(net, one, others), "others are steps on the way to it"),
)
"""What speaks for an output, strongest first; a preference that none of those left meets is passed over."""


__all__ = ["Chosen", "Medium", "Output", "choose_output"]
