"""Text encoders and what is hung on their result: references, guidance, control pictures."""

from __future__ import annotations

import math
from dataclasses import replace

from protobanana.engine import raster
from protobanana.engine.nodes.base import Context, Outputs, node
from protobanana.engine.nodes.latents import encode, masked_for_inpaint
from protobanana.engine.values import Clip, Conditioning, Control, ControlNet, Image, Latent, Mask, Picture, Vae


@node("CLIPTextEncode")
def clip_text_encode(_ctx: Context, *, text: str, clip: Clip) -> Outputs:
    """Words alone: an edit model that gets this has no picture to edit."""
    return (Conditioning(text),)


@node("CLIPTextEncodeFlux")
def clip_text_encode_flux(_ctx: Context, *, clip: Clip, clip_l: str, t5xxl: str, guidance: float) -> Outputs:
    """Two texts, of which the long one leads."""
    return (Conditioning(_joined(t5xxl, clip_l)),)


@node("CLIPTextEncodeSD3")
def clip_text_encode_sd3(
    _ctx: Context, *, clip: Clip, clip_l: str, clip_g: str, t5xxl: str, empty_padding: str
) -> Outputs:
    """Three texts, of which the long one leads."""
    return (Conditioning(_joined(t5xxl, clip_g, clip_l)),)


@node("CLIPTextEncodeSDXL")
def clip_text_encode_sdxl(
    _ctx: Context,
    *,
    clip: Clip,
    width: int,
    height: int,
    crop_w: int,
    crop_h: int,
    target_width: int,
    target_height: int,
    text_g: str,
    text_l: str,
) -> Outputs:
    """Two texts and size hints (the hints change nothing here)."""
    return (Conditioning(_joined(text_g, text_l)),)


@node("CLIPTextEncodeLumina2")
def clip_text_encode_lumina2(_ctx: Context, *, system_prompt: str, user_prompt: str, clip: Clip) -> Outputs:
    """The user's words; the system prompt is boilerplate for the encoder."""
    return (Conditioning(user_prompt),)


def _joined(*texts: str) -> str:
    """Texts in order, repeated ones once."""
    return ". ".join(dict.fromkeys(text.strip() for text in texts if text.strip()))


def _seen(image: Image, megapixels: float, method: str = "area") -> Picture:
    """The picture as the vision encoder sees it: scaled to about `megapixels` (in units of 1024 x 1024)."""
    height, width = image.shape[1:3]
    scale = math.sqrt(megapixels * 1024 * 1024 / (width * height))
    return raster.f32(
        raster.resize(image[:1, ..., :3], max(1, round(width * scale)), max(1, round(height * scale)), method)[0]
    )


def _reference(image: Image, vae: Vae) -> Picture:
    """The picture as reference latents carry it: about one megapixel, sides in multiples of 8."""
    height, width = image.shape[1:3]
    scale = math.sqrt(1024 * 1024 / (width * height))
    wide, high = (max(8, round(side * scale / 8) * 8) for side in (width, height))
    return encode(raster.resize(image[:1, ..., :3], wide, high, "area"), vae).pixels[0, ..., :3]


@node("TextEncodeQwenImageEdit")
def text_encode_qwen_image_edit(
    _ctx: Context, *, clip: Clip, prompt: str, vae: Vae | None = None, image: Image | None = None
) -> Outputs:
    """Words and one picture; with a `vae` the picture also travels as reference latents."""
    if image is None:
        return (Conditioning(prompt),)
    seen = _seen(image, 1.0)
    references = (encode(seen[None], vae).pixels[0, ..., :3],) if vae is not None else ()
    return (Conditioning(prompt, references, (seen,)),)


@node("TextEncodeQwenImageEditPlus")
def text_encode_qwen_image_edit_plus(
    _ctx: Context,
    *,
    clip: Clip,
    prompt: str,
    vae: Vae | None = None,
    image1: Image | None = None,
    image2: Image | None = None,
    image3: Image | None = None,
) -> Outputs:
    """Words and up to three pictures: seen at about 384 x 384, carried as latents at about one megapixel."""
    images = [image for image in (image1, image2, image3) if image is not None]
    references = tuple(_reference(image, vae) for image in images) if vae is not None else ()
    return (Conditioning(prompt, references, tuple(_seen(image, 384 * 384 / 1024**2) for image in images)),)


@node("TextEncodeZImageOmni")
def text_encode_z_image_omni(
    _ctx: Context,
    *,
    clip: Clip,
    prompt: str,
    auto_resize_images: bool,
    image_encoder: object = None,
    vae: Vae | None = None,
    image1: Image | None = None,
    image2: Image | None = None,
    image3: Image | None = None,
) -> Outputs:
    """Words and up to three pictures, carried as latents when a `vae` is connected."""
    images = [image for image in (image1, image2, image3) if image is not None]
    references = tuple(_reference(image, vae) for image in images) if vae is not None else ()
    return (Conditioning(prompt, references, tuple(image[0, ..., :3] for image in images)),)


