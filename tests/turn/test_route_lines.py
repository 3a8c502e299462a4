"""The router as a filter over JSON lines."""

from __future__ import annotations

import json

import pytest

from protobanana.errors import InvalidRequestError
from protobanana.turn.route_lines import answer, answers


def test_an_answer_has_every_field() -> None:
    """Operation, size, pads and phrases are always there, null or zero where nothing is said."""
    assert answer({"text": "a cat"}) == {
        "operation": "generate",
        "width": None,
        "height": None,
        "pads": {"left": 0, "top": 0, "right": 0, "bottom": 0},
        "region": None,
        "result": None,
    }


def test_the_newest_picture_gives_the_measure() -> None:
    """Shares are of the given width and height, which are 1024 when absent."""
    small = answer({"text": "extend left by 50%", "has_image": True, "width": 200, "height": 100})
    plain = answer({"text": "extend left by 50%", "has_image": True})

    assert (small["pads"]["left"], plain["pads"]["left"]) == (100, 512)


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({}, "text"),
        ({"text": 3}, "text"),
        ({"text": "a", "has_image": "yes"}, "has_image"),
        ({"text": "a", "n_refs": -1}, "n_refs"),
        ({"text": "a", "width": True}, "width"),
        ({"text": "a", "height": 0}, "height"),
    ],
)
def test_a_bad_field_is_named(line: dict[str, object], field: str) -> None:
    """A value of the wrong kind is refused by name."""
    with pytest.raises(InvalidRequestError) as caught:
        answer(line)

    assert caught.value.param == field


def test_bad_lines_do_not_stop_the_stream() -> None:
    """A line that is no turn gives an error with its number; the others are answered in order."""
    lines = ['{"text": "a cat"}', "", "nonsense", "[1]", '{"text": null}', "[" * 100_000, '{"text": "thanks"}']

    given = [json.loads(line) for line in answers(lines)]

    assert [item.get("operation") for item in given] == ["generate", None, None, None, None, "chat"]
    assert [item.get("line") for item in given] == [None, 3, 4, 5, 6, None]


def test_phrases_stay_readable() -> None:
    """Other scripts are written as they are."""
    (line,) = answers([json.dumps({"text": "把帽子换成皇冠", "has_image": True})])

    assert "皇冠" in line
