"""Values of widgets: from places without names to inputs with names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from protobanana.errors import WorkflowError
from protobanana.workflows.authoring.convert import convert
from protobanana.workflows.authoring.schema import read_node, recorded
from support.editor import Editor, drawing

SAMPLER = {"seed": 42, "steps": 20, "cfg": 8, "sampler_name": "euler", "scheduler": "normal", "denoise": 1}


def one(kind: str, values: Any, **more: Any) -> dict[str, Any]:
    """The inputs that a node without required links gets from its values."""
    made = drawing()
    made.node(50, kind, values, **more)
    found: dict[str, Any] = convert(made.done(), recorded()).graph["50"]["inputs"]
    return found


def sampler(values: list[Any]) -> tuple[dict[str, Any], list[str]]:
    """The own values of a sampler, and what the conversion remarks."""
    converted = convert(drawing(values).done(), recorded())
    inputs = converted.graph["3"]["inputs"]
    return {name: inputs[name] for name in SAMPLER}, [str(note) for note in converted.notes]


def test_the_place_behind_a_seed_is_skipped() -> None:
    """The control behind a seed is no value of the node."""
    assert sampler([42, "randomize", 20, 8, "euler", "normal", 1]) == (SAMPLER, [])


def test_a_missing_place_is_noticed_and_put_right() -> None:
    """A row without the control place, which ComfyUI's editor would read one step off, is read as it was meant."""
    found, notes = sampler([42, 20, 8, "euler", "normal", 1])

    assert found == SAMPLER
    assert len(notes) == 1
    assert notes[0].startswith("repaired: node 3 (KSampler): its values were out of step")


def test_values_that_fit_no_reading_are_refused() -> None:
    """A text where a number must be names the node, the widget and the way out."""
    with pytest.raises(WorkflowError, match=r"drawing.json: node 3 \(KSampler\): cfg has the value 'much'.*ComfyUI"):
        convert(drawing([1, "fixed", 2, "much", "euler", "normal", 1]).done(), recorded(), source="drawing.json")


def test_missing_values_get_their_defaults_and_surplus_ones_are_left() -> None:
    """A short row is filled from the declaration, a long one is cut."""
    assert sampler([42, "fixed", 20])[0] == SAMPLER | {"sampler_name": "euler", "scheduler": "simple", "denoise": 1.0}
    assert one("EmptyLatentImage", [1, 2, 3, 4, "x"]) == {"width": 1, "height": 2, "batch_size": 3}


def test_choices_unknown_to_the_record_are_kept_with_a_remark() -> None:
    """A newer ComfyUI may have the sampler that the record has not."""
    found, notes = sampler([42, "fixed", 20, 8, "brand_new", "normal", 1])

    assert found["sampler_name"] == "brand_new"
    assert notes[0].startswith("suspicious: node 3 (KSampler): sampler_name: 'brand_new' is not one of")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["64", 64, 1], {"width": 64, "height": 64, "batch_size": 1}),
        ([64, 64.7, True], {"width": 64, "height": 64, "batch_size": 1}),
        ([64.0, None, 1], {"width": 64.0, "height": 512, "batch_size": 1}),
    ],
)
def test_values_become_what_comfyui_would_read(values: list[Any], expected: dict[str, Any]) -> None:
    """Texts that are numbers, broken and missing numbers are sent as the server would understand them."""
    assert one("EmptyLatentImage", values) == expected


def test_values_by_name() -> None:
    """Some node packs save an object in place of a row."""
    assert one("EmptyLatentImage", {"height": 96, "width": 64, "preview": {}}) == {
        "height": 96,
        "width": 64,
        "batch_size": 1,
    }


def test_lists_are_wrapped() -> None:
    """A list that is a value must not look like a link."""
    assert one("PrimitiveString", ["x"]) == {"value": "x"}
    assert one("NewerThanAllRecords", None, widgets_values_named={"points": [1, 2]}, inputs=[("a",)]) == {
        "points": {"__value__": [1, 2]}
    }


def test_dynamic_combos_bring_their_own_widgets() -> None:
    """The widgets of the chosen kind follow it at once, under dotted names."""
    made = drawing()
    made.node(50, "ResizeImageMaskNode", ["scale dimensions", 640, 480, "center", "area"], outputs=["IMAGE"])
    made.wire(8, 0, 50, "input", "IMAGE,MASK")
    made.wire(50, 0, 9, "images", "IMAGE")

    assert convert(made.done(), recorded()).graph["50"]["inputs"] == {
        "input": ["8", 0],
        "resize_type": "scale dimensions",
        "resize_type.width": 640,
        "resize_type.height": 480,
        "resize_type.crop": "center",
        "scale_method": "area",
    }


