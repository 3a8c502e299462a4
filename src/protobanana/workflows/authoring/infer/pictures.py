"""The pictures that a graph loads: their order, which are masks, and which can be left out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from protobanana.workflows.authoring.infer.net import Link, Net
from protobanana.workflows.authoring.infer.sampling import Sampling
from protobanana.workflows.graph import Target

_CONVERTS = re.compile(r"image_?(color)?_?to_?mask|mask_?from|colou?r_?to_?mask", re.IGNORECASE)
_LOADS = re.compile(r"load.*image|image.*load|image_?input|input_?image", re.IGNORECASE)


@dataclass(frozen=True)
class Picture:
    """A node that loads an uploaded picture. `role` says for people what the graph does with it."""

    node: str
    input: str
    role: str
    is_mask: bool
    alpha: tuple[Link, ...]
    """Where the mask goes that ComfyUI reads from the picture's transparency."""

    @property
    def target(self) -> Target:
        """The input that takes the uploaded picture's name."""
        return Target(self.node, self.input)


def find_pictures(net: Net, sampling: Sampling | None, needed: list[str], masks: set[str]) -> list[Picture]:
    """The loaded pictures that these nodes use, in the order in which a request gives them, masks last.

    Pictures of the instruction come first, by the encoder's own order; then what sampling starts from; then control
    and style pictures; then the rest by id. `masks`: nodes that titles call a mask.
    """
    loaders = {node_id: name for node_id in needed if (name := upload_input(net, node_id))}
    order: dict[str, str] = {}
    for node_id, role in _tour(net, sampling, needed):
        if node_id in loaders:
            order.setdefault(node_id, role)
    for node_id in sorted(loaders, key=net.rank):
        order.setdefault(node_id, "a picture that the result is made of")
    known = set(needed)
    found = [
        _picture(net, Target(node_id, loaders[node_id]), role, known, is_mask=node_id in masks)
        for node_id, role in order.items()
    ]
    if all(picture.is_mask for picture in found):
        # A lone picture is what the graph works on, whatever it is turned into.
        found = [
            Picture(one.node, one.input, one.role, one.node in masks or not net.gives(one.node, "IMAGE"), one.alpha)
            for one in found
        ]
    return sorted(found, key=lambda picture: picture.is_mask)


def upload_input(net: Net, node_id: str) -> str | None:
    """The input of a node that takes an uploaded picture, None where it has none."""
    for widget in net.widgets(node_id):
        options = widget.spec.options if widget.spec else {}
        if options.get("image_upload") and isinstance(widget.value, str):
            return widget.name
    known = net.spec(node_id) is not None
    loads = not known and not net.links(node_id) and _LOADS.search(net.class_of(node_id))
    named = [w.name for w in net.widgets(node_id, "STRING") if w.name in ("image", "file", "image_path")]
    return named[0] if loads and named else None


def _tour(net: Net, sampling: Sampling | None, needed: list[str]) -> list[tuple[str, str]]:
    """Nodes in the order in which pictures are counted, each with the role of a picture met there."""
    found: list[tuple[str, str]] = []
    for sampler in (sampling.main, *sampling.samplers) if sampling else ():
        words = [link for kind in ("CONDITIONING", "GUIDER") for link in net.links(sampler, kind)]
        told = [node for link in words for node in _instruction(net, link)]
        found += [(node, f"a picture of the instruction for {net.label(sampler)}") for node in told]
        for link in net.links(sampler, "LATENT"):
            role = f"the picture that {net.label(sampler)} starts from"
            found += [(node, role) for node in _in_order(net, link.source)]
        steering = [link for kind in ("CONDITIONING", "GUIDER", "MODEL") for link in net.links(sampler, kind)]
        behind = {node for link in steering for node in net.upstream(link.source)}
        role = f"a control or style picture of {net.label(sampler)}"
        found += [(node, role) for node in sorted(behind, key=net.rank)]
    return found + [(node, "a picture that the result is made of") for node in _in_order(net, needed[-1])]


def _instruction(net: Net, link: Link) -> list[str]:
    """Nodes behind the pictures that text encoders see and that are chained on as reference latents."""
    found: list[str] = []
    for node_id in net.upstream(link.source):
        encodes = net.takes(node_id, "CLIP") and net.gives(node_id, "CONDITIONING")
        refers = net.takes(node_id, "CONDITIONING") and net.takes(node_id, "LATENT") and not net.takes(node_id, "VAE")
        for kind in ("IMAGE",) if encodes else ("LATENT",) if refers and net.gives(node_id, "CONDITIONING") else ():
            for into in net.links(node_id, kind):
                found += _in_order(net, into.source)
    return found


def _in_order(net: Net, node_id: str) -> list[str]:
    """Everything behind a node, depth first, inputs in the natural order of their names, sources first."""
    found: dict[str, None] = {}
    opened: set[str] = set()
    waiting = [node_id]
    while waiting:
        current = waiting[-1]
        if current in opened:
            waiting.pop()
            found[current] = None
            continue
        opened.add(current)
        waiting.extend(link.source for link in reversed(net.links(current)) if link.source not in opened)
    return list(found)


def _picture(net: Net, at: Target, role: str, needed: set[str], *, is_mask: bool) -> Picture:
    uses = net.used_by(at.node, needed)
    alpha = tuple(link for link in uses if net.carries(link, "MASK"))
    shown = [link for link in uses if link not in alpha]
    converted = bool(shown) and all(_becomes_mask(net, link, needed) for link in shown)
    is_mask = is_mask or not shown or converted
    return Picture(at.node, at.input, "the mask" if is_mask else role, is_mask, alpha)


def _becomes_mask(net: Net, link: Link, needed: set[str]) -> bool:
    """Whether a picture only ever turns into a mask: resized on the way, perhaps, but not searched by a model."""
    waiting, seen = [link], set()
    while waiting:
        current = waiting.pop()
        if current.node in seen:
            continue
        seen.add(current.node)
        if _CONVERTS.search(net.class_of(current.node)):
            continue
        only = {into.source for into in net.links(current.node)} == {current.source}
        onward = [into for into in net.uses(current.node) if into.node in needed and net.carries(into, "IMAGE")]
        if not only or not onward or not net.carries(current, "IMAGE"):
            return False
        waiting.extend(onward)
    return True


def cuts(net: Net, picture: Picture, needed: set[str]) -> list[Link] | None:
    """The optional inputs to leave open when the picture is not given, None when the graph cannot do without it."""
    found: dict[Link, None] = {}
    seen: set[str] = set()
    waiting = [picture.node]
    while waiting:
        node_id = waiting.pop()
        if node_id in seen:
            continue
        seen.add(node_id)
        uses = net.used_by(node_id, needed)
        if not uses:
            return None
        for link in uses:
            spec = net.declared(link.node).get(link.input)
            if spec is not None and not spec.required:
                found[link] = None
            else:
                waiting.append(link.node)
    return list(found)


__all__ = ["Picture", "cuts", "find_pictures", "upload_input"]
