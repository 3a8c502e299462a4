"""How well an LLM drives the tools: labelled conversations are played to it, nothing is drawn.

Every turn is judged on its own: before the next one, the conversation continues as if the right calls had been made, so
that one mistake counts once.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

import PIL.Image

from protobanana.errors import InvalidRequestError, LanguageModelError
from protobanana.events import Produced
from protobanana.pictures.handles import mint
from protobanana.pictures.image import Image
from protobanana.turn.agent.gallery import Gallery
from protobanana.turn.agent.hands import Outcome
from protobanana.turn.agent.judge import Made, Verdict, judge
from protobanana.turn.agent.model import ChatModel, Message, ToolCall
from protobanana.turn.agent.prompt import VERSION, opening
from protobanana.turn.agent.speech import Speech
from protobanana.turn.agent.tools import Toolbox
from protobanana.turn.evaluate import Score
from protobanana.turn.request import ROUTED, ImageRequest, Line, Picture
from protobanana.workflows.library import WorkflowLibrary

SIZE = (1024, 1024)
MAX_ROUNDS = 4
"""Replies of the LLM per turn."""


@dataclass(frozen=True)
class Miss:
    """A turn that was not answered as labelled."""

    conversation: str
    user: str
    verdict: Verdict


@dataclass
class Report:
    """Scores: `tools` by turn (the right calls and no others), `arguments` by call whose tool was right, `questions`
    by turn that has to be asked back, `by_tool` by labelled call. `failed` counts turns that the LLM did not answer.
    """

    tools: Score = field(default_factory=Score)
    arguments: Score = field(default_factory=Score)
    questions: Score = field(default_factory=Score)
    by_tool: dict[str, Score] = field(default_factory=dict)
    failed: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    misses: list[Miss] = field(default_factory=list)
    version: str = VERSION

    def rows(self) -> list[tuple[str, Score]]:
        """Names and scores in reading order, for a table."""
        return [
            ("tool choice", self.tools),
            ("arguments", self.arguments),
            ("questions", self.questions),
            *sorted(self.by_tool.items()),
        ]

    def add(self, conversation: str, user: str, verdict: Verdict) -> None:
        """Count one turn."""
        self.tools.add(right=verdict.tools)
        for name, right in verdict.arguments:
            self.arguments.add(right=right)
            self.by_tool.setdefault(name, Score()).add(right=right)
        for name in verdict.missing:
            self.by_tool.setdefault(name, Score()).add(right=False)
        if verdict.asked is not None:
            self.questions.add(right=verdict.asked)
        if not verdict.right:
            self.misses.append(Miss(conversation, user, verdict))


def labelled() -> list[dict[str, Any]]:
    """The conversations that ship with the package. Form: `conversations/README.md` of `protobanana.operations`."""
    path = resources.files("protobanana.operations") / "conversations" / "labelled.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


async def evaluate(
    model: ChatModel,
    library: WorkflowLibrary,
    conversations: Sequence[Mapping[str, Any]] | None = None,
    *,
    at_once: int = 4,
) -> Report:
    """Play `conversations` (None: the labelled ones) to `model`, `at_once` side by side. A call that fails counts as
    wrong; raises LanguageModelError when not a single turn was answered.
    """
    report, gate = Report(), asyncio.Semaphore(at_once)

    async def one(conversation: Mapping[str, Any]) -> None:
        async with gate:
            await _conversation(conversation, model, library, report)

    async with asyncio.TaskGroup() as group:
        for conversation in labelled() if conversations is None else conversations:
            group.create_task(one(conversation))
    if report.failed and report.failed == report.tools.total:
        raise LanguageModelError("The language model answered none of the turns.")
    return report


@dataclass
class _Played:
    """What happened in one turn."""

    made: list[Made] = field(default_factory=list)
    text: str = ""
    tokens: tuple[int, int] = (0, 0)


async def _conversation(
    conversation: Mapping[str, Any], model: ChatModel, library: WorkflowLibrary, report: Report
) -> None:
    name = str(conversation["id"])
    pictures: list[Picture] = []
    history: list[Line] = []
    for number, turn in enumerate(conversation["turns"]):
        for picture in pictures:
            picture.attached = False
        sent = [_uploaded(f"{name}/{number}/{place}", entry) for place, entry in enumerate(turn.get("attach", []))]
        pictures += sent
        history.append(Line("user", " ".join([*(picture.handle for picture in sent), turn["user"]])))
        request = ImageRequest("chat", ROUTED, turn["user"], tuple(pictures), history=tuple(history))
        try:
            played = await _turn(request, model, library)
            verdict = judge(turn, played.made, played.text)
            report.prompt_tokens += played.tokens[0]
            report.answer_tokens += played.tokens[1]
        except LanguageModelError:
            report.failed += 1
            verdict = judge(turn, [], "", answered=False)
        report.add(name, turn["user"], verdict)
        history.append(Line("assistant", _as_labelled(turn, f"{name}/{number}", pictures)))


async def _turn(request: ImageRequest, model: ChatModel, library: WorkflowLibrary) -> _Played:
    """Let the LLM call tools that always succeed, until it answers in words."""
    gallery = await Gallery.of(request)
    toolbox = Toolbox(request, library, gallery)
    tools = toolbox.schemas()
    messages = opening(request, gallery, tools, toolbox.names)
    played = _Played()
    for _ in range(MAX_ROUNDS):
        said, calls = "", []
        async with aclosing(_reply(model, messages, tools, played)) as pieces:
            async for piece in pieces:
                if isinstance(piece, ToolCall):
                    calls.append(piece)
                else:
                    said += piece
        played.text += said
        if not calls:
            break
        messages.append(_message(said, calls))
        messages += [_pretended(call, toolbox, gallery, played) for call in calls]
    return played


async def _reply(
    model: ChatModel, messages: list[Message], tools: Sequence[Any], played: _Played
) -> AsyncGenerator[str | ToolCall]:
    speech = Speech()
    async with aclosing(model.stream(messages, tools)) as deltas:
        async for delta in deltas:
            played.tokens = (played.tokens[0] + delta.prompt_tokens, played.tokens[1] + delta.answer_tokens)
            yield speech.feed(delta.text)
            for call in delta.calls:
                yield call
    yield speech.finish()
    for call in speech.calls:
        yield call


def _message(said: str, calls: Sequence[ToolCall]) -> Message:
    listed = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in calls
    ]
    return {"role": "assistant", "content": said or None, "tool_calls": listed}


def _pretended(call: ToolCall, toolbox: Toolbox, gallery: Gallery, played: _Played) -> Message:
    """The result of a call as if it had been carried out; a wrong one gets the error it would get."""
    outcome = Outcome(call)
    try:
        wanted = toolbox.understand(call)
        params = dict(wanted.params)
        count = wanted.kind.parse(params).n if wanted.kind else 1
    except InvalidRequestError as error:
        outcome.error = error
        played.made.append(Made(call.name, (), {}, error.message))
        return outcome.message()
    played.made.append(Made(call.name, tuple(entry.number for entry in wanted.entries), params))
    for number in range(count):
        handle = wanted.entries[0].handle if wanted.kind is None else mint("", f"{call.id}/{len(played.made)}/{number}")
        prompt = str(params.get("prompt", ""))
        made = Produced(_blank(SIZE), call.name, "", prompt=prompt, handle=handle)
        gallery.add(made)
        outcome.made.append(made)
    return outcome.message()


def _as_labelled(turn: Mapping[str, Any], name: str, pictures: list[Picture]) -> str:
    """Continue the conversation as it should have gone: add the pictures, return the assistant's line."""
    said = []
    for place, call in enumerate(turn.get("calls", [])):
        if "shows" in call:
            shown = pictures[int(call["shows"]) - 1]
            pictures.append(shown)
            said.append(shown.handle)
            continue
        for number in range(int(call.get("n", 1))):
            note = str(call.get("note", " ".join(call.get("prompt", []))))
            picture = _picture(f"{name}/{place}/{number}", SIZE, note)
            picture.author = "assistant"
            pictures.append(picture)
            said.append(picture.handle)
    return " ".join(said) or str(turn.get("answer", "Which one do you mean?" if turn.get("asks") else "Gladly."))


def _uploaded(name: str, entry: Mapping[str, Any]) -> Picture:
    width, height = entry.get("size", SIZE)
    picture = _picture(name, (width, height), entry.get("note", ""))
    picture.attached = True
    return picture


def _picture(name: str, size: tuple[int, int], note: str) -> Picture:
    picture = Picture.of(_blank(size), attached=False)
    picture.handle, picture.note = mint("", name), note
    return picture


@lru_cache(maxsize=32)
def _blank(size: tuple[int, int]) -> Image:
    return Image.from_pil(PIL.Image.new("L", size).convert("RGB"), format="jpeg", quality=10)