@pytest.mark.parametrize("values", [["left over", 5], [5]])
def test_old_files_have_places_for_inputs_that_take_links_only(values: list[Any]) -> None:
    """Old editors saved a value for inputs that take links only; a row with such a place is read with it."""
    entry = {"input": {"required": {"text": ["STRING", {"forceInput": True}], "count": ["INT", {}]}}, "output": ["INT"]}
    schemas = replace(recorded(), classes={**recorded().classes, "Old": read_node("Old", entry)})
    made = drawing()
    made.node(50, "Old", values, outputs=["INT"])
    made.node(51, "PrimitiveString", ["x"], outputs=["STRING"])
    made.wire(51, 0, 50, "text", "STRING")

    assert convert(made.done(), schemas).graph["50"]["inputs"] == {"text": ["51", 0], "count": 5}


def test_classes_that_a_live_server_does_not_have_are_refused() -> None:
    """A running server is believed: it could not run the graph, named values or not."""
    node = {"type": "Frobnicate", "widgets_values_named": {"style": "x"}}
    with pytest.raises(WorkflowError, match=r"this ComfyUI has no such node classes: node 70 \(Frobnicate\)"):
        convert(unknown(node).done(), replace(recorded(), live=True))


def test_a_newer_version_of_a_class_is_read_by_the_names_in_the_file() -> None:
    """Names win over places where the file has other widgets than the record."""
    named = {"width": 64, "shiny": "yes", "height": 96, "batch_size": 2}
    made = drawing()
    made.node(50, "EmptyLatentImage", list(named.values()), widgets_values_named=named)

    converted = convert(made.done(), recorded())

    assert converted.graph["50"]["inputs"] == {"width": 64, "height": 96, "batch_size": 2, "shiny": "yes"}
    assert "another version of this node" in str(converted.notes[0])


def test_places_behind_seeds_have_no_value_under_any_name() -> None:
    """The editor may name such a place after the word in it; it is no input all the same."""
    named = {"value": 5, "fixed": "fixed"}
    assert one("PrimitiveInt", [5, "fixed"], widgets_values_named=named, outputs=["INT"]) == {"value": 5}


def unknown(node: dict[str, Any]) -> Editor:
    """A drawing that is saved by a class that no record has."""
    made = drawing()
    made.nodes.append({"id": 70, "mode": 0, "inputs": [], "outputs": [], **node})
    made.wire(8, 0, 70, "images", "IMAGE")
    return made


def test_unknown_classes_are_converted_where_the_file_names_their_values() -> None:
    """Names beside the values, or inputs that stand for widgets, are enough."""
    seed = [Editor.socket("seed", "INT", widget=True), Editor.socket("style", "COMBO", widget=True)]
    by_names = {"type": "Frobnicate", "widgets_values": [7, "x"], "widgets_values_named": {"seed": 7, "style": "x"}}
    by_inputs = {"type": "Frobnicate", "widgets_values": [7, "randomize", "x"], "inputs": seed}
    for node in (by_names, by_inputs):
        converted = convert(unknown(node).done(), recorded())

        assert converted.graph["70"]["inputs"] == {"seed": 7, "style": "x", "images": ["8", 0]}
        assert [note.kind for note in converted.notes] == ["unknown"]


def test_newer_core_classes_are_known_by_the_number_of_their_values() -> None:
    """Official templates use them without naming their values."""
    converted = convert(
        unknown({"type": "SaveImageAdvanced", "widgets_values": ["a", "png", "8-bit", "sRGB"]}).done(), recorded()
    )

    assert converted.graph["70"]["inputs"] == {
        "filename_prefix": "a",
        "format": "png",
        "format.bit_depth": "8-bit",
        "format.input_color_space": "sRGB",
        "images": ["8", 0],
    }


def test_unknown_classes_without_names_are_refused() -> None:
    """The error names title, id and class, the nearest class that is known, and how to get to know more."""
    node = {"type": "SaveImagePlus", "title": "Save it", "widgets_values": ["a", 1]}
    expected = r"node 70 \(Save it, SaveImagePlus\), the nearest is SaveImage\. .*object_info"
    with pytest.raises(WorkflowError, match=expected):
        convert(unknown(node).done(), recorded())


def test_unknown_classes_that_nothing_depends_on_are_left_out() -> None:
    """Decoration of node packs does not stand in the way."""
    made = drawing()
    made.node(70, "Label (some pack)", ["hello"])

    converted = convert(made.done(), recorded())

    assert "70" not in converted.graph
    assert [note.kind for note in converted.notes] == ["dropped"]
