"""Folds over the stream of events: the shapes OpenAI's clients expect, as LiteLLM's types."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import litellm
from litellm.types.utils import (
    Choices,
    Delta,
    ImageObject,
    ImageResponse,
    ImageUsage,
    ImageUsageInputTokensDetails,
    Message,
    ModelResponse,
    ModelResponseStream,
    StreamingChoices,
)
from litellm.types.utils import Usage as ChatUsage

from protobanana.api.frames import Frames
from protobanana.api.links import short_address
from protobanana.api.options import Options
from protobanana.api.showing import Manner, View, keep_given, view
from protobanana.events import Done, Event, Produced, Progress, Queued, Text, Usage
from protobanana.turn.request import ImageRequest

OURS = "protobanana"
"""Mark on responses of ours, by which the callback tells them from other providers'."""
TEXT_MODEL = "gpt-4o"
"""Whose tokeniser counts words; every workflow's text encoder has its own, and none is at hand here."""


@dataclass
class Collected:
    """What a turn came to."""

    text: str = ""
    produced: list[Produced] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)


async def collect(events: AsyncIterator[Event]) -> Collected:
    """Fold a whole turn."""
    collected = Collected()
    async for event in events:
        if isinstance(event, Text):
            collected.text += event.delta
        elif isinstance(event, Produced):
            collected.produced.append(event)
        elif isinstance(event, Done):
            collected.usage = event.usage
    collected.produced = _in_order(collected.produced)
    return collected


def _in_order(produced: list[Produced]) -> list[Produced]:
    """Steps as they came; pictures of one step, which may be drawn side by side, by seed and place in their batch."""
    steps: dict[tuple[object, ...], int] = {}
    for made in produced:
        steps.setdefault(_step(made), len(steps))
    return sorted(produced, key=lambda made: (steps[_step(made)], made.seed or 0, made.batch_index))


def _step(made: Produced) -> tuple[object, ...]:
    return (made.operation, made.workflow, made.prompt, made.parents)


def text_tokens(text: str) -> int:
    """Tokens of a text; 0 for none."""
    return int(litellm.token_counter(model=TEXT_MODEL, text=text)) if text else 0


# Images -----------------------------------------------------------------------------------------------------------


async def image_response(events: AsyncIterator[Event], request: ImageRequest, options: Options) -> ImageResponse:
    """The answer of both image endpoints. `size`, `output_format`, `usage` and `created` say what really came.

    `response_format: url` is a short address where this gateway serves pictures, else a `data:` URL.
    """
    made = await collect(events)
    addresses: list[str | None] = [None] * len(made.produced)
    if options.response_format == "url":
        for number, item in enumerate(made.produced):
            kept = await short_address(item.image, request.owner, item.handle, note=item.operation)
            addresses[number] = kept or await asyncio.to_thread(item.image.data_url)
    return await asyncio.to_thread(_image_response, made, request, options, addresses)


def _image_response(
    made: Collected, request: ImageRequest, options: Options, addresses: list[str | None]
) -> ImageResponse:
    first = made.produced[0].image
    words = text_tokens(request.text)
    usage = ImageUsage(
        input_tokens=words + made.usage.image_tokens,
        input_tokens_details=ImageUsageInputTokensDetails(image_tokens=made.usage.image_tokens, text_tokens=words),
        output_tokens=made.usage.output_tokens,
        total_tokens=words + made.usage.image_tokens + made.usage.output_tokens,
    )
    data = [_image_object(item, options, url) for item, url in zip(made.produced, addresses, strict=True)]
    response = ImageResponse(created=int(time.time()), data=data, usage=usage)
    response.size = first.size
    response.output_format = first.format
    response.quality = request.wishes.quality or "auto"
    response.background = "transparent" if first.has_alpha else "opaque"
    # LiteLLM would print the whole response, base64 included, to find a price; there is none.
    response._hidden_params |= {"response_cost": 0.0, OURS: True}  # noqa: SLF001 - the documented way to set a cost
    return response


def _image_object(made: Produced, options: Options, url: str | None) -> ImageObject:
    fields: dict[str, Any] = {"id": made.handle, "workflow": made.workflow, "operation": made.operation}
    if options.return_mask and made.mask is not None:
        fields["mask_b64_json"] = made.mask.base64()
    if made.seed is not None:
        fields |= {"seed": made.seed, "batch_index": made.batch_index}
    return ImageObject(
        b64_json=None if url else made.image.base64(), url=url, revised_prompt=None, provider_specific_fields=fields
    )


# Chat -------------------------------------------------------------------------------------------------------------


