"""Inputs by name: what can be set, under which names, and how values are checked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from protobanana.errors import InvalidRequestError
from protobanana.workflows.authoring.schema import recorded
from protobanana.workflows.document import Workflow
from protobanana.workflows.form import form_of
from protobanana.workflows.inputs import checked, find, labels, settings_of


def workflow(**nodes: Any) -> Workflow:
    """A small document with these nodes before its output."""
    document = {
        "_protobanana": {"schema": 1, "operation": [], "outputs": {"image": "9"}, "slots": {"scale": "2.scale_by"}},
        "1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}, "_meta": {"title": "Photo"}},
        "2": {
            "class_type": "ImageScaleBy",
            "inputs": {"image": ["1", 0], "upscale_method": "lanczos", "scale_by": 2.0},
            "_meta": {"title": "v1.5 larger"},
        },
        "9": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}},
        **nodes,
    }
    return Workflow.parse("small", json.dumps(document))


def text(title: str) -> dict[str, Any]:
    return {"class_type": "PrimitiveString", "inputs": {"value": "a"}, "_meta": {"title": title}}


def test_names_are_titles_where_they_tell_nodes_apart() -> None:
    """Inputs are called by title, by id where several nodes have the same; links are not among them."""
    made = workflow(a=text("Text"), b=text("text"), c=text("Other"))
    named = set(labels(settings_of(made, recorded())).values())

    assert named == {
        *("a.value", "b.value", "Other.value", "Photo.image"),
        *("v1.5 larger.upscale_method", "v1.5 larger.scale_by", "SaveImage.filename_prefix"),
    }


@pytest.mark.parametrize(
    "key", ["2.scale_by", "v1.5 larger.scale_by", " V1.5 LARGER.scale_by", "scale.scale_by", "ImageScaleBy.scale_by"]
)
def test_found_by(key: str) -> None:
    """Id, title (dots and all), title in other letters, a slot's node and the class lead to the input."""
    made = workflow()

    assert find(key, made, settings_of(made, recorded())).target == ("2", "scale_by")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("Text.value", "may be any of a.value, b.value"),
        ("v1.5 larger.scale", "Did you mean 'v1.5 larger.scale_by'"),
        ("2.image", "linked to another node"),
        ("Photo.image", "send it as one"),
        ("__class__.x", "has no input"),
        ("x" * 10_000, "has no input"),
    ],
)
def test_not_found(key: str, words: str) -> None:
    """What is ambiguous, misspelt, linked or a picture is refused with what is meant."""
    made = workflow(a=text("Text"), b=text("Text"))
    with pytest.raises(InvalidRequestError) as caught:
        find(key, made, settings_of(made, recorded()))

    assert words in caught.value.message
    assert len(caught.value.message) < 1000


def test_a_class_that_is_not_known() -> None:
    """Of a class without schema the values that are there can be set, to others of their kind."""
    made = workflow(a={"class_type": "NobodyKnows", "inputs": {"count": 3, "on": True, "words": "x", "in": ["1", 0]}})
    found = {setting.target.input: setting for setting in settings_of(made, recorded()) if setting.target.node == "a"}

    assert set(found) == {"count", "on", "words"}
    assert checked(found["count"], "4", "x") == 4
    assert checked(found["on"], "false", "x") is False
    for name, value in (("count", "many"), ("on", 1), ("words", 1), ("count", True), ("count", float("nan"))):
        with pytest.raises(InvalidRequestError):
            checked(found[name], value, "x")


@pytest.mark.parametrize(("value", "fits"), [(1024, True), (1040, True), (1041, False), (8, False), ("1024", True)])
def test_steps_of_whole_numbers(value: object, fits: bool) -> None:
    """A whole number lies on a step, counted from the smallest or from the author's own value."""
    canvas = {"class_type": "EmptySD3LatentImage", "inputs": {"width": 1328, "height": 1328, "batch_size": 1}}
    made = workflow(a=canvas)
    width = next(setting for setting in settings_of(made, recorded()) if setting.target == ("a", "width"))

    if fits:
        assert checked(width, value, "x") == int(str(value))
    else:
        with pytest.raises(InvalidRequestError):
            checked(width, value, "x")


def test_the_form_lists_what_can_be_set() -> None:
    """Slots and inputs come with type, default and range."""
    form = form_of(workflow())

    assert form["slots"]["scale"]["fills"] == ["2.scale_by"]
    assert form["inputs"]["v1.5 larger.scale_by"] == {
        "node": "2",
        "slot": "scale",
        "type": "number",
        "default": 2.0,
        **{key: form["slots"]["scale"][key] for key in ("min", "max", "step")},
    }
    assert "lanczos" in form["inputs"]["v1.5 larger.upscale_method"]["choices"]
    assert "Photo.image" not in form["inputs"]
