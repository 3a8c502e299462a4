"""The router on the shipped corpus, on arbitrary text and in the situations that mislead."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protobanana.operations.base import Turn, operations
from protobanana.turn.evaluate import corpus, evaluate
from protobanana.turn.router import CHAT, route


@pytest.mark.parametrize("part", ["dev", "held_out", "held_out2", "held_out3", "held_out4", "held_out5", "held_out6"])
def test_the_corpus_is_routed(part: str) -> None:
    """Every part of the corpus is routed with at least 95 % macro accuracy, sizes, amounts and phrases included."""
    report = evaluate(corpus(part))

    assert report.macro >= 0.95, report.misses
    for name, score in report.rows():
        assert score.accuracy >= 0.9, (name, report.misses)


def test_the_corpus_is_large_and_varied() -> None:
    """There are more than 600 different labelled turns, and every outcome has its share."""
    turns = corpus()
    outcomes = [turn["expect"]["operation"] for turn in turns]

    assert len({(turn["text"], turn["has_image"], turn["n_refs"], turn["has_mask"]) for turn in turns}) >= 600
    assert {name: outcomes.count(name) >= 40 for name in (*operations(), CHAT)} == dict.fromkeys(
        (*operations(), CHAT), True
    )


@settings(max_examples=200, deadline=None)
@given(
    text=st.text(max_size=300),
    has_image=st.booleans(),
    n_refs=st.integers(0, 4),
    has_mask=st.booleans(),
    width=st.integers(1, 8192),
    height=st.integers(1, 8192),
)
def test_any_text_has_a_possible_answer(
    text: str, has_image: bool, n_refs: int, has_mask: bool, width: int, height: int
) -> None:
    """Whatever is typed, the decision is an operation that accepts the parameters read, or chat."""
    turn = Turn(text, has_image or n_refs > 0, n_refs, has_mask, width, height)

    decision = route(turn)

    if decision.operation != CHAT:
        operations()[decision.operation].parse(decision.params)


@settings(max_examples=100, deadline=None)
@given(
    words=st.lists(
        st.sampled_from(
            [
                *(
                    "make",
                    "the",
                    "sky",
                    "red",
                    "remove",
                    "background",
                    "extend",
                    "left",
                    "20",
                    "%",
                    "256",
                    "px",
                    "16:9",
                ),
                *("into", "image", "2", "both", "a", "cat,", "and", ".", "?", "把", "背景", "を", "消して"),
            ]
        ),
        max_size=20,
    ),
    n_refs=st.integers(0, 3),
)
def test_shuffled_commands_have_a_possible_answer(words: list[str], n_refs: int) -> None:
    """Known words in any order neither crash nor give parameters that the operation refuses."""
    decision = route(Turn(" ".join(words), True, n_refs))

    if decision.operation != CHAT:
        operations()[decision.operation].parse(decision.params)


@pytest.mark.parametrize("text", ["thanks", "what can you do?", "tell me a joke", "谢谢", "merci beaucoup"])
@pytest.mark.parametrize("mask", [False, True])
def test_talk_is_never_drawn(text: str, mask: bool) -> None:
    """Talk stays talk, with or without pictures and masks in sight."""
    assert route(Turn(text, has_image=mask, has_mask=mask)).operation == CHAT


@pytest.mark.parametrize(
    ("text", "n_refs", "operation"),
    [
        ("replace the background with a beach", 0, "edit"),
        ("remove the background people", 0, "region_edit"),
        ("now make it blue", 2, "edit"),
        ("remove the background from both", 2, "remove_background"),
        ("change the lighting to golden hour", 0, "edit"),
        ("change the hat to a bowler hat", 0, "region_edit"),
        ("a completely new picture of a castle", 1, "generate"),
        ("a person removing their hat", 0, "generate"),
    ],
)
def test_traps(text: str, n_refs: int, operation: str) -> None:
    """Turns that share words with another operation are told apart."""
    assert route(Turn(text, has_image=True, n_refs=n_refs)).operation == operation
