"""Tools from what a gateway says, whatever it says."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from protobanana.errors import InvalidRequestError
from protobanana.mcp.arguments import checked
from protobanana.mcp.catalogue import Catalogue
from protobanana.mcp.skills import EXACT, skills_of


def form(name: str, slots: dict[str, Any], fewest: int = 0, most: int = 0, **more: Any) -> dict[str, Any]:
    """A workflow as the gateway describes it."""
    told = {"name": name, "title": name.title(), "description": "", "sizes": [], "slots": slots, "inputs": {}}
    return told | {"pictures": {"min": fewest, "max": most}, "model": f"protobanana/{name}"} | more


def operation(name: str, properties: dict[str, Any], fewest: int = 0, most: int = 0, **more: Any) -> dict[str, Any]:
    """An operation as the gateway describes it."""
    told = {"name": name, "title": name.title(), "description": name, "mask": False, "prompt": True}
    return told | {"images": {"min": fewest, "max": most}, "schema": {"properties": properties}} | more


PROMPT = {"prompt": {"type": "string", "default": "", "title": "Prompt"}}
SEED = {"seed": {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 2**64 - 1}, {"type": "null"}], "default": None}}
NEEDED = {"required": True}
OPTIONAL = {"required": False}


def test_an_operation_nobody_has_heard_of() -> None:
    """It is a tool with its own parameters, those of the common ones that a workflow honours, and all its workflows."""
    age = {"years": {"type": "integer", "minimum": 1, "maximum": 90, "default": 10, "description": "How much older."}}
    known = Catalogue(
        ["prompt", "seed", "width"],
        [operation("age", {**PROMPT, **SEED, "width": {"type": "integer"}, **age}, 1, 1)],
        {"a": form("a", {"image": NEEDED, "prompt": OPTIONAL, "seed": OPTIONAL}, 1, 1), "b": form("b", {}, 1, 1)},
        {"age": ["b", "a", "forbidden"]},
    )
    schema = skills_of(known, local=False)["age"].schema

    Draft202012Validator.check_schema(schema)
    assert list(schema["properties"]) == ["image", "prompt", "seed", "years", "model", "inputs"]
    assert schema["required"] == ["image", "prompt"]
    assert schema["properties"]["seed"] == {"type": "integer", "minimum": 0, "maximum": EXACT}
    assert schema["properties"]["years"] == age["years"]
    assert schema["properties"]["model"]["enum"] == ["b", "a"]


def test_an_operation_that_no_workflow_can_do() -> None:
    """It is no tool, nor is one whose workflows the key may not use."""
    known = Catalogue(["prompt"], [operation("dream", PROMPT), operation("age", PROMPT)], {}, {"age": ["forbidden"]})

    assert skills_of(known, local=True) == {}


def test_workflows_without_operation() -> None:
    """Each is a tool under a name that all clients take, once, with slots and inputs as they are."""
    slots = {
        "image": {"type": "image", **NEEDED},
        "image_2": {"type": "image", **OPTIONAL},
        "mask": {"type": "image", **OPTIONAL},
        "strength": {"type": "number", "default": 0.5, "min": 0, "max": 1, **NEEDED},
        "mode": {"type": "string", "choices": ["a", "b"], "default": "a", **OPTIONAL},
        "seed": {"type": "integer", **OPTIONAL},
    }
    inputs = {"Scale.width": {"node": "2", "type": "integer", "min": 16}, "K.seed": {"slot": "seed", "node": "3"}}
    forms = {name: form(name, slots, 1, 2, inputs=inputs) for name in ("größer", "gr__er", "x" * 80)}
    skills = skills_of(Catalogue([], [], forms, {}), local=False)

    assert list(skills) == ["gr_er", "gr__er", "x" * 64]
    schema = skills["gr_er"].schema
    Draft202012Validator.check_schema(schema)
    assert schema["required"] == ["images", "strength"]
    assert list(schema["properties"]) == ["images", "seed", "n", "mask", "strength", "mode", "inputs"]
    assert schema["properties"]["mode"] == {"enum": ["a", "b"], "default": "a"}
    assert schema["properties"]["inputs"]["properties"] == {"Scale.width": {"type": "integer", "minimum": 16}}


def test_names_that_would_be_the_same() -> None:
    """Two tools never share a name, nor does one take that of the list."""
    forms = {name: form(name, {}) for name in ("a b", "a?b", "workflows")}

    assert list(skills_of(Catalogue([], [], forms, {}), local=False)) == ["a_b", "a_b_2", "workflows_2"]


def test_arguments_that_are_null() -> None:
    """Null is an argument that was not given, also for one that must be."""
    schema = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "required": ["a"]}

    assert checked({"a": "x", "b": None}, schema) == {"a": "x"}
    for given in (None, {"a": None}):
        with pytest.raises(InvalidRequestError, match="'a' is missing"):
            checked(given, schema)


def test_what_is_refused_is_not_repeated() -> None:
    """A value may be megabytes; the answer names the argument and what is allowed, at any depth."""
    schema = {"type": "object", "properties": {"list": {"type": "array", "items": {"type": "string", "maxLength": 9}}}}
    with pytest.raises(InvalidRequestError) as refused:
        checked({"list": ["short", "secret" * 99]}, schema)

    assert refused.value.message == "'list.1' must be text of at most 9 characters."
    assert refused.value.param == "list.1"
