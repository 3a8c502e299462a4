"""Finds what a `_protobanana` header says by tracing an API graph: what it does, and where a request's values go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from protobanana.workflows.authoring.infer.assemble import KEY, build_header, obey, read_stated, validate
from protobanana.workflows.authoring.infer.canvas import add_canvas
from protobanana.workflows.authoring.infer.draft import Candidate, Draft
from protobanana.workflows.authoring.infer.generator import add_generator, cuts_out
from protobanana.workflows.authoring.infer.hints import read_hints, titled
from protobanana.workflows.authoring.infer.loading import add_pictures
from protobanana.workflows.authoring.infer.net import Net
from protobanana.workflows.authoring.infer.outputs import Medium, choose_output
from protobanana.workflows.authoring.infer.regions import add_edges, add_pads, add_target
from protobanana.workflows.authoring.infer.sampling import add_sampling, find_sampling
from protobanana.workflows.authoring.infer.tasks import Task, tasks
from protobanana.workflows.authoring.infer.wording import add_wording
from protobanana.workflows.authoring.schema import Catalogue
from protobanana.workflows.graph import Graph


@dataclass(frozen=True)
class Inferred:
    """What tracing a graph has found."""

    header: dict[str, Any]
    """What goes into `_protobanana`; validates as `Header`."""
    graph: Graph
    """The nodes that the header is for: those given, and a mask loader where the mask came as transparency."""
    reasons: dict[str, str]
    """Slot (and `output`, `operation`) -> why it is what it is, or why there is none."""
    ambiguous: dict[str, tuple[Candidate, ...]]
    """Slot (or `output`) -> the places that may be meant, the one taken first."""
    medium: Medium
    """What the result is: only `image` is of use to operations."""

    @property
    def document(self) -> dict[str, Any]:
        """The whole workflow document."""
        return {KEY: self.header, **self.graph}


def infer(graph: Mapping[str, Any], schemas: Catalogue, *, operations: Sequence[Task]) -> Inferred:
    """Find slots, outputs, operation and limits of an API graph. See `tasks` for `operations`.

    Titles that name a slot (`prompt`, `negative`, `image 2`, `mask`, `output`, ...) decide where the graph leaves a
    choice, and a header that is already there is kept, its gaps filled. Raises WorkflowError naming title and id of the
    node to blame for a graph that cannot run or saves nothing, and the header's key that is wrong.
    """
    net = Net(graph, schemas)
    stated = read_stated(net, graph.get(KEY, {}))
    output = choose_output(net, titled(net, "output"), stated.output)
    needed = net.upstream(output.main.node)
    named = read_hints(net, set(needed)) | stated.named
    draft = Draft(net)
    sampling = find_sampling(net, needed)
    nodes = add_pictures(net, sampling, needed, draft, named, mask_is_settled="mask" in stated.named)
    add_pads(net, needed, draft)
    if sampling:
        add_wording(net, sampling, draft, named)
        add_sampling(net, sampling, draft, spoken_negative="negative_prompt" in draft.slots)
        canvas = add_canvas(net, sampling, needed, draft)
        if canvas.masked or "mask" in draft.slots:
            add_edges(net, needed, draft)
        add_target(net, needed, draft)
    else:
        add_target(net, needed, draft)
        add_generator(net, needed, draft, named)
    obey(draft, named)
    header = build_header(draft, output, stated, operations, cut=sampling is None and cuts_out(net, needed))
    validate(header, nodes)
    return Inferred(header, nodes, draft.reasons, draft.ambiguous, output.main.medium)


__all__ = ["KEY", "Candidate", "Inferred", "Task", "infer", "tasks"]
