"""Where a change happens: room around a picture, words that name a part, and the edge of a mask."""

from __future__ import annotations

import re

from protobanana.workflows.authoring.infer.conditioning import prompts
from protobanana.workflows.authoring.infer.draft import Draft
from protobanana.workflows.authoring.infer.net import Link, Net
from protobanana.workflows.authoring.infer.origin import NUMBERS, likeliest, number, texts
from protobanana.workflows.authoring.infer.sampling import is_sampler, setting
from protobanana.workflows.graph import Target

PADS = ("left", "top", "right", "bottom")

_GROWS = ("expand", "grow", "amount", "expand_by", "grow_by")
_GROWING = re.compile(r"grow|expand|dilat", re.IGNORECASE)
_SOFTENS = ("blur_radius", "feather", "feathering", "radius", "kernel_size", "sigma")
_SOFTENING = re.compile(r"blur|feather|soft", re.IGNORECASE)
_CUTS = re.compile(
    r"rmbg|birefnet|matt(e|ing)|remove_?(image)?_?(bg|background)|background_?remov|cut_?out|segment|sam\d",
    re.IGNORECASE,
)


def add_pads(net: Net, needed: list[str], draft: Draft) -> None:
    """Slots `left`, `top`, `right` and `bottom`: the node nearest to the picture that adds room on all four sides."""
    found = [
        node_id
        for node_id in needed
        if net.takes(node_id, "IMAGE")
        and (net.gives(node_id, "IMAGE") or net.gives(node_id, "MASK"))
        and all(setting(net, node_id, (side,)) for side in PADS)
        and not re.search("crop", net.class_of(node_id), re.IGNORECASE)
    ]
    for side in PADS if found else ():
        draft.add_number(side, number(net, found[0], side), f"{side} of {net.label(found[0])}, which adds room")
        if len(found) > 1:
            draft.doubt(side, tuple(Target(node, side) for node in found if net.widget(node, side)))


def finders(net: Net, needed: list[str]) -> list[str]:
    """The nodes that find a part of a picture: a picture goes in, a mask that no request gave comes out."""
    known = set(needed)
    return [
        node_id
        for node_id in needed
        if net.takes(node_id, "IMAGE")
        and net.gives(node_id, "MASK")
        and any(net.carries(link, "MASK") and link.node in known for link in net.uses(node_id))
        and not all(setting(net, node_id, (side,)) for side in PADS)
        and not is_sampler(net, node_id)
    ]


def cutters(net: Net, needed: list[str]) -> list[str]:
    """Nodes that cut something out of a picture: a picture goes in, a picture and its mask come out."""
    return [
        node_id
        for node_id in needed
        if net.takes(node_id, "IMAGE") and net.gives(node_id, "IMAGE") and _CUTS.search(net.class_of(node_id))
    ]


def add_target(net: Net, needed: list[str], draft: Draft) -> None:
    """Slot `target`: the words by which a part of the picture is found, all nodes that look for it together."""
    found: dict[Target, None] = {}
    taken = {target for slot in ("prompt", "negative_prompt") for target in draft.targets(slot)}
    for node_id in dict.fromkeys((*finders(net, needed), *cutters(net, needed))):
        for name in (node_id, *_behind(net, node_id)):
            for group in texts(net, name, negative=False):
                if not set(group) & taken:
                    found[likeliest(net, group)] = None
        for group in prompts(net, node_id, negative=False):
            if not set(group) & taken:
                found[group[0]] = None
    if found:
        where = " and ".join(net.label(target.node) for target in found)
        draft.add("target", tuple(found), f"words by which {where} finds a part of the picture")
        # Words of a request name one part; texts that differ name several.
        if len({net.value(target) for target in found}) > 1:
            draft.doubt("target", tuple(found))


def _behind(net: Net, node_id: str) -> list[str]:
    """The nodes whose findings (boxes, points, segments) tell a finder where to look."""
    plain = ("IMAGE", "MASK", "MODEL", "CLIP", "VAE", "STRING", "CONDITIONING", *NUMBERS)
    links = [link for link in net.links(node_id) if not any(net.carries(link, kind) for kind in plain)]
    sources = [link.source for link in links if net.takes(link.source, "IMAGE")]
    return list(dict.fromkeys(sources))


def add_edges(net: Net, needed: list[str], draft: Draft) -> None:
    """Slots `grow` and `feather`: how far beyond its mask a change reaches, and how soft its edge is."""
    known = set(needed)
    path = _mask_path(net, needed)
    for slot, classes, names in (("grow", _GROWING, _GROWS), ("feather", _SOFTENING, _SOFTENS)):
        found = [
            (node_id, name)
            for node_id in (path if slot == "grow" else needed)
            if classes.search(net.class_of(node_id)) and (name := setting(net, node_id, names))
            if node_id in path or _softens_mask(net, node_id, known)
        ]
        if not found and slot == "grow":
            found = [
                (link.node, "grow_mask_by") for link in _limiting(net, needed) if net.widget(link.node, "grow_mask_by")
            ]
        if found:
            node_id, name = found[-1] if slot == "grow" else found[0]
            draft.add_number(slot, number(net, node_id, name), f"{name} of {net.label(node_id)}, on the mask's way")


def _limiting(net: Net, needed: list[str]) -> list[Link]:
    """The masks that go into a latent or into conditioning."""
    drawn = [node_id for node_id in needed if net.gives(node_id, "LATENT") or net.gives(node_id, "CONDITIONING")]
    return [link for node_id in drawn for link in net.links(node_id, "MASK")]


def _mask_path(net: Net, needed: list[str]) -> list[str]:
    """The masks that restrict sampling, followed back, as pictures too, as long as each comes from one other."""
    ends = _limiting(net, needed)
    path: list[str] = []
    current = ends[0].source if ends else None
    while current is not None and current not in path:
        path.append(current)
        links = net.links(current, "MASK") or net.links(current, "IMAGE")
        current = links[0].source if len(links) == 1 else None
    return path


def _softens_mask(net: Net, node_id: str, needed: set[str]) -> bool:
    """Whether a node blurs a mask, as a mask or on its way through a picture."""
    onward = net.used_by(node_id, needed)
    if net.takes(node_id, "MASK"):
        return any(net.carries(link, "MASK") for link in onward)
    sources = [link.source for link in net.links(node_id, "IMAGE")]
    return any(net.takes(source, "MASK") and not net.takes(source, "IMAGE") for source in sources)


__all__ = ["PADS", "add_edges", "add_pads", "add_target", "cutters", "finders"]
