"""A front-end's own requests against a person's words."""

from __future__ import annotations

import json

import pytest

from protobanana.turn.housekeeping import answer, unwrap

HISTORY = (
    "### Chat History:\n<chat_history>\nUSER: please draw a red bicycle in the rain\n"
    "ASSISTANT: ![img_1](data:image/png;base64,AA)\n</chat_history>"
)


def test_a_title_comes_from_the_first_words() -> None:
    """The title says what the user asked for."""
    form = 'JSON format: { "title": "your concise title here" }\n- { "title": "Stock Trends" }'
    title = json.loads(answer(f"### Task:\nGenerate a title.\n{form}\n{HISTORY}") or "")["title"]

    assert title == "Please draw a red bicycle"


def test_the_form_in_the_history_does_not_count() -> None:
    """Instructions decide the form, not what somebody wrote in the chat."""
    text = '### Task:\nTags.\nJSON format: { "tags": ["a"] }\n<chat_history>\nUSER: { "title": "x" }\n</chat_history>'

    assert set(json.loads(answer(text) or "")) == {"tags"}


def test_a_plain_title_request() -> None:
    """Other front-ends ask for a title in plain words."""
    text = "Please generate a concise, 5-word-or-less title for the conversation.\n\nUser: draw a fox\nAI: done"

    assert answer(text) == "Draw a fox"


@pytest.mark.parametrize(
    "text",
    [
        "draw a poster with the title 'Task'",
        "Task: draw a cat",
        "generate a title page for my chat app",
        "",
        "### draw a hash",
        "make a picture",
    ],
)
def test_a_person_is_not_housekeeping(text: str) -> None:
    """What people say goes to the core."""
    assert answer(text) is None


def test_a_retrieval_template_hides_a_person() -> None:
    """The question behind a retrieval template is a person's; the template is not the prompt."""
    text = "### Task:\nRespond to the query.\n<context>\n<source>cats</source>\n</context>\n\ndraw a cat"

    assert answer(text) is None
    assert unwrap(text) == "draw a cat"
