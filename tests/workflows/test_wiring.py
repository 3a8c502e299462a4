"""Slot and tier wiring on its own; documents test the rest."""

from __future__ import annotations

import pytest

from protobanana.workflows.graph import Target
from protobanana.workflows.wiring import apply, count_pictures, picture_number


@pytest.mark.parametrize(
    ("slot", "number"),
    [("image", 1), ("image_2", 2), ("image_10", 10), ("images", None), ("mask", None), ("image2", None)],
)
def test_picture_number(slot: str, number: int | None) -> None:
    """Picture slots are `image`, `image_2` and so on; nothing else is."""
    assert picture_number(slot) == number


def test_count_pictures() -> None:
    """Only picture slots count."""
    assert count_pictures(["image", "mask", "image_2", "prompt"]) == 2


def test_apply_sets_links_removes_and_copies() -> None:
    """A change sets a value, links an open input or takes an input out, and never shares its list."""
    link = ["2", 0]
    graph = {"1": {"class_type": "A", "inputs": {"a": 1, "b": 2}}}

    apply(graph, ((Target("1", "a"), None), (Target("1", "b"), 5), (Target("1", "c"), link), (Target("1", "d"), None)))

    assert graph["1"]["inputs"] == {"b": 5, "c": ["2", 0]}
    assert graph["1"]["inputs"]["c"] is not link
