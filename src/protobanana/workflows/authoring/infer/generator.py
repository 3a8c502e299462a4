"""Graphs without a sampler: cut-outs, upscalers, and nodes that draw by themselves, such as online services."""

from __future__ import annotations

import re

from protobanana.workflows.authoring.infer.draft import Draft
from protobanana.workflows.authoring.infer.net import Net
from protobanana.workflows.authoring.infer.origin import is_negative, likeliest, number, plausible, prompt_inputs, text
from protobanana.workflows.authoring.infer.regions import cutters, finders
from protobanana.workflows.authoring.infer.sampling import setting
from protobanana.workflows.graph import Target

_SIDES = ("width", "height")
_NUMBERS = {"seed": ("seed", "noise_seed"), "steps": ("steps",), "cfg": ("cfg", "guidance", "guidance_scale")}


def add_generator(net: Net, needed: list[str], draft: Draft, named: dict[str, list[Target]]) -> None:
    """Slots `prompt`, `negative_prompt`, `seed`, `steps`, `cfg`, `width` and `height` of the last node with words."""
    looking = {*finders(net, needed), *cutters(net, needed)}
    # What the last node of all holds, the output, is a file name.
    drawing = [node_id for node_id in reversed(needed[:-1]) if node_id not in looking]
    for slot in ("prompt", "negative_prompt"):
        _add_words(net, drawing, draft, slot, named.get(slot, []))
    if "prompt" not in draft.slots:
        return
    for slot, names in _NUMBERS.items():
        found = [(node_id, name) for node_id in drawing if (name := setting(net, node_id, names))]
        for node_id, name in found[:1]:
            draft.add_number(slot, number(net, node_id, name), f"{name} of {net.label(node_id)}")
    sized = [node_id for node_id in drawing if all(setting(net, node_id, (side,)) for side in _SIDES)]
    for node_id in [node_id for node_id in sized if not net.takes(node_id, "IMAGE")][:1]:
        for side in _SIDES:
            draft.add_number(side, number(net, node_id, side), f"{side} of {net.label(node_id)}")


def _add_words(net: Net, drawing: list[str], draft: Draft, slot: str, named: list[Target]) -> None:
    negative = slot == "negative_prompt"
    taken = set(draft.targets("target")) | set(draft.targets("prompt"))
    for node_id in drawing:
        inputs = [name for name in prompt_inputs(net, node_id, negative=negative) if is_negative(name) == negative]
        every = [target for name in inputs for target in text(net, node_id, name) if target not in taken]
        meant = [target for target in every if target in named] or every
        if meant:
            best = likeliest(net, meant)
            draft.add(slot, (best,), f"{best.input} of {net.label(best.node)}, for {net.label(node_id)}")
            if len(plausible(net, meant)) > 1:
                draft.doubt(slot, tuple(dict.fromkeys((best, *meant))))
            return


def cuts_out(net: Net, needed: list[str]) -> bool:
    """Whether the result has a transparent ground because something has been found in the picture."""
    for node_id in cutters(net, needed):
        ground = net.widget(node_id, "background")
        if ground is None or re.search("alpha|transparent", str(ground.value), re.IGNORECASE):
            return True
    found = set(finders(net, needed))
    return any(
        len(net.links(node_id, "IMAGE")) == 1 and found & set(net.upstream(link.source))
        for node_id in needed
        if net.gives(node_id, "IMAGE") and net.links(node_id, "IMAGE") and not net.gives(node_id, "MASK")
        for link in net.links(node_id, "MASK")
    )


__all__ = ["add_generator", "cuts_out"]
