"""What sampling starts from: an empty canvas with a size, or an encoded picture; and how many are made at once."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from protobanana.workflows.authoring.infer.draft import Draft
from protobanana.workflows.authoring.infer.net import Link, Net
from protobanana.workflows.authoring.infer.origin import NUMBERS, Number, number
from protobanana.workflows.authoring.infer.sampling import Sampling, chain, setting
from protobanana.workflows.graph import Target
from protobanana.workflows.header import Limits

MAX_BATCH = 4
"""Pictures of one run where a batch can be set: the bundled documents' number; the 4096 of schemas fit no GPU."""

_FIRST = ("latent_image", "latent", "samples", "video_latent")
_SIDES = ("width", "height")
_BATCHES = ("batch_size", "batch", "amount")
_REPEATS = re.compile(r"repeat", re.IGNORECASE)
_SAME_SIZE = ("SIGMAS", "MODEL", "CONDITIONING")


@dataclass(frozen=True)
class Canvas:
    """The way from the main sampler back to where its latent comes from, the source last."""

    path: tuple[str, ...]
    masked: bool
    """Whether a noise mask restricts the change to a part."""
    encoded: bool
    """Whether the source is a picture."""

    @property
    def source(self) -> str:
        """The node that the latent comes from; the sampler itself when nothing is linked."""
        return self.path[-1]


def find_canvas(net: Net, sampling: Sampling) -> Canvas:
    """Follow the main sampler's latent back to its source."""
    path = [sampling.main]
    masked = False
    while True:
        link = _latent(net, path[-1])
        if link is None:
            break
        path.append(link.source)
        masked = masked or net.takes(link.source, "MASK")
    source = path[-1]
    sized = all(setting(net, source, (side,)) for side in _SIDES)
    return Canvas(tuple(path), masked, encoded=net.takes(source, "IMAGE") and not sized)


def _latent(net: Net, node_id: str) -> Link | None:
    links = net.links(node_id, "LATENT")
    return next((link for name in _FIRST for link in links if link.input == name), links[0] if links else None)


def add_canvas(net: Net, sampling: Sampling, needed: list[str], draft: Draft) -> Canvas:
    """Slots `width`, `height`, `batch` and `strength`."""
    canvas = find_canvas(net, sampling)
    if all(setting(net, canvas.source, (side,)) for side in _SIDES):
        _add_size(net, sampling, canvas.source, needed, draft)
    elif canvas.encoded:
        _add_free_size(net, sampling, canvas, draft)
    _add_batch(net, canvas, needed, draft)
    _add_strength(net, sampling, canvas, draft)
    return canvas


def _add_size(net: Net, sampling: Sampling, source: str, needed: list[str], draft: Draft) -> None:
    sides = {side: number(net, source, side) for side in _SIDES}
    twins = _same_size(net, sampling, source, sides)
    resizing = [
        node_id
        for node_id in needed
        if sampling.main in net.upstream(node_id) and any(net.widget(node_id, side) for side in _SIDES)
    ]
    later = f"; {net.label(resizing[-1])} resizes the result" if resizing and source != sampling.main else ""
    for side, found in sides.items():
        if found.target is None:
            draft.explain(side, found.why)
        else:
            draft.add(side, (found.target, *twins.get(side, ())), f"{side} of the canvas {net.label(source)}{later}")


def _same_size(net: Net, sampling: Sampling, source: str, sides: dict[str, Number]) -> dict[str, list[Target]]:
    """Inputs of schedules, models and conditioning that repeat the canvas's size and have to follow it."""
    found: dict[str, list[Target]] = {side: [] for side in _SIDES}
    targets = {side: origin.target for side, origin in sides.items()}
    if None in targets.values():
        return {}
    nodes = [node_id for node_id in net.upstream(sampling.main) if any(net.gives(node_id, k) for k in _SAME_SIZE)]
    for node_id in nodes:
        for prefix in ("", "target_"):
            own = {side: number(net, node_id, prefix + side).target for side in _SIDES}
            same = all(
                origin is not None and (canvas := targets[side]) is not None and net.value(origin) == net.value(canvas)
                for side, origin in own.items()
            )
            if same and node_id != source:
                for side, origin in own.items():
                    if origin is not None and origin != targets[side]:
                        found[side].append(origin)
    return found


def _add_free_size(net: Net, sampling: Sampling, canvas: Canvas, draft: Draft) -> None:
    """A canvas that the author left unconnected beside an encoded picture is for sizes of one's own.

    Only where sampling starts from pure noise: otherwise the picture in the latent would be lost.
    """
    spare = [node_id for node_id in net.graph if _is_spare_canvas(net, node_id)]
    denoise = net.widget(sampling.main, "denoise")
    link = _latent(net, canvas.path[-2]) if len(canvas.path) > 1 else None
    if len(spare) != 1 or canvas.masked or link is None or (denoise is not None and denoise.value != 1):
        for side in _SIDES:
            draft.explain(side, f"not settable: the canvas is the picture of {net.label(canvas.source)}")
        return
    for side in _SIDES:
        why = f"{side} of {net.label(spare[0])}, a canvas that replaces the picture's own size when it is given"
        present: dict[str, Any] = {f"{link.node}.{link.input}": [spare[0], 0]}
        draft.add(side, (Target(spare[0], side),), why, present=present)


