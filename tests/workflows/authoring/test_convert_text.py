"""What happens to texts on their way to ComfyUI."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protobanana.workflows.authoring.convert import convert
from protobanana.workflows.authoring.convert.text import MAX_TITLE, clean_title, editor_prompt, plain_prompt
from protobanana.workflows.authoring.schema import recorded
from support.editor import drawing


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("a {red|blue} {car|{tiny|big} bus}", "a red car"),
        ("{{deep|x}er|y} one", "deeper one"),
        ("cut // to the end\nnext", "cut \nnext"),
        ("a /* gone\nas well */b", "a b"),
        (r"kept \{a\|b\} as is", "kept {a|b} as is"),
        ("open {a|b", "open a"),
        ("stray } and | stay", "stray } and | stay"),
    ],
)
def test_prompts_as_the_editor_sends_them(text: str, expected: str) -> None:
    """Comments go, escapes are undone, and of alternatives the first is taken every time."""
    assert plain_prompt(text) == expected


@given(st.text(alphabet="ab{}|/* \n:", max_size=40))
def test_texts_survive_the_way_through_the_editor(text: str) -> None:
    """What the way back writes, the way forth reads as it was."""
    assert plain_prompt(editor_prompt(text)) == text


def test_what_the_editor_does_to_a_prompt_is_remarked_on() -> None:
    """An address that is cut, and a choice that is made, are worth a look."""
    made = drawing()
    made.nodes[1]["widgets_values"] = ["a {red|blue} car, see https://example.com"]

    converted = convert(made.done(), recorded())

    assert converted.graph["6"]["inputs"]["text"] == "a red car, see https:"
    assert ["comment" in str(note) or "alternatives" in str(note) for note in converted.notes] == [True, True]


def test_braces_are_left_out_with_a_remark() -> None:
    """The editor takes every pair of braces for a choice, also those of a prompt in JSON."""
    made = drawing()
    made.nodes[1]["widgets_values"] = ['{"subject": "a cat"}']

    converted = convert(made.done(), recorded())

    assert converted.graph["6"]["inputs"]["text"] == '"subject": "a cat"'
    assert "braces are left out" in str(converted.notes[0])


def test_file_names_are_left_to_the_server_or_filled_in() -> None:
    """Dates become the server's patterns, values of other nodes are quoted, unknown patterns stay with a remark."""
    made = drawing()
    made.nodes[6]["widgets_values"] = ["%date:yyyy-MM-dd%/%KSampler.steps%_%Positive.text%_%width%_%Nobody.x%"]
    made.nodes[4]["properties"] = {"Node name for S&R": "KSampler"}

    converted = convert(made.done(), recorded())

    prefix = converted.graph["9"]["inputs"]["filename_prefix"]
    assert prefix == "%year%-%month%-%day%/20_a cat_%width%_%Nobody.x%"
    assert [str(note) for note in converted.notes] == [
        "suspicious: node 9 (SaveImage): nothing will fill in %Nobody.x% in its name."
    ]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("  Two\n lines\x00 ", "Two lines"),
        ("<script>alert(1)</script>Prompt <b>bold</b>", "alert(1)Prompt bold"),
        ("right\u202eto left\u200b", "rightto left"),
        ("a" * 10_000, "a" * (MAX_TITLE - 1) + "…"),
        ("提示词 [1] 🎨", "提示词 [1] 🎨"),
        (None, ""),
    ],
)
def test_titles_are_safe_to_show(title: object, expected: str) -> None:
    """Titles come from strangers: one line, no markup, nothing invisible, not too long."""
    assert clean_title(title) == expected


def test_titles_of_the_graph() -> None:
    """A node is called by its title, else by the name that ComfyUI shows for its class."""
    graph = convert(drawing().done(), recorded()).graph

    assert graph["6"]["_meta"] == {"title": "Positive"}
    assert graph["4"]["_meta"] == {"title": "Load Checkpoint"}
