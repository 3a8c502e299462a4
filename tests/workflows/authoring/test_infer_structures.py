"""Slots found by structure: node classes that nobody has heard of, switches, masks, parts found by words, errors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from protobanana.errors import WorkflowError
from protobanana.operations.base import operations
from protobanana.workflows.authoring.infer import Inferred, Task, infer, tasks
from protobanana.workflows.authoring.schema import Catalogue, read_catalogue, recorded, recorded_object_info
from protobanana.workflows.document import Workflow

TASKS = tasks(operations().values())


def node(class_type: str, title: str = "", **inputs: Any) -> dict[str, Any]:
    """One node of an API graph."""
    return {"class_type": class_type, "inputs": inputs, "_meta": {"title": title or class_type}}


def text_to_image(**changed: Any) -> dict[str, Any]:
    """A plain graph, with nodes replaced or added."""
    graph = {
        "1": node("CheckpointLoaderSimple", ckpt_name="model.safetensors"),
        "2": node("CLIPTextEncode", text="a cat", clip=["1", 1]),
        "3": node("CLIPTextEncode", text="blurry", clip=["1", 1]),
        "4": node("EmptyLatentImage", width=512, height=768, batch_size=1),
        "5": sampler(),
        "6": node("VAEDecode", samples=["5", 0], vae=["1", 2]),
        "7": node("SaveImage", images=["6", 0], filename_prefix="x"),
    }
    return graph | changed


def sampler(**changed: Any) -> dict[str, Any]:
    """A KSampler of that graph."""
    inputs = {"seed": 1, "steps": 20, "cfg": 7.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0}
    links = {"model": ["1", 0], "positive": ["2", 0], "negative": ["3", 0], "latent_image": ["4", 0]}
    return node("KSampler", **(inputs | links | changed))


def edited(**changed: Any) -> dict[str, Any]:
    """A graph that starts from a loaded picture."""
    start = {
        "4": node("VAEEncode", pixels=["8", 0], vae=["1", 2]),
        "8": node("LoadImage", image="a.png"),
    }
    return text_to_image(**(start | changed))


def found(graph: dict[str, Any], schemas: Catalogue | None = None) -> Inferred:
    """What tracing finds."""
    return infer(graph, schemas or recorded(), operations=TASKS)


def slots(graph: dict[str, Any], schemas: Catalogue | None = None) -> dict[str, Any]:
    """The slots that tracing finds, as the header has them."""
    header_slots: dict[str, Any] = found(graph, schemas).header.get("slots", {})
    return header_slots


class TestUnknownClasses:
    """Nodes of custom packs, with and without a schema."""

    def test_a_sampler_with_a_schema(self) -> None:
        """Types tell that a class is a sampler, its input names where its settings are."""
        info = dict(recorded_object_info()) | {
            "DreamEngine": {
                "input": {
                    "required": {
                        "brain": ["MODEL"],
                        "wish": ["CONDITIONING"],
                        "unwish_negative": ["CONDITIONING"],
                        "start": ["LATENT"],
                        "noise_seed": ["INT", {"min": 0, "max": 10}],
                        "steps": ["INT", {}],
                    }
                },
                "output": ["LATENT"],
            }
        }
        links = {"brain": ["1", 0], "wish": ["2", 0], "unwish_negative": ["3", 0], "start": ["4", 0]}
        graph = text_to_image(**{"5": node("DreamEngine", **links, noise_seed=3, steps=9)})

        assert slots(graph, read_catalogue(info)) == {
            "prompt": "2.text",
            "negative_prompt": "3.text",
            "seed": "5.noise_seed",
            "steps": "5.steps",
            "width": "4.width",
            "height": "4.height",
            "batch": "4.batch_size",
        }

    def test_a_sampler_without_a_schema(self) -> None:
        """The neighbours' schemas and the names of its inputs are enough."""
        graph = text_to_image()
        graph["5"]["class_type"] = "KSampler (Nobody Knows)"

        assert slots(graph) == slots(text_to_image())

    def test_a_whole_graph_without_schemas(self) -> None:
        """Names alone find the usual slots."""
        graph = text_to_image()
        for entry in graph.values():
            entry["class_type"] = f"My{entry['class_type']}"

        assert slots(graph) == slots(text_to_image())

    def test_an_encoder_with_several_texts(self) -> None:
        """All prompts of one encoder get the text; a system prompt keeps its own."""
        graph = text_to_image(
            **{"2": node("MyEncode", text_g="a cat", text_l="a cat", system_prompt="You draw.", clip=["1", 1])}
        )

        assert slots(graph)["prompt"] == {"to": ["2.text_g", "2.text_l"]}

    def test_a_node_that_draws_by_itself(self) -> None:
        """Without a sampler, the node with a prompt that makes the picture is what the slots belong to."""
        graph = {
            "1": node("LoadImage", image="a.png"),
            "2": node("CloudPainter", prompt="a cat", seed=1, images=["1", 0], model="best"),
            "3": node("SaveImage", images=["2", 0], filename_prefix="x"),
        }

        assert slots(graph) == {"image": "1.image", "prompt": "2.prompt", "seed": "2.seed"}
        assert found(graph).header["operation"] == "edit"

    def test_an_operation_nobody_knows(self) -> None:
        """Which operation fits follows from the slots of those passed in, not from a list of names."""
        known = [Task("paint", frozenset({"prompt"})), Task("warp", frozenset({"prompt", "image"}))]

        assert infer(text_to_image(), recorded(), operations=known).header["operation"] == "paint"
        assert infer(edited(), recorded(), operations=known).header["operation"] == "warp"


