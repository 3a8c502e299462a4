"""Slots found by tracing graphs: the bundled documents, and templates that ComfyUI ships."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from protobanana.operations.base import operations
from protobanana.workflows.authoring.check import check
from protobanana.workflows.authoring.infer import KEY, Inferred, infer, tasks
from protobanana.workflows.authoring.schema import recorded
from protobanana.workflows.document import Workflow
from protobanana.workflows.library import bundled

DATA = Path(__file__).parents[2] / "data" / "inferred"
EXPECTED: dict[str, dict[str, Any]] = json.loads((DATA / "expected.json").read_text("utf-8"))
TASKS = tasks(operations().values())
FOLLOWS_THE_PICTURE = {"flux2_klein_4b_edit": {"width", "height"}}
"""Slots of bundled documents that replace a link to the picture's size, which tracing leaves as it is."""


def template(name: str) -> dict[str, Any]:
    """A graph of the test data."""
    graph: dict[str, Any] = json.loads((DATA / "graphs" / f"{name}.json").read_text("utf-8"))
    return graph


def document(name: str) -> dict[str, Any]:
    """A bundled document as it is in its file."""
    text = files("protobanana.workflows").joinpath("bundled", f"{name}.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def places(inferred: Inferred) -> dict[str, Any]:
    """Slot -> the input it fills, or a list of them."""
    slots = Workflow.parse("inferred", json.dumps(inferred.document)).slots
    filled = {slot: [str(target) for target in wiring.to] for slot, wiring in slots.items()}
    return {slot: targets[0] if len(targets) == 1 else targets for slot, targets in filled.items()}


@pytest.mark.parametrize("name", sorted(bundled()))
class TestBundled:
    """The documents with hand-written headers, their headers taken away."""

    def test_slots_are_those_of_the_header(self, name: str) -> None:
        """Tracing finds the same slots, and each fills the same inputs."""
        raw = document(name)
        raw.pop(KEY)
        found = Workflow.parse(name, json.dumps(infer(raw, recorded(), operations=TASKS).document))
        stated = bundled()[name]

        assert found.slots.keys() == stated.slots.keys() - FOLLOWS_THE_PICTURE.get(name, set())
        assert {slot: set(wiring.to) for slot, wiring in found.slots.items()} == {
            slot: set(stated.slots[slot].to) for slot in found.slots
        }

    def test_optional_pictures_are_left_out_in_the_same_way(self, name: str) -> None:
        """What happens to the graph without a picture, or with a size, is what the header says."""
        raw = document(name)
        raw.pop(KEY)
        found = Workflow.parse(name, json.dumps(infer(raw, recorded(), operations=TASKS).document))
        for slot, wiring in found.slots.items():
            stated = bundled()[name].slots[slot]

            assert dict(wiring.present) == dict(stated.present)
            assert dict(wiring.absent) == dict(stated.absent) or (stated.required and not stated.absent)

    def test_operations_and_outputs(self, name: str) -> None:
        """The operations of the header are among those found, and the outputs are the header's."""
        raw = document(name)
        header = bundled()[name].header
        raw.pop(KEY)
        found = infer(raw, recorded(), operations=TASKS)
        served = (
            {found.header["operation"]} if isinstance(found.header["operation"], str) else found.header["operation"]
        )

        assert set(header.operations) <= set(served)
        assert found.header["outputs"] == header.outputs
        assert not found.ambiguous

    def test_a_whole_header_is_kept(self, name: str) -> None:
        """Nothing that a document states is changed, and what is added does not change what it does."""
        raw = document(name)
        header = infer(raw, recorded(), operations=TASKS).header

        assert {key: header[key] for key in raw[KEY] if key not in ("limits", "slots")} == {
            key: value for key, value in raw[KEY].items() if key not in ("limits", "slots")
        }
        assert raw[KEY]["slots"].items() <= header["slots"].items()
        assert raw[KEY].get("limits", {}).items() <= header["limits"].items()


@pytest.mark.parametrize("name", sorted(EXPECTED))
class TestTemplates:
    """Graphs that were read by a person first."""

    def test_slots(self, name: str) -> None:
        """Operation, output and slots are those of the table, and so is what cannot be decided."""
        expected = EXPECTED[name]
        found = infer(template(name), recorded(), operations=TASKS)

        assert found.header["operation"] == expected["operation"]
        assert found.header["outputs"] == {"image": expected["output"]}
        assert places(found) == expected["slots"]
        assert sorted(found.ambiguous) == expected.get("ambiguous", [])
        assert found.medium == expected.get("medium", "image")

    def test_optional_pictures(self, name: str) -> None:
        """Just the pictures of the table can be left out."""
        found = infer(template(name), recorded(), operations=TASKS)
        workflow = Workflow.parse(name, json.dumps(found.document))
        optional = [slot for slot, wiring in workflow.slots.items() if wiring.absent]

        assert optional == EXPECTED[name].get("optional", [])

    def test_every_graph_of_the_document_is_sound(self, name: str) -> None:
        """With and without its optional slots the document passes the static check."""
        found = infer(template(name), recorded(), operations=TASKS)
        problems = check(Workflow.parse("inferred", json.dumps(found.document)))

        assert [str(problem) for problem in problems if problem.severity == "error"] == []

    def test_every_slot_has_a_reason(self, name: str) -> None:
        """Each slot says why it is what it is, naming a node by title and id."""
        found = infer(template(name), recorded(), operations=TASKS)

        assert found.header["slots"].keys() <= found.reasons.keys()
        assert all("(" in found.reasons[slot] for slot in found.header["slots"])


def test_reasons_are_sentences_for_people() -> None:
    """The prompt's reason follows the words to the sampler; a size that a picture decides says so."""
    reasons = infer(template("image_flux2"), recorded(), operations=TASKS).reasons

    assert reasons["prompt"] == (
        "text of 'CLIP Text Encode (Positive Prompt)' (68:6), which reaches 'SamplerCustomAdvanced' (68:13) as positive"
    )
    assert reasons["width"] == "not settable: it follows a picture ('Get Image Size' (68:68))"


def test_limits_come_from_the_schemas() -> None:
    """Steps and ends of width and height are the canvas's, and its own size is the native one."""
    header = infer(template("sdxl_simple_example"), recorded(), operations=TASKS).header

    assert header["limits"] == {"multiple_of": 8, "min_side": 16, "max_side": 16384, "max_batch": 4}
    assert header["sizes"] == [[1024, 1024]]
