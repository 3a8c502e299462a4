"""The slots `image`, `image_2`, ... and `mask`."""

from __future__ import annotations

import re
from typing import Any

from protobanana.workflows.authoring.infer.draft import Draft
from protobanana.workflows.authoring.infer.net import Net
from protobanana.workflows.authoring.infer.pictures import Picture, cuts, find_pictures
from protobanana.workflows.authoring.infer.sampling import Sampling
from protobanana.workflows.graph import Graph, Target, copied
from protobanana.workflows.header import Patch
from protobanana.workflows.wiring import picture_number

_LOADER = "LoadImageMask"
_ALPHA = "alpha"
_INVERTS = re.compile(r"invert", re.IGNORECASE)
"""Classes that turn a mask round. Where one follows the mask, its author paints black what is to change."""


def add_pictures(
    net: Net,
    sampling: Sampling | None,
    needed: list[str],
    draft: Draft,
    named: dict[str, list[Target]],
    *,
    mask_is_settled: bool,
) -> Graph:
    """Slots for every picture and the mask. Returns the graph, with a mask loader of its own where it needs one.

    Requests bring masks as pictures, white where to change; the mask that ComfyUI reads from a picture's transparency
    would be empty.
    """
    known = set(needed)
    called = {target.node for target in named.get("mask", ())}
    found = find_pictures(net, sampling, needed, called)
    images = _numbered([one for one in found if not one.is_mask], named)
    masks = [one for one in found if one.is_mask]
    _add_images(net, images, known, draft)
    if mask_is_settled:
        return net.graph
    for mask in masks[:1]:
        if mask.alpha and net.class_of(mask.node) != _LOADER:
            return _with_loader(net, mask, known, draft)
        draft.add(
            "mask", (mask.target,), f"{net.label(mask.node)} is used as a mask only", present=_upright(net, mask, known)
        )
        if len(masks) > 1:
            draft.doubt("mask", tuple(one.target for one in masks))
    for image in images if not masks and sampling else ():
        if _restricts(net, image, known):
            return _with_loader(net, image, known, draft)
    return net.graph


def _add_images(net: Net, images: list[Picture], needed: set[str], draft: Draft) -> None:
    others = {image.node for image in images}
    patches: list[Patch | None] = []
    for image in images:
        open_links = cuts(net, image, needed)
        shared = any(others & set(net.upstream(link.source)) - {image.node} for link in open_links or ())
        optional = open_links is not None and not shared and bool(patches)
        patches.append({f"{link.node}.{link.input}": None for link in open_links or ()} if optional else None)
    last = max((place for place, patch in enumerate(patches) if patch is None), default=0)
    for place, image in enumerate(images):
        # Pictures are given in order: one before a required one is always there.
        patch = patches[place] if place > last else None
        slot = "image" if place == 0 else f"image_{place + 1}"
        role = image.role if patch is None else f"{image.role}, which can be left out"
        draft.add(slot, (image.target,), f"{net.label(image.node)}: {role}", absent=patch)


def _numbered(images: list[Picture], named: dict[str, list[Target]]) -> list[Picture]:
    """The pictures in order, those with a number in their title at that place."""
    wanted = {
        target.node: number
        for slot, targets in named.items()
        for target in targets
        if (number := picture_number(slot)) is not None and number <= len(images)
    }
    places: dict[int, Picture] = {}
    for image in images:
        if image.node in wanted:
            places.setdefault(wanted[image.node], image)
    rest = iter([image for image in images if image not in places.values()])
    return [places.get(number) or next(rest) for number in range(1, len(images) + 1)]


def _restricts(net: Net, picture: Picture, needed: set[str]) -> bool:
    """Whether the mask of a picture's transparency says where to draw; otherwise it is only handed on with it."""
    waiting = [link.node for link in picture.alpha]
    seen = {picture.node}
    while waiting:
        node_id = waiting.pop()
        if node_id in seen or node_id not in needed:
            continue
        if any(net.gives(node_id, kind) for kind in ("LATENT", "CONDITIONING", "MODEL")):
            return True
        sources = {link.source for link in net.links(node_id, "IMAGE")}
        only_mask = sources <= seen - {picture.node}
        seen.add(node_id)
        waiting += [link.node for link in net.uses(node_id) if only_mask or net.carries(link, "MASK")]
    return False


def _upright(net: Net, mask: Picture, needed: set[str]) -> Patch | None:
    """Changes that make a loaded mask read as requests paint it: what is white changes."""
    channel = net.widget(mask.node, "channel")
    changes: dict[str, Any] = {f"{mask.node}.channel": "red"} if channel and channel.value == _ALPHA else {}
    current = mask.node
    while len(uses := net.used_by(current, needed)) == 1 and len(net.links(uses[0].node)) == 1:
        source, current = uses[0], uses[0].node
        if _INVERTS.search(net.class_of(current)):
            ends = net.used_by(current, needed)
            changes |= {f"{end.node}.{end.input}": [source.source, source.slot] for end in ends}
            break
    return changes or None


def _with_loader(net: Net, picture: Picture, needed: set[str], draft: Draft) -> Graph:
    """The graph with the mask of a picture's transparency replaced by one that is loaded on its own."""
    graph: Graph = copied(net.graph)
    node_id = "mask" if "mask" not in graph else next(f"mask_{n}" for n in range(2, 9999) if f"mask_{n}" not in graph)
    graph[node_id] = {
        "class_type": _LOADER,
        "inputs": {"image": net.value(picture.target), "channel": "red"},
        "_meta": {"title": "Mask: white is changed"},
    }
    for link in picture.alpha:
        inverted = _INVERTS.search(net.class_of(link.node)) is not None
        for end in net.used_by(link.node, needed) if inverted else [link]:
            graph[end.node]["inputs"][end.input] = [node_id, 0]
    why = f"loaded by a node of its own ({node_id}) in place of the transparency of {net.label(picture.node)}"
    draft.slots["mask"] = {"to": [f"{node_id}.image"]}
    draft.reasons["mask"] = why
    return graph


__all__ = ["add_pictures"]
