"""Folds over the stream of events: the shapes OpenAI's clients expect, as LiteLLM's types."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable
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

from protobanana.api.options import Form, Options
from protobanana.events import Done, Event, Produced, Progress, Queued, Text, Usage
from protobanana.turn.request import ImageRequest

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
    collected.produced.sort(key=lambda made: (made.seed or 0, made.batch_index))
    return collected


def text_tokens(text: str) -> int:
    """Tokens of a text; 0 for none."""
    return int(litellm.token_counter(model=TEXT_MODEL, text=text)) if text else 0


# Images -----------------------------------------------------------------------------------------------------------


async def image_response(events: AsyncIterator[Event], request: ImageRequest, options: Options) -> ImageResponse:
    """The answer of both image endpoints. `size`, `output_format`, `usage` and `created` say what really came."""
    made = await collect(events)
    return await asyncio.to_thread(_image_response, made, request, options)


def _image_response(made: Collected, request: ImageRequest, options: Options) -> ImageResponse:
    first = made.produced[0].image
    words = text_tokens(request.text)
    usage = ImageUsage(
        input_tokens=words + made.usage.image_tokens,
        input_tokens_details=ImageUsageInputTokensDetails(image_tokens=made.usage.image_tokens, text_tokens=words),
        output_tokens=made.usage.output_tokens,
        total_tokens=words + made.usage.image_tokens + made.usage.output_tokens,
    )
    response = ImageResponse(
        created=int(time.time()), data=[_image_object(item, options) for item in made.produced], usage=usage
    )
    response.size = first.size
    response.output_format = first.format
    response.quality = request.wishes.quality or "auto"
    response.background = "transparent" if first.has_alpha else "opaque"
    # LiteLLM would print the whole response, base64 included, to find a price; there is none.
    response._hidden_params["response_cost"] = 0.0  # noqa: SLF001 - the documented way to set a cost
    return response


def _image_object(made: Produced, options: Options) -> ImageObject:
    url = made.image.data_url() if options.response_format == "url" else None
    fields: dict[str, Any] = {"id": handle(made), "workflow": made.workflow, "operation": made.operation}
    if options.return_mask and made.mask is not None:
        fields["mask_b64_json"] = made.mask.base64()
    if made.seed is not None:
        fields |= {"seed": made.seed, "batch_index": made.batch_index}
    return ImageObject(
        b64_json=None if url else made.image.base64(), url=url, revised_prompt=None, provider_specific_fields=fields
    )


def handle(made: Produced) -> str:
    """The name by which a picture is spoken of, in alt text and in responses."""
    return f"img_{made.image.sha256[:12]}"


# Chat -------------------------------------------------------------------------------------------------------------


def markdown(made: Produced) -> str:
    """The picture as markdown, its handle in the alt text: that is the part clients keep when they move the bytes."""
    return f"![{handle(made)}]({made.image.data_url()})"


def _image_item(made: Produced, index: int) -> dict[str, Any]:
    return {"type": "image_url", "index": index, "image_url": {"url": made.image.data_url(), "detail": "auto"}}


def _chat_usage(request: ImageRequest, usage: Usage, answer: str) -> ChatUsage:
    prompt = text_tokens(request.text) + usage.image_tokens
    completion = text_tokens(answer) + usage.output_tokens
    return ChatUsage(prompt_tokens=prompt, completion_tokens=completion, total_tokens=prompt + completion)


async def chat_response(
    events: AsyncIterator[Event], request: ImageRequest, form: Form, response: ModelResponse
) -> ModelResponse:
    """A plain chat answer: pictures as markdown in `content` and as items of `message.images`, by `form`."""
    made = await collect(events)
    return await asyncio.to_thread(_chat_response, made, request, form, response)


def _chat_response(made: Collected, request: ImageRequest, form: Form, response: ModelResponse) -> ModelResponse:
    pictures = [markdown(item) for item in made.produced] if form != "images" else []
    handles = [handle(item) for item in made.produced] if form == "images" else []
    content = "\n\n".join(part for part in [made.text, *pictures, *handles] if part)
    message = Message(role="assistant", content=content)
    if form != "markdown" and made.produced:
        message.images = [_image_item(item, number) for number, item in enumerate(made.produced)]
    response.choices = [Choices(index=0, message=message, finish_reason="stop")]
    response.created = int(time.time())
    response.usage = _chat_usage(request, made.usage, made.text)
    response._hidden_params["response_cost"] = 0.0  # noqa: SLF001 - the documented way to set a cost
    return response


async def chat_stream(
    events: AsyncIterator[Event], request: ImageRequest, form: Form, model: str
) -> AsyncGenerator[ModelResponseStream]:
    """A chat answer as deltas: progress as `reasoning_content`, each picture in one chunk, usage, then the finish.

    LiteLLM drops what comes with or after the finish, and counts tokens itself when no usage came before it. Nothing is
    sent before the first event, so that what is refused or unreachable is answered with its own HTTP status.
    """
    chunk = _chunks(model)
    usage, answer, told, count, begun = Usage(), "", "", 0, False
    async for event in events:
        if not begun:
            begun = True
            yield chunk(Delta(role="assistant", content=""))
        if isinstance(event, Text):
            answer += event.delta
            yield chunk(Delta(content=event.delta))
        elif isinstance(event, Produced):
            for delta in await asyncio.to_thread(_picture_deltas, event, count, form):
                yield chunk(delta)
            count += 1
        elif isinstance(event, Done):
            usage = event.usage
        elif (line := progress_line(event)) and line != told:
            told = line
            yield chunk(Delta(reasoning_content=line + "\n"))
    last = chunk(Delta())
    last.usage = _chat_usage(request, usage, answer)
    yield last
    yield chunk(Delta(), finish="stop")


def _picture_deltas(made: Produced, index: int, form: Form) -> list[Delta]:
    """One picture in one chunk: front-ends move it out of the text chunk by chunk. `auto` is text, which all show."""
    if form == "images":
        return [Delta(images=[_image_item(made, index)]), Delta(content=f"{handle(made)}\n\n")]
    both = [Delta(images=[_image_item(made, index)])] if form == "both" else []
    return [*both, Delta(content=markdown(made) + "\n\n")]


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
