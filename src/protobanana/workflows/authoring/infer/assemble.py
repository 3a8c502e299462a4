"""The header of what has been found, titles and a header that is already there taken into account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from protobanana.errors import WorkflowError
from protobanana.workflows.authoring.infer.canvas import limits, sizes
from protobanana.workflows.authoring.infer.draft import Candidate, Draft
from protobanana.workflows.authoring.infer.net import Net
from protobanana.workflows.authoring.infer.outputs import Chosen
from protobanana.workflows.authoring.infer.tasks import Task, nearest, served
from protobanana.workflows.graph import Graph, Target, split_target
from protobanana.workflows.header import Header, Limits, header_problems
from protobanana.workflows.wiring import picture_number, wire_slots, wire_tiers

KEY = "_protobanana"

_LOADED = ("image", "mask")


@dataclass(frozen=True)
class Stated:
    """A header that is already there, perhaps with gaps. `named`: slot -> the places that it states."""

    header: Mapping[str, Any]
    slots: Mapping[str, Any]
    outputs: Mapping[str, Any]
    named: dict[str, list[Target]] = field(default_factory=dict)

    @property
    def output(self) -> str | None:
        """The node that it states to be the result."""
        node_id = self.outputs.get("image")
        return node_id if isinstance(node_id, str) else None


def read_stated(net: Net, header: object) -> Stated:
    """The header as far as it goes. Raises WorkflowError when it has not the shape of one."""
    slots = header.get("slots", {}) if isinstance(header, Mapping) else None
    outputs = header.get("outputs", {}) if isinstance(header, Mapping) else None
    bounds = header.get("limits", {}) if isinstance(header, Mapping) else None
    if not isinstance(header, Mapping) or not all(isinstance(part, Mapping) for part in (slots, outputs, bounds)):
        raise WorkflowError(f"`{KEY}` must be an object, and so must its `slots`, `outputs` and `limits`.")
    stated = Stated(header, slots or {}, outputs or {})
    for slot, entry in stated.slots.items():
        targets = [split_target(net.graph, text) for text in _places(entry)]
        known = [target for target in targets if target and target.input in net.graph[target.node]["inputs"]]
        if known:
            stated.named[slot] = known
    return stated


def _places(entry: object) -> list[str]:
    found = entry.get("to") if isinstance(entry, Mapping) else entry
    many = found if isinstance(found, list | tuple) else [found]
    return [text for text in many if isinstance(text, str)]


def obey(draft: Draft, named: Mapping[str, list[Target]]) -> None:
    """Let the places that titles name win over those that were traced; pictures are settled by then."""
    for slot, targets in named.items():
        if slot in _LOADED or picture_number(slot) is not None or slot == "output":
            continue
        traced = draft.targets(slot)
        if set(traced) & set(targets):
            if len(targets) == 1:
                draft.ambiguous.pop(slot, None)
            continue
        draft.add(slot, tuple(targets[:1]), f"the title of {draft.net.label(targets[0].node)} says so")
        draft.ambiguous.pop(slot, None)
        if len(targets) > 1:
            draft.doubt(slot, tuple(targets))


def build_header(
    draft: Draft, output: Chosen, stated: Stated, operations: Sequence[Task], *, cut: bool
) -> dict[str, Any]:
    """The header. What is stated is kept, and a traced slot gives way to a stated one that fills the same input."""
    slots = _merged(draft, stated)
    draft.reasons["output"] = output.why
    if output.rivals:
        rivals = (output.main, *output.rivals)
        draft.ambiguous["output"] = tuple(Candidate(one.node, draft.net.title(one.node), "", "") for one in rivals)
    outputs = {"image": output.main.node}
    if output.mask is not None and "mask" not in slots and output.mask is not output.main and "target" in slots:
        outputs["mask"] = output.mask.node
    header: dict[str, Any] = {"schema": 1, **stated.header}
    if "operation" not in header:
        header["operation"] = _operation(draft, slots, operations, cut=cut)
    header["outputs"] = {**outputs, **stated.outputs}
    header["limits"] = _limits(draft, output, stated, slots)
    if "sizes" not in header:
        header["sizes"] = sizes(draft.net, draft, _checked_limits(header["limits"])) if "width" in slots else []
    header["slots"] = {
        slot: entry["to"][0] if slot not in stated.slots and entry.keys() == {"to"} and len(entry["to"]) == 1 else entry
        for slot, entry in slots.items()
    }
    return {name: value for name, value in header.items() if value not in ({}, []) or name in stated.header}


def _merged(draft: Draft, stated: Stated) -> dict[str, Any]:
    taken = {str(target) for targets in stated.named.values() for target in targets}
    slots: dict[str, Any] = {}
    for slot, entry in draft.slots.items():
        free = [text for text in entry["to"] if text not in taken]
        if slot in stated.slots:
            slots[slot] = stated.slots[slot]
        elif free:
            slots[slot] = {**entry, "to": free}
    for slot, entry in stated.slots.items():
        slots[slot] = entry
        draft.reasons[slot] = "stated in the header"
        draft.ambiguous.pop(slot, None)
    return slots


def _operation(draft: Draft, slots: Mapping[str, Any], operations: Sequence[Task], *, cut: bool) -> str | list[str]:
    loaded = [slot for slot in slots if slot == "mask" or picture_number(slot) is not None]
    required = [slot for slot in loaded if not (isinstance(slots[slot], Mapping) and "absent" in slots[slot])]
    names = served(operations, slots, required, cuts_out=cut)
    if names:
        draft.reasons["operation"] = f"{' and '.join(names)}: its slots are {', '.join(slots) or 'none'}"
        return names[0] if len(names) == 1 else names
    name = nearest(operations, slots, required)
    draft.reasons["operation"] = f"{name}: no operation fills just these slots ({', '.join(slots) or 'none'})"
    return name


def _limits(draft: Draft, output: Chosen, stated: Stated, slots: Mapping[str, Any]) -> dict[str, Any]:
    found = limits(draft.net, draft)
    # Several films at once are more than memory holds.
    if "batch" not in slots or output.main.medium == "video":
        found.pop("max_batch", None)
    # A stated limit may contradict a traced one; the schema's ends are only a guess at what the model can do.
    return {**found, **stated.header.get("limits", {})}


def _checked_limits(found: Mapping[str, Any]) -> Limits:
    try:
        return Limits.model_validate(found)
    except ValidationError:
        return Limits()


def validate(header: dict[str, Any], graph: Graph) -> None:
    """Raises WorkflowError naming the key, the slot or the output that is wrong."""
    try:
        checked = Header.model_validate(header)
    except ValidationError as error:
        raise WorkflowError("; ".join(header_problems(header, error)) + ".") from None
    for name, node_id in checked.outputs.items():
        if node_id not in graph:
            raise WorkflowError(f"output {name!r} is node {node_id}, which does not exist.")
    wire_slots(checked, graph)
    wire_tiers(checked, graph)


__all__ = ["KEY", "Stated", "build_header", "obey", "read_stated", "validate"]
