"""From a request to what will be done: an operation, its pictures and a workflow, or an answer in words."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from protobanana.errors import AskBackError, InvalidRequestError
from protobanana.operations.base import Inputs, Operation, Turn, operations
from protobanana.operations.sizing import drawable, nearest, without_pixels
from protobanana.pictures.image import Image
from protobanana.turn.inputs import checked_slot, read_inputs
from protobanana.turn.request import ROUTED, ImageRequest, Picture, Plain
from protobanana.turn.router import CHAT, route
from protobanana.turn.smalltalk import reply
from protobanana.workflows.document import Workflow
from protobanana.workflows.graph import Target
from protobanana.workflows.library import WorkflowLibrary

READING_SECONDS = 2.0
"""How long a request waits for its own workflow to be read, at most."""


@dataclass(frozen=True)
class Plan:
    """A picture will be drawn."""

    operation: Operation
    inputs: Inputs
    workflow: Workflow
    extra: Mapping[str, Plain]
    """Further slots of the workflow, by name."""
    parents: tuple[str, ...] = ()
    """Handles of the pictures it works on."""
    node_inputs: Mapping[Target, Plain] = field(default_factory=dict)
    """Inputs of nodes that get another value than the workflow's own."""


@dataclass(frozen=True)
class Reply:
    """No picture is wanted; these words answer."""

    text: str


async def plan(request: ImageRequest, library: WorkflowLibrary) -> Plan | Reply:
    """Decide by the explicit workflow, else by the words.

    Raises UnknownWorkflowError, and InvalidRequestError naming the field for what cannot be done (AskBackError when a
    picture is needed and none is there).
    """
    await up_to_date(library, request.model)
    words = await _words(request)
    if request.model == ROUTED:
        decision = route(words)
        if decision.operation == CHAT and request.endpoint == "chat":
            return Reply(reply(words))
        kind, read = _drawing(decision.operation, request), dict(decision.params)
        pictures = _pictures(kind, request)
        workflow = workflow_for(kind, len(pictures), library)
    else:
        workflow = library.get(request.model)
        kind = _kind(workflow, request)
        pictures, read = _pictures(kind, request), kind.read(words)
    check_count(kind, pictures, workflow, library)
    if request.wishes.return_mask and "mask" not in kind.extra_outputs and request.endpoint != "chat":
        raise InvalidRequestError(f"'{workflow.name}' finds no region of its own to return.", param="return_mask")
    if request.mask and not workflow.accepts("mask"):
        able = [f"'{other.name}'" for other in library.all() if other.accepts("mask")]
        hint = f", or use {' or '.join(able)}" if able else ""
        raise InvalidRequestError(f"'{workflow.name}' does not work with a mask; leave 'mask' out{hint}.", param="mask")
    slots, node_inputs = await read_inputs(request.wishes.inputs, workflow, request.server)
    given = {**request.wishes.extra, **slots}
    named = {name: value for name, value in given.items() if name in kind.model_fields}
    operation = kind.parse(kind.merged(drawable_words(read, workflow), named) | wished(request, workflow))
    extra = {name: value for name, value in given.items() if name not in named}
    for name in extra.keys() & workflow.slots.keys() - slots.keys():
        extra[name] = await checked_slot(name, extra[name], workflow, request.server)
    images = tuple([await picture.load() for picture in pictures])
    mask = await request.mask.load() if request.mask else None
    handles = tuple(picture.handle for picture in pictures)
    return Plan(operation, Inputs(images, mask), workflow, extra, handles, node_inputs)


async def up_to_date(library: WorkflowLibrary, name: str) -> None:
    """Take in what has changed in the folder; only whoever asks for a file that is being read waits for it."""
    if not library.watches:
        return
    await asyncio.to_thread(library.refresh)
    if reading := library.reading(name):
        await asyncio.wait([asyncio.wrap_future(future) for future in reading], timeout=READING_SECONDS)
        await asyncio.to_thread(library.refresh)


async def _words(request: ImageRequest) -> Turn:
    """The request as the router sees it; only the newest picture's header is looked at."""
    newest = await _seen(request.pictures[-1]) if request.pictures else None
    return Turn(
        request.text,
        has_image=bool(request.pictures),
        n_refs=len(request.attached),
        has_mask=request.mask is not None,
        width=newest.width if newest else 1024,
        height=newest.height if newest else 1024,
    )


async def _seen(picture: Picture) -> Image | None:
    """A picture; None for an earlier one that cannot be had any more, which matters only when it is needed."""
    try:
        return await picture.load()
    except InvalidRequestError:
        if picture.attached:
            raise
        return None


