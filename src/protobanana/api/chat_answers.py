"""Chat answers: the fold of a turn's events into LiteLLM's types, whole or as a stream of deltas."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from typing import Any

from litellm.types.utils import Choices, Delta, Message, ModelResponse, ModelResponseStream, StreamingChoices
from litellm.types.utils import Usage as ChatUsage

from protobanana.api.collect import OURS, collect, text_tokens
from protobanana.api.frames import Frames
from protobanana.api.links import address_of
from protobanana.api.showing import Manner, View, keep_given, view
from protobanana.events import Attached, Done, Event, Produced, Progress, Queued, Text, Usage
from protobanana.turn.request import ImageRequest


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
    files = [await _link(item, request) for item in made.attached]
    content = "\n\n".join(part for part in [made.text.strip(), *shown, *files] if part)
    items = [one.item(number) for number, one in enumerate(views)] if how.images else []
    response.choices = [
        Choices(index=n, message=one, finish_reason="stop") for n, one in _messages(content, items, how)
    ]
    response.created = int(time.time())
    response.usage = await asyncio.to_thread(_chat_usage, request, made.usage, made.text)
    response._hidden_params |= {"response_cost": request.price * len(made.produced), OURS: True}  # noqa: SLF001 - the documented way to set a cost
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
        elif isinstance(event, Attached):
            gap, ended = "" if ended else "\n\n", True
            yield chunk(Delta(content=f"{gap}{await _link(event, request)}\n\n"))
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


async def _link(made: Attached, request: ImageRequest) -> str:
    """A film, a sound or the like as a link in markdown."""
    address = await address_of(made.file, request.owner, made.handle, note=made.file.name)
    return f"[{made.file.name}]({address})"


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
