"""An operation and its pictures through a workflow and ComfyUI: events out."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace

from protobanana.cluster import Order, pool_for
from protobanana.comfy import Job, Output, upload_name
from protobanana.errors import InvalidRequestError
from protobanana.events import Attached, Preview, Produced, Progress, Queued, Text
from protobanana.operations.base import MAX_SEED, Inputs, Operation
from protobanana.operations.sizing import drawable
from protobanana.pictures.image import Image
from protobanana.settings import get_settings
from protobanana.telemetry import current, traced
from protobanana.turn.merge import merge
from protobanana.turn.request import Plain
from protobanana.turn.results import Batch, Results, Task
from protobanana.workflows.document import BoundGraph, Workflow
from protobanana.workflows.graph import Target, model_files
from protobanana.workflows.wiring import picture_number

RenderEvent = Queued | Progress | Preview | Text | Produced | Attached
MASK = "mask"
FRESH_SEEDS = 2**48
"""Seeds we draw ourselves stay below this, so that JavaScript clients read them back exactly (2**53)."""


@dataclass(frozen=True)
class Server:
    """Where to render, for whom, and for how long at most (seconds; None: as the settings say)."""

    url: str | None = None
    """One address of ComfyUI, or several separated by commas."""
    timeout: float | None = None
    previews: bool = False
    owner: str = ""
    priority: int = 0


async def render(
    operation: Operation,
    inputs: Inputs,
    workflow: Workflow,
    server: Server,
    extra: Mapping[str, Plain] | None = None,
    *,
    node_inputs: Mapping[Target, Plain] | None = None,
) -> AsyncGenerator[RenderEvent]:
    """Draw what `operation` asks for with `workflow`. `extra` are further slots by name, `node_inputs` what
    inputs of nodes get in place of everything else.

    Raises InvalidRequestError for wishes the workflow cannot fulfil, and the errors of `Pool.run`. Closing the
    generator cancels every job.
    """
    inputs = await asyncio.to_thread(operation.prepare, inputs)
    values = {**operation.slots(inputs), **_known(extra or {}, workflow)}
    if operation.name not in workflow.header.operations and not workflow.accepts("prompt"):
        # OpenAI's clients must send words to every model, also to one that has no use for them.
        values.pop("prompt", None)
    task = Task(operation, inputs, workflow, target_of(operation, inputs, workflow, values))
    uploads = _uploads(values)
    streams = []
    for batch in batches(operation, workflow):
        seeded = dict(values)
        if workflow.accepts("seed"):
            seeded["seed"] = batch.seed
        if workflow.accepts("batch"):
            seeded["batch"] = batch.count
        bound = _with_inputs(workflow.bind(seeded, tier=operation.quality), node_inputs or {})
        job = _job(bound, operation, uploads, server)
        streams.append(_render_batch(task, batch, job, server))
    async with aclosing(merge(streams)) as merged:
        async for _, event in merged:
            yield event


def batches(operation: Operation, workflow: Workflow) -> Iterator[Batch]:
    """Split `n` into graphs: as few as the batch limit allows, one picture each where the workflow has no batch slot.

    Picture k of the request belongs to seed + k, so a batch starts at seed + its first picture; within one batch
    ComfyUI derives each picture's noise from the batch's seed.
    """
    seed = operation.seed if operation.seed is not None else random.SystemRandom().randrange(FRESH_SEEDS)
    size = workflow.header.limits.max_batch if workflow.accepts("batch") else 1
    for first in range(0, operation.n, size):
        yield Batch(first, min(size, operation.n - first), (seed + first) % (MAX_SEED + 1))


def _job(bound: BoundGraph, operation: Operation, uploads: Mapping[str, bytes], server: Server) -> Job:
    settings = get_settings()
    wanted = ("image", *(name for name in operation.extra_outputs if name in bound.outputs))
    outputs = tuple(bound.outputs[name] for name in wanted)
    # A region that nobody needs is no result; whatever else the author has named is.
    others = (node for name, node in bound.outputs.items() if name not in (*wanted, MASK) and node not in outputs)
    return Job(
        graph=bound.graph,
        outputs=outputs,
        further=tuple(dict.fromkeys(others)),
        uploads=uploads,
        timeout=min(server.timeout or settings.comfyui_timeout, settings.comfyui_timeout),
        queue_timeout=settings.comfyui_queue_timeout,
        load_timeout=settings.comfyui_load_timeout,
        previews=server.previews,
    )


def _with_inputs(bound: BoundGraph, given: Mapping[Target, Plain]) -> BoundGraph:
    """The graph with some inputs set. The graph is this request's own, so it is changed in place."""
    for target, value in given.items():
        if target.node not in bound.graph:
            raise InvalidRequestError(
                f"'inputs': {target} has no effect on what is asked for; leave it out, or ask for another quality.",
                param="inputs",
            )
        bound.graph[target.node]["inputs"][target.input] = value
    return bound


