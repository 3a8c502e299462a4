"""Housekeeping of chat front-ends, answered by the LLM in words alone and only in the form that was asked for."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from protobanana.errors import LanguageModelError
from protobanana.events import Done, Event, Text, Usage
from protobanana.settings import get_settings
from protobanana.turn import housekeeping
from protobanana.turn.agent.configured import configured
from protobanana.turn.agent.model import ChatModel
from protobanana.turn.agent.prompt import signature
from protobanana.turn.agent.speech import Speech
from protobanana.turn.request import ImageRequest

log = logging.getLogger("protobanana")
SECONDS = 30.0
"""A title must not wait for a slow LLM; then the words answer."""
MAX_REQUEST = 12_000
MAX_ANSWER = 4000
_FORM = "Answer the request exactly in the form that it asks for, and with nothing else."
_DATA = re.compile(r"data:image/[\w.+-]+;base64,[A-Za-z0-9+/=]*")
_FENCE = re.compile(r"\A\s*```(?:json)?\s*(.*?)\s*```\s*\Z", re.DOTALL)


async def chore(text: str, request: ImageRequest, model: ChatModel | None = None) -> AsyncGenerator[Event]:
    """Answer a housekeeping request; yields nothing when a person speaks in `text`, the newest message.

    `model` None: the LLM of the settings. Never calls a tool, never draws. Raises LanguageModelError when `request`
    comes from our own agent.
    """
    plain = housekeeping.answer(text)
    if plain is None:
        return
    thinker = None if get_settings().intent_mode == "keyword" else model or configured(request)
    usage = Usage()
    if thinker is not None:
        try:
            async with asyncio.timeout(SECONDS):
                said, usage = await _asked(text, thinker)
            plain = in_form(said, plain) or plain
        except (LanguageModelError, TimeoutError) as error:
            log.warning("the LLM did not answer, the words decide: %s", error)
    yield Text(plain)
    yield Done(usage)


def in_form(said: str, example: str) -> str | None:
    """What an LLM said, where it has the form of `example`: JSON with the same keys and kinds of values, or plain text
    where that is plain text. None where it has not.
    """
    fenced = _FENCE.match(said)
    said = (fenced[1] if fenced else said).strip()
    form = _json(example)
    if form is None:
        return " ".join(said.split())[:200] or None
    given = _json(said[said.find("{") : said.rfind("}") + 1])
    if given is None or given.keys() != form.keys():
        return None
    for name, value in form.items():
        strings = given[name] if isinstance(given[name], list) else [given[name]]
        if type(given[name]) is not type(value) or not all(isinstance(entry, str) for entry in strings):
            return None
    return json.dumps(given, ensure_ascii=False)


def _json(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


async def _asked(text: str, model: ChatModel) -> tuple[str, Usage]:
    request = _DATA.sub("(picture)", text)
    if len(request) > MAX_REQUEST:
        # The task stands at the beginning, what was said last at the end.
        request = f"{request[: MAX_REQUEST * 2 // 3]}\n…\n{request[-MAX_REQUEST // 3 :]}"
    told = {"role": "system", "content": f"{signature()}\n\n{_FORM}"}
    speech, said, asked, answered = Speech(), "", 0, 0
    async with aclosing(model.stream([told, {"role": "user", "content": request}], [])) as deltas:
        async for delta in deltas:
            said += speech.feed(delta.text)
            asked, answered = asked + delta.prompt_tokens, answered + delta.answer_tokens
            if len(said) > MAX_ANSWER:
                break
    return said + speech.finish(), Usage(text_tokens=asked, answer_tokens=answered)
