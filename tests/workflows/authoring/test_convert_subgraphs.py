"""Subgraphs: unfolded, with the values that their instances show."""

from __future__ import annotations

from typing import Any

import pytest

from protobanana.errors import WorkflowError
from protobanana.workflows.authoring.convert import convert
from protobanana.workflows.authoring.schema import recorded
from support.editor import Editor, drawing

Graph = dict[str, Any]


def graph_of(made: Editor) -> Graph:
    """The API graph of a file."""
    return convert(made.done(), recorded()).graph


def scaler() -> Editor:
    """A subgraph that resizes a picture; its sides are inputs, the height also feeds the padding."""
    made = Editor("scaler")
    made.node(1, "ImageScale", ["lanczos", 100, 200, "disabled"], outputs=["IMAGE"])
    made.node(2, "ImagePadForOutpaint", [0, 0, 0, 8, 4], outputs=["IMAGE", "MASK"])
    made.wire(1, 0, 2, "image", "IMAGE")
    made.port("image", "IMAGE", 1, "image")
    made.port("width", "INT", 1, "width", widget=True)
    made.port("height", "INT", 1, "height", widget=True)
    made.ports["inputs"][2]["linkIds"].append(made.wire(-10, 2, 2, "left", "INT", widget=True))
    made.result("image", "IMAGE", 2)
    return made


def with_instance(values: Any, **more: Any) -> Editor:
    """The drawing, its picture sent through an instance (57) of the scaler."""
    made = drawing()
    made.definitions.append(scaler().done())
    made.node(57, "scaler", values, outputs=["IMAGE"], **more)
    made.wire(8, 0, 57, "image", "IMAGE")
    made.wire(57, 0, 9, "images", "IMAGE")
    return made


def sides(graph: Graph) -> tuple[Any, Any, Any]:
    """Width, height and padding inside the instance."""
    scale, pad = graph["57:1"]["inputs"], graph["57:2"]["inputs"]
    return scale["width"], scale["height"], pad["left"]


def test_instances_are_unfolded() -> None:
    """Inner nodes have the instance's id before their own, links lead in and out."""
    graph = graph_of(with_instance([]))

    assert graph["9"]["inputs"]["images"] == ["57:2", 0]
    assert graph["57:2"]["inputs"]["image"] == ["57:1", 0]
    assert graph["57:1"]["inputs"]["image"] == ["8", 0]
    assert "57" not in graph


PROXIES = {"proxyWidgets": [["-1", "width"], ["1", "crop"], ["-1", "height"]]}


@pytest.mark.parametrize(
    ("values", "more", "expected"),
    [
        ([], {}, (100, 200, 200)),
        ([300, 400], {}, (300, 400, 400)),
        ([300, "center", 400], {"properties": PROXIES}, (300, 400, 400)),
        ([None, None, 400], {"properties": PROXIES}, (100, 400, 400)),
        ([300, 400], {"widgets_values_named": {"height": 300, "width": 400}}, (400, 300, 300)),
        (None, {"widgets_values_named": {"height": 300}}, (100, 300, 300)),
    ],
    ids=["inner", "in order", "by proxies", "null keeps", "named", "some named"],
)
def test_values_of_the_instance_win(values: Any, more: dict[str, Any], expected: tuple[int, ...]) -> None:
    """An instance's own values replace the inner ones; a widget that shares its input follows the first."""
    assert sides(graph_of(with_instance(values, **more))) == expected


def test_links_to_the_instance_win_over_its_values() -> None:
    """What is linked from outside reaches every inner widget."""
    made = with_instance([300, 400])
    made.node(20, "PrimitiveInt", [64, "fixed"], outputs=["INT"])
    made.wire(20, 0, 57, "height", "INT", widget=True)

    assert sides(graph_of(made)) == (300, ["20", 0], ["20", 0])


def test_ids_that_meet_are_refused() -> None:
    """A node of the file must not have the id that an inner one gets."""
    made = with_instance([])
    made.node("57:1", "PreviewAny", [])
    with pytest.raises(WorkflowError, match="would both have the id 57:1"):
        graph_of(made)


def test_two_instances_do_not_meet() -> None:
    """Each instance has nodes and values of its own."""
    made = with_instance([300, 400])
    made.node(58, "scaler", [500, 600], outputs=["IMAGE"])
    made.wire(57, 0, 58, "image", "IMAGE")
    made.wire(58, 0, 9, "images", "IMAGE")

    graph = graph_of(made)

    assert (sides(graph), graph["58:1"]["inputs"]["width"]) == ((300, 400, 400), 500)
    assert graph["58:1"]["inputs"]["image"] == ["57:2", 0]