class TestWords:
    """From the sampler back to the widget that holds the words."""

    def test_through_joined_and_primitive_strings(self) -> None:
        """The prompt is the text that is joined with a trigger word, not the trigger word."""
        graph = text_to_image(
            **{
                "2": node("CLIPTextEncode", text=["9", 0], clip=["1", 1]),
                "9": node("StringConcatenate", string_a="trigger, ", string_b=["10", 0], delimiter=""),
                "10": node("PrimitiveStringMultiline", value="a cat"),
            }
        )

        assert slots(graph)["prompt"] == "10.value"

    def test_through_a_prompt_enhancer(self) -> None:
        """Words that a language model rewrites are set where they enter it."""
        graph = text_to_image(
            **{
                "2": node("CLIPTextEncode", text=["9", 0], clip=["1", 1]),
                "9": node("RewriteWithLLM", prompt=["10", 0], system_prompt="Be vivid.", seed=4),
                "10": node("PrimitiveString", value="a cat"),
            }
        )

        assert slots(graph)["prompt"] == "10.value"
        assert slots(graph)["seed"] == "5.seed"

    def test_joined_texts_are_ambiguous(self) -> None:
        """Where several texts are joined the likeliest is taken, and all are reported with title and id."""
        graph = text_to_image(
            **{
                "2": node("CLIPTextEncode", text=["9", 0], clip=["1", 1]),
                "9": node("StringConcatenate", string_a=["10", 0], string_b=["11", 0], delimiter=""),
                "10": node("PrimitiveString", "One half", value="a cat on a very long wall"),
                "11": node("PrimitiveString", "Other half", value="oil"),
            }
        )
        inferred = found(graph)

        assert inferred.header["slots"]["prompt"] == "10.value"
        assert [(one.node, one.title) for one in inferred.ambiguous["prompt"]] == [
            ("10", "One half"),
            ("11", "Other half"),
        ]

    def test_a_trigger_word_is_no_candidate(self) -> None:
        """A text whose title calls it a trigger word or a template leaves no doubt about the other."""
        graph = text_to_image(
            **{
                "2": node("CLIPTextEncode", text=["9", 0], clip=["1", 1]),
                "9": node("StringConcatenate", string_a=["10", 0], string_b=["11", 0], delimiter=""),
                "10": node("PrimitiveString", "Trigger word", value="a very long trigger word indeed"),
                "11": node("PrimitiveString", value="oil"),
            }
        )

        assert slots(graph)["prompt"] == "11.value"
        assert not found(graph).ambiguous

    def test_words_for_the_whole_picture_before_those_for_areas(self) -> None:
        """Of combined conditioning the part that no area limits is the prompt; the rest is reported."""
        graph = text_to_image(
            **{
                "9": node("CLIPTextEncode", text="a bright sky, very bright", clip=["1", 1]),
                "10": node("ConditioningSetArea", conditioning=["9", 0], width=64, height=64, x=0, y=0, strength=1.0),
                "11": node("ConditioningCombine", conditioning_1=["10", 0], conditioning_2=["2", 0]),
                "5": sampler(positive=["11", 0]),
            }
        )
        inferred = found(graph)

        assert inferred.header["slots"]["prompt"] == "2.text"
        assert [one.node for one in inferred.ambiguous["prompt"]] == ["2", "9"]

    def test_text_that_is_made_of_other_things(self) -> None:
        """Settings from which a node makes its text are no prompt."""
        graph = text_to_image(
            **{
                "2": node("CLIPTextEncode", text=["9", 0], clip=["1", 1]),
                "9": node("CameraAngle", view="front", zoom=1.5, lens="wide"),
            }
        )

        assert "prompt" not in slots(graph)

    def test_no_negative_prompt_when_it_is_zeroed(self) -> None:
        """Blanked conditioning has no words, and at cfg 1 there is no guidance to set."""
        zeroed = {"3": node("ConditioningZeroOut", conditioning=["2", 0]), "5": sampler(cfg=1.0)}
        inferred = found(text_to_image(**zeroed))

        assert "negative_prompt" not in inferred.header["slots"]
        assert "cfg" not in inferred.header["slots"]
        assert inferred.reasons["negative_prompt"] == "no text reaches 'KSampler' (5) as negative"

    def test_one_text_on_both_sides_is_the_prompt(self) -> None:
        """A text that also feeds the negative side is no negative prompt."""
        graph = text_to_image(**{"5": sampler(negative=["2", 0])})

        assert slots(graph)["prompt"] == "2.text"
        assert "negative_prompt" not in slots(graph)

    def test_sides_are_kept_apart_by_control(self) -> None:
        """Both sides pass the same node, each by its own output."""
        graph = edited(
            **{
                "4": node("EmptyLatentImage", width=512, height=512, batch_size=1),
                "9": node("ControlNetLoader", control_net_name="c.safetensors"),
                "10": node(
                    "ControlNetApplyAdvanced",
                    positive=["2", 0],
                    negative=["3", 0],
                    control_net=["9", 0],
                    image=["8", 0],
                    strength=1.0,
                    start_percent=0.0,
                    end_percent=1.0,
                ),
                "5": sampler(positive=["10", 0], negative=["10", 1]),
            }
        )
        inferred = found(graph)

        assert inferred.header["slots"]["prompt"] == "2.text"
        assert inferred.header["slots"]["negative_prompt"] == "3.text"
        assert "a control or style picture" in inferred.reasons["image"]

    def test_guider_and_guidance(self) -> None:
        """With a basic guider the distilled guidance is what cfg sets."""
        graph = text_to_image(
            **{
                "5": node(
                    "SamplerCustomAdvanced",
                    noise=["9", 0],
                    guider=["10", 0],
                    sampler=["11", 0],
                    sigmas=["12", 0],
                    latent_image=["4", 0],
                ),
                "9": node("RandomNoise", noise_seed=4),
                "10": node("BasicGuider", model=["1", 0], conditioning=["13", 0]),
                "11": node("KSamplerSelect", sampler_name="euler"),
                "12": node("BasicScheduler", model=["1", 0], scheduler="simple", steps=8, denoise=1.0),
                "13": node("FluxGuidance", conditioning=["2", 0], guidance=3.5),
            }
        )

        assert slots(graph) == {
            "prompt": "2.text",
            "seed": "9.noise_seed",
            "steps": "12.steps",
            "cfg": "13.guidance",
            "width": "4.width",
            "height": "4.height",
            "batch": "4.batch_size",
        }


