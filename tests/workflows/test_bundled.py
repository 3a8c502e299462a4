"""The documents that ship: each is sound in every quality and slot combination, and follows its recipe."""

from __future__ import annotations

import json
from collections import Counter
from importlib.resources import files
from typing import Any

import pytest

from protobanana.errors import InvalidRequestError
from protobanana.workflows.authoring.check import check
from protobanana.workflows.authoring.schema import recorded_object_info
from protobanana.workflows.document import Workflow
from protobanana.workflows.graph import links, needed_for
from protobanana.workflows.library import bundled

ALL = sorted(bundled().values(), key=lambda workflow: workflow.name)


def values_for(workflow: Workflow, *, optional: bool = False) -> dict[str, Any]:
    """Values for every required slot, and for the optional pictures too where asked for."""
    wanted = {slot for slot, wiring in workflow.slots.items() if wiring.required or (optional and wiring.absent)}
    return dict.fromkeys(wanted, "upload.png")


def below(graph: dict[str, Any], link: list[Any]) -> list[str]:
    """The classes of everything that a link depends on."""
    return [graph[node_id]["class_type"] for node_id in needed_for(graph, [link[0]])]


def nodes(graph: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The inputs of all nodes of a class."""
    return [node["inputs"] for node in graph.values() if node["class_type"] == kind]


@pytest.mark.parametrize("workflow", ALL, ids=lambda workflow: workflow.name)
class TestEveryDocument:
    """What holds for each bundled document."""

    def test_is_sound(self, workflow: Workflow) -> None:
        """No error and no warning against the recorded ComfyUI, in any quality and slot combination."""
        assert [str(problem) for problem in check(workflow)] == []

    def test_says_what_it_is(self, workflow: Workflow) -> None:
        """Title, description and licence are there, and every quality listed has a title."""
        header = workflow.header

        assert header.title
        assert header.description
        assert header.license
        assert header.license.url
        assert all(tier.title for tier in header.tiers.values())

    def test_nodes_have_titles(self, workflow: Workflow) -> None:
        """People who open the graph in the editor find words, not class names."""
        for node in workflow.graph.values():
            assert node["_meta"]["title"] != node["class_type"]

    def test_binds(self, workflow: Workflow) -> None:
        """It binds with what it needs in every quality, and its result node survives."""
        for quality in (None, "low", "medium", "high"):
            bound = workflow.bind(values_for(workflow), tier=quality)
            assert bound.outputs["image"] in bound.graph
            assert all(source in bound.graph for node in bound.graph.values() for _, source, _ in links(node))


def test_the_names_that_set_ups_rely_on() -> None:
    """Existing gateways name these models."""
    assert bundled().keys() >= {
        "qwen_image_2512",
        "qwen_image_edit_2511",
        "multiref_qwen_image_2511",
        "bgremove_birefnet",
        "bgremove_rmbg2",
        "inpaint_qwen_image_2511",
        "outpaint_qwen_image_2511",
        "region_edit_sam3_qwen_image_2511",
    }


def test_only_one_document_is_not_for_commercial_use() -> None:
    """RMBG-2.0 is the exception, says so, and is no default."""
    restricted = [each for each in ALL if each.header.license and not each.header.license.commercial]

    assert [each.name for each in restricted] == ["bgremove_rmbg2"]
    assert not restricted[0].header.default


def test_one_default_per_operation() -> None:
    """Every operation has exactly one default among the bundled documents."""
    defaults = Counter(name for each in ALL if each.header.default for name in each.header.operations)
    assert defaults == dict.fromkeys({name for each in ALL for name in each.header.operations}, 1)


class TestQwenImage2512:
    """Pictures from words."""

    @pytest.mark.parametrize(("quality", "steps", "cfg"), [(None, 20, 4.0), ("low", 4, 1.0), ("high", 50, 4.0)])
    def test_recipe(self, quality: str | None, steps: int, cfg: float) -> None:
        """Shift 3.1, euler/simple, 1328x1328, and the LoRA in the low quality only."""
        graph = bundled()["qwen_image_2512"].bind({"prompt": "a cat"}, tier=quality).graph

        (sampler,) = nodes(graph, "KSampler")
        assert (sampler["steps"], sampler["cfg"], sampler["denoise"]) == (steps, cfg, 1.0)
        assert (sampler["sampler_name"], sampler["scheduler"]) == ("euler", "simple")
        assert nodes(graph, "ModelSamplingAuraFlow")[0]["shift"] == 3.1
        assert nodes(graph, "EmptySD3LatentImage") == [{"width": 1328, "height": 1328, "batch_size": 1}]
        assert len(nodes(graph, "LoraLoaderModelOnly")) == (quality == "low")


class TestQwenImageEdit2511:
    """Editing a picture."""

    @pytest.mark.parametrize("count", [1, 2, 3])
    def test_both_encoders_see_every_picture(self, count: int) -> None:
        """The instruction and the negative prompt are encoded with the same pictures and the VAE."""
        names = ["image", "image_2", "image_3"][:count]
        graph = bundled()["qwen_image_edit_2511"].bind(dict.fromkeys(names, "a.png")).graph

        for encoder in nodes(graph, "TextEncodeQwenImageEditPlus"):
            assert {f"image{number}" for number in range(1, count + 1)} == {key for key in encoder if "image" in key}
            assert "vae" in encoder
        assert len(nodes(graph, "LoadImage")) == count

    def test_the_pictures_own_size_by_default(self) -> None:
        """Without a size the latent comes from the picture; with one from an empty canvas, in any batch."""
        workflow = bundled()["qwen_image_edit_2511"]

        own = workflow.bind({"image": "a.png", "batch": 2}).graph
        free = workflow.bind({"image": "a.png", "batch": 2, "width": 640, "height": 960}).graph

        assert len(nodes(own, "VAEEncode")) == 1
        assert not nodes(own, "EmptySD3LatentImage")
        assert nodes(free, "EmptySD3LatentImage") == [{"width": 640, "height": 960, "batch_size": 1}]
        assert nodes(own, "RepeatLatentBatch")[0]["amount"] == nodes(free, "RepeatLatentBatch")[0]["amount"] == 2

    @pytest.mark.parametrize(("quality", "steps", "cfg"), [(None, 20, 4.0), ("low", 4, 1.0), ("high", 40, 4.0)])
    def test_recipe(self, quality: str | None, steps: int, cfg: float) -> None:
        """CFGNorm over shift 3.1, the reference method on both sides, denoise 1."""
        graph = bundled()["qwen_image_edit_2511"].bind({"image": "a.png"}, tier=quality).graph

        (sampler,) = nodes(graph, "KSampler")
        assert (sampler["steps"], sampler["cfg"], sampler["denoise"]) == (steps, cfg, 1.0)
        assert graph[sampler["model"][0]]["class_type"] == "CFGNorm"
        assert nodes(graph, "ModelSamplingAuraFlow")[0]["shift"] == 3.1
        for side in ("positive", "negative"):
            method = graph[sampler[side][0]]
            assert method["inputs"]["reference_latents_method"] == "index_timestep_zero"


MASKED = [
    "inpaint_lanpaint_qwen",
    "inpaint_qwen_image_2511",
    "outpaint_qwen_image_2511",
    "region_edit_florence2_sam2_qwen",
    "region_edit_sam3_qwen_image_2511",
]


@pytest.mark.parametrize("name", MASKED)
class TestMaskedDocuments:
    """Changing a part and nothing else."""

    def test_outside_comes_from_the_original(self, name: str) -> None:
        """The result is composited over a picture that never went through the VAE, under a mask that did not either."""
        graph = bundled()[name].bind(values_for(bundled()[name])).graph

        composite = graph[graph["9"]["inputs"]["images"][0]]
        assert composite["class_type"] == "ImageCompositeMasked"
        assert "LoadImage" in below(graph, composite["inputs"]["destination"])
        for untouched in ("destination", "mask"):
            assert "VAEDecode" not in below(graph, composite["inputs"][untouched])
            assert "ImageScale" not in below(graph, composite["inputs"][untouched])
        assert "VAEDecode" in below(graph, composite["inputs"]["source"])

    def test_the_change_returns_to_the_originals_size(self, name: str) -> None:
        """What the model drew is scaled to the size of the picture it is laid over, without a cut."""
        graph = bundled()[name].bind(values_for(bundled()[name])).graph

        (back,) = nodes(graph, "ImageScale")
        (size,) = nodes(graph, "GetImageSize")
        (shrunk,) = nodes(graph, "ImageScaleToTotalPixels")
        assert graph[back["width"][0]]["inputs"] == graph[back["height"][0]]["inputs"] == size
        assert size["image"] == shrunk["image"]
        assert back["crop"] == "disabled"
        assert shrunk["resolution_steps"] == 16

    def test_the_sampler_repaints_only_the_mask(self, name: str) -> None:
        """The latent carries a noise mask, starts from the picture, and the encoder sees the picture."""
        graph = bundled()[name].bind(values_for(bundled()[name])).graph

        (sampler,) = nodes(graph, "KSampler") or nodes(graph, "LanPaint_KSampler")
        latent = below(graph, sampler["latent_image"])
        assert {"SetLatentNoiseMask", "InpaintModelConditioning"} & set(latent)
        assert "LoadImage" in latent
        assert sampler["denoise"] == 1.0
        for encoder in nodes(graph, "TextEncodeQwenImageEditPlus"):
            assert "LoadImage" in below(graph, encoder["image1"])

    def test_every_picture_of_a_batch_has_its_original(self, name: str) -> None:
        """Latents and untouched pictures are repeated alike."""
        workflow = bundled()[name]
        if not workflow.accepts("batch"):
            assert workflow.header.limits.max_batch == 1
            return
        graph = workflow.bind({**values_for(workflow), "batch": 3}).graph

        assert nodes(graph, "RepeatLatentBatch")[0]["amount"] == nodes(graph, "RepeatImageBatch")[0]["amount"] == 3


class TestMasks:
    """Where the masks come from."""

    def test_white_is_repainted(self) -> None:
        """The mask is read from a plain picture, white where it changes."""
        for name in ("inpaint_qwen_image_2511", "inpaint_lanpaint_qwen"):
            (mask,) = nodes(bundled()[name].bind({"image": "a.png", "mask": "m.png"}).graph, "LoadImageMask")
            assert mask == {"image": "m.png", "channel": "red"}

    def test_a_mask_is_needed(self) -> None:
        """Inpainting without a mask is refused."""
        with pytest.raises(InvalidRequestError, match="needs 'mask'"):
            bundled()["inpaint_qwen_image_2511"].bind({"image": "a.png"})

    def test_region_edits_return_their_region(self) -> None:
        """The words find the region, and it is returned beside the picture."""
        for name in ("region_edit_sam3_qwen_image_2511", "region_edit_florence2_sam2_qwen"):
            bound = bundled()[name].bind({"image": "a.png", "target": "the hat", "prompt": "a bowler"})

            assert bound.outputs.keys() == {"image", "mask"}
            assert "the hat" in str(bound.graph)
            assert all(
                encoder["prompt"] in {"a bowler", ""} for encoder in nodes(bound.graph, "TextEncodeQwenImageEditPlus")
            )

    def test_outpainting_pads_by_pixels(self) -> None:
        """Sides that are not named do not grow; the edge is not feathered into the original."""
        graph = bundled()["outpaint_qwen_image_2511"].bind({"image": "a.png", "left": 256}).graph

        (pad,) = nodes(graph, "ImagePadForOutpaint")
        assert [pad[side] for side in ("left", "top", "right", "bottom", "feathering")] == [256, 0, 0, 0, 0]


class TestSeveralPictures:
    """Documents that take references."""

    def test_composing_needs_two(self) -> None:
        """One picture is refused, the third may be left out."""
        workflow = bundled()["multiref_qwen_image_2511"]

        assert (workflow.min_images, workflow.max_images) == (2, 3)
        with pytest.raises(InvalidRequestError, match="needs 'image_2'"):
            workflow.bind({"image": "a.png"})
        assert len(nodes(workflow.bind({"image": "a.png", "image_2": "b.png"}).graph, "LoadImage")) == 2

    @pytest.mark.parametrize("count", [1, 2, 3, 4])
    @pytest.mark.parametrize("quality", ["medium", "high"])
    def test_klein_chains_its_references(self, count: int, quality: str) -> None:
        """Every picture is a reference on both sides of the guidance; the others leave nothing behind."""
        names = ["image", "image_2", "image_3", "image_4"][:count]
        graph = bundled()["flux2_klein_4b_edit"].bind(dict.fromkeys(names, "a.png"), tier=quality).graph

        (guider,) = nodes(graph, "CFGGuider")
        for side in ("positive", "negative"):
            chain = needed_for(graph, [guider[side][0]])
            given = [graph[node_id] for node_id in chain if "latent" in graph[node_id]["inputs"]]
            assert len(given) == count
        assert len(nodes(graph, "LoadImage")) == len(nodes(graph, "VAEEncode")) == count

    def test_klein_follows_the_first_picture_or_the_size_asked_for(self) -> None:
        """Canvas and schedule have the same size, linked to the first picture or given."""
        workflow = bundled()["flux2_klein_4b_edit"]
        own = workflow.bind({"image": "a.png"}).graph
        free = workflow.bind({"image": "a.png", "width": 640, "height": 960}).graph

        for graph in (own, free):
            (canvas,), (schedule,) = nodes(graph, "EmptyFlux2LatentImage"), nodes(graph, "Flux2Scheduler")
            assert (canvas["width"], canvas["height"]) == (schedule["width"], schedule["height"])
        assert not nodes(free, "GetImageSize")
        assert nodes(own, "GetImageSize")


@pytest.mark.parametrize("name", ["flux2_klein_4b", "flux2_klein_4b_edit"])
@pytest.mark.parametrize(("quality", "steps", "cfg"), [("low", 4, 1.0), ("medium", 4, 1.0), ("high", 20, 5.0)])
def test_klein_recipes(name: str, quality: str, steps: int, cfg: float) -> None:
    """Distilled in four steps without guidance; the base model in twenty with guidance over an empty prompt."""
    graph = bundled()[name].bind(values_for(bundled()[name]), tier=quality).graph

    (guider,), (schedule,), (loader,) = (nodes(graph, kind) for kind in ("CFGGuider", "Flux2Scheduler", "UNETLoader"))
    assert (guider["cfg"], schedule["steps"]) == (cfg, steps)
    assert ("base" in loader["unet_name"]) is (quality == "high")
    assert ("ConditioningZeroOut" in below(graph, guider["negative"])) is (quality != "high")


@pytest.mark.parametrize("name", ["bgremove_birefnet", "bgremove_rmbg2"])
def test_cut_outs_keep_their_transparency(name: str) -> None:
    """The cut-out itself is saved, with alpha, in every quality."""
    for quality in ("low", "medium", "high"):
        graph = bundled()[name].bind({"image": "a.png"}, tier=quality).graph
        cutter = graph[graph["9"]["inputs"]["images"][0]]
        assert cutter["inputs"]["background"] == "Alpha"
        assert graph["9"]["inputs"]["images"][1] == 0


@pytest.mark.parametrize("name", sorted(bundled()))
def test_comfyuis_editor_opens_it(name: str) -> None:
    """Every entry of the file, the header too, looks like a node that the editor knows; else it refuses the file.

    The rule is that of ComfyUI's front-end 1.37.11: `class_type` is text, `inputs` an object, the class is registered.
    """
    text = files("protobanana.workflows").joinpath("bundled", f"{name}.json").read_text("utf-8")
    known = {*recorded_object_info(), "Note"}
    for entry in json.loads(text).values():
        assert entry["class_type"] in known
        assert isinstance(entry["inputs"], dict)
