"""Housekeeping of front-ends: the model words it, in the form that was asked for, and nothing is drawn."""

from __future__ import annotations

import json

import pytest

from protobanana.errors import LanguageModelError
from protobanana.events import Done, Text
from protobanana.testing import Reply, ScriptedModel, Tokens
from protobanana.turn.agent.chores import chore, in_form
from protobanana.turn.request import Line
from support.agents import asked, said

TITLE = """### Task:
Generate a concise title.
### Output:
JSON format: { "title": "your title" }
### Chat History:
<chat_history>
USER: draw a cat ![x](data:image/png;base64,AAAA)
ASSISTANT: here
</chat_history>"""
TALK = asked(TITLE, "http://127.0.0.1:9")
TAGS = TITLE.replace('{ "title": "your title" }', '{ "tags": ["tag1", "tag2"] }')


async def answered(text: str, *script: Reply) -> tuple[str, ScriptedModel]:
    model = ScriptedModel(script)
    return said([event async for event in chore(text, asked(text, "http://127.0.0.1:9"), model)]), model


@pytest.mark.parametrize(
    "reply",
    [
        ['{"title": "A cat', '"}'],
        '```json\n{ "title": "A cat" }\n```',
        '<think>{"title": "no"}</think>Sure! {"title": "A cat"}',
    ],
)
async def test_a_title(reply: Reply) -> None:
    """JSON of the asked form is passed on, without what the model says around it."""
    text, model = await answered(TITLE, reply)

    assert json.loads(text) == {"title": "A cat"}
    assert model.requests[0].tools == ()
    assert "base64" not in model.requests[0].last


@pytest.mark.parametrize(
    "reply",
    [
        "A cat", '{"name": "A cat"}', '{"title": ["A", "cat"]}', '{"title": {"a": 1}}', '{"title": "A cat', "",
        [LanguageModelError("dead")],
    ],
)  # fmt: skip
async def test_an_answer_in_another_form_is_replaced(reply: Reply) -> None:
    """Whatever else the model says, or nothing: the words give a short valid answer."""
    text, _ = await answered(TITLE, reply)

    assert json.loads(text) == {"title": "Draw a cat"}


async def test_lists_stay_lists() -> None:
    """A list of strings is asked for, and only one is passed on."""
    assert json.loads((await answered(TAGS, '{"tags": ["Cats"]}'))[0]) == {"tags": ["Cats"]}
    assert isinstance(json.loads((await answered(TAGS, '{"tags": "Cats"}'))[0])["tags"], list)
    assert isinstance(json.loads((await answered(TAGS, '{"tags": [1]}'))[0])["tags"][0], str)


async def test_tokens_are_counted() -> None:
    """The answer ends with what the model counted."""
    model = ScriptedModel([['{"title": "x"}', Tokens(50, 5)]])
    events = [event async for event in chore(TITLE, TALK, model)]

    assert isinstance(events[0], Text)
    assert isinstance(events[1], Done)
    assert (events[1].usage.text_tokens, events[1].usage.answer_tokens) == (50, 5)


async def test_a_person_is_not_answered() -> None:
    """Nothing comes for a turn that is no housekeeping, and the model is not asked."""
    text, model = await answered("draw a title page", "never said")

    assert not text
    assert not model.requests


async def test_without_a_model() -> None:
    """The words answer."""
    assert json.loads(said([event async for event in chore(TITLE, TALK)])) == {"title": "Draw a cat"}


async def test_a_long_history_is_shortened() -> None:
    """The task and the newest lines are told, however long the history is."""
    text = TITLE.replace("ASSISTANT: here", "ASSISTANT: here\n" * 20_000)
    _, model = await answered(text, '{"title": "x"}')

    assert model.requests[0].size < 20_000
    assert "### Task" in model.requests[0].last


def test_plain_text_form() -> None:
    """Where plain text is asked for, one line of it is passed on."""
    assert in_form("A  cat\nin space", "Draw a cat") == "A cat in space"
    assert in_form("  ", "Draw a cat") is None


async def test_asking_itself_is_noticed() -> None:
    """A title asked for by our own agent is refused instead of being asked for again."""
    _, model = await answered(TITLE, "x")
    rules = Line("system", model.requests[0].messages[0]["content"])
    with pytest.raises(LanguageModelError, match="leads back"):
        [event async for event in chore(TITLE, asked(TITLE, "http://127.0.0.1:9", history=(rules,)))]
