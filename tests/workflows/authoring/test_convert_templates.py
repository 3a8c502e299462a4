"""Conversion of workflows that people have drawn: ComfyUI's own templates."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from protobanana.errors import WorkflowError
from protobanana.workflows.authoring.convert import Converted, convert, is_editor_format
from protobanana.workflows.authoring.nodes import check_graph
from protobanana.workflows.authoring.schema import recorded
from protobanana.workflows.graph import read_graph

Json = dict[str, Any]

PACKAGE = "comfyui-workflow-templates-json"
RECORDED = Path(__file__).parents[2] / "data" / "templates"

NAMES: dict[str, list[str]] = json.loads((RECORDED / "names.json").read_text(encoding="utf-8"))
"""`whole`: templates all of whose classes the record has; `newer`: with classes, inputs or outputs that came later."""

GENUINE = sorted((*RECORDED.glob("*.api.json"), *RECORDED.glob("*.all.json")), key=lambda path: path.name)


@cache
def templates() -> dict[str, str]:
    """The texts of all templates of the package, by name."""
    found: dict[str, str] = {}
    for entry in metadata.distribution(PACKAGE).files or ():
        if entry.suffix == ".json" and not entry.stem.startswith("index"):
            text = Path(str(entry.locate())).read_text(encoding="utf-8")
            if is_editor_format(json.loads(text)):
                found[entry.stem] = text
    return found


def converted(name: str) -> Converted:
    """One template against the record."""
    return convert(json.loads(templates()[name]), recorded(), source=f"{name}.json")


def errors(graph: Json) -> list[str]:
    """What the static check finds, but for choices, which grow from version to version."""
    found = check_graph(graph, recorded())
    return [str(problem) for problem in found if problem.severity == "error" and "is not one of" not in problem.message]


def scopes(document: Json) -> Iterator[Json]:
    """The root and the subgraphs of a file."""
    yield document
    yield from (document.get("definitions") or {}).get("subgraphs") or ()


def with_all_branches(document: Json) -> Json:
    """The file after somebody has switched every bypassed node on."""
    for scope in scopes(document):
        for node in scope["nodes"]:
            node["mode"] = 0 if node.get("mode") == 4 else node.get("mode")
    return document


def wiring(graph: Json) -> Json:
    """A graph without titles, which the frontend translates."""
    return {node_id: {key: node[key] for key in ("class_type", "inputs")} for node_id, node in graph.items()}


@pytest.mark.parametrize("path", GENUINE, ids=lambda path: path.name)
def test_the_graph_is_that_of_the_genuine_frontend(path: Path) -> None:
    """Node by node and value by value, it is what ComfyUI's own editor sends for the same file."""
    name, kind, _ = path.name.rsplit(".", 2)
    document = json.loads((RECORDED / f"{name}.editor.json").read_text(encoding="utf-8"))
    expected = json.loads(path.read_text(encoding="utf-8"))

    graph = convert(with_all_branches(document) if kind == "all" else document, recorded()).graph

    assert wiring(graph) == wiring(expected)


@pytest.mark.parametrize("name", NAMES["whole"])
def test_templates_convert_to_sound_graphs(name: str) -> None:
    """The static check finds nothing, and nothing was dropped or guessed."""
    found = converted(name)

    assert errors(found.graph) == []
    assert read_graph(found.graph)
    assert not [str(note) for note in found.notes if note.kind in ("repaired", "unknown")]


@pytest.mark.parametrize("name", NAMES["newer"])
def test_templates_newer_than_the_record_convert_with_remarks(name: str) -> None:
    """What the record does not know is remarked on, and every other node is sound."""
    found = converted(name)

    remarked = {note.node for note in found.notes if note.kind == "unknown"}
    assert remarked
    wrong = [problem for problem in check_graph(found.graph, recorded()) if problem.severity == "error"]
    elsewhere = [problem for problem in wrong if problem.node not in remarked]
    assert not [str(problem) for problem in elsewhere if "is not one of" not in problem.message]


def test_every_template_converts_or_says_why_not() -> None:
    """Of all templates, most convert; the others have classes that nobody but their server knows, or are unfinished."""
    refused: dict[str, str] = {}
    for name in templates():
        try:
            assert read_graph(converted(name).graph)
        except WorkflowError as error:
            refused[name] = error.message

    reasons = ("has no such node classes: node", "a required input is missing", "has the value", "no node in it saves")
    assert not {name: text for name, text in refused.items() if not any(reason in text for reason in reasons)}
    unfinished = [name for name, text in refused.items() if reasons[0] not in text]
    assert len(unfinished) <= len(templates()) // 50
    assert len(refused) <= len(templates()) // 2


JUNK: list[Any] = [
    None,
    True,
    -1,
    0,
    3.5,
    float("inf"),
    "",
    "x",
    [],
    {},
    [None],
    ["a", 0],
    {"a": 1},
    10**30,
    "\x00\u202e",
]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a document at which something can be spoilt."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from places(value[key])


@pytest.mark.parametrize("name", [name for name in NAMES["whole"] if name.startswith(("image_", "flux_"))][::3])
def test_spoilt_templates_are_refused_or_sound(name: str) -> None:
    """After random deletions and swaps of types there is a WorkflowError, or a graph that passes the check."""
    dice = random.Random(name)
    outcomes: set[bool] = set()
    for _ in range(60):
        document = json.loads(templates()[name])
        spots = list(places(document))
        for container, key in dice.choices(spots, k=dice.choice((1, 1, 3))):
            if key in container if isinstance(container, dict) else key < len(container):
                container[key] = dice.choice(JUNK)
                if dice.random() < 0.5:
                    del container[key]
        try:
            graph = convert(document, recorded()).graph
        except WorkflowError as error:
            assert error.message.startswith("workflow: ")
            outcomes.add(False)
        else:
            assert not [text for text in errors(graph) if "allowed" not in text and "no node class" not in text]
            assert json.dumps(graph, allow_nan=False)
            outcomes.add(True)

    assert outcomes == {True, False}