@traced("job")
async def _render_batch(task: Task, batch: Batch, job: Job, server: Server) -> AsyncGenerator[RenderEvent]:
    """Run one graph; raises ServerProtocolError when it gives fewer pictures than were ordered."""
    workflow = task.workflow.name
    pool = pool_for(server.url or get_settings().comfyui_base_url)
    order = Order(server.owner, workflow, model_files(job.graph), server.priority)
    current().set(
        workflow=workflow,
        operation=task.operation.name,
        seed=batch.seed if task.workflow.accepts("seed") else None,
        n=batch.count,
        sizes_in=", ".join(image.size for image in task.inputs.images) or None,
        input=task.operation.prompt,
    )
    results = Results(task, batch, job)
    sizes: list[str] = []
    async with aclosing(pool.run(job, order)) as events:
        async for event in events:
            if isinstance(event, Output):
                async with aclosing(results.take(event)) as made:
                    async for result in made:
                        sizes += [result.image.size] if isinstance(result, Produced) else []
                        current().set(output=", ".join(sizes) or None)
                        yield result
            elif isinstance(event, Preview):
                yield replace(event, index=batch.first)
            else:
                yield event
    results.check()


def _known(extra: Mapping[str, Plain], workflow: Workflow) -> dict[str, Plain]:
    """Extra slots, refused by name where the workflow has none such."""
    for name in extra:
        # A picture is sent: its name would be that of a file on the server, perhaps of somebody else's.
        if not workflow.accepts(name) or name == MASK or picture_number(name) is not None:
            raise InvalidRequestError(
                f"'{name}' is not a parameter of '{workflow.name}'. It takes: {', '.join(workflow.slots)}.",
                param=name,
                code="unknown_parameter",
            )
    return dict(extra)


def target_of(
    operation: Operation, inputs: Inputs, workflow: Workflow, values: dict[str, object]
) -> tuple[int, int] | None:
    """Put a drawable size into `values`; return the exact one that was asked for, None when none was."""
    target = operation.target(inputs, next(iter(workflow.header.sizes), (1, 1)))
    if target is None:
        return None
    width, height = target
    if workflow.accepts("width") and workflow.accepts("height"):
        values["width"], values["height"] = drawable(width, height, workflow.header.limits)
        return width, height
    values.pop("width", None)
    values.pop("height", None)
    if inputs.images and (inputs.images[0].width, inputs.images[0].height) == (width, height):
        return None
    own = f" ({inputs.images[0].size})" if inputs.images else ""
    raise InvalidRequestError(
        f"'{workflow.name}' keeps the size of its picture{own}; leave 'size' out.", param="size", code="invalid_size"
    )


def _uploads(values: dict[str, object]) -> dict[str, bytes]:
    """Replace pictures in `values` by the name they have on the server; return name -> bytes."""
    uploads = {}
    for slot, value in values.items():
        if isinstance(value, Image):
            name = upload_name(value.data, "jpg" if value.format == "jpeg" else value.format)
            uploads[name] = value.data
            values[slot] = name
    return uploads