@node("FluxGuidance")
def flux_guidance(_ctx: Context, *, conditioning: Conditioning, guidance: float) -> Outputs:
    """The distilled guidance scale (it does not change what is named)."""
    return (conditioning,)


@node("FluxDisableGuidance")
def flux_disable_guidance(_ctx: Context, *, conditioning: Conditioning) -> Outputs:
    """Conditioning without a guidance scale."""
    return (conditioning,)


@node("FluxKontextMultiReferenceLatentMethod")
def reference_latents_method(_ctx: Context, *, conditioning: Conditioning, reference_latents_method: str) -> Outputs:
    """How several references are indexed (their order stays)."""
    return (conditioning,)


@node("ConditioningZeroOut")
def conditioning_zero_out(_ctx: Context, *, conditioning: Conditioning) -> Outputs:
    """The words are gone, references stay."""
    return (replace(conditioning, text=""),)


@node("ConditioningCombine")
def conditioning_combine(_ctx: Context, *, conditioning_1: Conditioning, conditioning_2: Conditioning) -> Outputs:
    """Both conditionings at once."""
    return (_merged(conditioning_1, conditioning_2),)


@node("ConditioningConcat")
def conditioning_concat(_ctx: Context, *, conditioning_to: Conditioning, conditioning_from: Conditioning) -> Outputs:
    """One text after the other."""
    return (_merged(conditioning_to, conditioning_from),)


@node("ConditioningAverage")
def conditioning_average(
    _ctx: Context, *, conditioning_to: Conditioning, conditioning_from: Conditioning, conditioning_to_strength: float
) -> Outputs:
    """A mix; a painter cannot draw half a word, so the stronger text wins."""
    return (conditioning_to if conditioning_to_strength >= 0.5 else conditioning_from,)


def _merged(first: Conditioning, second: Conditioning) -> Conditioning:
    return Conditioning(
        _joined(first.text, second.text),
        first.references + second.references,
        first.seen + second.seen,
        first.controls + second.controls,
    )


@node("ConditioningSetTimestepRange")
def conditioning_set_timestep_range(_ctx: Context, *, conditioning: Conditioning, start: float, end: float) -> Outputs:
    """Conditioning for a part of the steps; an empty range says nothing."""
    return (conditioning if end > start else Conditioning(""),)


@node("ReferenceLatent")
def reference_latent(_ctx: Context, *, conditioning: Conditioning, latent: Latent | None = None) -> Outputs:
    """One more reference picture, after the ones already there."""
    if latent is None:
        return (conditioning,)
    return (replace(conditioning, references=(*conditioning.references, latent.pixels[0, ..., :3])),)


@node("InpaintModelConditioning")
def inpaint_model_conditioning(
    _ctx: Context,
    *,
    positive: Conditioning,
    negative: Conditioning,
    vae: Vae,
    pixels: Image,
    mask: Mask,
    noise_mask: bool,
) -> Outputs:
    """The picture as a latent to inpaint; with `noise_mask` only the masked part is repainted."""
    latent = encode(pixels[..., :3], vae)
    return positive, negative, replace(latent, noise_mask=masked_for_inpaint(mask) if noise_mask else None)


@node("InstructPixToPixConditioning")
def instruct_pix_to_pix_conditioning(
    _ctx: Context, *, positive: Conditioning, negative: Conditioning, vae: Vae, pixels: Image
) -> Outputs:
    """The picture as a reference of both conditionings, and an empty latent of its size."""
    latent = encode(pixels[..., :3], vae)
    carried = [replace(one, references=(*one.references, latent.pixels[0])) for one in (positive, negative)]
    return (*carried, replace(latent, empty=True))


def _controlled(conditioning: Conditioning, image: Image, strength: float) -> Conditioning:
    return replace(conditioning, controls=(*conditioning.controls, Control(image[0, ..., :3], strength)))


@node("ControlNetApply")
def control_net_apply(
    _ctx: Context, *, conditioning: Conditioning, control_net: ControlNet, image: Image, strength: float
) -> Outputs:
    """A control picture on one conditioning."""
    return (_controlled(conditioning, image, strength),)


@node("ControlNetApplyAdvanced")
@node("ControlNetApplySD3")
def control_net_apply_advanced(
    _ctx: Context,
    *,
    positive: Conditioning,
    negative: Conditioning,
    control_net: ControlNet,
    image: Image,
    strength: float,
    start_percent: float,
    end_percent: float,
    vae: Vae | None = None,
) -> Outputs:
    """A control picture on both conditionings."""
    return _controlled(positive, image, strength), _controlled(negative, image, strength)


@node("ControlNetInpaintingAliMamaApply")
def control_net_inpainting_apply(
    _ctx: Context,
    *,
    positive: Conditioning,
    negative: Conditioning,
    control_net: ControlNet,
    vae: Vae,
    image: Image,
    mask: Mask,
    strength: float,
    start_percent: float,
    end_percent: float,
) -> Outputs:
    """An inpainting control network sees the picture around the mask; the latent's noise mask does the rest."""
    return positive, negative
