"""A plan becomes pictures that look as the caller wished and have names; events out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import replace

from protobanana.errors import InvalidRequestError
from protobanana.events import Attached, Produced
from protobanana.operations.base import Inputs, operations
from protobanana.pictures.handles import mint
from protobanana.pictures.image import Image, flatten
from protobanana.turn.plan import Plan
from protobanana.turn.request import ImageRequest, Wishes
from protobanana.turn.runner import RenderEvent, Server, render
from protobanana.workflows.library import WorkflowLibrary

PIXELS_PER_TOKEN = 16
"""Side of the square of pixels behind one token of a diffusion transformer: VAE factor 8, patches of 2 x 2 latents."""


async def draw(
    plan: Plan, request: ImageRequest, library: WorkflowLibrary, *, previews: bool = False
) -> AsyncGenerator[RenderEvent]:
    """Draw what is planned, in the format and on the ground wished for; every picture gets its handle.

    Raises what `render` raises. Closing it cancels what runs in ComfyUI.
    """
    async with aclosing(_drawn(plan, request, library, previews=previews)) as events:
        async for event in events:
            if isinstance(event, Produced):
                image = await asyncio.to_thread(_dressed, event.image, request.wishes)
                yield replace(event, image=image, handle=mint(request.owner, image.data), parents=plan.parents)
            elif isinstance(event, Attached):
                yield replace(event, handle=mint(request.owner, event.file.data))
            else:
                yield event


def tokens(images: Iterable[Image]) -> int:
    """Picture tokens as the model counts them: one per 16 x 16 pixels, rounded up on each side."""
    side = PIXELS_PER_TOKEN
    return sum(-(-image.width // side) * -(-image.height // side) for image in images)


async def _drawn(
    plan: Plan, request: ImageRequest, library: WorkflowLibrary, *, previews: bool
) -> AsyncGenerator[RenderEvent]:
    """The pictures of the plan; where a transparent ground is wished and the model has none, cut out afterwards."""
    server = Server(request.server, request.timeout, previews, request.owner, request.priority)
    stream = render(plan.operation, plan.inputs, plan.workflow, server, plan.extra, node_inputs=plan.node_inputs)
    async with aclosing(stream) as events:
        async for event in events:
            if isinstance(event, Produced) and request.wishes.background == "transparent" and not event.image.has_alpha:
                async with aclosing(_cut_out(event, server, library)) as cut:
                    async for step in cut:
                        yield step
            else:
                yield event


async def _cut_out(produced: Produced, server: Server, library: WorkflowLibrary) -> AsyncGenerator[RenderEvent]:
    """Chain the operation that makes alpha behind a finished picture; the result keeps the picture's own story."""
    kind = next((kind for kind in operations().values() if kind.makes_alpha), None)
    able = library.for_operation(kind.name) if kind else []
    if kind is None or not able:
        raise InvalidRequestError(
            "'background': no workflow here makes a transparent ground; use opaque or auto.", param="background"
        )
    async with aclosing(render(kind(), Inputs((produced.image,)), able[0], server)) as events:
        async for event in events:
            yield replace(produced, image=event.image) if isinstance(event, Produced) else event


def _dressed(image: Image, wishes: Wishes) -> Image:
    """The picture in the format wished for; opaque means flattened on white. CPU-bound."""
    if wishes.background == "opaque" and image.has_alpha:
        image = Image.from_pil(flatten(image.decoded()))
    return image.encoded(wishes.output_format, wishes.output_compression)
