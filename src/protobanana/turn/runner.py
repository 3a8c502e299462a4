"""An operation and its pictures through a workflow and ComfyUI: events out."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace

from protobanana.cluster import Order, pool_for
from protobanana.comfy import Job, Output, upload_name
from protobanana.errors import InvalidRequestError, ServerProtocolError
from protobanana.events import Preview, Produced, Progress, Queued
from protobanana.operations.base import MAX_SEED, Inputs, Operation
from protobanana.operations.sizing import crop_to, drawable
from protobanana.pictures.image import Image
from protobanana.settings import get_settings
from protobanana.telemetry import current, traced
from protobanana.turn.merge import merge
from protobanana.turn.request import Plain
from protobanana.workflows.document import BoundGraph, Workflow
from protobanana.workflows.graph import model_files

RenderEvent = Queued | Progress | Preview | Produced
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


@dataclass(frozen=True)
class Task:
    """What all graphs of one request have in common; `target` is the exact size asked for, in pixels."""

    operation: Operation
    inputs: Inputs
    workflow: Workflow
    server: Server
    target: tuple[int, int] | None


@dataclass(frozen=True)
class Batch:
    """`count` pictures drawn in one graph from one seed; `first` is the number of its first picture."""

    first: int
    count: int
    seed: int


async def render(
    operation: Operation,
    inputs: Inputs,
    workflow: Workflow,
    server: Server,
    extra: Mapping[str, Plain] | None = None,
) -> AsyncGenerator[RenderEvent]:
    """Draw what `operation` asks for with `workflow`. `extra` are further slots by name.

    Raises InvalidRequestError for wishes the workflow cannot fulfil, and the errors of `Pool.run`. Closing the
    generator cancels every job.
    """
    inputs = await asyncio.to_thread(operation.prepare, inputs)
    values = {**operation.slots(inputs), **_known(extra or {}, workflow)}
    task = Task(operation, inputs, workflow, server, target_of(operation, inputs, workflow, values))
    uploads = _uploads(values)
    streams = []
    for batch in batches(operation, workflow):
        seeded = dict(values)
        if workflow.accepts("seed"):
            seeded["seed"] = batch.seed
        if workflow.accepts("batch"):
            seeded["batch"] = batch.count
        bound = workflow.bind(seeded, tier=operation.quality)
        job = _job(bound, operation, uploads, server)
        streams.append(_render_batch(task, batch, job))
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
    return Job(
        graph=bound.graph,
        outputs=tuple(bound.outputs[name] for name in wanted),
        uploads=uploads,
        timeout=min(server.timeout or settings.comfyui_timeout, settings.comfyui_timeout),
        queue_timeout=settings.comfyui_queue_timeout,
        load_timeout=settings.comfyui_load_timeout,
        previews=server.previews,
    )


@traced("job")
async def _render_batch(task: Task, batch: Batch, job: Job) -> AsyncGenerator[RenderEvent]:
    """Run one graph and turn its files into pictures; raises ServerProtocolError when fewer came than were ordered."""
    server, workflow = task.server, task.workflow.name
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
    files: list[bytes] = []
    extras: dict[str, Image] = {}
    sizes: list[str] = []
    done = 0
    async with aclosing(pool.run(job, order)) as events:
        async for event in events:
            if isinstance(event, Output):
                if event.node == job.outputs[0]:
                    files.append(event.data)
                else:
                    name = task.operation.extra_outputs[job.outputs.index(event.node) - 1]
                    extras.setdefault(name, _read(event.data))
                while done < len(files) and len(extras) == len(job.outputs) - 1:
                    made = await _produced(task, batch, done, files[done], extras)
                    sizes.append(made.image.size)
                    current().set(output=", ".join(sizes))
                    yield made
                    done += 1
            elif isinstance(event, Preview):
                yield replace(event, index=batch.first)
            else:
                yield event
    if done < batch.count:
        raise ServerProtocolError(
            f"ComfyUI finished '{task.workflow.name}' with {done or 'no'} pictures where {batch.count} were ordered."
        )


async def _produced(task: Task, batch: Batch, number: int, data: bytes, extras: Mapping[str, Image]) -> Produced:
    operation, workflow = task.operation, task.workflow
    return Produced(
        await asyncio.to_thread(_finished, task, data, extras),
        operation=operation.name,
        workflow=workflow.name,
        seed=batch.seed if workflow.accepts("seed") else None,
        batch_index=number,
        prompt=operation.prompt,
        mask=extras.get("mask"),
    )


def _read(data: bytes) -> Image:
    return Image.from_bytes(data, name="ComfyUI's output").without_metadata()


def _finished(task: Task, data: bytes, extras: Mapping[str, Image]) -> Image:
    image = _read(data)
    if task.target is not None:
        image = crop_to(image, *task.target)
    return task.operation.finish(image, task.inputs, extras)


def _known(extra: Mapping[str, Plain], workflow: Workflow) -> dict[str, Plain]:
    """Extra slots, refused by name where the workflow has none such."""
    for name in extra:
        if not workflow.accepts(name) or name in {"image", "mask"}:
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
