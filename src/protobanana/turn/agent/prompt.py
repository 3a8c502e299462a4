"""What the LLM is told: rules and worked examples, the conversation so far, the pictures, the newest words.

All of it stays small however long the conversation is: older turns are left out first, pictures appear as names.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any

from protobanana.turn.agent.gallery import Gallery
from protobanana.turn.agent.model import Message, Tool
from protobanana.turn.request import ImageRequest, Line

VERSION = "1"
"""Of the prompts and worked examples; changes whenever their meaning does."""
BUDGET = 18_500
"""Bytes of JSON that messages and tools may take together, the user's newest words apart."""
MAX_LINE = 1200
"""Characters of one earlier message."""
MAX_WORDS = 32_000
"""Characters of the newest message."""
MAX_STANDING = 1500
"""Characters of the client's own system messages."""


def opening(request: ImageRequest, gallery: Gallery, tools: Sequence[Tool], names: Iterable[str]) -> list[Message]:
    """The messages that begin a turn. `names` are the tools there are: only their worked examples are told."""
    system = "\n\n".join(filter(None, [_file("system.md"), _lessons(frozenset(names)), _standing(request.history)]))
    newest = {"role": "user", "content": f"Pictures:\n{gallery.text()}\n\nMessage:\n{_words(request)}"}
    told = {"role": "system", "content": system}
    room = BUDGET - _bytes([told, list(tools)]) - _bytes(gallery.text())
    return [told, *_earlier(_before(request.history), room), newest]


def check_message() -> str:
    """What is said when the LLM is shown what it made."""
    return _file("check.md")


def signature() -> str:
    """The first line of all our system messages, by which we know ourselves."""
    return _file("system.md").partition("\n")[0]


def is_ours(text: str) -> bool:
    """Whether a system message is our own."""
    return text.startswith(signature())


def _words(request: ImageRequest) -> str:
    return _shortened(request.text, MAX_WORDS) or "(no words, only pictures)"


def _before(history: Sequence[Line]) -> list[Line]:
    """The talk before the newest message of the user."""
    talk = [line for line in history if line.role != "system"]
    if talk and talk[-1].role == "user":
        talk.pop()
    return [line for line in talk if line.text.strip()]


def _earlier(talk: Sequence[Line], room: int) -> list[Message]:
    """As many of the newest lines as there is room for. User and assistant take turns, the user begins: the templates
    of several local models insist on it.
    """
    kept: list[dict[str, str]] = []
    for line in reversed(talk):
        text = _shortened(line.text.strip(), MAX_LINE)
        room -= _bytes({"role": line.role, "content": text})
        if room < 0:
            break
        if kept and kept[-1]["role"] == line.role:
            kept[-1]["content"] = f"{text}\n{kept[-1]['content']}"
        else:
            kept.append({"role": line.role, "content": text})
    if kept and kept[-1]["role"] == "assistant":
        kept.pop()
    messages: list[Message] = list(reversed(kept))
    return messages


def _standing(history: Sequence[Line]) -> str:
    """System messages of the client: the user's or operator's wishes for all turns."""
    wishes = "\n".join(line.text for line in history if line.role == "system" and not is_ours(line.text)).strip()
    return f"Standing wishes for this chat:\n{_shortened(wishes, MAX_STANDING)}" if wishes else ""


@lru_cache(maxsize=8)
def _lessons(names: frozenset[str]) -> str:
    """Worked examples of the tools there are, as text."""
    path = resources.files("protobanana.operations") / "conversations" / "lessons.jsonl"
    lessons = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    told = [_lesson(lesson) for lesson in lessons if names.issuperset(lesson["tools"])]
    return "Examples\n\n" + "\n\n".join(told) if told else ""


def _lesson(lesson: Mapping[str, Any]) -> str:
    pictures = "; ".join(f"{number}. {picture}" for number, picture in enumerate(lesson["pictures"], 1))
    lines = [f"Pictures: {pictures or 'none yet'}", f"User: {lesson['user']}"]
    for call in lesson["calls"] or [{}]:
        if "result" in call:
            lines.append(f"Result: {call['result']}")
        elif call:
            lines.append(f"Call: {call['tool']} {json.dumps(call['arguments'], ensure_ascii=False)}")
        else:
            lines.append("Call: none")
    return "\n".join([*lines, f"Answer: {lesson['answer']}"])


@lru_cache(maxsize=4)
def _file(name: str) -> str:
    return (resources.files("protobanana.turn.agent") / "prompts" / name).read_text(encoding="utf-8").strip()


def _bytes(value: object) -> int:
    """Size as JSON in its wordiest form, as some HTTP clients write it."""
    return len(json.dumps(value))


def _shortened(text: str, most: int) -> str:
    """Beginning and end of a long text."""
    if len(text) <= most:
        return text
    return f"{text[: most * 2 // 3]} … {text[-most // 3 :]}"
