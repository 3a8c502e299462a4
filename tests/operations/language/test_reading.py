"""Reading of words: tokens, languages, commands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protobanana.operations.language.reading import read
from protobanana.operations.language.tokens import HEAD, TAIL, fold


@given(st.text(max_size=200))
def test_folding_keeps_offsets(text: str) -> None:
    """A folded text is as long as the original, so that phrases can be quoted from it."""
    assert len(fold(text)) == len(text)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("make it darker", "en"),
        ("mach es dunkler", "de"),
        ("hazlo más oscuro", "es"),
        ("rends-la plus sombre", "fr"),
        ("亮一点", "zh"),
        ("もっと明るくして", "ja"),
        ("xyzzy", "en"),
    ],
)
def test_languages(text: str, language: str) -> None:
    """The language is told by its words, English by default."""
    assert read(text).language == language


@pytest.mark.parametrize("word", ["remvoe", "reomve", "remov", "removee"])
def test_slips_of_the_fingers(word: str) -> None:
    """A verb that is one slip away from a known one is understood."""
    assert read(f"{word} the car").commands[0].verb == "remove"


@pytest.mark.parametrize("word", ["remote", "crate", "chance"])
def test_other_words_are_no_slips(word: str) -> None:
    """Words of their own are not mistaken for commands."""
    assert read(f"{word} of a car").commands[0].verb == ""


def test_a_long_text_is_read_at_its_ends() -> None:
    """Only a bounded part of a long text is looked at, its first and last words among it."""
    reading = read("draw a cat " + "very " * 6000 + "in 16:9")

    assert len(reading.text) == HEAD + TAIL + 1
    assert reading.commands[0].verb == "draw"
    assert reading.text.endswith("16:9")


def test_commands_in_order() -> None:
    """Each command is a clause of its own; what is to be kept is none."""
    reading = read("Make the sky pink, add a boat and keep the rest.")

    assert [command.verb for command in reading.commands] == ["make", "add"]


def test_quotations_are_not_commands() -> None:
    """Words in quotation marks are content."""
    assert [command.verb for command in read('write "remove the background" on it').commands] == ["write"]
