"""Loading and binding a document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from protobanana.errors import InvalidRequestError, WorkflowError
from protobanana.workflows.document import Workflow
from protobanana.workflows.graph import copied

HEADER: dict[str, Any] = {
    "schema": 1,
    "operation": "edit",
    "outputs": {"image": "9"},
    "slots": {
        "prompt": "6.text",
        "seed": "3.seed",
        "cfg": "3.cfg",
        "batch": ["5.batch", "8.batch"],
        "flag": "3.flag",
        "style": "6.style",
        "image": "1.image",
        "image_2": {"to": "2.image", "absent": {"6.image2": None}},
        "width": {"to": "7.width", "present": {"3.latent": ["7", 0]}},
    },
    "tiers": {"low": {"title": "fast", "set": {"3.steps": 4, "3.model": ["11", 0]}}, "turbo": {"set": {"3.steps": 2}}},
}
GRAPH: dict[str, Any] = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "example.png"}},
    "2": {"class_type": "LoadImage", "inputs": {"image": "example.png"}},
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 0,
            "steps": 20,
            "cfg": 4,
            "flag": False,
            "model": ["10", 0],
            "positive": ["6", 0],
            "latent": ["5", 0],
        },
    },
    "5": {"class_type": "VAEEncode", "inputs": {"pixels": ["1", 0], "batch": 1}},
    "6": {
        "class_type": "Encode",
        "inputs": {"text": "default", "style": ["12", 0], "image1": ["1", 0], "image2": ["2", 0]},
    },
    "7": {"class_type": "EmptyLatent", "inputs": {"width": 1024}},
    "8": {"class_type": "Decode", "inputs": {"samples": ["3", 0], "batch": 1}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0]}, "_meta": {"title": "Save"}},
    "10": {"class_type": "Loader", "inputs": {}},
    "11": {"class_type": "Lora", "inputs": {"model": ["10", 0]}},
    "12": {"class_type": "Text", "inputs": {}},
}


def document(**changes: Any) -> dict[str, Any]:
    """The document of these tests with changes to its header."""
    return {"_doc": "words", "_protobanana": {**copied(HEADER), **changes}, **copied(GRAPH)}


def workflow(**changes: Any) -> Workflow:
    """A loaded document."""
    return Workflow.parse("sample", json.dumps(document(**changes)))


def with_slot(name: str, slot: Any) -> dict[str, Any]:
    """Header changes that add a slot."""
    return {"slots": {**HEADER["slots"], name: slot}}


class TestLoad:
    """Reading a document."""

    def test_name_is_the_stem(self, tmp_path: Path) -> None:
        """A workflow is called after its file."""
        (tmp_path / "my.flow-2.json").write_text(json.dumps(document()), encoding="utf-8")

        loaded = Workflow.load(tmp_path / "my.flow-2.json")

        assert loaded.name == "my.flow-2"
        assert loaded.title == "my.flow-2"
        assert set(loaded.graph) == set(GRAPH)

    def test_a_byte_order_mark_is_no_problem(self) -> None:
        """Files saved by Windows editors load."""
        assert Workflow.parse("sample", "\ufeff" + json.dumps(document())).accepts("prompt")

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            (
                with_slot("steps", "3.stepz"),
                "slot 'steps' points to 3.stepz, but node 3 (KSampler) has no input 'stepz'",
            ),
            (with_slot("steps", "33.steps"), "slot 'steps' points to '33.steps', which is not the `node.input` of any"),
            (with_slot("steps", "33.steps"), "Nodes with an input 'steps': 3."),
            (with_slot("steps", "3"), "slot 'steps' points to '3'"),
            (with_slot("noise", "3.seed"), "slots 'seed' and 'noise' both fill 3.seed"),
            (with_slot("image_4", "2.seed"), "slot 'image_4' points to 2.seed"),
            (with_slot("mask", {"to": "3.steps", "absent": {"3.mask": None}}), "slot 'mask', absent points to 3.mask"),
            (with_slot("mask", {"to": "3.steps", "present": {"3.seed": ["99", 0]}}), "links 3.seed to node 99"),
            ({"outputs": {"image": "99"}}, "output 'image' is node 99, which does not exist"),
            ({"tiers": {"low": {"set": {"3.stepz": 4}}}}, "tier 'low' points to 3.stepz"),
            ({"tiers": {"low": {"set": {"3.model": ["98", 0]}}}}, "tier 'low' links 3.model to node 98"),
            ({"limits": {"max_images": 3}}, "limits.max_images is 3, but there are 2 picture slots"),
            ({"limits": {"min_images": 3}}, "limits.min_images is 3, but there are 2 picture slots"),
            ({"colour": "red"}, "_protobanana.colour: unknown key"),
        ],
    )
    def test_a_header_that_does_not_fit_its_graph_is_refused(self, changes: dict[str, Any], expected: str) -> None:
        """The error names the file, and the slot, tier or output that points nowhere."""
        with pytest.raises(WorkflowError) as caught:
            workflow(**changes)
        assert caught.value.message.startswith("sample.json: ")
        assert expected in caught.value.message

    @pytest.mark.parametrize("slots", [["image_2"], ["image", "image_3"], ["image", "image_1"], ["image", "image_02"]])
    def test_pictures_are_numbered_without_a_gap(self, slots: list[str]) -> None:
        """`image`, `image_2`, `image_3`: a gap or another spelling is refused."""
        targets = {"image": "1.image", "image_1": "2.image", "image_2": "2.image", "image_3": "2.image"}
        with pytest.raises(WorkflowError, match="numbered without a gap"):
            workflow(slots={name: targets.get(name, "2.image") for name in slots})

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("{", "not valid JSON (line 1"),
            ("", "not valid JSON"),
            ("[]", "must be a JSON object"),
            ("[" * 100_000, "nested too deeply"),
            (json.dumps(GRAPH), "no `_protobanana` header"),
            ('{"nodes": [], "links": []}', "Export (API)"),
            ('{"1": {}, "1": {}}', "key '1' appears twice"),
            (json.dumps({"_protobanana": None, **GRAPH}), "_protobanana: "),
            (json.dumps({"_protobanana": HEADER}), "no node in it"),
        ],
    )
    def test_a_text_that_is_no_document_is_refused(self, text: str, expected: str) -> None:
        """Each kind of wrong file is told apart, with what to do about it."""
        with pytest.raises(WorkflowError) as caught:
            Workflow.parse("sample", text)
        assert expected in caught.value.message

    @pytest.mark.parametrize("name", ["", "..", ".hidden", "a/b", "a b", "ü", "-x", "a\n"])
    def test_names_that_no_model_can_have_are_refused(self, name: str) -> None:
        """A file's stem becomes part of a model name."""
        with pytest.raises(WorkflowError, match="rename the file"):
            Workflow.parse(name, json.dumps(document()))

    @pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
    def test_an_unreadable_file_is_named_without_its_folder(self, tmp_path: Path, content: bytes | None) -> None:
        """A missing file or one that is no text names the file, never the server's directory."""
        path = tmp_path / "gone.json"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(WorkflowError) as caught:
            Workflow.load(path)
        assert "gone.json: it cannot be read" in caught.value.message
        assert str(tmp_path) not in caught.value.message