class TestValues:
    """Numbers behind primitives, switches and arithmetic."""

    def test_a_switch_passes_its_chosen_branch(self) -> None:
        """Only the branch that the switch's position selects is followed."""
        graph = text_to_image(
            **{
                "5": sampler(steps=["9", 0]),
                "9": node("ComfySwitchNode", switch=["10", 0], on_false=["11", 0], on_true=["12", 0]),
                "10": node("PrimitiveBoolean", value=True),
                "11": node("PrimitiveInt", value=20),
                "12": node("PrimitiveInt", value=4),
            }
        )

        assert slots(graph)["steps"] == "12.value"

    def test_a_size_that_is_computed(self) -> None:
        """A size from arithmetic is not settable, and the reason names the node."""
        graph = text_to_image(
            **{
                "4": node("EmptyLatentImage", width=["9", 0], height=512, batch_size=1),
                "9": node("MathExpression", "Half of it", a=1024, b=2, expression="a/b"),
            }
        )
        inferred = found(graph)

        assert "width" not in inferred.header["slots"]
        assert inferred.reasons["width"] == "not settable: 'Half of it' (9) computes it"

    def test_a_primitive_that_feeds_several_nodes(self) -> None:
        """One slot on the primitive sets them all, and its limits are those of what it feeds."""
        graph = text_to_image(
            **{
                "4": node("EmptySD3LatentImage", width=["9", 0], height=["9", 0], batch_size=1),
                "9": node("PrimitiveInt", value=1024),
            }
        )
        header = found(graph).header

        assert header["slots"]["width"] == "9.value"
        assert header["limits"]["multiple_of"] == 16

    def test_a_later_pass_keeps_its_own_steps(self) -> None:
        """Every sampler that adds noise gets the seed; steps and cfg are those of the one that composes."""
        graph = text_to_image(
            **{
                "9": node("LatentUpscaleBy", samples=["5", 0], upscale_method="bilinear", scale_by=1.5),
                "10": sampler(latent_image=["9", 0], denoise=0.5, steps=12),
                "6": node("VAEDecode", samples=["10", 0], vae=["1", 2]),
            }
        )

        assert slots(graph)["seed"] == {"to": ["5.seed", "10.seed"]}
        assert slots(graph)["steps"] == "5.steps"
        assert "strength" not in slots(graph)


