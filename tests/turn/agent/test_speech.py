"""What of a model's text is shown, whatever way it is cut into deltas."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protobanana.turn.agent.speech import Speech

CASES = [
    ("plain text, nothing else!", "plain text, nothing else!"),
    ("<think>secret</think>\n\nHello", "Hello"),
    ("Hello <think>secret</think>you", "Hello you"),
    ("<THINK>secret</Think>Hello", "Hello"),
    ("[THINK]secret[/THINK]Hello", "Hello"),
    ("<thinking>a<b</thinking>Hello", "Hello"),
    ("Hello<think>never closed", "Hello"),
    ("a < b and <thin air> [th", "a < b and <thin air> [th"),
    ("done</think>", "done"),
    ("See ![a cat](https://x.example/cat.png) there", "See  there"),
    ("See ![a](data:image/png;base64," + "A" * 5000 + ") there", "See  there"),
    ("wow! [link](https://x.example)", "wow! [link](https://x.example)"),
    ("<tool_call>not json</tool_call>Hi", "Hi"),
    ("", ""),
]


def spoken(pieces: list[str]) -> str:
    speech = Speech()
    return "".join(map(speech.feed, pieces)) + speech.finish()


@pytest.mark.parametrize(("text", "shown"), CASES)
def test_every_cut_shows_the_same(text: str, shown: str) -> None:
    """Whole, by characters, by threes: hidden parts are hidden and nothing else is lost."""
    assert spoken([text]) == shown
    assert spoken(list(text)) == shown
    assert spoken([text[at : at + 3] for at in range(0, len(text), 3)]) == shown


@given(st.lists(st.text(alphabet="<>/thinkTHINK![]()a \n", max_size=8), max_size=8))
def test_cuts_never_matter(pieces: list[str]) -> None:
    """Any text gives the same words in one piece as in many."""
    assert spoken(pieces) == spoken(["".join(pieces)])


def test_text_is_shown_at_once() -> None:
    """Words that cannot become a tag are not held back."""
    speech = Speech()

    assert speech.feed("Hello") == "Hello"
    assert speech.feed(" <thi") == " "
    assert speech.feed("s>") == "<this>"


@pytest.mark.parametrize("key", ["arguments", "parameters"])
def test_calls_in_the_text(key: str) -> None:
    """Calls written as tagged JSON are read, each with an id of its own; an unclosed last one too."""
    first = json.dumps({"name": "draw", key: {"prompt": "a } cat"}})
    second = json.dumps({"name": "cut", key: json.dumps({"image": "1"})})
    speech = Speech()
    shown = "".join(map(speech.feed, f"Ok <tool_call>\n{first}\n</tool_call> <tool_call>{second}")) + speech.finish()

    assert shown.strip() == "Ok"
    assert [(call.name, json.loads(call.arguments)) for call in speech.calls] == [
        ("draw", {"prompt": "a } cat"}),
        ("cut", {"image": "1"}),
    ]
    assert len({call.id for call in speech.calls}) == 2


def test_an_enormous_call_in_the_text_is_not_collected() -> None:
    """Megabytes behind an opening tag are dropped, not kept."""
    speech = Speech()
    speech.feed("<tool_call>")
    for _ in range(1000):
        assert not speech.feed("x" * 1000)

    assert not speech.finish()
    assert not speech.calls