def _is_spare_canvas(net: Net, node_id: str) -> bool:
    spec = net.spec(node_id)
    empty = spec is not None and spec.outputs == ("LATENT",) and not net.links(node_id) and not net.uses(node_id)
    return empty and all(net.widget(node_id, side) for side in _SIDES)


def _add_batch(net: Net, canvas: Canvas, needed: list[str], draft: Draft) -> None:
    on_path = [node_id for node_id in canvas.path[1:] if _is_batch(net, node_id, canvas.source)]
    if not on_path:
        return
    name = setting(net, on_path[0], _BATCHES)
    source = number(net, on_path[0], name or "")
    if source.target is None:
        draft.explain("batch", source.why)
        return
    # What is laid over the results must be there as often as they are.
    copies = [
        Target(node_id, "amount")
        for node_id in needed
        if _REPEATS.search(net.class_of(node_id))
        and (amount := net.widget(node_id, "amount")) is not None
        and amount.value == net.value(source.target)
    ]
    draft.add("batch", (source.target, *copies), f"{name} of {net.label(on_path[0])}")


def _is_batch(net: Net, node_id: str, source: str) -> bool:
    return setting(net, node_id, _BATCHES) is not None and (
        node_id == source or _REPEATS.search(net.class_of(node_id)) is not None
    )


def _add_strength(net: Net, sampling: Sampling, canvas: Canvas, draft: Draft) -> None:
    """How much of an encoded picture is redrawn; edits that carry the picture in their words always start anew."""
    if "prompt" not in draft.slots or not (canvas.encoded or canvas.masked):
        return
    for node_id in (sampling.main, *chain(net, sampling.main, "SIGMAS")):
        if setting(net, node_id, ("denoise",)):
            source = number(net, node_id, "denoise")
            whole = source.target is not None and net.value(source.target) == 1
            if whole and not canvas.masked and _carried(net, sampling.main):
                draft.explain(
                    "strength", "left out: the picture reaches the sampler as conditioning, so all is redrawn"
                )
            else:
                draft.add_number("strength", source, f"denoise of {net.label(node_id)}")
            return


def _carried(net: Net, sampler: str) -> bool:
    """Whether pictures are part of the conditioning or of the model's guidance."""
    nodes = {
        behind
        for kind in ("CONDITIONING", "GUIDER", "MODEL")
        for link in net.links(sampler, kind)
        for behind in net.upstream(link.source)
    }
    return any(net.takes(node_id, "IMAGE") for node_id in nodes)


def limits(net: Net, draft: Draft) -> dict[str, int]:
    """`limits` as far as the schemas tell: the steps and ends of width and height, and the size of a batch."""
    found: dict[str, int] = {}
    specs = [spec for side in _SIDES for target in draft.targets(side) for spec in _bounds(net, target)]
    if specs:
        found["multiple_of"] = math.lcm(*(max(int(spec.get("step", 1)), 1) for spec in specs))
        found["min_side"] = max(1, *(int(spec.get("min", 1)) for spec in specs))
        found["max_side"] = max(found["min_side"], min(int(spec.get("max", Limits().max_side)) for spec in specs))
    if "batch" in draft.slots:
        found["max_batch"] = MAX_BATCH
    return found


def _bounds(net: Net, target: Target) -> list[dict[str, Any]]:
    """The declared ranges of what a size slot feeds: the input itself, or what its primitive is linked to."""
    node_id, name = target
    ends = [(node_id, name), *((link.node, link.input) for link in net.uses(node_id) if not net.links(node_id))]
    specs = [net.declared(node).get(end) for node, end in ends]
    ranges = [dict(spec.options) for spec in specs if spec and spec.type in NUMBERS]
    plain = [found for found in ranges if _whole(found) and found.get("min", 1) >= 0]
    return [found for found in plain if "step" in found]


def _whole(options: dict[str, Any]) -> bool:
    return all(isinstance(options.get(name, 1), int | float) for name in ("step", "min", "max"))


def sizes(net: Net, draft: Draft, bounds: Limits) -> list[list[int]]:
    """The size that the graph holds, where a request may set it and the limits allow it."""
    found = []
    for side in _SIDES:
        targets = draft.targets(side)
        if not targets or "present" in draft.slots[side]:
            return []
        value = net.value(targets[0])
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value) or value < 1:
            return []
        found.append(int(value))
    return [] if bounds.refusal(*found) else [found]


__all__ = ["Canvas", "add_canvas", "find_canvas", "limits", "sizes"]
