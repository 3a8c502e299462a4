"""Whatever the graph, tracing gives a sound header or a WorkflowError."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protobanana.errors import WorkflowError
from protobanana.operations.base import operations
from protobanana.workflows.authoring.infer import Inferred, infer, tasks
from protobanana.workflows.authoring.schema import recorded, recorded_object_info
from protobanana.workflows.document import Workflow
from protobanana.workflows.graph import is_link

TASKS = tasks(operations().values())
GRAPHS = [
    json.loads(path.read_text("utf-8"))
    for path in sorted((Path(__file__).parents[2] / "data" / "inferred" / "graphs").glob("*.json"))
]
CLASSES = [*recorded_object_info(), "Unknown", "MyKSampler", "LoadImageFromCloud", ""]
DRAWING = [name for name, entry in recorded_object_info().items() if entry["output"][:1] == ["IMAGE"]] + ["Unknown"]
NAMES = ["positive", "negative", "model", "image", "mask", "text", "prompt", "width", "height", "seed", "steps", "cfg"]
TITLES = ["prompt", "Negative prompt", "image 2", "mask", "output", "Seed", "width", "", "\x00\x1b", "x" * 300]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)
PLAIN = st.one_of(st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.none())


def is_sound(inferred: Inferred) -> bool:
    """The header loads with its graph, and each of its slots is an input that holds a plain value."""
    text = json.dumps(inferred.document)
    workflow = Workflow.parse("inferred", text)
    targets = [target for wiring in workflow.slots.values() for target in wiring.to]
    values = [inferred.graph[target.node]["inputs"][target.input] for target in targets]
    return all(isinstance(value, str | int | float) for value in values)


def is_handled(graph: dict[str, Any]) -> bool:
    """A sound header, or a sentence."""
    try:
        inferred = infer(graph, recorded(), operations=TASKS)
    except WorkflowError as error:
        return bool(error.message)
    return is_sound(inferred)


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, Any]:
    """Random nodes of known and unknown classes, linked at random to those before them, and a picture saved."""
    ids = draw(st.lists(st.sampled_from(["1", "2", "3", "10", "4:5", "x", "a.b"]), min_size=1, unique=True))
    found: dict[str, Any] = {}
    for node_id in ids:
        class_type = draw(st.sampled_from(CLASSES if node_id != ids[-1] else DRAWING))
        declared = recorded_object_info().get(class_type, {}).get("input", {}).get("required", {})
        names = st.sampled_from([*declared, *NAMES])
        link = st.tuples(st.sampled_from(list(found)), st.integers(0, 3)).map(list) if found else PLAIN
        found[node_id] = {
            "class_type": class_type,
            "inputs": draw(st.dictionaries(names, link | PLAIN, max_size=8)),
            "_meta": {"title": draw(st.sampled_from(TITLES))},
        }
    found["save"] = {"class_type": "SaveImage", "inputs": {"images": [ids[-1], 0]}}
    return found


@settings(max_examples=200, deadline=None)
@given(graphs())
def test_random_graphs(graph: dict[str, Any]) -> None:
    """Nothing but a WorkflowError escapes, and a header that comes out is sound."""
    assert is_handled(graph)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(GRAPHS), st.randoms(use_true_random=False), st.integers(1, 6))
def test_damaged_templates(graph: dict[str, Any], chance: random.Random, times: int) -> None:
    """Real graphs with nodes and inputs removed, exchanged, linked elsewhere or renamed are handled too."""
    damaged = copy.deepcopy(graph)
    for _ in range(times):
        damage(damaged, chance)

    assert is_handled(damaged)


def damage(graph: dict[str, Any], chance: random.Random) -> None:
    """One random change."""
    node_id = chance.choice(sorted(graph))
    inputs = graph[node_id]["inputs"]
    name = chance.choice(sorted(inputs) or ["text"])
    links = [value for node in graph.values() for value in node["inputs"].values() if is_link(value)]
    change = chance.randrange(7)
    if change == 0 and len(graph) > 1:
        del graph[node_id]
    elif change == 1:
        inputs.pop(name, None)
    elif change == 2:
        inputs[name] = chance.choice([None, True, -1, float("inf"), "text", [], {}])
    elif change == 3 and links:
        inputs[name] = chance.choice(links)
    elif change == 4:
        graph[node_id]["class_type"] = chance.choice(CLASSES)
    elif change == 5:
        graph[node_id]["_meta"] = {"title": chance.choice(TITLES)}
    else:
        graph[f"{node_id}0"] = copy.deepcopy(graph[node_id])


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(GRAPHS), st.recursive(VALUES, lambda inner: st.dictionaries(st.sampled_from(NAMES), inner)))
def test_any_header(graph: dict[str, Any], header: Any) -> None:
    """Whatever stands in the header's place is kept or refused."""
    assert is_handled(graph | {"_protobanana": header})
    assert is_handled(graph | {"_protobanana": {"slots": {"prompt": header}, "limits": {"max_batch": header}}})


@pytest.mark.parametrize("graph", GRAPHS[:8])
def test_the_order_of_nodes_does_not_matter(graph: dict[str, Any]) -> None:
    """What is found depends on the graph, not on how the file lists it."""
    backwards = dict(reversed(graph.items()))

    assert infer(backwards, recorded(), operations=TASKS).header == infer(graph, recorded(), operations=TASKS).header