class TestPictures:
    """Pictures, masks, and what a change is limited to."""

    def test_a_picture_in_the_latent_alone_has_a_strength(self) -> None:
        """How much of it is redrawn can be set."""
        assert slots(edited())["strength"] == "5.denoise"
        assert found(edited()).header["operation"] == "edit"

    def test_the_mask_of_a_transparency_gets_its_own_loader(self) -> None:
        """Requests bring masks as pictures: the graph loads one in place of the transparency, and stays sound."""
        graph = edited(
            **{"4": node("VAEEncodeForInpaint", pixels=["8", 0], vae=["1", 2], mask=["8", 1], grow_mask_by=6)}
        )
        inferred = found(graph)
        bound = Workflow.parse("x", json.dumps(inferred.document)).bind({"image": "a.png", "mask": "m.png"})

        assert inferred.header["operation"] == "inpaint"
        assert bound.graph["mask"]["inputs"] == {"image": "m.png", "channel": "red"}
        assert bound.graph["4"]["inputs"]["mask"] == ["mask", 0]
        assert graph["4"]["inputs"]["mask"] == ["8", 1]

    @pytest.mark.parametrize("channel", ["red", "alpha"])
    def test_a_mask_loader_reads_the_channel_that_requests_fill(self, channel: str) -> None:
        """A mask read from the alpha channel would be empty."""
        graph = edited(
            **{
                "9": node("LoadImageMask", image="m.png", channel=channel),
                "10": node("VAEEncode", pixels=["8", 0], vae=["1", 2]),
                "4": node("SetLatentNoiseMask", samples=["10", 0], mask=["9", 0]),
            }
        )
        bound = Workflow.parse("x", json.dumps(found(graph).document)).bind({"image": "a.png", "mask": "m.png"})

        assert bound.graph["9"]["inputs"] == {"image": "m.png", "channel": "red"}

    def test_a_mask_that_the_graph_inverts(self) -> None:
        """Requests paint white what is to change, so the inversion for masks painted black is passed by."""
        masked = {
            "10": node("VAEEncode", pixels=["8", 0], vae=["1", 2]),
            "11": node("InvertMask", mask=["9", 0]),
            "4": node("SetLatentNoiseMask", samples=["10", 0], mask=["11", 0]),
        }
        given = {"image": "a.png", "mask": "m.png"}
        loaded = edited(**masked, **{"9": node("LoadImageMask", image="m.png", channel="red")})
        of_picture = edited(**(masked | {"11": node("InvertMask", mask=["8", 1])}))
        plain = Workflow.parse("x", json.dumps(found(loaded).document)).bind(given)
        own = Workflow.parse("x", json.dumps(found(of_picture).document)).bind(given)

        assert plain.graph["4"]["inputs"]["mask"] == ["9", 0]
        assert own.graph["4"]["inputs"]["mask"] == ["mask", 0]

    def test_a_picture_that_only_becomes_a_mask(self) -> None:
        """A plain picture behind a conversion is the mask, whatever its number."""
        graph = edited(
            **{
                "0": node("LoadImage", image="m.png"),
                "9": node("ImageToMask", image=["0", 0], channel="red"),
                "10": node("VAEEncode", pixels=["8", 0], vae=["1", 2]),
                "4": node("SetLatentNoiseMask", samples=["10", 0], mask=["9", 0]),
            }
        )

        assert slots(graph)["mask"] == "0.image"
        assert slots(graph)["image"] == "8.image"

    def test_transparency_that_is_only_handed_on_is_no_mask(self) -> None:
        """A picture that gets its transparency back afterwards is no inpainting."""
        graph = edited(
            **{
                "9": node("JoinImageWithAlpha", image=["6", 0], alpha=["8", 1]),
                "7": node("SaveImage", images=["9", 0], filename_prefix="x"),
            }
        )

        assert "mask" not in slots(graph)

    def test_words_that_find_a_part(self) -> None:
        """Words that make a mask are the target, words that reach the sampler the prompt."""
        graph = edited(
            **{
                "9": node("FindByWords", image=["8", 0], text_prompt="the hat"),
                "10": node("VAEEncode", pixels=["8", 0], vae=["1", 2]),
                "4": node("SetLatentNoiseMask", samples=["10", 0], mask=["9", 0]),
            }
        )
        inferred = found(graph)

        assert inferred.header["slots"]["target"] == "9.text_prompt"
        assert inferred.header["slots"]["prompt"] == "2.text"
        assert inferred.header["operation"] == "region_edit"

    def test_words_of_a_segmenter_as_conditioning(self) -> None:
        """A cut-out by words has a target and no prompt."""
        graph = {
            "1": node("CheckpointLoaderSimple", ckpt_name="sam.safetensors"),
            "2": node("CLIPTextEncode", text="guitar", clip=["1", 1]),
            "3": node("LoadImage", image="a.png"),
            "4": node("SAM9_Detect", model=["1", 0], image=["3", 0], conditioning=["2", 0]),
            "5": node("JoinImageWithAlpha", image=["3", 0], alpha=["4", 0]),
            "6": node("SaveImage", images=["5", 0], filename_prefix="x"),
        }

        assert slots(graph) == {"image": "3.image", "target": "2.text"}
        assert found(graph).header["operation"] == "remove_background"

    def test_an_upscaler_takes_a_picture_and_no_words(self) -> None:
        """It is callable as an edit of its own."""
        graph = {
            "1": node("LoadImage", image="a.png"),
            "2": node("UpscaleModelLoader", model_name="x4.pth"),
            "3": node("ImageUpscaleWithModel", upscale_model=["2", 0], image=["1", 0]),
            "4": node("SaveImage", images=["3", 0], filename_prefix="x"),
        }

        assert slots(graph) == {"image": "1.image"}
        assert found(graph).header["operation"] == "edit"


