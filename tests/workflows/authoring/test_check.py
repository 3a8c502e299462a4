"""Checking whole documents: each mutant of a sound one must be caught."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import resources
from typing import Any

import pytest

from protobanana.workflows.authoring.check import check
from protobanana.workflows.authoring.schema import recorded_object_info
from protobanana.workflows.document import Workflow

Document = dict[str, Any]


def document(name: str) -> Document:
    """A fresh copy of a bundled document."""
    text = resources.files("protobanana.workflows").joinpath("bundled", f"{name}.json").read_text(encoding="utf-8")
    read: Document = json.loads(text)
    return read


def findings(changed: Document, **options: Any) -> list[str]:
    """What the check says about a document."""
    return [str(problem) for problem in check(Workflow.parse("mutant", json.dumps(changed)), **options)]


def mutate(name: str, change: Callable[[Document], object]) -> list[str]:
    """What the check says about a bundled document after one change."""
    changed = document(name)
    change(changed)
    return findings(changed)


def inputs(doc: Document, node: str) -> dict[str, Any]:
    """The inputs of a node."""
    found: dict[str, Any] = doc[node]["inputs"]
    return found


def header(doc: Document) -> dict[str, Any]:
    """The header of a document."""
    found: dict[str, Any] = doc["_protobanana"]
    return found


def live_info(*missing: str, **renamed: str) -> dict[str, Any]:
    """A server that has every file of the two Qwen documents, but for some."""
    files = {
        "UNETLoader": ("unet_name", ["qwen_image_2512_fp8_e4m3fn.safetensors"]),
        "CLIPLoader": ("clip_name", ["qwen_2.5_vl_7b_fp8_scaled.safetensors"]),
        "VAELoader": ("vae_name", ["pixel_space", "qwen_image_vae.safetensors"]),
        "LoraLoaderModelOnly": ("lora_name", ["Qwen-Image-Lightning-4steps-V1.0.safetensors"]),
    }
    info: dict[str, Any] = json.loads(json.dumps(dict(recorded_object_info())))
    for class_type, (name, values) in files.items():
        listed = [renamed.get(class_type, value) for value in values if value not in missing]
        info[class_type]["input"]["required"][name] = [listed, {}]
    return info


GENERATE = "qwen_image_2512"
EDIT = "qwen_image_edit_2511"

MUTANTS: list[tuple[str, Callable[[Document], object], str]] = [
    (GENERATE, lambda d: d["3"].update(class_type="KSamplr"), "no node class 'KSamplr', did you mean 'KSampler'?"),
    (GENERATE, lambda d: d["3"].update(class_type="Frobnicate"), "a custom node pack may be missing"),
    (GENERATE, lambda d: inputs(d, "3").pop("positive"), "node 3 (Sampler), positive: a required input is missing"),
    (GENERATE, lambda d: inputs(d, "60").pop("filename_prefix"), "node 60 (Save the picture), filename_prefix: a req"),
    (GENERATE, lambda d: inputs(d, "3").update(scheduler="simpel"), "Did you mean 'simple'?"),
    (GENERATE, lambda d: inputs(d, "38").update(type="qwen"), "type: 'qwen' is not one of"),
    (GENERATE, lambda d: inputs(d, "3").update(steps=0), "0 is less than 1"),
    (GENERATE, lambda d: inputs(d, "3").update(denoise=1.5), "1.5 is more than 1.0"),
    (GENERATE, lambda d: inputs(d, "3").update(steps="20"), "it takes a whole number"),
    (GENERATE, lambda d: inputs(d, "3").update(sheduler="simple"), "no such input; it is ignored. Did you mean 'sche"),
    (GENERATE, lambda d: inputs(d, "3").update(model="37"), "it takes a link to MODEL, not a value"),
    (GENERATE, lambda d: inputs(d, "3").update(latent_image=["6", 0]), "LATENT, but node 6 (Prompt) gives COND"),
    (GENERATE, lambda d: inputs(d, "8").update(samples=["3", 1]), "output 1 of node 3 (Sampler), which has no such"),
    (GENERATE, lambda d: header(d)["slots"].update(prompt="60.filename_prefix") or inputs(d, "6").pop("text"), "text"),
    (GENERATE, lambda d: header(d)["slots"].update(seed="3.cfg", cfg="3.seed"), "slot 'seed' needs an input of type"),
    (GENERATE, lambda d: header(d)["slots"].update(width="58.height", height="101.strength_model"), "'height' needs"),
    (GENERATE, lambda d: header(d)["slots"].update(strength="3.denoise", style="3.model"), "takes a link to MODEL"),
    (GENERATE, lambda d: header(d)["slots"].update(style="101.lora_name"), "slot 'style' has no effect"),
    (GENERATE, lambda d: header(d)["outputs"].update(image="8"), "output 'image' is no output node"),
    (GENERATE, lambda d: header(d)["tiers"]["low"]["set"].update({"3.steps": 0}), "0 is less than 1, the smallest"),
    (GENERATE, lambda d: header(d)["tiers"]["low"]["set"].update({"66.model": ["38", 0]}), "gives CLIP. [quality low]"),
    (GENERATE, lambda d: header(d)["tiers"]["low"]["set"].update({"37.unet_name": ["66", 0]}), "circle"),
    (GENERATE, lambda d: header(d)["tiers"]["high"]["set"].update({"3.model": None}), "required input is missing. [qu"),
    (GENERATE, lambda d: header(d)["tiers"]["low"]["set"].pop("66.model"), "no output ever depends on it"),
    (GENERATE, lambda d: header(d).pop("license"), "no `license`"),
    (GENERATE, lambda d: header(d)["models"].pop(0), "`models` does not list qwen_image_2512_fp8_e4m3fn.safetensors"),
    (GENERATE, lambda d: header(d)["tiers"]["low"].pop("models"), "does not list Qwen-Image-Lightning-4steps-V1.0.saf"),
    (GENERATE, lambda d: inputs(d, "39").update(vae_name="ae.safetensors"), "lists qwen_image_vae.safetensors, which"),
    (GENERATE, lambda d: header(d)["slots"].pop("batch"), "max_batch is 4, but there is no slot 'batch'"),
    (GENERATE, lambda d: header(d)["slots"].pop("width"), "no slots 'width' and 'height'"),
    (EDIT, lambda d: header(d)["slots"]["image_2"].update(absent={"68.vae": None, "68.clip": None}), "clip: a requ"),
    (
        EDIT,
        lambda d: header(d)["slots"]["width"].update(present={"90.samples": ["88", 0]}),
        "[quality low, with width]",
    ),
    (EDIT, lambda d: header(d)["slots"]["width"].pop("present"), "slot 'width' has no effect"),
    (EDIT, lambda d: header(d)["slots"].update(image="88.image"), "slot 'image' fills an input that takes a link"),
    (EDIT, lambda d: header(d)["slots"].update(image="9.filename_prefix"), "slot 'image' needs an input of type UPL"),
]


@pytest.mark.parametrize(("name", "change", "expected"), MUTANTS, ids=[text[:40] for _, _, text in MUTANTS])
def test_mutants_are_caught(name: str, change: Callable[[Document], object], expected: str) -> None:
    """A sound document with one thing spoilt is not sound, and the finding says what was spoilt."""
    found = mutate(name, change)
    assert any(expected in line for line in found), found


def test_node_packs_must_be_listed() -> None:
    """A node of a pack that the header does not list is a warning."""

    def cut_out(doc: Document) -> None:
        doc["77"] = {"class_type": "BiRefNetRMBG", "inputs": {"image": ["8", 0], "model": "BiRefNet-general"}}
        inputs(doc, "60")["images"] = ["77", 0]

    assert mutate(GENERATE, cut_out) == [
        "warning: node 77 (BiRefNetRMBG): BiRefNetRMBG comes with ComfyUI-RMBG, which `custom_nodes` does not list."
    ]


def test_errors_come_first_and_once() -> None:
    """Findings are sorted by weight, and one that every graph has is said once, without a variant."""
    changed = document(EDIT)
    header(changed).pop("license")
    inputs(changed, "65")["steps"] = 0
    header(changed)["tiers"] = {}

    found = findings(changed)

    assert found[0] == "error: node 65 (Sampler), steps: 0 is less than 1, the smallest allowed."
    assert found[1] == "warning: the header has no `license`."


def test_default_quality_only() -> None:
    """Without tiers, a mistake in another quality is not looked at."""
    changed = document(GENERATE)
    header(changed)["tiers"]["low"]["set"]["3.steps"] = 0

    assert findings(changed, tiers=False) == []


class TestAgainstALiveServer:
    """The server that will run the document."""

    def test_a_server_with_every_file_is_fine(self) -> None:
        """All files there: nothing to say."""
        assert findings(document(GENERATE), object_info=live_info()) == []

    def test_a_missing_file_says_where_to_get_it(self) -> None:
        """A file that the server lacks is an error with its source and place."""
        (line,) = findings(document(GENERATE), object_info=live_info("qwen_image_vae.safetensors"))

        assert "model file qwen_image_vae.safetensors is missing on the server" in line
        assert "get it from Comfy-Org/Qwen-Image_ComfyUI" in line
        assert "as models/vae/qwen_image_vae.safetensors" in line

    def test_a_missing_lora_concerns_its_quality_only(self) -> None:
        """The finding about a tier's file names the tier."""
        (line,) = findings(document(GENERATE), object_info=live_info("Qwen-Image-Lightning-4steps-V1.0.safetensors"))
        assert line.endswith("[quality low]")

    def test_a_file_in_another_place_is_named(self) -> None:
        """A file that the server keeps in a subfolder is pointed out."""
        info = live_info(UNETLoader="qwen/qwen_image_2512_fp8_e4m3fn.safetensors")
        (line,) = findings(document(GENERATE), object_info=info)
        assert "which has qwen/qwen_image_2512_fp8_e4m3fn.safetensors" in line

    def test_a_pack_that_is_not_installed(self) -> None:
        """A class that the server lacks is an error."""
        info = live_info()
        del info["ModelSamplingAuraFlow"]
        assert any("this ComfyUI has no node class" in line for line in findings(document(GENERATE), object_info=info))


def test_many_optional_slots_stay_quick() -> None:
    """Twenty optional slots are sampled, not multiplied out: each one alone is still seen."""
    changed = document(GENERATE)
    for number in range(20):
        changed[f"9{number}"] = {"class_type": "PrimitiveInt", "inputs": {"value": 1}}
        header(changed)["slots"][f"extra_{number}"] = {
            "to": f"9{number}.value",
            "present": {"58.batch_size": [f"9{number}" if number != 7 else "6", 0]},
        }

    assert any("gives CONDITIONING" in line and line.endswith("with extra_7]") for line in findings(changed))
