"""A turn with an LLM: it speaks and calls tools in turn, until it has answered or used up its steps."""

from __future__ import annotations

import json
import logging
import tomllib
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources

from protobanana.errors import LanguageModelError, ProtoBananaError
from protobanana.events import Done, Event, Text, Usage
from protobanana.operations.language.reading import read
from protobanana.pictures.image import Image
from protobanana.settings import get_settings
from protobanana.telemetry import current, traced
from protobanana.turn.agent import sight
from protobanana.turn.agent.gallery import Gallery
from protobanana.turn.agent.hands import Hands, Outcome
from protobanana.turn.agent.model import ChatModel, Message, Tool, ToolCall
from protobanana.turn.agent.prompt import opening
from protobanana.turn.agent.speech import Speech
from protobanana.turn.agent.tools import Key, Toolbox
from protobanana.turn.drawing import tokens
from protobanana.turn.plan import up_to_date
from protobanana.turn.request import ImageRequest
from protobanana.workflows.library import WorkflowLibrary

log = logging.getLogger("protobanana")
MAX_CORRECTIONS = 2
"""Steps in which no call could be carried out; they do not count as rounds of drawing."""
MAX_ANSWER = 16_000
"""Characters of text taken from one reply; an LLM that goes on is cut off."""
_LAST = "This was the last round of tools: answer the user now, in words."


@dataclass
class _Reply:
    """One reply of the LLM, as far as it has come."""

    text: str = ""
    calls: list[ToolCall] = field(default_factory=list)

    def message(self) -> Message:
        """The reply as it goes back into the conversation. Servers refuse arguments that are no JSON object."""
        calls = [
            {"id": call.id, "type": "function", "function": {"name": call.name[:64], "arguments": _sound(call)}}
            for call in self.calls
        ]
        return {"role": "assistant", "content": self.text or None} | ({"tool_calls": calls} if calls else {})


@dataclass
class _Tally:
    """What the turn has come to."""

    said: bool = False
    open: bool = False
    """Whether the last text does not end its line yet."""
    drawn: list[Image] = field(default_factory=list)
    given: list[Image] = field(default_factory=list)
    prompt_tokens: int = 0
    answer_tokens: int = 0
    shown: bool = False

    @property
    def silent(self) -> bool:
        """Whether the user has got nothing yet."""
        return not (self.said or self.shown)

    def usage(self) -> Usage:
        return Usage(self.prompt_tokens, tokens(self.given), tokens(self.drawn), self.answer_tokens)

    def add(self, outcome: Outcome) -> None:
        images = [made.image for made in outcome.made]
        self.shown = self.shown or bool(images)
        if outcome.drew:
            self.drawn += images
            self.given += outcome.given


async def converse(
    request: ImageRequest,
    library: WorkflowLibrary,
    model: ChatModel,
    *,
    previews: bool = False,
    sees: bool | None = None,
    rounds: int | None = None,
) -> AsyncGenerator[Event]:
    """Answer `request` with `model`. Ends with `Done`; closing it earlier stops the LLM and the jobs in ComfyUI.

    `sees`: whether the model is sent small copies of pictures, `rounds`: of tool calls; None: as the settings say.

    Raises LanguageModelError only while nothing has been said or shown, so that somebody else may answer. Whatever
    else fails is told to the LLM, which may do better, or to the user in one sentence.
    """
    await up_to_date(library, request.model)
    gallery = await Gallery.of(request)
    hands = Hands(request, library, gallery, Toolbox(request, library, gallery), previews)
    settings = get_settings()
    limits = _Limits(settings.agent_vision if sees is None else sees, rounds or settings.agent_max_iters)
    async with aclosing(_Turn(model, hands, limits).run()) as events:
        async for event in events:
            yield event


@dataclass(frozen=True)
class _Limits:
    sees: bool
    rounds: int


@dataclass
class _Course:
    """How far a turn has come, of at most so many rounds in which something was carried out."""

    most: int
    rounds: int = 0
    corrections: int = 0
    over: bool = False

    @property
    def spent(self) -> bool:
        """Whether no further call is carried out."""
        return self.rounds == self.most or self.corrections > MAX_CORRECTIONS

    def count(self, *, worked: bool) -> None:
        self.rounds, self.corrections = self.rounds + worked, self.corrections + (not worked)


