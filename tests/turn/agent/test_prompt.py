"""What the model is told stays small and well-formed however long the conversation is."""

from __future__ import annotations

import json

import pytest

from protobanana.errors import LanguageModelError
from protobanana.turn.agent.configured import configured
from protobanana.turn.agent.gallery import Gallery
from protobanana.turn.agent.prompt import is_ours, opening
from protobanana.turn.agent.schemas import offered, tools
from protobanana.turn.request import ImageRequest, Line, Picture
from protobanana.turn.turn import turn
from protobanana.workflows.library import WorkflowLibrary
from support.agents import asked, picture

LIBRARY = WorkflowLibrary(None)
TOOLS = tools(offered(LIBRARY, masked=False), LIBRARY)
NAMES = [tool["function"]["name"] for tool in TOOLS]
URL = "http://127.0.0.1:9"


async def told(request: ImageRequest) -> list[dict[str, object]]:
    return [dict(message) for message in opening(request, await Gallery.of(request), TOOLS, NAMES)]


def long_talk(turns: int, words: str) -> tuple[tuple[Line, ...], list[Picture]]:
    pictures = [picture(f"#{n:06x}", note=f"edit of img_aaaaaaaaaaaaaaaa: {words}") for n in range(turns)]
    lines = [line for each in pictures for line in (Line("user", words), Line("assistant", f"{each.handle}\n{words}"))]
    return tuple(lines), pictures


async def test_fifty_turns_stay_under_twenty_kilobytes() -> None:
    """Fifty turns with fifty pictures: the newest lines and every picture's name are told, in less than 20 kB."""
    history, pictures = long_talk(50, "make the sky over the harbour a little more dramatic, with towering clouds")
    messages = await told(asked("and now at night", URL, *pictures, history=history))
    text = json.dumps(messages, ensure_ascii=False)

    assert len(json.dumps([messages, TOOLS])) < 20_000
    assert all(each.handle in text for each in pictures)
    assert pictures[-1].handle in str(messages[-2]["content"])
    assert "base64" not in text


async def test_wide_characters_count_as_what_they_cost() -> None:
    """Chinese talk stays as small on the wire as English talk."""
    history, pictures = long_talk(50, "把港口上空的天空画得更有戏剧性一些,加上高耸的云层和飞翔的海鸥")
    messages = await told(asked("现在换成夜晚", URL, *pictures, history=history))

    assert len(json.dumps([messages, TOOLS])) < 21_000


async def test_roles_take_turns() -> None:
    """After the system message the user begins, and nobody speaks twice in a row: local templates insist on it."""
    talk = [("assistant", "hi"), ("user", "a"), ("user", "b"), ("assistant", ""), ("user", "c"), ("assistant", "d")]
    history = tuple(Line(role, text) for role, text in talk)  # type: ignore[arg-type]  # literal roles
    roles = [(message["role"], message["content"]) for message in await told(asked("e", URL, history=history))]

    assert [role for role, _ in roles] == ["system", "user", "assistant", "user"]
    assert roles[1][1] == "a\nb\nc"


async def test_a_long_message_arrives_whole() -> None:
    """The user's newest words are not shortened, earlier ones are."""
    words = "a very detailed scene, " * 500
    history = (Line("user", "x" * 50_000), Line("assistant", "ok"))
    messages = await told(asked(words, URL, history=history))

    assert words in str(messages[-1]["content"])
    assert len(json.dumps(messages)) < 30_000


async def test_examples_of_missing_tools_are_left_out() -> None:
    """A set-up without a workflow for something does not hear how to call it."""
    request = asked("x", URL)
    system = str(opening(request, await Gallery.of(request), [], ["edit"])[0]["content"])

    assert "Call: edit" in system
    assert "Call: compose" not in system


async def test_asking_itself_is_noticed() -> None:
    """A request that begins with our own rules comes from our own agent and is refused: no circle, no picture."""
    rules = str((await told(asked("x", URL)))[0]["content"])
    request = asked("hello", URL, history=(Line("system", rules),))

    assert is_ours(rules)
    with pytest.raises(LanguageModelError, match="leads back"):
        configured(request)
    with pytest.raises(LanguageModelError):
        [event async for event in turn(request, LIBRARY)]
