"""Operations as tools: derived, small, and readable for any server of language models."""

from __future__ import annotations

import json

import pytest

from protobanana.operations.base import operations
from protobanana.turn.agent.schemas import EXACT, SHOW, offered, tools
from protobanana.workflows.library import WorkflowLibrary

LIBRARY = WorkflowLibrary(None)
TOOLS = {tool["function"]["name"]: tool["function"] for tool in tools(offered(LIBRARY, masked=True), LIBRARY)}


def test_one_tool_per_operation() -> None:
    """Every operation is a tool, beside the one that goes back; one that needs a mask only where there is a mask."""
    assert set(TOOLS) == {*operations(), SHOW}
    assert {name for name, kind in operations().items() if kind.needs_mask} == set(operations()) - set(
        offered(LIBRARY, masked=False)
    )


@pytest.mark.parametrize("name", sorted(TOOLS))
def test_plain_schemas(name: str) -> None:
    """Descriptions are there; no unions, titles, defaults, or numbers that JavaScript cannot keep."""
    tool = TOOLS[name]
    properties = tool["parameters"]["properties"]

    assert tool["description"]
    assert set(tool["parameters"]["required"]) <= properties.keys()
    assert all(schema["type"] in {"string", "integer", "array"} for schema in properties.values())
    assert all(schema.get("maximum", 0) <= EXACT for schema in properties.values())
    assert not {"anyOf", "title", "default", "$ref"} & {key for schema in properties.values() for key in schema}


@pytest.mark.parametrize("name", sorted(operations()))
def test_pictures_are_asked_for(name: str) -> None:
    """An operation on one picture requires its id, one on several a list of ids, one on none neither."""
    kind, parameters = operations()[name], TOOLS[name]["parameters"]
    wanted = {0: set(), 1: {"image"}}.get(kind.max_images, {"images"})

    assert {"image", "images"} & parameters["properties"].keys() == wanted
    assert wanted <= set(parameters["required"])


def test_only_what_can_be_honoured_is_offered() -> None:
    """A cut-out offers no prompt and no seed, an edit no room on the left, a new picture its native sizes."""
    assert TOOLS["remove_background"]["parameters"]["properties"].keys() == {"image"}
    assert "left" not in TOOLS["edit"]["parameters"]["properties"]
    assert "1328x1328" in TOOLS["generate"]["parameters"]["properties"]["width"]["description"]
    assert {"region", "result"} <= set(TOOLS["region_edit"]["parameters"]["required"])


def test_the_tools_are_small() -> None:
    """All of them together leave room for the conversation."""
    assert len(json.dumps(list(TOOLS.values()))) < 7500
