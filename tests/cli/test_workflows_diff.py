"""`workflows diff`: what differs, whatever ids and order nodes have."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protobanana.cli.workflows.comparison import differences, header_differences
from protobanana.cli.workflows.pairing import paired
from protobanana.workflows.graph import Graph, is_link
from protobanana.workflows.library import bundled
from support.commands import TEMPLATES, api, invoke, written

NAMES = sorted(path.name.removesuffix(".api.json") for path in TEMPLATES.glob("*.api.json"))


def renumbered(graph: Graph, seed: int) -> tuple[Graph, dict[str, str]]:
    """The same graph with other ids in another order, and which id became which."""
    chance = random.Random(seed)
    ids = [str(number) for number in range(1, len(graph) + 1)]
    chance.shuffle(ids)
    new = dict(zip(graph, ids, strict=True))
    order = list(graph)
    chance.shuffle(order)
    made = {}
    for old in order:
        inputs = {
            name: [new[value[0]], value[1]] if is_link(value) else value for name, value in graph[old]["inputs"].items()
        }
        made[new[old]] = {**graph[old], "inputs": inputs}
    return made, new


def lines(left: Graph, right: Graph) -> list[str]:
    """What differs between two graphs."""
    return list(differences(left, right, paired(left, right)))


@settings(deadline=None, max_examples=40)
@given(name=st.sampled_from(NAMES), seed=st.integers(0, 10_000))
def test_ids_and_order_do_not_count(name: str, seed: int) -> None:
    """A graph with other ids in another order is the same graph."""
    graph = api(name)

    assert lines(graph, renumbered(graph, seed)[0]) == []


@settings(deadline=None, max_examples=60)
@given(name=st.sampled_from(NAMES), seed=st.integers(0, 10_000))
def test_one_changed_value_is_one_line(name: str, seed: int) -> None:
    """Of a graph with other ids, in which one number is another, exactly that input is told."""
    graph = api(name)
    chance = random.Random(seed)
    places = [
        (key, name)
        for key, node in graph.items()
        for name, value in node["inputs"].items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    key, place = chance.choice(places)
    made, new = renumbered(graph, seed)
    made[new[key]]["inputs"][place] += 1
    found = lines(graph, made)

    assert len(found) == 1
    assert f"{place}: {json.dumps(graph[key]['inputs'][place])} -> " in found[0]


@pytest.mark.parametrize("name", sorted(bundled()))
def test_headers_speak_of_the_same_nodes(name: str) -> None:
    """A header whose node ids have been changed along with the graph's is the same header."""
    workflow = bundled()[name]
    graph = dict(workflow.graph)
    made, new = renumbered(graph, 7)
    header = workflow.header.model_dump(mode="json", by_alias=True, exclude_unset=True)

    def moved(text: str) -> str:
        node = next((key for key in sorted(new, key=len, reverse=True) if text.startswith(f"{key}.")), None)
        return f"{new[node]}{text[len(node) :]}" if node else text

    def walk(value: Any) -> Any:
        if is_link(value):
            return [new.get(value[0], value[0]), value[1]]
        if isinstance(value, dict):
            return {moved(key): walk(item) for key, item in value.items()}
        return (
            [walk(item) for item in value]
            if isinstance(value, list)
            else moved(value)
            if isinstance(value, str)
            else value
        )

    other = {key: walk(value) if key in ("slots", "tiers") else value for key, value in header.items()}
    other["outputs"] = {key: new[node] for key, node in header["outputs"].items()}
    pairs = paired(graph, made)

    assert lines(graph, made) == []
    # Nodes that compute the same may stand for each other.
    assert len(set(pairs.items()) - set(new.items())) <= 2
    if pairs == new:
        assert list(header_differences(header, other, graph, pairs)) == []


def test_equal_loaders_may_stand_for_each_other() -> None:
    """Which of two equal loaders feeds a node is no difference."""

    def made(first: str, second: str) -> Graph:
        loader = {"class_type": "VAELoader", "inputs": {"vae_name": "a.safetensors"}}
        return {
            "1": loader,
            "2": loader,
            "3": {"class_type": "VAEDecode", "inputs": {"vae": [first, 0]}},
            "4": {"class_type": "VAEEncode", "inputs": {"vae": [second, 0]}},
        }

    assert lines(made("1", "2"), made("2", "1")) == []
    assert lines(made("1", "2"), made("1", "1")) == []


