"""The tool calls of one step, carried out side by side: events out, and a result per call for the LLM."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TypeAlias

from protobanana.errors import InvalidRequestError, ProtoBananaError
from protobanana.events import Event, Produced
from protobanana.pictures.image import Image
from protobanana.telemetry import current, traced
from protobanana.turn.agent.gallery import Gallery
from protobanana.turn.agent.model import Message, ToolCall
from protobanana.turn.agent.schemas import SHOW
from protobanana.turn.agent.tools import Key, Toolbox, Wanted
from protobanana.turn.drawing import draw
from protobanana.turn.merge import merge
from protobanana.turn.request import ImageRequest
from protobanana.workflows.library import WorkflowLibrary

MAX_CALLS = 8
"""Calls carried out in one step; the others are answered with an error."""


@dataclass
class Outcome:
    """What became of a call."""

    call: ToolCall
    made: list[Produced] = field(default_factory=list)
    given: tuple[Image, ...] = ()
    """Pictures that the operation worked on."""
    drew: bool = False
    """Whether the pictures are new, rather than shown again."""
    wanted: Wanted | None = None
    error: ProtoBananaError | None = None

    @property
    def fatal(self) -> bool:
        """Whether it failed for reasons that no other call could cure."""
        return self.error is not None and not isinstance(self.error, InvalidRequestError)

    def message(self) -> Message:
        """The result as the LLM reads it."""
        content: dict[str, object] = {}
        if self.made:
            content["pictures"] = [{"id": made.handle, "size": made.image.size} for made in self.made]
            content["shown"] = "The user sees them already; speak of them, do not link them."
        if self.error is not None:
            content["error"] = self.error.told[:600]
        return {
            "role": "tool",
            "tool_call_id": self.call.id,
            "content": json.dumps(content, ensure_ascii=False),
        }


Step: TypeAlias = Event | Outcome


@dataclass(frozen=True)
class Hands:
    """What carries out calls for one turn."""

    request: ImageRequest
    library: WorkflowLibrary
    gallery: Gallery
    toolbox: Toolbox
    previews: bool = False
    spent: set[Key] = field(default_factory=set)
    """Tries that are not carried out again."""

    async def work(self, calls: Sequence[ToolCall]) -> AsyncGenerator[Step]:
        """Carry out `calls` at once; an `Outcome` follows the events of each. Failures are outcomes, not errors."""
        streams = [self._one(call, excess=number >= MAX_CALLS) for number, call in enumerate(calls)]
        async with aclosing(merge(streams)) as merged:
            async for _, step in merged:
                yield step

    @traced("tool", kind="tool")
    async def _one(self, call: ToolCall, *, excess: bool) -> AsyncGenerator[Step]:
        outcome = Outcome(call)
        current().set(tool=call.name, input=call.arguments)
        try:
            if excess:
                raise InvalidRequestError(f"At most {MAX_CALLS} calls at a time; call again in the next step.")
            outcome.wanted = self.toolbox.understand(call)
            if outcome.wanted.key in self.spent:
                raise InvalidRequestError("It was made anew once already; leave it and answer the user.")
            events = self._show(outcome) if outcome.wanted.kind is None else self._draw(outcome)
            async with aclosing(events):
                async for event in events:
                    if isinstance(event, Produced):
                        self.gallery.add(event)
                        outcome.made.append(event)
                    yield event
        except ProtoBananaError as error:
            outcome.error = error
            current().fail(error)
        current().set(output=str(outcome.message()["content"]))
        yield outcome

    async def _show(self, outcome: Outcome) -> AsyncGenerator[Event]:
        """An earlier picture once more, under its own name."""
        assert outcome.wanted is not None  # noqa: S101 - understood just before; for the type checker
        entry = outcome.wanted.entries[0]
        story = entry.picture.note or "uploaded"
        yield Produced(await entry.picture.load(), SHOW, "", prompt=story, handle=entry.handle)

    async def _draw(self, outcome: Outcome) -> AsyncGenerator[Event]:
        assert outcome.wanted is not None  # noqa: S101 - understood just before; for the type checker
        plan = await self.toolbox.plan(outcome.wanted)
        outcome.given, outcome.drew = plan.inputs.images, True
        async with aclosing(draw(plan, self.request, self.library, previews=self.previews)) as events:
            async for event in events:
                yield event
