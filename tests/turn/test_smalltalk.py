"""Talk, told from requests, and its answers."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from protobanana.operations.base import Turn
from protobanana.turn.smalltalk import chats, reply


@pytest.mark.parametrize(
    "text",
    ["hi", "Thanks!", "who are you?", "how do I remove a background?", "can you draw?", "", "👍", "Wer bist du?"],
)
def test_talk(text: str) -> None:
    """Greetings, thanks, questions and empty turns want words."""
    assert chats(Turn(text))


@pytest.mark.parametrize(
    "text",
    ["hi! draw a cat", "thanks, now make it darker", "can you draw a cat?", "what if it was night?", "thank you card"],
)
def test_requests_in_polite_clothes(text: str) -> None:
    """Pleasantries and question forms around a request do not make it talk."""
    assert not chats(Turn(text, has_image=True))


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("hello", "Hello"),
        ("danke", "Gern"),
        ("¿qué puedes hacer?", "Dibujo"),
        ("au revoir", "Au revoir"),
        ("你好", "你好"),
        ("ありがとう", "どういたし"),
        ("what is the capital of Peru?", "I can't answer"),
    ],
)
def test_the_reply_fits_the_turn(text: str, start: str) -> None:
    """The answer is in the language of the turn and takes up what was said."""
    assert reply(Turn(text)).startswith(start)


def test_a_missing_picture_is_asked_for() -> None:
    """A change without a picture is answered by asking for one."""
    turn = Turn("make it darker")

    assert chats(turn)
    assert "picture" in reply(turn)


def test_all_languages_have_all_replies() -> None:
    """Every language answers every kind of turn."""
    path = resources.files("protobanana.turn") / "replies.toml"
    tables = tomllib.loads(path.read_text(encoding="utf-8"))

    assert {frozenset(table) for table in tables.values()} == {frozenset(tables["en"])}