def nested() -> Editor:
    """The drawing through an instance (60) of a subgraph that holds an instance (57) of the scaler."""
    outer = Editor("outer")
    outer.node(57, "scaler", [300, 400], outputs=["IMAGE"])
    outer.port("picture", "IMAGE", 57, "image")
    outer.port("tall", "INT", 57, "height", widget=True)
    outer.result("image", "IMAGE", 57)
    made = drawing()
    made.definitions += [outer.done(), scaler().done()]
    made.node(60, "outer", [700], outputs=["IMAGE"])
    made.wire(8, 0, 60, "picture", "IMAGE")
    made.wire(60, 0, 9, "images", "IMAGE")
    return made


def test_subgraphs_in_subgraphs() -> None:
    """Ids are joined by colons, and values come down through all levels."""
    graph = graph_of(nested())

    assert graph["9"]["inputs"]["images"] == ["60:57:2", 0]
    scale = graph["60:57:1"]["inputs"]
    assert (scale["image"], scale["width"], scale["height"]) == (["8", 0], 300, 700)


def test_values_of_inner_instances_hold_where_nothing_comes_from_outside() -> None:
    """An outer instance without a value of its own shows that of the inner one."""
    made = nested()
    made.nodes[-1]["widgets_values"] = []
    assert graph_of(made)["60:57:1"]["inputs"]["height"] == 400


def test_bypassed_instances_hand_their_picture_on() -> None:
    """A bypassed instance is a wire for what it gets."""
    assert graph_of(with_instance([], mode=4))["9"]["inputs"]["images"] == ["8", 0]


def test_getters_find_setters_around_them() -> None:
    """A name that is set in the file is known in its subgraphs."""
    inner = Editor("inner")
    inner.node(1, "GetNode", ["picture"], outputs=["IMAGE"])
    inner.node(2, "ImageInvert", [], outputs=["IMAGE"])
    inner.wire(1, 0, 2, "image", "IMAGE")
    inner.result("image", "IMAGE", 2)
    made = drawing()
    made.definitions.append(inner.done())
    made.node(20, "SetNode", ["picture"], outputs=["*"])
    made.wire(8, 0, 20, "IMAGE", "IMAGE")
    made.node(57, "inner", None, outputs=["IMAGE"])
    made.wire(57, 0, 9, "images", "IMAGE")

    assert graph_of(made)["57:2"]["inputs"]["image"] == ["8", 0]


def test_definitions_that_contain_themselves_are_refused() -> None:
    """A file cannot unfold without end."""
    made = nested()
    made.definitions[0]["nodes"][0]["type"] = "outer"
    with pytest.raises(WorkflowError, match=r"subgraph outer contains itself \(node 57"):
        graph_of(made)


def test_definitions_that_multiply_are_refused() -> None:
    """Ten instances in ten instances in ten instances are cut short."""
    made = drawing()
    for level in range(8):
        scope = Editor(f"level{level}")
        for number in range(1, 11):
            scope.node(number, f"level{level + 1}" if level < 7 else "Note", [])
        made.definitions.append(scope.done())
    made.node(60, "level0", None)
    with pytest.raises(WorkflowError, match="unfold to more than 5000 nodes"):
        graph_of(made)


def test_outputs_that_an_instance_no_longer_has_are_refused() -> None:
    """A definition that was changed after it was used is named."""
    made = with_instance([])
    made.definitions[0]["outputs"] = []
    with pytest.raises(WorkflowError, match=r"node 57 \(scaler\) has no output 0; subgraph scaler was changed"):
        graph_of(made)


def test_links_left_over_from_old_inputs_are_not_followed() -> None:
    """A link that no input lists, at a number where another type is now, does not count."""
    made = with_instance([300, 400])
    inner = made.definitions[0]
    stale = {"id": 99, "origin_id": -10, "origin_slot": 0, "target_id": 1, "target_slot": 3, "type": "COMBO"}
    inner["links"].append(stale)
    inner["nodes"][0]["inputs"].append({"name": "crop", "type": "COMBO", "link": 99, "widget": {"name": "crop"}})

    assert graph_of(made)["57:1"]["inputs"]["crop"] == "disabled"
