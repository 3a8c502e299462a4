"""Loaders and model patches: a file name becomes a small record, and patches are noted on it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from protobanana.engine.nodes.base import Context, Outputs, node
from protobanana.engine.values import Clip, Control, ControlNet, Image, Mask, Model, ModelPatch, UpscaleModel, Vae

_PATCHES = (
    "APG", "CFGNorm", "CFGZeroStar", "DifferentialDiffusion", "EasyCache", "Epsilon Scaling", "FreSca", "FreeU",
    "FreeU_V2", "HyperTile", "LazyCache", "Mahiro", "ModelComputeDtype", "ModelSamplingAuraFlow",
    "ModelSamplingContinuousEDM", "ModelSamplingContinuousV", "ModelSamplingDiscrete", "ModelSamplingFlux",
    "ModelSamplingLTXV", "ModelSamplingSD3", "PatchModelAddDownscale", "PerturbedAttentionGuidance", "RenormCFG",
    "RescaleCFG", "ScaleROPE", "SelfAttentionGuidance", "SkipLayerGuidanceDiT", "SkipLayerGuidanceDiTSimple",
    "SkipLayerGuidanceSD3", "TCFG", "TemporalScoreRescaling", "TomePatchModel", "TorchCompileModel",
)  # fmt: skip
"""Nodes that take a model and give it back changed in a way no painter can show."""


def _vae(name: str) -> Vae:
    return Vae(name, factor=16 if re.search(r"flux[-_.]?2", name, re.IGNORECASE) else 8)


@node("UNETLoader")
def unet_loader(_ctx: Context, *, unet_name: str, weight_dtype: str) -> Outputs:
    """A diffusion model by file name; the name decides whether it edits."""
    return (Model(unet_name, patches=(weight_dtype,)),)


@node("CheckpointLoaderSimple")
def checkpoint_loader(_ctx: Context, *, ckpt_name: str) -> Outputs:
    """Model, text encoder and autoencoder from one file."""
    return Model(ckpt_name), Clip((ckpt_name,)), _vae(ckpt_name)


@node("CLIPLoader")
def clip_loader(_ctx: Context, *, clip_name: str, type: str, device: str = "default") -> Outputs:  # noqa: A002 - the input's name
    """A text encoder."""
    return (Clip((clip_name,), type),)


@node("DualCLIPLoader")
def dual_clip_loader(
    _ctx: Context,
    *,
    clip_name1: str,
    clip_name2: str,
    type: str,  # noqa: A002 - the input's name
    device: str = "default",
) -> Outputs:
    """Two text encoders used together."""
    return (Clip((clip_name1, clip_name2), type),)


@node("TripleCLIPLoader")
def triple_clip_loader(_ctx: Context, *, clip_name1: str, clip_name2: str, clip_name3: str) -> Outputs:
    """Three text encoders used together."""
    return (Clip((clip_name1, clip_name2, clip_name3)),)


@node("VAELoader")
def vae_loader(_ctx: Context, *, vae_name: str) -> Outputs:
    """An autoencoder."""
    return (_vae(vae_name),)


@node("ControlNetLoader")
def control_net_loader(_ctx: Context, *, control_net_name: str) -> Outputs:
    """A control network."""
    return (ControlNet(control_net_name),)


@node("DiffControlNetLoader")
def diff_control_net_loader(_ctx: Context, *, model: Model, control_net_name: str) -> Outputs:
    """A control network stored as a difference to its model."""
    return (ControlNet(control_net_name),)


@node("SetUnionControlNetType")
def set_union_control_net_type(
    _ctx: Context,
    *,
    control_net: ControlNet,
    type: str,  # noqa: A002 - the input's name
) -> Outputs:
    """Which of a union network's kinds the picture is."""
    return (control_net,)


@node("ModelPatchLoader")
def model_patch_loader(_ctx: Context, *, name: str) -> Outputs:
    """A model patch."""
    return (ModelPatch(name),)


@node("UpscaleModelLoader")
def upscale_model_loader(_ctx: Context, *, model_name: str) -> Outputs:
    """An upscaler; its factor is the `4x` or `x2` of its name."""
    found = re.search(r"(\d)x|x(\d)", model_name, re.IGNORECASE)
    return (UpscaleModel(model_name, int(found.group(1) or found.group(2)) if found else 4),)


@node("CLIPSetLastLayer")
def clip_set_last_layer(_ctx: Context, *, clip: Clip, stop_at_clip_layer: int) -> Outputs:
    """An encoder that stops early encodes the same words here."""
    return (clip,)


def _with_lora(model: Model, name: str, strength: float) -> Model:
    return replace(model, loras=(*model.loras, name)) if strength else model


@node("LoraLoaderModelOnly")
@node("LoraLoaderBypassModelOnly")
def lora_loader_model_only(_ctx: Context, *, model: Model, lora_name: str, strength_model: float) -> Outputs:
    """A LoRA on the model."""
    return (_with_lora(model, lora_name, strength_model),)


@node("LoraLoader")
@node("LoraLoaderBypass")
def lora_loader(
    _ctx: Context, *, model: Model, clip: Clip, lora_name: str, strength_model: float, strength_clip: float
) -> Outputs:
    """A LoRA on model and text encoder."""
    return _with_lora(model, lora_name, strength_model), clip


@node("QwenImageDiffsynthControlnet")
def qwen_image_diffsynth_controlnet(
    _ctx: Context,
    *,
    model: Model,
    model_patch: ModelPatch,
    vae: Vae,
    image: Image,
    strength: float,
    mask: Mask | None = None,
) -> Outputs:
    """A control picture attached to the model itself."""
    return (replace(model, controls=(*model.controls, Control(image[0, ..., :3], strength))),)


@node("ZImageFunControlnet")
def z_image_fun_controlnet(
    _ctx: Context,
    *,
    model: Model,
    model_patch: ModelPatch,
    vae: Vae,
    strength: float,
    image: Image | None = None,
    inpaint_image: Image | None = None,
    mask: Mask | None = None,
) -> Outputs:
    """A control picture attached to the model itself; without one the model is unchanged."""
    if image is None:
        return (model,)
    return (replace(model, controls=(*model.controls, Control(image[0, ..., :3], strength))),)


def _register_patch(name: str) -> None:
    @node(name)
    def patch(_ctx: Context, *, model: Model, **_settings: Any) -> Outputs:
        return (model.patched(name),)


for _name in _PATCHES:
    _register_patch(_name)
