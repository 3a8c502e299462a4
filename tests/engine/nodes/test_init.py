"""The registry against the record of genuine ComfyUI."""

from __future__ import annotations

import inspect
import json
from importlib import resources
from typing import Any

import pytest

from protobanana.engine.nodes import load_all

RECORD: dict[str, Any] = json.loads(resources.files("protobanana.data").joinpath("object_info.json").read_text("utf-8"))
NODES = load_all()
NEEDED = {
    "BasicGuider", "BasicScheduler", "BiRefNetRMBG", "CFGGuider", "CFGNorm", "CLIPLoader", "CLIPTextEncode",
    "CheckpointLoaderSimple", "ConditioningZeroOut", "ControlNetApplyAdvanced", "DifferentialDiffusion",
    "EmptyFlux2LatentImage", "EmptyLatentImage", "EmptySD3LatentImage", "FeatherMask", "Flux2Scheduler",
    "FluxGuidance", "FluxKontextImageScale", "FluxKontextMultiReferenceLatentMethod", "GetImageSize", "GrowMask",
    "ImageBatch", "ImageCompositeMasked", "ImagePadForOutpaint", "ImageScale", "ImageScaleToMaxDimension",
    "ImageScaleToTotalPixels", "ImageStitch", "ImageToMask", "InpaintModelConditioning", "InvertMask",
    "JoinImageWithAlpha", "KSampler", "KSamplerAdvanced", "KSamplerSelect", "LanPaint_KSampler", "LanPaint_MaskBlend",
    "LoadImage", "LoadImageMask", "LoraLoaderModelOnly", "MaskComposite", "MaskToImage", "ModelSamplingAuraFlow",
    "PreviewImage", "RMBG", "RandomNoise", "ReferenceLatent", "RepeatLatentBatch", "SAM2Segment", "SAM3Segment",
    "SamplerCustomAdvanced", "SaveImage", "SaveImageWebsocket", "Segment", "SegmentV2", "SetLatentNoiseMask",
    "SplitImageWithAlpha", "TextEncodeQwenImageEdit", "TextEncodeQwenImageEditPlus", "ThresholdMask", "UNETLoader",
    "VAEDecode", "VAEDecodeTiled", "VAEEncode", "VAEEncodeForInpaint", "VAELoader",
}  # fmt: skip


def declared(name: str) -> tuple[set[str], set[str]]:
    """Required and optional input names of a recorded class."""
    inputs = RECORD[name]["input"]
    return set(inputs.get("required", {})), set(inputs.get("optional", {}))


def test_everything_the_recipes_need_is_there() -> None:
    """The nodes of the official Qwen-Image, FLUX.2 and Z-Image templates and of inpainting workflows are registered."""
    assert set(NODES) >= NEEDED


@pytest.mark.parametrize("name", sorted(NODES))
def test_node_is_a_recorded_class(name: str) -> None:
    """Each registered class exists in genuine ComfyUI or its packs, and is an output node there iff it is one here."""
    assert name in RECORD
    assert NODES[name].output_node == RECORD[name]["output_node"]


@pytest.mark.parametrize("name", sorted(NODES))
def test_node_accepts_the_declared_inputs(name: str) -> None:
    """Required inputs alone and all inputs bind; inputs that were not declared do not."""
    required, optional = declared(name)
    signature = inspect.signature(NODES[name].run)
    open_ended = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in signature.parameters.values())
    named = {key for key, each in signature.parameters.items() if each.kind is inspect.Parameter.KEYWORD_ONLY}

    signature.bind(object(), **dict.fromkeys(required))
    signature.bind(object(), **dict.fromkeys(required | optional))
    assert named <= required | optional
    assert open_ended or named == required | optional


def test_every_node_says_what_it_does() -> None:
    """Each node function has a docstring (patches, which share one, aside)."""
    assert all(node.run.__doc__ for node in NODES.values() if node.run.__name__ != "patch")
