"""Reading `/object_info`."""

from __future__ import annotations

from typing import Any

import pytest

from protobanana.workflows.authoring.schema import (
    InputSpec,
    read_catalogue,
    read_node,
    recorded,
    recorded_object_info,
)


def entry(**inputs: Any) -> dict[str, Any]:
    """An `/object_info` entry with these required inputs."""
    return {"input": {"required": inputs}, "output": ["IMAGE"]}


class TestRecord:
    """The recorded ComfyUI."""

    def test_every_class_can_be_read(self) -> None:
        """All recorded classes are there, with their inputs and outputs."""
        info = recorded_object_info()

        assert recorded().classes.keys() == info.keys()
        assert all(len(spec.outputs) == len(info[name]["output"]) for name, spec in recorded().classes.items())
        assert not recorded().live

    def test_known_classes(self) -> None:
        """Types, ranges, choices, packs and output nodes are as ComfyUI declares them."""
        sampler = recorded().classes["KSampler"].inputs_for({})

        assert sampler["steps"].options["max"] == 10000
        assert sampler["steps"].takes_value
        assert not sampler["model"].takes_value
        assert "euler" in (sampler["sampler_name"].choices or ())
        assert recorded().classes["SaveImage"].is_output
        assert recorded().classes["BiRefNetRMBG"].pack == "ComfyUI-RMBG"
        assert recorded().classes["KSampler"].pack is None

    def test_the_record_itself_is_not_live(self) -> None:
        """None and the record are the recorded ComfyUI; any other answer is a live one."""
        assert read_catalogue() is read_catalogue(recorded_object_info()) is recorded()
        assert read_catalogue(dict(recorded_object_info())).live


class TestInputs:
    """Declared inputs."""

    @pytest.mark.parametrize("spec", [[["a", "b"]], [["a", "b"], {}], ["COMBO", {"options": ["a", "b"]}]])
    def test_both_notations_of_a_combo(self, spec: list[Any]) -> None:
        """Old and new combos read alike."""
        declared = read_node("A", entry(x=spec)).inputs_for({})["x"]
        assert (declared.type, declared.choices) == ("COMBO", ("a", "b"))

    def test_a_combo_filled_by_the_browser(self) -> None:
        """A combo without a list has no known choices."""
        assert read_node("A", entry(x=["COMBO", {"remote": {}}])).inputs[0].choices is None

    def test_dynamic_combo_spreads_the_chosen_inputs(self) -> None:
        """The chosen key decides which dotted inputs there are."""
        spec = recorded().classes["ResizeImageMaskNode"]

        assert "resize_type.width" in spec.inputs_for({"resize_type": "scale dimensions"})
        assert "resize_type.multiplier" in spec.inputs_for({"resize_type": "scale by multiplier"})
        assert not any("." in name for name in spec.inputs_for({"resize_type": "nonsense"}))

    def test_nested_dynamic_inputs(self) -> None:
        """A dynamic combo inside a dynamic combo spreads too."""
        inner = {"options": [{"key": "k", "inputs": {"required": {"n": ["INT", {}]}}}]}
        outer = {"options": [{"key": "o", "inputs": {"required": {"in": ["COMFY_DYNAMICCOMBO_V3", inner]}}}]}
        spec = read_node("A", entry(x=["COMFY_DYNAMICCOMBO_V3", outer]))

        assert list(spec.inputs_for({"x": "o", "x.in": "k"})) == ["x", "x.in", "x.in.n"]

    def test_autogrow_needs_its_least_number(self) -> None:
        """A growing input asks for its minimum and allows its maximum."""
        spread = recorded().classes["BatchImagesNode"].inputs_for({})

        assert [name for name, spec in spread.items() if spec.required] == ["images.image0", "images.image1"]
        assert len(spread) == 50

    def test_order_is_that_of_the_editor(self) -> None:
        """`input_order` rules; inputs that it does not name follow."""
        declared = {**entry(a=["INT"], b=["INT"], c=["INT"]), "input_order": {"required": ["b", "a", "gone"]}}
        assert [spec.name for spec in read_node("A", declared).inputs] == ["b", "a", "c"]

    def test_sparse_entries(self) -> None:
        """Entries with missing or empty parts are read as far as they go."""
        spec = read_node("A", {"input": {"required": {"x": []}, "optional": None}, "output": None})
        assert [each.name for each in spec.inputs] == ["x"]

    def test_force_input_is_a_socket(self) -> None:
        """A widget type that is forced to be an input takes no value."""
        assert not InputSpec("x", "STRING", required=True, options={"forceInput": True}).takes_value

    @pytest.mark.parametrize(
        ("choices", "value", "expected"),
        [
            ((), "anything", True),
            (("pixel_space",), "qwen_image_vae.safetensors", True),
            (("a", "b"), "c", False),
            (("a",), 3, False),
        ],
    )
    def test_names_model(self, choices: tuple[str, ...], value: object, expected: bool) -> None:
        """Values that depend on the server's disk are told from ordinary choices."""
        assert InputSpec("x", "COMBO", required=True, choices=choices).names_model(value) is expected


class TestLinks:
    """Which outputs fit which inputs."""

    @pytest.mark.parametrize(
        ("wanted", "received", "allowed"),
        [
            ("IMAGE", "IMAGE", True),
            ("IMAGE", "LATENT", False),
            ("IMAGE,MASK", "MASK", True),
            ("STRING", "STRING,INT", True),
            ("*", "LATENT", True),
            ("IMAGE", "*", True),
            ("FLOAT", "INT", False),
        ],
    )
    def test_accepts_link(self, wanted: str, received: str, allowed: bool) -> None:
        """Types match by name, as unions, or as the type that fits everything."""
        assert InputSpec("x", wanted, required=True).accepts_link(received) is allowed

    def test_a_matched_type_is_resolved_through_the_node(self) -> None:
        """What a resizing node gives is what it was given."""
        graph = {
            "1": {"class_type": "SolidMask", "inputs": {}},
            "2": {"class_type": "ResizeImageMaskNode", "inputs": {"input": ["1", 0]}},
            "3": {"class_type": "ResizeImageMaskNode", "inputs": {}},
            "4": {"class_type": "Unheard", "inputs": {}},
        }

        assert recorded().output_type(graph, "2", 0) == "MASK"
        assert recorded().output_type(graph, "3", 0) == "*"
        assert recorded().output_type(graph, "4", 7) == "*"
        assert recorded().output_type(graph, "1", 1) is None
