"""Prompts and instructions, read into phrases."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protobanana.engine.painter.reading import read


def said(text: str) -> set[tuple[str, tuple[str, ...]]]:
    """Nouns with their colours."""
    return {(phrase.noun, tuple(phrase.colours + phrase.becomes)) for clause in read(text) for phrase in clause.phrases}


@pytest.mark.parametrize(
    "text",
    [
        "a red field with a white circle", "a white circle on a red background", "红色背景上的白色圆形",
        "un círculo blanco sobre un fondo rojo", "un cercle blanc sur fond rouge",
        "ein weißer Kreis auf rotem Hintergrund", "赤い背景に白い円",
    ],
)  # fmt: skip
def test_colours_stay_with_their_nouns(text: str) -> None:
    """In six languages the circle is white and the background red."""
    assert said(text) == {("circle", ("white",)), ("background", ("red",))}


@pytest.mark.parametrize(
    "text",
    [
        "change the white circle to a yellow star", "replace the white circle with a yellow star",
        "turn the white circle into a yellow star", "把白色的圆换成黄色的星星", "白い円を黄色い星に変えて",
        "cambia el círculo blanco por una estrella amarilla", "remplace le cercle blanc par une étoile jaune",
        "ersetze den weißen Kreis durch einen gelben Stern",
    ],
)  # fmt: skip
def test_change_has_a_before_and_an_after(text: str) -> None:
    """The circle comes before the change, the star behind it."""
    (clause,) = read(text)

    assert clause.verb in {"change", "make"}
    assert [(phrase.noun, phrase.colours, phrase.side) for phrase in clause.phrases] == [
        ("circle", ["white"], 0),
        ("star", ["yellow"], 1),
    ]


def test_what_is_kept_is_no_instruction() -> None:
    """Clauses of keeping are marked as such."""
    verbs = [clause.verb for clause in read("make the hat blue, keep the red background")]

    assert verbs == ["make", "keep"]


@pytest.mark.parametrize(
    ("text", "noun", "count", "place"),
    [
        ("three blue circles", "circle", 3, None), ("cats", "cat", 3, None), ("a cat", "cat", 1, None),
        ("put a star in the top right corner", "star", 1, (0.8, 0.2)),
        ("a circle on the left", "circle", 1, (0.2, 0.5)),
        ("两只猫", "cat", 2, None),
    ],
)  # fmt: skip
def test_counts_and_places(text: str, noun: str, count: int, place: tuple[float, float] | None) -> None:
    """Numbers, plurals and places belong to their noun."""
    phrase = read(text)[0].phrases[0]

    assert (phrase.noun, phrase.count, phrase.place) == (noun, count, place)


def test_possessor_is_not_the_thing() -> None:
    """`the man's tie` is a tie; `the color of the circle` is about the circle; `beach house` is a house."""
    assert said("the man's tie") == {("tie", ())}
    assert said("change the color of the circle to blue") == {("circle", ())}
    assert said("a beach house") == {("house", ())}


def test_quoted_text_is_kept_as_written() -> None:
    """All common quotation marks; apostrophes are none."""
    for quoted in ("'HELLO World'", '"HELLO World"', "“HELLO World”", "「HELLO World」", "«HELLO World»"):
        texts = [phrase.noun for clause in read(f"a sign with {quoted}") for phrase in clause.phrases]
        assert "HELLO World" in texts
    assert all(phrase.kind != "text" for clause in read("don't change the dog's hat") for phrase in clause.phrases)


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    """No input makes the reader fail."""
    read(text)
