"""The door: LiteLLM's custom provider. `protobanana.handler` is the instance of this module.

Every method builds an `ImageRequest`, runs the one turn, and folds its events; errors of ours leave in the one shape
that LiteLLM passes through unchanged.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Coroutine, Iterable, Iterator
from contextlib import aclosing, contextmanager
from functools import lru_cache
from typing import Any, TypeVar

from litellm import CustomLLM
from litellm.types.utils import ImageResponse, ModelResponse, ModelResponseStream

from protobanana.api import chat_answers, image_answers
from protobanana.api import request as requests
from protobanana.api.call import Call
from protobanana.api.conversation import last_words
from protobanana.api.door import door
from protobanana.api.failures import to_litellm
from protobanana.api.frames import Frames
from protobanana.api.health import is_probe, probe
from protobanana.api.options import Options
from protobanana.api.showing import manner
from protobanana.api.tracing import belonging
from protobanana.cluster import close_all, then_close
from protobanana.errors import InvalidRequestError, ProtoBananaError
from protobanana.events import Event
from protobanana.pictures.store import image_store
from protobanana.telemetry import OTHER, placed, record
from protobanana.turn import adoption
from protobanana.turn.agent.chores import chore
from protobanana.turn.request import ROUTED, ImageRequest
from protobanana.turn.turn import turn
from protobanana.workflows.library import WorkflowLibrary

log = logging.getLogger("protobanana")
T = TypeVar("T")


@lru_cache(maxsize=1)
def library() -> WorkflowLibrary:
    """The workflows of this process. Raises WorkflowError naming file and slot when a document is broken."""
    return adoption.library()


class ProtoBanana(CustomLLM):  # type: ignore[misc]  # litellm is not type-checked
    """ComfyUI workflows as models, and `chat` in front of them all."""

    def __init__(self) -> None:
        super().__init__()
        with _translated("protobanana"):
            # A broken document or address must stop the gateway's start, not the first user's request.
            library()
            image_store()

    async def aimage_generation(self, *args: Any, **kwargs: Any) -> ImageResponse:
        """`POST /v1/images/generations`."""
        call = _call(kwargs)
        with _translated(call.model):
            request, options = requests.generation(call, kwargs.get("prompt"))
            return await _image_answer(call, request, options)

    async def aimage_edit(self, *args: Any, **kwargs: Any) -> ImageResponse:
        """`POST /v1/images/edits`."""
        call = _call(kwargs)
        with _translated(call.model):
            request, options = requests.edit(call, kwargs.get("prompt"), kwargs.get("image"))
            return await _image_answer(call, request, options)

    async def acompletion(self, *args: Any, **kwargs: Any) -> ModelResponse:
        """`POST /v1/chat/completions`."""
        call = _call(kwargs)
        with _translated(call.model):
            request, options = requests.chat(call, kwargs["messages"])
            with belonging(call):
                events = _stream_of(probe(call)) if is_probe(call) else _chat_turn(request, kwargs["messages"])
            async with aclosing(events):
                how = manner(options.image_output, call, stream=False)
                return await chat_answers.chat_response(events, request, how, kwargs["model_response"])

    async def astreaming(self, *args: Any, **kwargs: Any) -> AsyncGenerator[ModelResponseStream]:
        """`POST /v1/chat/completions` with `stream: true`."""
        call = _call(kwargs)
        with _translated(call.model):
            request, options = requests.chat(call, kwargs["messages"])
            with belonging(call):
                events = _chat_turn(request, kwargs["messages"], previews=options.partial_images > 0)
            how, frames = manner(options.image_output, call, stream=True), Frames(options.partial_images)
            async with (
                aclosing(events),
                aclosing(chat_answers.chat_stream(events, request, how, call.model, frames)) as chunks,
            ):
                async for chunk in chunks:
                    yield chunk

    # LiteLLM's SDK without a proxy calls these; each runs its own short event loop.

    def image_generation(self, *args: Any, **kwargs: Any) -> ImageResponse:
        """The blocking form of `aimage_generation`."""
        return _blocking(self.aimage_generation(*args, **kwargs))

    def image_edit(self, *args: Any, **kwargs: Any) -> ImageResponse:
        """The blocking form of `aimage_edit`."""
        return _blocking(self.aimage_edit(*args, **kwargs))

    def completion(self, *args: Any, **kwargs: Any) -> ModelResponse:
        """The blocking form of `acompletion`."""
        return _blocking(self.acompletion(*args, **kwargs))

    def streaming(self, *args: Any, **kwargs: Any) -> Iterator[ModelResponseStream]:
        """The blocking form of `astreaming`."""
        loop = asyncio.new_event_loop()
        chunks = self.astreaming(*args, **kwargs)
        try:
            while True:
                try:
                    yield loop.run_until_complete(anext(chunks))
                except StopAsyncIteration:
                    return
        finally:
            loop.run_until_complete(chunks.aclose())
            loop.run_until_complete(close_all())
            loop.close()


async def _image_answer(call: Call, request: ImageRequest, options: Options) -> ImageResponse:
    """Run the turn of an image endpoint; as a stream where the client asked for one and the gateway can."""
    at = door.get()
    if options.stream and at is None:
        raise InvalidRequestError(
            "'stream': LiteLLM alone cannot stream pictures; leave it out, or call a gateway of `protobanana serve`.",
            param="stream",
            code="unsupported_value",
        )
    previews = options.stream and options.partial_images > 0
    with belonging(call):
        events = _stream_of(probe(call)) if is_probe(call) else turn(request, library(), previews=previews)
    async with aclosing(events):
        if at is not None and options.stream:
            return await image_answers.image_stream(events, request, options, at)
        return await image_answers.image_response(events, request, options)


@placed
async def _chat_turn(request: ImageRequest, messages: Any, *, previews: bool = False) -> AsyncGenerator[Event]:
    """A person's turn goes to the core; a front-end's housekeeping is answered in the form it asks for."""
    answered = False
    async with aclosing(chore(last_words(messages), request)) as events:
        async for event in events:
            answered = True
            yield event
    if answered:
        return
    async with aclosing(turn(request, library(), previews=previews)) as events:
        async for event in events:
            yield event


async def _stream_of(events: Awaitable[Iterable[Event]]) -> AsyncGenerator[Event]:
    for event in await events:
        yield event


def _call(kwargs: dict[str, Any]) -> Call:
    if (at := door.get()) is not None:
        at.reached()
    model = kwargs["model"]
    record().model = model if model == ROUTED or model in library().names() else OTHER
    return Call(
        model=model,
        api_base=kwargs.get("api_base") or None,
        optional_params=kwargs.get("optional_params") or {},
        litellm_params=kwargs.get("litellm_params") or {},
        logging_obj=kwargs.get("logging_obj"),
        timeout=kwargs.get("timeout"),
    )


@contextmanager
def _translated(model: str) -> Iterator[None]:
    """Our errors leave as LiteLLM's; one line of log each, without the caller's words."""
    try:
        yield
    except ProtoBananaError as error:
        log.log(logging.WARNING if error.status >= 500 else logging.INFO, "%s: %s %s", model, error.status, error.code)
        if at := door.get():
            at.failure = error
        raise to_litellm(error, model) from None


def _blocking(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(then_close(work))


handler = ProtoBanana()
