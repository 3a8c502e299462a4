"""What authors say: node titles, and a header that is partly there."""

from __future__ import annotations

from typing import Any

import pytest

from protobanana.errors import WorkflowError
from protobanana.operations.base import operations
from protobanana.workflows.authoring.infer import KEY, Inferred, infer, tasks
from protobanana.workflows.authoring.infer.hints import slot_named
from protobanana.workflows.authoring.schema import recorded

TASKS = tasks(operations().values())


def node(class_type: str, title: str = "", **inputs: Any) -> dict[str, Any]:
    """One node of an API graph."""
    return {"class_type": class_type, "inputs": inputs, "_meta": {"title": title or class_type}}


def graph(titles: dict[str, str] | None = None, **changed: Any) -> dict[str, Any]:
    """A graph that edits one of three pictures, with other titles or nodes."""
    links = {"model": ["1", 0], "positive": ["2", 0], "negative": ["3", 0], "latent_image": ["4", 0]}
    settings = {"seed": 1, "steps": 20, "cfg": 4.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0}
    pictures = {"image1": ["8", 0], "image2": ["9", 0], "image3": ["10", 0]}
    nodes = {
        "1": node("CheckpointLoaderSimple", ckpt_name="model.safetensors"),
        "2": node("TextEncodeQwenImageEditPlus", prompt=["20", 0], clip=["1", 1], vae=["1", 2], **pictures),
        "3": node("TextEncodeQwenImageEditPlus", prompt="", clip=["1", 1], vae=["1", 2], **pictures),
        "4": node("VAEEncode", pixels=["8", 0], vae=["1", 2]),
        "5": node("KSampler", **settings, **links),
        "6": node("VAEDecode", samples=["5", 0], vae=["1", 2]),
        "7": node("SaveImage", images=["6", 0], filename_prefix="x"),
        "8": node("LoadImage", image="a.png"),
        "9": node("LoadImage", image="b.png"),
        "10": node("LoadImage", image="c.png"),
        "11": node("SaveImage", images=["12", 0], filename_prefix="y"),
        "12": node("ImageInvert", image=["6", 0]),
        "20": node("StringConcatenate", string_a=["21", 0], string_b=["22", 0], delimiter=" "),
        "21": node("PrimitiveString", value="a rather long text"),
        "22": node("PrimitiveString", value="short"),
    }
    found = nodes | changed
    for node_id, title in (titles or {}).items():
        found[node_id]["_meta"] = {"title": title}
    return found


def found(document: dict[str, Any]) -> Inferred:
    """What tracing finds."""
    return infer(document, recorded(), operations=TASKS)


@pytest.mark.parametrize(
    ("title", "slot"),
    [
        ("Prompt", "prompt"),
        ("PROMPT:", "prompt"),
        ("negative_prompt", "negative_prompt"),
        ("Negative", "negative_prompt"),
        ("Image 2", "image_2"),
        ("image2", "image_2"),
        ("Reference image 3", "image_3"),
        ("Mask", "mask"),
        ("Output", "output"),
        ("Batch size", "batch"),
        ("Load Image", None),
        ("CLIP Text Encode (Prompt)", None),
        ("\x00", None),
        ("prompt " * 500, None),
    ],
)
def test_titles_that_name_slots(title: str, slot: str | None) -> None:
    """Case, punctuation and underscores do not matter; the editor's own titles name nothing."""
    assert slot_named(title) == slot


