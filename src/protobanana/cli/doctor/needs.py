"""What a workflow's graphs ask of a server: every graph that a quality can make, with few and with all slots given."""

from __future__ import annotations

from collections.abc import Iterator

from protobanana.workflows.document import Workflow
from protobanana.workflows.graph import Graph, needed_for
from protobanana.workflows.header import STANDARD_TIERS


def qualities(workflow: Workflow) -> list[str]:
    """Its tiers, the default one first."""
    names = (workflow.header.default_tier, *STANDARD_TIERS, *workflow.tiers)
    return list(dict.fromkeys(workflow.tier_name(name) for name in names))


def graphs(workflow: Workflow, quality: str) -> Iterator[Graph]:
    """The parts of the graph that run: with the required slots only, then with all of them."""
    required = {slot for slot, wiring in workflow.slots.items() if wiring.required}
    for given in (required, set(workflow.slots)):
        whole = workflow.wired(given, quality)
        needed = needed_for(whole, workflow.header.outputs.values())
        yield {node_id: node for node_id, node in whole.items() if node_id in needed}


__all__ = ["graphs", "qualities"]