def _chat_usage(request: ImageRequest, usage: Usage, answer: str) -> ChatUsage:
    prompt = (usage.text_tokens or text_tokens(request.text)) + usage.image_tokens
    completion = (usage.answer_tokens or text_tokens(answer)) + usage.output_tokens
    return ChatUsage(prompt_tokens=prompt, completion_tokens=completion, total_tokens=prompt + completion)


async def chat_response(
    events: AsyncIterator[Event], request: ImageRequest, how: Manner, response: ModelResponse
) -> ModelResponse:
    """A plain chat answer: pictures as markdown in `content` and as items of `message.images`, by `how`."""
    made = await collect(events)
    await keep_given(request)
    views = [await view(item, request, how) for item in made.produced]
    shown = [one.markdown for one in views] if how.text else [one.caption for one in views if how.caption]
    content = "\n\n".join(part for part in [made.text.strip(), *shown] if part)
    items = [one.item(number) for number, one in enumerate(views)] if how.images else []
    response.choices = [
        Choices(index=n, message=one, finish_reason="stop") for n, one in _messages(content, items, how)
    ]
    response.created = int(time.time())
    response.usage = await asyncio.to_thread(_chat_usage, request, made.usage, made.text)
    response._hidden_params |= {"response_cost": 0.0, OURS: True}  # noqa: SLF001 - the documented way to set a cost
    return response


def _messages(content: str, items: list[dict[str, Any]], how: Manner) -> Iterator[tuple[int, Message]]:
    """One message with both; two for LiteLLM's Responses bridge, which reads only one thing of each."""
    apart = bool(how.bridged and content and items)
    if apart:
        yield 0, Message(role="assistant", content=content)
    message = Message(role="assistant", content="" if apart else content)
    if items:
        message.images = items
    yield int(apart), message


async def chat_stream(
    events: AsyncIterator[Event], request: ImageRequest, how: Manner, model: str, frames: Frames
) -> AsyncGenerator[ModelResponseStream]:
    """A chat answer as deltas: progress as `reasoning_content`, each picture in one chunk, usage, then the finish.

    LiteLLM drops what comes with or after the finish, and counts tokens itself when no usage came before it. Nothing is
    sent before the first event, so that what is refused or unreachable is answered with its own HTTP status.
    """
    chunk = _chunks(model)
    usage, answer, told, count, begun, ended = Usage(), "", "", 0, False, True
    async for event in events:
        if not begun:
            begun = True
            yield chunk(Delta(role="assistant", content=""))
        if frame := frames.delta(event):
            yield chunk(frame)
        if isinstance(event, Text):
            answer += event.delta
            ended = event.delta.endswith("\n") if event.delta else ended
            yield chunk(Delta(content=event.delta))
        elif isinstance(event, Produced):
            for delta in _picture_deltas(await view(event, request, how), count, how, "" if ended else "\n\n"):
                yield chunk(delta)
            count, ended = count + 1, True
        elif isinstance(event, Done):
            usage = event.usage
        elif (line := progress_line(event)) and line != told:
            told = line
            yield chunk(Delta(reasoning_content=line + "\n"))
    await keep_given(request)
    last = chunk(Delta())
    last.usage = _chat_usage(request, usage, answer)
    yield last
    yield chunk(Delta(), finish="stop")


def _picture_deltas(shown: View, index: int, how: Manner, gap: str) -> Iterator[Delta]:
    """A picture whole in one chunk: front-ends move it out of the text chunk by chunk."""
    if how.images:
        yield Delta(images=[shown.item(index)])
    if how.text:
        yield Delta(content=f"{gap}{shown.markdown}\n\n")
    elif how.caption:
        yield Delta(content=f"{gap}{shown.caption}\n\n")


def progress_line(event: Event) -> str:
    """A step as a short line for people; empty for events that are no steps."""
    if isinstance(event, Queued):
        return f"waiting, {event.position} ahead" if event.position else "waiting, next in line"
    if isinstance(event, Progress) and event.total > 1:
        return f"{event.stage} {event.done}/{event.total}"
    return ""


def _chunks(model: str) -> Callable[..., ModelResponseStream]:
    """A maker of chunks that all carry the same id, time and model, as a stream must."""
    identity, created = f"chatcmpl-{uuid.uuid4().hex}", int(time.time())

    def chunk(delta: Delta, finish: str | None = None) -> ModelResponseStream:
        choice = StreamingChoices(index=0, delta=delta, finish_reason=finish)
        return ModelResponseStream(id=identity, created=created, model=model, choices=[choice])

    return chunk