class TestFacts:
    """What a loaded document says about itself."""

    def test_slots_and_pictures(self) -> None:
        """A workflow knows its slots, how many pictures it takes and how many it needs."""
        sample = workflow()

        assert sample.accepts("seed")
        assert not sample.accepts("mask")
        assert (sample.min_images, sample.max_images) == (1, 2)
        assert workflow(limits={"max_images": 1}).max_images == 1
        assert workflow(limits={"min_images": 2}).min_images == 2

    def test_models_of_a_tier(self) -> None:
        """A tier needs the workflow's files and its own."""
        base = {"folder": "vae", "name": "v", "repo": "a/b", "path": "v"}
        lora = {"folder": "loras", "name": "l", "repo": "a/b", "path": "l"}
        sample = workflow(models=[base], tiers={"low": {"models": [lora]}})

        assert [model.name for model in sample.models("low")] == ["v", "l"]
        assert [model.name for model in sample.models()] == ["v"]

    @pytest.mark.parametrize(
        ("tiers", "default", "asked", "expected"),
        [
            (["low"], "medium", None, "medium"),
            (["low"], "medium", "low", "low"),
            (["low"], "medium", "high", "high"),
            (["low", "turbo"], "turbo", None, "turbo"),
            (["high"], "medium", "low", "medium"),
            (["turbo"], "turbo", "low", "turbo"),
            (["low"], "low", "medium", "medium"),
        ],
    )
    def test_tier_name(self, tiers: list[str], default: str, asked: str | None, expected: str) -> None:
        """Standard qualities are always answered; a missing `low` gets the default."""
        sample = workflow(tiers={name: {} for name in tiers}, default_tier=default)
        assert sample.tier_name(asked) == expected

    def test_unknown_tier(self) -> None:
        """A quality that is neither standard nor listed is refused with those that exist."""
        with pytest.raises(InvalidRequestError, match="low, medium, high, turbo") as caught:
            workflow().bind({"image": "a.png"}, tier="ultra")
        assert caught.value.param == "quality"


