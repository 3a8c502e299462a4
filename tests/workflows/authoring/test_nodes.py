"""Checking one graph against node classes."""

from __future__ import annotations

from typing import Any

import pytest

from protobanana.workflows.authoring.nodes import Problem, check_graph, check_value, file_name, title_of
from protobanana.workflows.authoring.schema import InputSpec, recorded


def test_problems_read_as_sentences() -> None:
    """A finding names node, title and input; one about the header names none."""
    assert str(Problem("error", "is wrong.", "3", "Sampler", "steps")) == "error: node 3 (Sampler), steps: is wrong."
    assert str(Problem("warning", "no licence.")) == "warning: no licence."


def test_title_of() -> None:
    """The title in the editor, else the class."""
    assert title_of({"class_type": "A", "_meta": {"title": "Mine"}}) == "Mine"
    assert title_of({"class_type": "A", "_meta": None}) == "A"


@pytest.mark.parametrize("path", ["a.safetensors", "sub/a.safetensors", "sub\\deep\\a.safetensors"])
def test_file_name(path: str) -> None:
    """Model names are paths of either kind."""
    assert file_name(path) == "a.safetensors"


@pytest.mark.parametrize(
    ("kind", "options", "value", "expected"),
    [
        ("INT", {}, 4, None),
        ("INT", {}, 4.0, None),
        ("INT", {}, 4.5, "whole number"),
        ("INT", {}, "4", "whole number"),
        ("INT", {}, True, "whole number"),
        ("INT", {"min": 1}, 0, "less than 1"),
        ("INT", {"max": 8}, 9, "more than 8"),
        ("FLOAT", {}, 3, None),
        ("FLOAT", {}, float("nan"), "a number"),
        ("FLOAT", {}, None, "a number"),
        ("STRING", {}, "x", None),
        ("STRING", {}, 3, "text"),
        ("BOOLEAN", {}, False, None),
        ("BOOLEAN", {}, "false", "true or false"),
        ("COLORCODE", {}, "#222222", None),
        ("MODEL", {}, "x", "a link to MODEL"),
    ],
)
def test_check_value(kind: str, options: dict[str, Any], value: object, expected: str | None) -> None:
    """Values are judged by kind and range; sockets take none."""
    found = check_value(InputSpec("x", kind, required=True, options=options), value)
    assert found is None if expected is None else expected in (found or "")


def test_choices_are_listed_with_the_closest() -> None:
    """A value that is not in its list is told the list and what was probably meant."""
    spec = recorded().classes["KSampler"].inputs_for({})["sampler_name"]
    message = check_value(spec, "eulr") or ""

    assert "'eulr' is not one of 'euler'," in message
    assert "more. Did you mean 'euler'?" in message


def test_uploads_and_wrapped_lists_are_not_judged() -> None:
    """A picture's name is never in the server's list; several choices come in ComfyUI's wrapping."""
    many = InputSpec("x", "COMBO", required=True, choices=("a",), options={"multiselect": True})

    assert check_value(recorded().classes["LoadImage"].inputs[0], "anything.png") is None
    assert check_value(many, {"__value__": ["a"]}) is None


def test_a_circle_is_reported_alone() -> None:
    """Links in a circle are one finding."""
    graph = {
        "1": {"class_type": "ImageInvert", "inputs": {"image": ["2", 0]}},
        "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
    }
    (found,) = check_graph(graph, recorded())
    assert "circle" in found.message