class TestOutputs:
    """Which output node is the result."""

    def test_previews_comparisons_masks_and_steps_are_set_aside(self) -> None:
        """The saved picture at the end of the way is the result."""
        graph = edited(
            **{
                "7": node("SaveImage", images=["6", 0], filename_prefix="step"),
                "9": node("ImageInvert", image=["6", 0]),
                "0": node("PreviewImage", images=["9", 0]),
                "10": node("ImageCompare", image_a=["8", 0], image_b=["9", 0]),
                "11": node("MaskPreview", mask=["8", 1]),
                "12": node("SaveImage", images=["9", 0], filename_prefix="end"),
            }
        )
        inferred = found(graph)

        assert inferred.header["outputs"] == {"image": "12"}
        assert not inferred.ambiguous

    def test_equal_results_are_ambiguous(self) -> None:
        """Two pictures that no structure tells apart are reported, the first is taken."""
        graph = text_to_image(
            **{
                "8": sampler(seed=2),
                "9": node("VAEDecode", samples=["8", 0], vae=["1", 2]),
                "10": node("SaveImage", images=["9", 0], filename_prefix="other"),
            }
        )
        inferred = found(graph)

        assert inferred.header["outputs"] == {"image": "7"}
        assert [one.node for one in inferred.ambiguous["output"]] == ["7", "10"]

    def test_video_is_recognised(self) -> None:
        """A graph that ends in a video says so."""
        graph = text_to_image(
            **{
                "7": node("CreateVideo", images=["6", 0], fps=16.0),
                "8": node("SaveVideo", video=["7", 0], filename_prefix="x", format="auto", codec="auto"),
            }
        )

        assert found(graph).medium == "video"