def _drawing(operation: str, request: ImageRequest) -> type[Operation]:
    """The operation meant. An image endpoint always draws: where the words alone would chat, the pictures decide."""
    return operations().get(operation) or _plainest(len(request.pictures))


def _plainest(count: int) -> type[Operation]:
    """The operation with the fewest parameters for so many pictures."""
    return min(
        (kind for kind in operations().values() if not kind.makes_alpha),
        key=lambda kind: (
            not kind.min_images <= count <= kind.max_images,
            abs(kind.max_images - count),
            kind.needs_mask,
            len(kind.model_fields),
        ),
    )


def _kind(workflow: Workflow, request: ImageRequest) -> type[Operation]:
    """The operation an explicit workflow stands for; of several, the one that fits the number of pictures. One that
    stands for none is called with the parameters that all of them have.
    """
    known = [operations()[name] for name in workflow.header.operations if name in operations()]
    count = len(request.attached)
    fitting = (kind for kind in known if kind.min_images <= count <= kind.max_images)
    return next(fitting, known[0] if known else _plainest(max(count, workflow.min_images)))


def _pictures(kind: type[Operation], request: ImageRequest) -> list[Picture]:
    """The pictures meant: those of this turn, and as many of the newest earlier ones as the operation still lacks."""
    attached = list(request.attached)
    if not kind.max_images:
        if attached and request.model != ROUTED:
            raise InvalidRequestError(
                f"'{request.model}' draws from words alone; leave the picture out, or use a model that edits.",
                param="image",
            )
        return []
    lacking = max(kind.min_images - len(attached), 0)
    # A picture that was shown twice is one picture, as new as it was shown last.
    sent = {picture.handle for picture in attached if picture.handle}
    earlier = {picture.handle or id(picture): picture for picture in reversed(request.pictures)}
    others = [one for name, one in reversed(earlier.items()) if not one.attached and name not in sent]
    return (others[-lacking:] if lacking else []) + attached


def workflow_for(kind: type[Operation], count: int, library: WorkflowLibrary) -> Workflow:
    """The operation's default workflow, or the first one that takes that many pictures."""
    able = library.for_operation(kind.name)
    if not able:
        raise InvalidRequestError(f"No workflow for '{kind.name}' is installed.", param="model", code="model_not_found")
    return next((workflow for workflow in able if workflow.max_images >= count), able[0])


def check_count(
    kind: type[Operation], pictures: Sequence[Picture], workflow: Workflow, library: WorkflowLibrary
) -> None:
    """Refuse too few pictures, and too many with the name of a workflow that takes them."""
    fewest, most = max(kind.min_images, workflow.min_images), workflow.max_images
    if len(pictures) < fewest:
        amount = "a picture" if fewest == 1 else f"{fewest} pictures"
        got = "none came with the request" if not pictures else f"only {len(pictures)} came with the request"
        raise AskBackError(
            f"{kind.title()} needs {amount}, and {got}: attach {'it' if fewest == 1 else 'them'} and say what to do.",
            param="image",
        )
    if len(pictures) > most:
        able = [other for other in library.all() if other.max_images > most]
        hint = "".join(f"; '{other.name}' takes {other.max_images}" for other in able)
        raise InvalidRequestError(
            f"'{workflow.name}' takes at most {most} picture{'s' * (most != 1)}, {len(pictures)} came{hint}.",
            param="image",
            code="too_many_images",
        )


def drawable_words(read: dict[str, Any], workflow: Workflow) -> dict[str, Any]:
    """Parameters read from words, with a size the model can draw: words mean a shape more often than exact pixels."""
    width, height = read.get("width"), read.get("height")
    limits = workflow.header.limits
    unsized = {name: value for name, value in read.items() if name not in {"width", "height"}}
    if not workflow.accepts("width"):
        return unsized
    if width is None or height is None:
        return read if limits.min_side <= (width or height or limits.min_side) <= limits.max_side else unsized
    try:
        drawable(width, height, workflow.header.limits)
    except InvalidRequestError:
        width, height = nearest((width, height), workflow.header.sizes or [(1024, 1024)])
    return read | {"width": width, "height": height, "prompt": without_pixels(read.get("prompt", ""))}


def wished(request: ImageRequest, workflow: Workflow) -> dict[str, Any]:
    """What the caller set explicitly; it wins over what the words say."""
    wishes = request.wishes
    width, height = wishes.width, wishes.height
    if wishes.aspect:
        width, height = nearest(wishes.aspect, workflow.header.sizes or [(1024, 1024)])
    asked = {
        "n": wishes.n,
        "seed": wishes.seed,
        "quality": wishes.quality,
        "negative_prompt": wishes.negative_prompt,
        "width": width,
        "height": height,
    }
    return {name: value for name, value in asked.items() if value is not None}