class TestTitles:
    """Titles decide where the graph leaves a choice."""

    def test_a_prompt_among_joined_texts(self) -> None:
        """Without a title the longest text is taken and doubted; with one the matter is settled."""
        assert found(graph()).header["slots"]["prompt"] == "21.value"
        assert "prompt" in found(graph()).ambiguous

        titled = found(graph({"22": "Prompt"}))

        assert titled.header["slots"]["prompt"] == "22.value"
        assert "prompt" not in titled.ambiguous

    def test_pictures_are_numbered(self) -> None:
        """`Image 1` and `Image 3` take their places, the picture without a title gets what is left."""
        slots = found(graph({"8": "image 3", "10": "image 1"})).header["slots"]

        assert [slots["image"], slots["image_2"], slots["image_3"]] == ["10.image", "9.image", "8.image"]

    def test_the_output(self) -> None:
        """A node titled output is the result, be it a step on the way."""
        assert found(graph()).header["outputs"] == {"image": "11"}
        assert found(graph({"7": "Output"})).header["outputs"] == {"image": "7"}

    def test_a_mask(self) -> None:
        """A picture titled mask is one, whatever the graph does with it."""
        slots = found(graph({"10": "MASK"})).header["slots"]

        assert slots["mask"] == "10.image"
        assert "image_3" not in slots

    def test_a_number(self) -> None:
        """A titled primitive is the slot where tracing finds another place."""
        extra = {
            "30": node("PrimitiveInt", "Steps", value=9),
            "12": node("Posterize", image=["6", 0], levels=["30", 0]),
        }

        assert found(graph(**extra)).header["slots"]["steps"] == "30.value"

    def test_a_title_that_the_result_does_not_depend_on(self) -> None:
        """A titled node beside the graph changes nothing."""
        extra = {"30": node("PrimitiveString", "Prompt", value="unused")}

        assert found(graph(**extra)).header == found(graph()).header

    def test_hostile_titles(self) -> None:
        """What people see is one short line, and titles that are no text count for nothing."""
        extra = {"21": node("PrimitiveString", value="a rather long text")}
        extra["21"]["_meta"] = {"title": "<b>\n\x1b[31m" + "x" * 9000}
        document = graph(**extra)
        document["22"]["_meta"] = {"title": ["prompt"]}
        document["9"]["_meta"] = "no object"
        reasons = found(document).reasons

        assert all(text.isprintable() and len(text) < 400 for text in reasons.values())


class TestPartialHeader:
    """What a header states is kept, the rest is inferred."""

    def test_stated_slots_win(self) -> None:
        """A stated slot keeps its place, an inferred one does not fill the same input."""
        stated = {"schema": 1, "title": "Mine", "slots": {"prompt": "22.value", "picture_seed": "5.seed"}}
        inferred = found(graph() | {KEY: stated})

        assert inferred.header["title"] == "Mine"
        assert inferred.header["slots"]["prompt"] == "22.value"
        assert inferred.header["slots"]["picture_seed"] == "5.seed"
        assert "seed" not in inferred.header["slots"]
        assert inferred.header["slots"]["steps"] == "5.steps"
        assert "prompt" not in inferred.ambiguous

    def test_stated_pictures_keep_their_numbers(self) -> None:
        """The pictures that are not stated take the numbers that are left."""
        slots = found(graph() | {KEY: {"slots": {"image": "9.image"}}}).header["slots"]

        assert slots["image"] == "9.image"
        assert {slots["image_2"], slots["image_3"]["to"][0]} == {"8.image", "10.image"}

    def test_a_stated_output_is_what_is_traced(self) -> None:
        """Slots belong to the output that the header names."""
        inferred = found(graph() | {KEY: {"outputs": {"image": "7"}}})

        assert inferred.header["outputs"] == {"image": "7"}
        assert inferred.reasons["output"] == "'SaveImage' (7): stated in the header"

    def test_stated_operation_and_limits(self) -> None:
        """Both are kept, and limits that are not stated are added."""
        header = found(graph() | {KEY: {"operation": "compose", "limits": {"min_images": 2}}}).header

        assert header["operation"] == "compose"
        assert header["limits"] == {"min_images": 2}

    @pytest.mark.parametrize(
        ("stated", "message"),
        [
            ([], "must be an object"),
            ({"slots": []}, "must be an object"),
            ({"slots": {"prompt": "99.text"}}, "slot 'prompt' points to '99.text'"),
            ({"slots": {"prompt": {"to": 5}}}, "_protobanana.slots.prompt"),
            ({"outputs": {"image": "1"}}, "node 1, which saves no picture"),
            ({"outputs": {"mask": "99"}}, "output 'mask' is node 99, which does not exist"),
            ({"sluts": {}}, "unknown key, did you mean 'slots'"),
            ({"slots": {"image_7": "9.image"}}, "numbered without a gap"),
        ],
    )
    def test_a_wrong_header(self, stated: Any, message: str) -> None:
        """The wrong key, slot or output is named."""
        with pytest.raises(WorkflowError, match=message):
            found(graph() | {KEY: stated})
