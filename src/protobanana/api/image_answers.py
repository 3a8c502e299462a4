"""Answers of the two image endpoints: one JSON document, or a stream of events that ends with the pictures."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from litellm.types.utils import ImageObject, ImageResponse, ImageUsage, ImageUsageInputTokensDetails

from protobanana.api.collect import OURS, Collected, collect, text_tokens
from protobanana.api.door import Door, base64_of, data_url_of
from protobanana.api.frames import Frames
from protobanana.api.links import address_of, short_address
from protobanana.api.options import Options
from protobanana.events import Attached, Event, Preview, Produced
from protobanana.pictures.image import Image
from protobanana.turn.request import ImageRequest

_EVENTS = {"generations": "image_generation", "edits": "image_edit"}
"""First part of the names of OpenAI's stream events, by endpoint."""


async def image_response(events: AsyncIterator[Event], request: ImageRequest, options: Options) -> ImageResponse:
    """The answer of both image endpoints. `size`, `output_format`, `usage` and `created` say what really came.

    `response_format: url` is a short address where this gateway serves pictures, else a `data:` URL.
    """
    made = await collect(events)
    response = _envelope(made, request)
    response.data = await _data(made, request, options)
    return response


async def _data(made: Collected, request: ImageRequest, options: Options) -> list[ImageObject]:
    """The pictures, then whatever else was made: the first entries are the pictures that were ordered."""
    pictures = [await _image_object(item, request, options) for item in made.produced]
    return pictures + [await _file_object(item, request) for item in made.attached]


async def image_stream(
    events: AsyncIterator[Event], request: ImageRequest, options: Options, at: Door
) -> ImageResponse:
    """The same answer for a client that asked for a stream: previews leave through the door as they come, the finished
    pictures once LiteLLM has let the answer pass.
    """
    kind, frames = _EVENTS[request.endpoint], Frames(options.partial_images)
    at.streaming = True

    async def told() -> AsyncGenerator[Event]:
        async for event in events:
            if (shown := frames.frame(event)) and isinstance(event, Preview):
                await at.event({"type": f"{kind}.partial_image", **shown, **_looks(event.image, request)})
            yield event

    async with aclosing(told()) as seen:
        made = await collect(seen)
    response = _envelope(made, request)
    response.data = await _data(made, request, options)
    shared: dict[str, Any] = {"type": f"{kind}.completed", "usage": response.usage.model_dump()}
    shared |= {"text": response.text} if made.text else {}
    for item, shown in zip([*made.produced, *made.attached], response.data, strict=True):
        picture = {"url": shown.url} if shown.url else {"b64_json": shown.b64_json}
        looks = _looks(item.image, request) if isinstance(item, Produced) else {}
        at.finals.append({**shared, **picture, **looks, **shown.provider_specific_fields})
    if not at.finals:
        at.finals.append(shared)
    return response


def _envelope(made: Collected, request: ImageRequest) -> ImageResponse:
    """The answer but for its pictures."""
    words = text_tokens(request.text)
    usage = ImageUsage(
        input_tokens=words + made.usage.image_tokens,
        input_tokens_details=ImageUsageInputTokensDetails(image_tokens=made.usage.image_tokens, text_tokens=words),
        output_tokens=made.usage.output_tokens,
        total_tokens=words + made.usage.image_tokens + made.usage.output_tokens,
    )
    response = ImageResponse(created=int(time.time()), data=[], usage=usage)
    looks = _looks(made.produced[0].image, request) if made.produced else {}
    for name in ("size", "output_format", "quality", "background"):
        setattr(response, name, looks.get(name))
    if made.text:
        response.text = made.text.strip()
    # LiteLLM would print the whole response to find a price.
    response._hidden_params |= {"response_cost": request.price * len(made.produced), OURS: True}  # noqa: SLF001 - the documented way to set a cost
    return response


def _looks(image: Image, request: ImageRequest) -> dict[str, Any]:
    """What OpenAI says of every picture, a preview's own size and format included."""
    return {
        "created_at": int(time.time()),
        "size": image.size,
        "quality": request.wishes.quality or "auto",
        "background": "transparent" if image.has_alpha else "opaque",
        "output_format": image.format,
    }


async def _file_object(made: Attached, request: ImageRequest) -> ImageObject:
    """A film, a sound or the like: never as base64, which clients would take for a picture."""
    fields = {"id": made.handle, "workflow": made.workflow, "operation": made.operation}
    fields |= {"media_type": made.file.mime, "filename": made.file.name}
    url = await address_of(made.file, request.owner, made.handle, note=made.file.name)
    return ImageObject(url=url, revised_prompt=None, provider_specific_fields=fields)


async def _image_object(made: Produced, request: ImageRequest, options: Options) -> ImageObject:
    fields: dict[str, Any] = {"id": made.handle, "workflow": made.workflow, "operation": made.operation}
    if made.output:
        fields["output"] = made.output
    if options.return_mask and made.mask is not None:
        fields["mask_b64_json"] = base64_of(made.mask)
    if made.seed is not None:
        fields |= {"seed": made.seed, "batch_index": made.batch_index}
    url = None
    if options.response_format == "url":
        parent = next(iter(made.parents), "")
        kept = await short_address(made.image, request.owner, made.handle, note=made.operation, parent=parent)
        url = kept or data_url_of(made.image)
    encoded = None if url else base64_of(made.image)
    return ImageObject(b64_json=encoded, url=url, revised_prompt=None, provider_specific_fields=fields)
