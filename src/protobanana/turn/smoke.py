"""The semantic check of a workflow: known pictures in, measured pictures out.

A graph can pass every schema check and still be wired wrongly (an edit whose encoder never sees its picture). What
comes out tells.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from protobanana.errors import ProtoBananaError
from protobanana.events import Produced
from protobanana.operations.base import Check, Operation, SmokeCase, operations
from protobanana.pictures.image import Image
from protobanana.turn.runner import Server, render
from protobanana.workflows.document import Workflow


@dataclass(frozen=True)
class Outcome:
    """What one case of one workflow came to; `image` is None when nothing was drawn."""

    workflow: str
    operation: str
    case: str
    checks: Sequence[Check]
    image: Image | None = None

    @property
    def ok(self) -> bool:
        """Whether every check holds."""
        return all(check.ok for check in self.checks)


async def smoke(workflow: Workflow, server: Server) -> AsyncGenerator[Outcome]:
    """Run every case of the workflow's operations, one after the other. Failures to draw are outcomes, not errors."""
    known = operations()
    for kind in (known[name] for name in workflow.header.operations if name in known):
        for case in kind.smoke_cases():
            if len(case.inputs.images) <= max(workflow.max_images, kind.min_images):
                yield await _run(kind, case, workflow, server)


async def _run(kind: type[Operation], case: SmokeCase, workflow: Workflow, server: Server) -> Outcome:
    image = None
    try:
        async with aclosing(render(kind.parse(case.params), case.inputs, workflow, server)) as events:
            async for event in events:
                if isinstance(event, Produced):
                    image = event.image
    except ProtoBananaError as error:
        return Outcome(workflow.name, kind.name, case.title, [Check("is drawn", ok=False, measured=error.message)])
    if image is None:
        return Outcome(workflow.name, kind.name, case.title, [Check("is drawn", ok=False, measured="no picture came")])
    return Outcome(workflow.name, kind.name, case.title, kind.judge(case, image), image)
