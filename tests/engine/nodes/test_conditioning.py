"""Text encoders and references."""

from __future__ import annotations

from typing import Any

import numpy as np

from protobanana.engine.values import Clip, Conditioning, Model, Vae

CLIP, VAE = Clip(("qwen",)), Vae("qwen_image_vae.safetensors")
PICTURE = np.zeros((1, 600, 900, 3), np.float32)


def test_edit_encoder_carries_pictures_in_order(bench: Any) -> None:
    """Up to three, as latents of about one megapixel when a VAE is connected, else only seen, small."""
    images = {f"image{n}": PICTURE + n / 10 for n in (1, 2, 3)}
    carried = bench.call("TextEncodeQwenImageEditPlus", clip=CLIP, prompt="edit", vae=VAE, **images)
    seen = bench.call("TextEncodeQwenImageEditPlus", clip=CLIP, prompt="edit", image2=PICTURE)

    assert [round(float(one[0, 0, 0]), 1) for one in carried.references] == [0.1, 0.2, 0.3]
    height, width = carried.references[0].shape[:2]
    assert height % 8 == width % 8 == 0
    assert abs(height * width / 1024**2 - 1) < 0.02
    assert seen.references == ()
    assert abs(seen.seen[0].shape[0] * seen.seen[0].shape[1] / 384**2 - 1) < 0.02


def test_plain_encoder_carries_no_picture(bench: Any) -> None:
    """CLIPTextEncode is words and nothing else."""
    assert bench.call("CLIPTextEncode", text="a cat", clip=CLIP) == Conditioning("a cat")


def test_zero_out_keeps_references(bench: Any) -> None:
    """The words go, the pictures stay, as in ComfyUI."""
    conditioning = Conditioning("a cat", references=(PICTURE[0],))
    zeroed = bench.call("ConditioningZeroOut", conditioning=conditioning)

    assert zeroed.text == ""
    assert len(zeroed.references) == 1


def test_combining_joins_words_and_references(bench: Any) -> None:
    """Texts in order, doubled ones once."""
    one, two = Conditioning("a cat", (PICTURE[0],)), Conditioning("a dog", (PICTURE[0],))
    both = bench.call("ConditioningCombine", conditioning_1=one, conditioning_2=two)
    same = bench.call("ConditioningConcat", conditioning_to=one, conditioning_from=one)

    assert both.text == "a cat. a dog"
    assert len(both.references) == 2
    assert same.text == "a cat"


def test_model_families() -> None:
    """Edit models, FLUX.2 and unknown names read references; plain text-to-image models do not."""
    readers = [
        "qwen_image_edit_2511_bf16", "flux-2-klein-4b", "flux2_dev_fp8mixed", "flux1-kontext-dev",
        "qwen_image_layered_bf16", "my_own_model",
    ]  # fmt: skip
    others = ["qwen_image_2512_fp8_e4m3fn", "z_image_turbo_bf16", "sd_xl_base_1.0", "flux1-dev", "v1-5-emaonly-sd15"]

    assert all(Model(f"{name}.safetensors").reads_references for name in readers)
    assert not any(Model(f"{name}.safetensors").reads_references for name in others)


def test_inpaint_conditioning_makes_a_masked_latent(bench: Any) -> None:
    """With `noise_mask` the latent carries the mask, without it does not."""
    words = Conditioning("x")
    mask = np.ones((1, 600, 900), np.float32)
    inputs = {"positive": words, "negative": words, "vae": VAE, "pixels": PICTURE, "mask": mask}

    assert bench.call("InpaintModelConditioning", noise_mask=True, **inputs)[2].noise_mask.shape == (1, 600, 900)
    assert bench.call("InpaintModelConditioning", noise_mask=False, **inputs)[2].noise_mask is None