CHANGES: list[tuple[Callable[[Graph], Any], list[str]]] = [
    (lambda graph: graph["3"]["inputs"].update(steps=9), ["Sampler (3), steps: 20 -> 9"]),
    (lambda graph: graph["3"]["inputs"].update(steps=20.0), []),
    (lambda graph: graph["3"]["inputs"].update(steps=True), ["Sampler (3), steps: 20 -> true"]),
    (lambda graph: graph["3"]["inputs"].pop("steps"), ["Sampler (3), steps: 20 -> not there"]),
    (lambda graph: graph["3"]["_meta"].update(title="Mine"), ['Sampler (3): title: "Sampler" -> "Mine"']),
    (lambda graph: graph["3"].pop("_meta"), []),
    (
        lambda graph: graph["3"]["inputs"].update(positive=["7", 0]),
        ["Sampler (3), positive: output 0 of Prompt (6) -> output 0 of Negative prompt (7)"],
    ),
    (
        lambda graph: graph.update({"900": {"class_type": "PreviewImage", "inputs": {"images": ["8", 0]}}}),
        ["only in the second: PreviewImage (900)"],
    ),
]


@pytest.mark.parametrize(("change", "wanted"), CHANGES)
def test_changes_are_told_by_title_and_input(change: Callable[[Graph], Any], wanted: list[str]) -> None:
    """A value, a link, a title, a node more: one line each; what means the same is none."""
    graph = json.loads(json.dumps(dict(bundled()["qwen_image_2512"].graph)))
    other = json.loads(json.dumps(graph))
    change(other)

    assert lines(graph, other) == wanted


def test_a_node_between_is_told_as_such() -> None:
    """Of a node that was put between two others, the node and the link behind it are told, nothing else."""
    graph = json.loads(json.dumps(dict(bundled()["qwen_image_2512"].graph)))
    other, _ = renumbered(graph, 3)
    decoded = next(key for key, node in other.items() if node["class_type"] == "VAEDecode")
    saved = next(node for node in other.values() if node["class_type"] == "SaveImage")
    other["900"] = {"class_type": "ImageInvert", "inputs": {"image": [decoded, 0]}}
    saved["inputs"]["images"] = ["900", 0]
    found = lines(graph, other)

    assert len(found) == 2
    assert found[0] == "only in the second: ImageInvert (900)"
    assert "images: output 0 of Decode (8) -> output 0 of ImageInvert (900)" in found[1]


def test_ids_and_likeness_tell_what_nothing_else_does() -> None:
    """Of nodes of one class that hang on nothing common, those with one id belong together, else the likeliest."""

    def notes(*values: tuple[str, str, int]) -> Graph:
        return {key: {"class_type": "Note", "inputs": {"text": text, "size": size}} for key, text, size in values}

    assert lines(notes(("1", "a", 1), ("2", "b", 2)), notes(("1", "c", 1), ("2", "d", 3))) == [
        'Note (1), text: "a" -> "c"',
        'Note (2), text: "b" -> "d"',
        "Note (2), size: 2 -> 3",
    ]
    assert lines(notes(("1", "a", 1), ("2", "b", 2)), notes(("3", "x", 2), ("4", "y", 1))) == [
        'Note (1), there 4, text: "a" -> "y"',
        'Note (2), there 3, text: "b" -> "x"',
    ]


def test_statuses(tmp_path: Path) -> None:
    """As with diff: 0 for the same, 1 for different, 2 for trouble."""
    document = {"_protobanana": {"title": "One"}, **api("image_z_image_turbo")}
    one = written(tmp_path / "one.json", document)
    two = written(tmp_path / "two.json", {**document, "_protobanana": {"title": "Two"}})
    none = written(tmp_path / "none.json", api("image_z_image_turbo"))

    assert invoke("workflows", "diff", one, one).stdout == ""
    assert invoke("workflows", "diff", one, two, status=1).stdout == 'header, title: "One" -> "Two"\n'
    assert invoke("workflows", "diff", one, none, status=1).stdout == "header: only in the first\n"
    assert "gone.json" in invoke("workflows", "diff", one, tmp_path / "gone.json", status=2).stderr


def test_models_are_compared_by_name(tmp_path: Path) -> None:
    """In a header's list of files the order does not count, and a change names the file."""
    models = [{"folder": "vae", "name": name, "repo": "a/b", "path": "c"} for name in ("x", "y")]
    graph = api("image_z_image_turbo")
    one = written(tmp_path / "one.json", {"_protobanana": {"models": models}, **graph})
    two = written(tmp_path / "two.json", {"_protobanana": {"models": models[::-1]}, **graph})
    models[1] = {**models[1], "size": 5}
    three = written(tmp_path / "three.json", {"_protobanana": {"models": models}, **graph})

    assert invoke("workflows", "diff", one, two).stdout == ""
    assert invoke("workflows", "diff", one, three, status=1).stdout == "header, models.y.size: not there -> 5\n"
