"""API graphs as files that ComfyUI's editor opens."""

from __future__ import annotations

import json
from importlib import resources
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from protobanana.errors import WorkflowError
from protobanana.workflows.authoring.convert import convert
from protobanana.workflows.authoring.convert.layout import is_widget
from protobanana.workflows.authoring.export import export
from protobanana.workflows.authoring.schema import AUTOGROW, InputSpec, NodeSpec, recorded

Graph = dict[str, Any]

BUNDLED = sorted(
    entry.name.removesuffix(".json")
    for entry in resources.files("protobanana.workflows").joinpath("bundled").iterdir()
    if entry.name.endswith(".json")
)


def bundled(name: str) -> Graph:
    """A bundled document."""
    text = resources.files("protobanana.workflows").joinpath("bundled", f"{name}.json").read_text(encoding="utf-8")
    read: Graph = json.loads(text)
    return read


def values_of(spec: InputSpec) -> st.SearchStrategy[Any]:
    """Values that a widget may hold."""
    if spec.is_upload:
        return st.just("picture.png")
    if spec.is_combo:
        return st.sampled_from(spec.choices) if spec.choices else st.just("some.safetensors")
    if spec.type == "INT":
        return st.integers(int(spec.options.get("min", 0)), int(spec.options.get("max", 2**40)))
    if spec.type == "FLOAT":
        least, most = float(spec.options.get("min", -10)), float(spec.options.get("max", 10))
        return st.floats(least, most, allow_nan=False, allow_infinity=False)
    return st.booleans() if spec.type == "BOOLEAN" else st.text(alphabet="ab {}|/*:%\n", max_size=20)


USABLE = [
    spec
    for spec in recorded().classes.values()
    if not any(declared.type == AUTOGROW or declared.options.get("forceInput") for declared in spec.inputs)
]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Graphs over the recorded classes: values of the right kinds, links of the right types, in any order of ids."""
    numbers = draw(st.lists(st.integers(1, 999), min_size=2, max_size=9, unique=True))
    graph: Graph = {}
    sources: dict[str, list[list[Any]]] = {}
    for number in numbers:
        spec = draw(st.sampled_from([spec for spec in USABLE if _feedable(spec, sources)]))
        node_id = draw(st.sampled_from((str(number), f"{number}:7")))
        graph[node_id] = {
            "class_type": spec.name,
            "inputs": _inputs(draw, spec, sources),
            "_meta": {"title": f"node {number}"},
        }
        for slot, kind in enumerate(spec.outputs):
            sources.setdefault(kind, []).append([node_id, slot])
    source = draw(st.sampled_from([link for links in sources.values() for link in links] or [None]))
    assume(source is not None)
    graph["1000"] = {"class_type": "PreviewAny", "inputs": {"source": source}, "_meta": {"title": "end"}}
    return graph


def _feedable(spec: NodeSpec, sources: dict[str, Any]) -> bool:
    return all(is_widget(declared) or not declared.required or declared.type in sources for declared in spec.inputs)


def _inputs(draw: st.DrawFn, spec: NodeSpec, sources: dict[str, list[list[Any]]]) -> Graph:
    inputs: Graph = {}
    waiting = list(reversed(spec.inputs))
    while waiting:
        declared = waiting.pop()
        known = sources.get(declared.type)
        if known and (not is_widget(declared) or (not declared.is_combo and draw(st.booleans()))):
            inputs[declared.name] = draw(st.sampled_from(known))
        elif is_widget(declared):
            inputs[declared.name] = draw(values_of(declared))
            waiting.extend(reversed(declared.dependents(inputs[declared.name])))
    return inputs


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(graphs())
def test_the_way_there_and_back_changes_nothing(graph: Graph) -> None:
    """Whatever the graph, the editor's file of it converts to the same graph."""
    file = json.loads(json.dumps(export(graph, recorded())))

    assert convert(file, recorded()).graph == graph


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_documents_come_back(name: str) -> None:
    """Their graphs are the same afterwards but for defaults that they leave out, and the header is kept."""
    document = bundled(name)

    file = export(document, recorded())

    graph = convert(file, recorded()).graph
    assert file["extra"]["_protobanana"] == document["_protobanana"]
    assert graph.keys() == {key for key in document if not key.startswith("_")}
    for node_id, node in graph.items():
        assert node["inputs"] | document[node_id]["inputs"] == node["inputs"]
        assert node["class_type"] == document[node_id]["class_type"]


def test_classes_and_inputs_that_nobody_knows_come_back() -> None:
    """What the schemas do not have is named in the file."""
    graph: Graph = {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0, "new": 1}},
        "2": {"class_type": "Frobnicate", "inputs": {"seed": 1, "list": {"__value__": [1]}, "images": ["1", 0]}},
        "3": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "images": ["2", 1]}},
    }
    found = convert(export(graph, recorded()), recorded()).graph

    assert {node_id: node["inputs"] for node_id, node in found.items()} == {
        node_id: node["inputs"] for node_id, node in graph.items()
    }


@pytest.mark.parametrize("name", BUNDLED)
def test_the_file_is_one_that_the_editor_can_open(name: str) -> None:
    """Links and nodes agree on both ends, no two nodes overlap, and wires run from left to right."""
    file = export(bundled(name), recorded())
    nodes = {node["id"]: node for node in file["nodes"]}

    assert file["version"] == 0.4
    assert file["last_link_id"] == len(file["links"]) == len({row[0] for row in file["links"]})
    assert file["last_node_id"] == max(node_id for node_id in nodes if isinstance(node_id, int))
    for number, origin, slot, target, target_slot, _ in file["links"]:
        assert number in nodes[origin]["outputs"][slot]["links"]
        assert nodes[target]["inputs"][target_slot]["link"] == number
        assert nodes[origin]["pos"][0] < nodes[target]["pos"][0]
    boxes = sorted((*node["pos"], node["size"][1]) for node in nodes.values())
    for (left, top, height), (other_left, other_top, _) in pairwise(boxes):
        assert left < other_left or top + height < other_top


def test_seeds_stay_fixed() -> None:
    """An exported seed does not change from run to run."""
    file = export(bundled("qwen_image_2512"), recorded())

    sampler = next(node for node in file["nodes"] if node["type"] == "KSampler")
    assert sampler["widgets_values"][1] == "fixed"


def test_what_is_no_graph_is_refused() -> None:
    """An export of nonsense would not open."""
    with pytest.raises(WorkflowError, match="is no node"):
        export({"1": {"inputs": {}}}, recorded())