class _Turn:
    def __init__(self, model: ChatModel, hands: Hands, limits: _Limits) -> None:
        request, toolbox = hands.request, hands.toolbox
        self._model, self._hands, self._limits, self._gallery = model, hands, limits, hands.gallery
        self._language = request.text
        self._tools: list[Tool] = toolbox.schemas()
        self._messages: list[Message] = opening(request, self._gallery, self._tools, toolbox.names)
        self._tally = _Tally()
        self._looked: set[Key] = set()

    async def run(self) -> AsyncGenerator[Event]:
        if self._limits.sees and self._gallery.current:
            self._messages[-1] = await sight.with_sight(self._messages[-1], self._gallery)
        try:
            async with aclosing(self._steps()) as events:
                async for event in events:
                    yield event
        except LanguageModelError as error:
            if self._tally.silent:
                raise
            log.warning("the LLM broke off: %s", error.message)
            yield self._sentence("drawn")
        if self._tally.silent:
            yield self._sentence("silent")
        yield Done(self._tally.usage())

    async def _steps(self) -> AsyncGenerator[Event]:
        course = _Course(self._limits.rounds)
        while not course.over:
            async with aclosing(self._step(course)) as events:
                async for event in events:
                    yield event

    @traced("step", kind="agent")
    async def _step(self, course: _Course) -> AsyncGenerator[Event]:
        """One reply of the LLM, and what it calls for."""
        reply, course.over = _Reply(), True
        async with aclosing(self._listen(reply)) as texts:
            async for text in texts:
                yield text
        current().set(output=reply.text or None, calls=", ".join(call.name for call in reply.calls) or None)
        if not reply.calls or course.spent:
            if not reply.calls and not reply.text and self._tally.silent:
                raise LanguageModelError("The language model said nothing.")
            return
        if gap := self._gap():
            yield Text(gap)
        outcomes: list[Outcome] = []
        async with aclosing(self._hands.work(reply.calls)) as steps:
            async for step in steps:
                if not isinstance(step, Outcome):
                    yield step
                    continue
                self._tally.add(step)
                outcomes.append(step)
        if broken := next((outcome.error for outcome in outcomes if outcome.fatal), None):
            current().fail(broken)
            yield self._sentence("failed", broken)
            return
        course.count(worked=any(outcome.error is None for outcome in outcomes))
        await self._report(reply, outcomes, last=course.spent)
        course.over = False

    async def _listen(self, reply: _Reply) -> AsyncGenerator[Event]:
        """The LLM's words as it writes them; its calls are in `reply` afterwards."""
        speech = Speech()
        async with aclosing(self._model.stream(self._messages, self._tools)) as deltas:
            async for delta in deltas:
                self._tally.prompt_tokens += delta.prompt_tokens
                self._tally.answer_tokens += delta.answer_tokens
                reply.calls += delta.calls
                if text := speech.feed(delta.text):
                    yield self._say(reply, text)
                if len(reply.text) > MAX_ANSWER:
                    log.warning("the LLM was cut off after %d characters", len(reply.text))
                    break
        if rest := speech.finish():
            yield self._say(reply, rest)
        reply.calls += speech.calls

    def _say(self, reply: _Reply, text: str) -> Text:
        spoken = self._gap() + text if not reply.text else text
        reply.text += text
        self._tally.said, self._tally.open = True, not text.endswith("\n")
        return Text(spoken)

    def _gap(self) -> str:
        """What parts the next text, or picture, from the text before it."""
        gap, self._tally.open = "\n\n" if self._tally.open else "", False
        return gap

    async def _report(self, reply: _Reply, outcomes: Sequence[Outcome], *, last: bool) -> None:
        """Tell the LLM what became of its calls, in the order of the calls."""
        order = {id(call): number for number, call in enumerate(reply.calls)}
        results = [dict(outcome.message()) for outcome in sorted(outcomes, key=lambda each: order[id(each.call)])]
        if last:
            results[-1]["content"] = json.dumps(
                json.loads(results[-1]["content"]) | {"note": _LAST}, ensure_ascii=False
            )
        self._messages += [reply.message(), *results]
        made = [self._gallery.find(made.handle) for outcome in outcomes if outcome.drew for made in outcome.made]
        if self._limits.sees and made and not last and self._first_look(outcomes):
            self._messages.append(await sight.check(made))

    def _first_look(self, outcomes: Sequence[Outcome]) -> bool:
        """Whether none of these was a second try: what was made is looked at once, and made anew once at most."""
        keys = {outcome.wanted.key for outcome in outcomes if outcome.wanted is not None and outcome.drew}
        again = keys & self._looked
        self._looked |= keys
        self._hands.spent.update(again)
        return not again

    def _sentence(self, key: str, error: ProtoBananaError | None = None) -> Text:
        """A plain sentence in the user's language."""
        sentences = _sentences().get(read(self._language[:2000]).language) or _sentences()["en"]
        self._tally.said = True
        return Text(self._gap() + sentences[key].format(reason=error.told if error else ""))


def _sound(call: ToolCall) -> str:
    """The arguments where they are a JSON object of reasonable size, else an empty one."""
    try:
        sound = len(call.arguments) <= 8000 and isinstance(json.loads(call.arguments), dict)
    except (ValueError, RecursionError):
        sound = False
    return call.arguments if sound else "{}"


@lru_cache(maxsize=1)
def _sentences() -> dict[str, dict[str, str]]:
    path = resources.files("protobanana.turn.agent") / "sentences.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))