class TestErrors:
    """Graphs that cannot run, or save nothing."""

    def test_no_output(self) -> None:
        """The node at which the graph ends is named by title and id."""
        graph = text_to_image()
        del graph["7"]

        with pytest.raises(WorkflowError, match=r"no node saves a picture; the graph ends at 'VAEDecode' \(6\)"):
            found(graph)

    def test_a_dangling_link(self) -> None:
        """The input, its node's title and id, and the missing node are named."""
        graph = text_to_image(**{"6": node("VAEDecode", "Decode it", samples=["99", 0], vae=["1", 2])})

        with pytest.raises(WorkflowError, match=r"'samples' of 'Decode it' \(6\) is linked to node 99"):
            found(graph)

    def test_a_circle(self) -> None:
        """The nodes of the circle are named."""
        graph = text_to_image(**{"4": node("VAEEncode", pixels=["6", 0], vae=["1", 2])})

        with pytest.raises(
            WorkflowError, match=r"circle: 'VAEEncode' \(4\)|circle: 'VAEDecode' \(6\)|circle: 'KSampler' \(5\)"
        ):
            found(graph)

    def test_a_chain_too_long_to_follow(self) -> None:
        """A hostile depth is refused by a sentence, not by the interpreter."""
        graph = {str(place): node("ImageInvert", image=[str(place - 1), 0]) for place in range(1, 3000)}
        graph["0"] = node("LoadImage", image="a.png")
        graph["x"] = node("SaveImage", images=["2999", 0], filename_prefix="x")

        with pytest.raises(WorkflowError, match="more than 400 nodes"):
            found(graph)

    def test_no_operation_of_that_kind(self) -> None:
        """Without any operation that fits there is no header."""
        with pytest.raises(WorkflowError, match="no operation makes a picture from nothing"):
            infer(text_to_image(), recorded(), operations=[])