class TestBind:
    """Filling slots."""

    def test_only_what_is_given_changes(self) -> None:
        """Bound values are in the graph, everything else is as the document has it."""
        bound = workflow().bind({"prompt": "a cat", "seed": 7, "image": "up.png", "image_2": "two.png"})

        changed = {
            (node_id, name): value
            for node_id, node in bound.graph.items()
            for name, value in node["inputs"].items()
            if value != GRAPH[node_id]["inputs"][name]
        }
        assert changed == {
            ("6", "text"): "a cat",
            ("3", "seed"): 7,
            ("1", "image"): "up.png",
            ("2", "image"): "two.png",
        }
        assert bound.outputs == {"image": "9"}

    def test_nodes_that_no_output_needs_are_left_out(self) -> None:
        """The unused loader, LoRA and canvas are not submitted; documentation never is."""
        bound = workflow().bind({"image": "up.png"})
        assert set(bound.graph) == {"1", "3", "5", "6", "8", "9", "10", "12"}

    def test_absent_slot_changes_the_wiring(self) -> None:
        """Without a second picture its input is taken out; with it, it stays."""
        sample = workflow()

        assert "image2" not in sample.bind({"image": "a"}).graph["6"]["inputs"]
        assert sample.bind({"image": "a", "image_2": "b"}).graph["6"]["inputs"]["image2"] == ["2", 0]

    def test_present_slot_changes_the_wiring(self) -> None:
        """A given width draws on the canvas instead of the picture."""
        bound = workflow().bind({"image": "a", "width": 512})

        assert bound.graph["3"]["inputs"]["latent"] == ["7", 0]
        assert bound.graph["7"]["inputs"]["width"] == 512
        assert "5" not in bound.graph

    def test_tier_is_applied_before_values(self) -> None:
        """A tier sets steps and model; a value given for the same input wins."""
        sample = workflow(**with_slot("steps", "3.steps"))

        assert sample.bind({"image": "a"}, tier="low").graph["3"]["inputs"]["steps"] == 4
        assert sample.bind({"image": "a", "steps": 6}, tier="low").graph["3"]["inputs"]["steps"] == 6
        assert sample.bind({"image": "a"}, tier="low").graph["3"]["inputs"]["model"] == ["11", 0]

    def test_several_targets_get_the_value(self) -> None:
        """One slot may fill several inputs."""
        bound = workflow().bind({"image": "a", "batch": 3})
        assert bound.graph["5"]["inputs"]["batch"] == bound.graph["8"]["inputs"]["batch"] == 3

    def test_none_is_not_given(self) -> None:
        """None leaves the document's own value, as if the slot was not named."""
        assert workflow().bind({"image": "a", "prompt": None}).graph["6"]["inputs"]["text"] == "default"

    def test_bound_graphs_share_nothing(self) -> None:
        """Changing one bound graph changes neither the document nor the next one."""
        sample = workflow()
        before = copied(dict(sample.graph))

        first = sample.bind({"image": "a"}, tier="low")
        for node in first.graph.values():
            for value in node["inputs"].values():
                if isinstance(value, list):
                    value.append("spoilt")
            node["inputs"]["x"] = 1
            node.setdefault("_meta", {})["title"] = "spoilt"

        assert sample.graph == before
        assert "spoilt" not in json.dumps(sample.bind({"image": "a"}, tier="low").graph)

    @pytest.mark.parametrize(
        ("values", "param", "expected"),
        [
            ({}, "image", "sample needs 'image'"),
            ({"image": None}, "image", "sample needs 'image'"),
            ({"image": "a", "left": 3}, "left", "no slot 'left'; it has: prompt, seed"),
            ({"image": "a", "image_3": "c"}, "image_3", "at most 2 pictures"),
            ({"image": "a", "mask": "c"}, "mask", "no slot 'mask'"),
            ({"image": "a", "seed": "7"}, "seed", "'seed' must be a number"),
            ({"image": "a", "seed": True}, "seed", "'seed' must be a number"),
            ({"image": "a", "cfg": float("nan")}, "cfg", "finite"),
            ({"image": "a", "cfg": float("inf")}, "cfg", "finite"),
            ({"image": "a", "prompt": 7}, "prompt", "'prompt' must be text"),
            ({"image": "a", "flag": 1}, "flag", "'flag' must be true or false"),
            ({"image": b"bytes"}, "image", "must be text"),
            ({"image": "a", "prompt": ["1", 0]}, "prompt", "must be text"),
        ],
    )
    def test_values_that_cannot_be_bound(self, values: dict[str, object], param: str, expected: str) -> None:
        """The error blames the slot and says what is allowed."""
        with pytest.raises(InvalidRequestError) as caught:
            workflow().bind(values)
        assert caught.value.param == param
        assert expected in caught.value.message

    @pytest.mark.parametrize(("value", "bound"), [(4.5, 4.5), (6, 6), (6.0, 6)])
    def test_numbers_saved_by_a_browser(self, value: float, bound: float) -> None:
        """A default written as 4 takes 4.5, and 6.0 becomes 6: a browser writes both kinds alike."""
        filled = workflow().bind({"image": "a", "cfg": value}).graph["3"]["inputs"]["cfg"]
        assert (filled, type(filled)) == (bound, type(bound))

    def test_a_replaced_link_takes_any_kind(self) -> None:
        """Where the graph has a link, the value's kind cannot be told and is not judged."""
        assert workflow().bind({"image": "a", "style": "ink"}).graph["6"]["inputs"]["style"] == "ink"

    def test_too_few_pictures(self) -> None:
        """The header may need more pictures than the wiring does."""
        with pytest.raises(InvalidRequestError, match="at least 2 pictures"):
            workflow(limits={"min_images": 2}).bind({"image": "a"})

    def test_the_headers_picture_limit_holds(self) -> None:
        """A limit below the number of slots refuses the surplus picture."""
        with pytest.raises(InvalidRequestError, match="takes one picture"):
            workflow(limits={"max_images": 1}).bind({"image": "a", "image_2": "b"})
