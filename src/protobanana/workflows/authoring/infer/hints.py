"""Node titles by which an author says what an input is for: `Prompt`, `negative`, `image 2`, `mask`, `output`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from protobanana.workflows.authoring.infer.net import Net
from protobanana.workflows.authoring.infer.origin import NUMBERS, number, texts
from protobanana.workflows.authoring.infer.pictures import upload_input
from protobanana.workflows.graph import Target

_TEXTS = ("prompt", "negative_prompt", "target")

_NAMES: Mapping[str, str] = {
    **dict.fromkeys(("prompt", "positive", "positive prompt"), "prompt"),
    **dict.fromkeys(("negative", "negative prompt"), "negative_prompt"),
    **dict.fromkeys(("batch", "batch size"), "batch"),
    **dict.fromkeys(("cfg", "cfg scale"), "cfg"),
    **dict.fromkeys(("strength", "denoise"), "strength"),
    **dict.fromkeys(("image", "input image", "image 1"), "image"),
    **dict.fromkeys(("output", "result", "output image", "final output"), "output"),
    **{name: name for name in ("seed", "steps", "width", "height", "mask", "target", "grow", "feather")},
    **{name: name for name in ("left", "top", "right", "bottom")},
}

_WIDGETS: Mapping[str, tuple[str, ...]] = {
    "seed": ("seed", "noise_seed"),
    "batch": ("batch_size", "batch", "amount"),
    "strength": ("denoise", "strength"),
    "cfg": ("cfg", "guidance"),
    "grow": ("expand", "grow"),
    "feather": ("feathering", "blur_radius", "feather"),
}


def read_hints(net: Net, needed: set[str]) -> dict[str, list[Target]]:
    """Slot -> the inputs that titles name for it. Only nodes that the result depends on count."""
    found: dict[str, list[Target]] = {}
    for node_id in sorted(needed, key=net.rank):
        slot = slot_named(net.title(node_id))
        for target in _targets(net, node_id, slot) if slot else ():
            found.setdefault(slot or "", []).append(target)
    return found


def titled(net: Net, slot: str) -> list[str]:
    """The nodes whose title names that slot."""
    return [node_id for node_id in sorted(net.graph, key=net.rank) if slot_named(net.title(node_id)) == slot]


def slot_named(title: str) -> str | None:
    """The slot that a title names, None for titles that name none: `Negative Prompt:` is `negative_prompt`."""
    plain = " ".join(re.sub(r"[\W_]+", " ", title.casefold()).split())
    picture = re.fullmatch(r"(?:image|picture|reference(?: image)?) ?([2-9]|1\d)", plain)
    return f"image_{picture[1]}" if picture else _NAMES.get(plain)


def _targets(net: Net, node_id: str, slot: str) -> list[Target]:
    if slot == "mask" or slot.startswith("image"):
        name = upload_input(net, node_id)
        return [Target(node_id, name)] if name else []
    if slot in _TEXTS:
        own = [Target(node_id, widget.name) for widget in net.widgets(node_id, "STRING")]
        groups = texts(net, node_id, negative=False) or ([own] if len(own) == 1 else [])
        return [target for group in groups if len(group) == 1 for target in group]
    names = [name for name in _WIDGETS.get(slot, (slot,)) if name in net.graph[node_id]["inputs"]]
    numbers = net.widgets(node_id, *NUMBERS)
    if not names and len(numbers) == 1 and not net.links(node_id):
        names = [numbers[0].name]
    source = number(net, node_id, names[0]).target if names else None
    return [source] if source is not None else []


__all__ = ["read_hints", "slot_named", "titled"]
