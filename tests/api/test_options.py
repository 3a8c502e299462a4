"""Option fields: conversions from a form, refusals by name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protobanana.api.options import parse, parse_known
from protobanana.errors import InvalidRequestError
from protobanana.turn.request import Wishes


def test_strings_of_a_form_are_converted() -> None:
    """A multipart form has only text."""
    wishes = parse(
        {"n": "3", "seed": "7", "output_compression": "40", "output_format": "JPG", "steps": "12", "cfg": "1.5"}
    ).wishes()

    assert (wishes.n, wishes.seed, wishes.output_compression, wishes.output_format) == (3, 7, 40, "jpeg")
    assert wishes.extra == {"steps": 12, "cfg": 1.5}


def test_nothing_set_is_nothing_wished() -> None:
    """Defaults live in the workflow, not here."""
    assert parse({"n": None, "size": "auto", "quality": "auto", "user": "u", "stream": False}).wishes() == Wishes()


@pytest.mark.parametrize(
    ("asked", "tier"), [("low", "low"), ("standard", "medium"), ("HD", "high"), ("max", "high"), ("auto", None)]
)
def test_quality_names(asked: str, tier: str | None) -> None:
    """Old and new names of OpenAI mean one of three tiers."""
    assert parse({"quality": asked}).wishes().quality == tier


@pytest.mark.parametrize(
    ("asked", "size", "aspect"),
    [
        ("1024x512", (1024, 512), None),
        ("1024 × 512", (1024, 512), None),
        ("16:9", (None, None), (16, 9)),
        ("", (None, None), None),
    ],
)
def test_size_forms(asked: str, size: tuple[int | None, int | None], aspect: tuple[int, int] | None) -> None:
    """Pixels or a ratio."""
    wishes = parse({"size": asked}).wishes()

    assert ((wishes.width, wishes.height), wishes.aspect) == (size, aspect)


def test_a_structured_extra_is_refused() -> None:
    """A further field must be a plain value; its name is cut, its value not repeated."""
    with pytest.raises(InvalidRequestError) as caught:
        parse({"x" * 500: {"a": 1}}).wishes()

    assert len(caught.value.message) < 200


def test_chat_reads_only_what_is_of_pictures() -> None:
    """A chat client's own fields are not ours to refuse; ours are checked as everywhere."""
    assert (
        parse_known({"temperature": "hot", "response_format": {"type": "json_object"}, "tools": []}).wishes()
        == Wishes()
    )
    with pytest.raises(InvalidRequestError, match="size"):
        parse_known({"size": "big"})


FIELDS = ["n", "size", "quality", "background", "output_format", "output_compression", "response_format", "seed"]


@given(
    st.dictionaries(
        st.sampled_from(FIELDS),
        st.one_of(
            st.none(),
            st.integers(),
            st.floats(),
            st.text(max_size=20),
            st.booleans(),
            st.lists(st.integers(), max_size=2),
        ),
    )
)
def test_any_values_parse_or_name_their_field(fields: dict[str, Any]) -> None:
    """Whatever is sent, the outcome is options or a refusal that names one of the fields."""
    try:
        parse(fields).wishes()
    except InvalidRequestError as error:
        assert error.param in {*fields, "output_compression", "background"}
