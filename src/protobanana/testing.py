"""Test doubles that ship with the package: a language model that says what it is told to say.

    model = ScriptedModel(
        [
            ["Let me draw that. ", call("generate", prompt="a cat")],
            ["Here ", "it is."],
        ]
    )
    events = [event async for event in turn(request, library, model=model)]
    assert model.requests[0].tools  # what it was asked, call by call

Each entry of the script is one reply: a text, or a list of pieces. A piece is a text delta, a tool call (`call`),
`Reasoning`, `Tokens`, `Wait` (seconds, or an event that the test sets), or an exception to raise at that point.
An entry may also be a function of the `Request` that returns such a reply, for scripts that depend on what came before.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from protobanana.turn.agent.model import Message, ModelDelta, Tool, ToolCall

_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Reasoning:
    """The LLM thinking aloud, outside of its text."""

    text: str


@dataclass(frozen=True)
class Tokens:
    """What the LLM counts: tokens it read and wrote."""

    prompt: int
    answer: int


@dataclass(frozen=True)
class Wait:
    """A pause: so many seconds, or until the event is set."""

    until: float | asyncio.Event


@dataclass(frozen=True)
class Request:
    """One call of the LLM, copied as it was at the time."""

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...]

    @property
    def last(self) -> str:
        """The text of the newest message."""
        content = self.messages[-1]["content"]
        return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)

    @property
    def size(self) -> int:
        """Bytes of the whole call as JSON."""
        return len(json.dumps([self.messages, self.tools]))


Piece: TypeAlias = str | ToolCall | Reasoning | Tokens | Wait | Exception
Reply: TypeAlias = str | Sequence[Piece]


def call(name: str, /, *, raw: str | None = None, **arguments: Any) -> ToolCall:
    """A tool call; `raw` replaces the arguments' JSON, for arguments that are none."""
    written = raw if raw is not None else json.dumps(arguments, ensure_ascii=False)
    return ToolCall(f"call_{next(_NUMBERS)}", name, written)


class ScriptedModel:
    """A `ChatModel` that replies by a script and remembers what it was asked.

    `repeat` makes the last entry answer all further calls; without it a call too many raises TypeError.
    """

    def __init__(self, script: Sequence[Reply | Callable[[Request], Reply]], *, repeat: bool = False) -> None:
        self.requests: list[Request] = []
        """Every call so far, oldest first."""
        self.closed = 0
        """Replies that were ended by their reader, not by the script."""
        self._script = list(script)
        self._repeat = repeat

    async def stream(self, messages: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[ModelDelta]:
        """The next reply of the script. Exceptions in it are raised where they stand."""
        request = Request(tuple(dict(message) for message in messages), tuple(tools))
        self.requests.append(request)
        number = len(self.requests) - 1
        if number >= len(self._script) and not (self._repeat and self._script):
            raise TypeError(f"the script has {len(self._script)} replies, this is call {number + 1}")
        entry = self._script[min(number, len(self._script) - 1)]
        reply = entry(request) if callable(entry) else entry
        finished = False
        try:
            for piece in [reply] if isinstance(reply, str) else reply:
                await asyncio.sleep(0)
                if isinstance(piece, Exception):
                    finished = True
                    raise piece
                if isinstance(piece, Wait):
                    await _pause(piece)
                else:
                    yield _delta(piece)
            finished = True
        finally:
            self.closed += not finished


async def _pause(wait: Wait) -> None:
    if isinstance(wait.until, asyncio.Event):
        await wait.until.wait()
    else:
        await asyncio.sleep(wait.until)


def _delta(piece: str | ToolCall | Reasoning | Tokens) -> ModelDelta:
    if isinstance(piece, str):
        return ModelDelta(text=piece)
    if isinstance(piece, ToolCall):
        return ModelDelta(calls=(piece,))
    if isinstance(piece, Reasoning):
        return ModelDelta(reasoning=piece.text)
    return ModelDelta(prompt_tokens=piece.prompt, answer_tokens=piece.answer)


__all__ = ["Reasoning", "Request", "ScriptedModel", "Tokens", "Wait", "call"]
