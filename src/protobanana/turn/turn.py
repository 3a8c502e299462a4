"""A request in, events out: the agent or the words decide, the runner draws, the pictures are dressed and named."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

from protobanana.errors import AskBackError, LanguageModelError
from protobanana.events import Done, Event, Produced, Text, Usage
from protobanana.operations.base import operations
from protobanana.pictures.image import Image
from protobanana.settings import get_settings
from protobanana.telemetry import current, span, traced
from protobanana.turn.agent.configured import configured
from protobanana.turn.agent.loop import converse
from protobanana.turn.agent.model import ChatModel
from protobanana.turn.drawing import draw, tokens
from protobanana.turn.plan import Reply, plan
from protobanana.turn.request import ROUTED, ImageRequest
from protobanana.workflows.library import WorkflowLibrary

log = logging.getLogger("protobanana")


@traced("turn")
async def turn(
    request: ImageRequest, library: WorkflowLibrary, *, previews: bool = False, model: ChatModel | None = None
) -> AsyncGenerator[Event]:
    """Answer `request`. Ends with `Done`; closing it earlier cancels what runs in ComfyUI.

    In a chat `model` decides (None: the LLM of the settings), by `PROTOBANANA_INTENT_MODE`; where there is none or its
    first call fails, the words do. Raises InvalidRequestError, UnknownWorkflowError and the errors of
    `ComfyClient.run`; in a chat, what is missing is asked for in words.
    """
    said: list[str] = []
    current().set(
        trace_name=f"protobanana {request.endpoint}",
        trace_input=request.text,
        input=request.text,
        endpoint=request.endpoint,
        asked_for=request.model,
        pictures=len(request.pictures),
        mask=request.mask is not None,
        user=request.user,
    )
    async with aclosing(_answer(request, library, previews=previews, model=model)) as events:
        async for event in events:
            if isinstance(event, Text):
                said.append(event.delta)
            elif isinstance(event, Produced):
                said.append(f"[{event.handle} {event.image.size}]")
            yield event
    current().set(trace_output="".join(said), output="".join(said))


async def _answer(
    request: ImageRequest, library: WorkflowLibrary, *, previews: bool, model: ChatModel | None
) -> AsyncGenerator[Event]:
    if thinks(request, get_settings().intent_mode) and (thinker := model or configured(request)):
        try:
            async with aclosing(converse(request, library, thinker, previews=previews)) as events:
                async for event in events:
                    yield event
        except LanguageModelError as error:
            log.warning("the LLM did not answer, the words decide: %s", error.message)
        else:
            return
    async with aclosing(_by_words(request, library, previews=previews)) as events:
        async for event in events:
            yield event


def thinks(request: ImageRequest, mode: str) -> bool:
    """Whether an LLM is to decide this turn; `mode` as in `Settings.intent_mode`."""
    if request.model != ROUTED or request.endpoint != "chat" or mode == "keyword" or request.wishes.inputs:
        return False
    named = any(request.wishes.extra.keys() & kind.model_fields.keys() for kind in operations().values())
    return mode == "agent" or not (request.mask or named)


async def _by_words(request: ImageRequest, library: WorkflowLibrary, *, previews: bool) -> AsyncGenerator[Event]:
    drawn: list[Image] = []
    given: tuple[Image, ...] = ()
    try:
        with span("classify", input=request.text) as step:
            answer = await plan(request, library)
            step.set(output=answer.text if isinstance(answer, Reply) else answer.operation.name)
        if isinstance(answer, Reply):
            yield Text(answer.text)
        else:
            given = answer.inputs.images
            async with aclosing(draw(answer, request, library, previews=previews)) as events:
                async for event in events:
                    if isinstance(event, Produced):
                        drawn.append(event.image)
                    yield event
    except AskBackError as error:
        if request.endpoint != "chat":
            raise
        yield Text(error.message)
    yield Done(Usage(image_tokens=tokens(given), output_tokens=tokens(drawn)))
