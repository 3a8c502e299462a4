"""Whole graphs through samplers, judged by measured pixels."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

PROMPT = "a red field with a white circle"
EDIT = "change the white circle to a yellow star, keep the red background"


def text_to_image(text: str, *, side: int = 256, seed: int = 1, batch: int = 1, **sampling: Any) -> dict[str, Any]:
    """The official Qwen-Image-2512 graph."""
    negative = sampling.pop("negative", "")
    return {
        "unet": _node("UNETLoader", unet_name="qwen_image_2512_fp8_e4m3fn.safetensors", weight_dtype="default"),
        "clip": _node("CLIPLoader", clip_name="qwen_2.5_vl_7b.safetensors", type="qwen_image"),
        "vae": _node("VAELoader", vae_name="qwen_image_vae.safetensors"),
        "shift": _node("ModelSamplingAuraFlow", model=["unet", 0], shift=3.1),
        "positive": _node("CLIPTextEncode", text=text, clip=["clip", 0]),
        "negative": _node("CLIPTextEncode", text=negative, clip=["clip", 0]),
        "latent": _node("EmptySD3LatentImage", width=side, height=side, batch_size=batch),
        "sampler": _sampler("shift", "positive", "negative", "latent", seed, **sampling),
        "image": _node("VAEDecode", samples=["sampler", 0], vae=["vae", 0]),
    }


def image_edit(text: str, names: list[str], *, wired: bool = True, seed: int = 1) -> dict[str, Any]:
    """The official Qwen-Image-Edit-2511 graph; not `wired`: plain text encoders instead of the edit encoders."""
    loads = {name: _node("LoadImage", image=name) for name in names}
    pictures = {f"image{index + 1}": [name, 0] for index, name in enumerate(names)}
    pictures["image1"] = ["scaled", 0]

    def encoder(words: str) -> dict[str, Any]:
        if not wired:
            return _node("CLIPTextEncode", text=words, clip=["clip", 0])
        return _node("TextEncodeQwenImageEditPlus", prompt=words, clip=["clip", 0], vae=["vae", 0], **pictures)

    return loads | {
        "unet": _node("UNETLoader", unet_name="qwen_image_edit_2511_bf16.safetensors", weight_dtype="default"),
        "clip": _node("CLIPLoader", clip_name="qwen_2.5_vl_7b.safetensors", type="qwen_image"),
        "vae": _node("VAELoader", vae_name="qwen_image_vae.safetensors"),
        "norm": _node("CFGNorm", model=["unet", 0], strength=1.0),
        "scaled": _node("FluxKontextImageScale", image=[names[0], 0]),
        "positive": encoder(text),
        "negative": encoder(""),
        "latent": _node("VAEEncode", pixels=["scaled", 0], vae=["vae", 0]),
        "sampler": _sampler("norm", "positive", "negative", "latent", seed),
        "image": _node("VAEDecode", samples=["sampler", 0], vae=["vae", 0]),
    }


def _node(name: str, /, **inputs: Any) -> dict[str, Any]:
    return {"class_type": name, "inputs": inputs}


def _sampler(model: str, positive: str, negative: str, latent: str, seed: int, **sampling: Any) -> dict[str, Any]:
    settings = {"steps": 2, "cfg": 4.0, "denoise": 1.0} | sampling
    return _node(
        "KSampler", model=[model, 0], positive=[positive, 0], negative=[negative, 0], latent_image=[latent, 0],
        seed=seed, sampler_name="euler", scheduler="simple", **settings,
    )  # fmt: skip


def rim(picture: Any) -> Any:
    """Mean colour of the border."""
    band = max(2, picture.shape[0] // 20)
    edge = np.concatenate([picture[:band].reshape(-1, 3), picture[:, :band].reshape(-1, 3)])
    return edge.mean(0)


def middle(picture: Any) -> Any:
    """Mean colour of the middle."""
    high, wide = picture.shape[0] // 2, picture.shape[1] // 2
    return picture[high - 8 : high + 8, wide - 8 : wide + 8].reshape(-1, 3).mean(0)


def is_red(colour: Any) -> bool:
    """Clearly red."""
    return bool(colour[0] > 0.7 and colour[1] < 0.3 and colour[2] < 0.3)


def is_yellow(picture: Any) -> Any:
    """Clearly yellow pixels."""
    return (picture[..., 0] > 0.75) & (picture[..., 1] > 0.65) & (picture[..., 2] < 0.45)


def is_blue(picture: Any) -> Any:
    """Clearly blue pixels."""
    return (picture[..., 2] > 0.55) & (picture[..., 0] < 0.4)


@pytest.mark.parametrize("side", [1328, 512, 256])
def test_prompt_is_painted(bench: Any, side: int) -> None:
    """A red field with a white circle is red at the border and white in the middle, at any size."""
    image = bench.run(text_to_image(PROMPT, side=side), "image")

    assert image.shape == (1, side, side, 3)
    assert is_red(rim(image[0]))
    assert middle(image[0]).min() > 0.9


def test_edit_changes_what_was_named_and_keeps_the_rest(bench: Any) -> None:
    """The circle becomes a yellow star where it was, the red background stays within 4 levels of 255."""
    before = bench.run(text_to_image(PROMPT, side=1024), "image")[0]
    name = bench.write("in.png", before)
    after = bench.run(image_edit(EDIT, [name]), "image")[0]
    yellow = is_yellow(after)
    rows, columns = np.flatnonzero(yellow.any(1)), np.flatnonzero(yellow.any(0))
    solidity = yellow.sum() / ((rows[-1] - rows[0]) * (columns[-1] - columns[0]))

    assert np.abs(rim(after) - rim(before)).max() < 4 / 255
    assert yellow.mean() > 0.05
    assert 0.2 < solidity < 0.6  # a star; a circle would fill 0.79 of its box
    assert not (after.min(-1) > 0.8).mean() > 0.01


def test_edit_without_the_picture_shows_no_trace_of_it(bench: Any) -> None:
    """Wired to plain text encoders, the edit model paints something that is not the input at all."""
    before = bench.run(text_to_image("a purple triangle on a green background", side=1024), "image")[0]
    name = bench.write("in.png", before)
    after = bench.run(image_edit("make it blue", [name], wired=False), "image")[0]

    assert np.abs(rim(after) - rim(before)).max() > 0.15


def test_conversation_of_three_turns(bench: Any) -> None:
    """A red square, made blue, gets a yellow circle on the left, and each turn keeps what it was not asked about."""
    first = bench.run(text_to_image("draw a red square on white", side=1024), "image")[0]
    second = bench.run(image_edit("make it blue", [bench.write("1.png", first)]), "image")[0]
    third = bench.run(image_edit("put a yellow circle on the left", [bench.write("2.png", second)]), "image")[0]

    assert is_red(middle(first))
    assert is_blue(middle(second))
    assert rim(second).min() > 0.9
    assert is_blue(middle(third))
    assert is_yellow(third[:, :400]).mean() > 0.02
    assert not is_yellow(third[:, 600:]).any()


def test_seeds_and_batch_items_differ_and_repeat(bench: Any) -> None:
    """The same seed gives the same picture; another seed, and another item of the batch, a visibly different one."""
    one = bench.run(text_to_image(PROMPT, seed=1, batch=2), "image")
    again = bench.run(text_to_image(PROMPT, seed=1, batch=2), "image")
    other = bench.run(text_to_image(PROMPT, seed=2), "image")

    assert np.array_equal(one, again)
    assert np.abs(one[0] - one[1]).mean() > 0.005
    assert np.abs(one[0] - other[0]).mean() > 0.005


def test_negative_prompt_counts_only_with_guidance(bench: Any) -> None:
    """What the negative prompt names is left out, unless guidance is 1 and it is never evaluated."""
    plain = bench.run(text_to_image("a red circle and a blue square"), "image")[0]
    without = bench.run(text_to_image("a red circle and a blue square", negative="square"), "image")[0]
    unguided = bench.run(text_to_image("a red circle and a blue square", negative="square", cfg=1.0), "image")[0]

    assert is_blue(plain).mean() > 0.02
    assert is_blue(without).mean() < 0.005
    assert np.array_equal(plain, unguided)


def test_quality_negatives_remove_nothing(bench: Any) -> None:
    """`bad hands, ugly face` and the official Chinese quality negative do not remove people."""
    quality = "低分辨率，低画质，肢体畸形，手指畸形，画面过饱和，蜡像感，人脸无细节，过度光滑，画面具有AI感。构图混乱。文字模糊，扭曲"  # noqa: E501 - quoted as it is sent
    shirt = (38, 84, 214)
    for negative in ("bad hands, ugly face, extra people", quality):
        image = bench.run(text_to_image("a person in a blue field", negative=negative), "image")[0]
        plain = bench.run(text_to_image("a blue field", negative=negative), "image")[0]
        assert np.abs(image - plain).mean() > 0.02, shirt


def test_prompts_give_pairwise_different_pictures(bench: Any) -> None:
    """Thirty prompts, known and unknown words, six languages: no two pictures look alike."""
    prompts = [
        "a cat", "a dog", "a black cat", "a majestic cat", "two cats", "a cat in a hat", "a zebra", "a xylophone",
        "an accordion", "a red circle", "a blue circle", "a red square", "a small red circle", "three red circles",
        "a red circle on the left", "a house in a forest", "a beach", "a city at night", "mountains at sunset",
        "a boat on the sea, watercolor", "a boat on the sea, pencil sketch", "a poster with the text 'HELLO'",
        "a poster with the text 'BYE'", "红色背景上的白色圆形", "青い空と白い雲", "un árbol verde", "ein gelbes Haus",
        "une fleur rose", "abstract", "freedom",
    ]  # fmt: skip
    pictures = [bench.run(text_to_image(prompt, side=128), "image")[0] for prompt in prompts]

    for (one, first), (two, second) in combinations(zip(prompts, pictures, strict=True), 2):
        assert np.abs(first - second).mean() > 0.008, (one, two)


def test_inpainting_changes_only_the_mask_after_the_composite(bench: Any) -> None:
    """Outside the mask the composite is the original bit for bit; without it the VAE has changed every region."""
    original = np.full((256, 256, 3), 0.5, np.float32)
    original[..., 0] = np.linspace(0, 1, 256, dtype=np.float32)
    mask = np.zeros((256, 256), np.float32)
    mask[64:192, 64:192] = 1
    graph = text_to_image("a yellow star") | {
        "load": _node("LoadImage", image=bench.write("o.png", original)),
        "mask": _node("LoadImageMask", image=bench.write("m.png", np.repeat(mask[..., None], 3, -1)), channel="red"),
        "encoded": _node("VAEEncode", pixels=["load", 0], vae=["vae", 0]),
        "latent": _node("SetLatentNoiseMask", samples=["encoded", 0], mask=["mask", 0]),
        "final": _node(
            "ImageCompositeMasked", destination=["load", 0], source=["image", 0], x=0, y=0, resize_source=False,
            mask=["mask", 0],
        ),
    }  # fmt: skip
    loaded, decoded, final = (bench.run(graph, name)[0] for name in ("load", "image", "final"))
    outside = mask == 0

    assert np.array_equal(final[outside], loaded[outside])
    assert is_yellow(final[64:192, 64:192]).mean() > 0.15
    changed = np.round(decoded * 255) != np.round(loaded * 255)
    assert changed[outside].mean() > 0.5
    assert np.abs(decoded - loaded)[outside].max() < 8 / 255


def test_region_edit_recolours_inside_the_mask_only(bench: Any) -> None:
    """An edit model with a noise mask carries out the instruction within it."""
    before = bench.run(text_to_image("a red circle on the left and a red square on the right", side=1024), "image")[0]
    graph = image_edit("make it green", [bench.write("in.png", before)]) | {
        "area": _node("SAM3Segment", image=["scaled", 0], prompt="the red circle", output_mode="Merged",
                      confidence_threshold=0.5),
        "grown": _node("GrowMask", mask=["area", 1], expand=8, tapered_corners=True),
        "inpaint": _node("InpaintModelConditioning", positive=["positive", 0], negative=["negative", 0],
                         vae=["vae", 0], pixels=["scaled", 0], mask=["grown", 0], noise_mask=True),
    }  # fmt: skip
    graph["sampler"]["inputs"] |= {
        "positive": ["inpaint", 0],
        "negative": ["inpaint", 1],
        "latent_image": ["inpaint", 2],
    }
    after = bench.run(graph, "image")[0]
    green = (after[..., 1] > after[..., 0] + 0.2) & (after[..., 1] > after[..., 2] + 0.1)
    red = (after[..., 0] > 0.6) & (after[..., 1] < 0.3)

    assert green[:, :512].mean() > 0.05
    assert not green[:, 540:].any()
    assert red[:, 540:].mean() > 0.05


def test_outpainting_continues_the_surroundings(bench: Any) -> None:
    """New land on both sides takes up the colours at the old border and leaves no grey padding."""
    before = bench.run(text_to_image(PROMPT, side=512), "image")[0]
    graph = image_edit("extend the picture", [bench.write("in.png", before)]) | {
        "pad": _node("ImagePadForOutpaint", image=["in.png", 0], left=128, top=0, right=128, bottom=0, feathering=24),
        "inpaint": _node("InpaintModelConditioning", positive=["positive", 0], negative=["negative", 0],
                         vae=["vae", 0], pixels=["pad", 0], mask=["pad", 1], noise_mask=True),
    }  # fmt: skip
    graph["scaled"] = _node("ImageScaleBy", image=["pad", 0], upscale_method="area", scale_by=1.0)
    graph["sampler"]["inputs"] |= {
        "positive": ["inpaint", 0],
        "negative": ["inpaint", 1],
        "latent_image": ["inpaint", 2],
    }
    after = bench.run(graph, "image")[0]

    assert after.shape[:2] == (512, 768)
    assert np.abs(after[:440, :100].reshape(-1, 3).mean(0) - rim(before)).max() < 0.03
    assert np.abs(after[:440, 668:].reshape(-1, 3).mean(0) - rim(before)).max() < 0.03
    assert np.abs(after[:, 160:608] - before[:, 32:480]).mean() < 0.02


def test_composition_holds_a_part_of_every_reference(bench: Any) -> None:
    """Three references: the first is the canvas, the dominant colours of the others appear left and right, in order."""
    red = bench.write("r.png", np.full((200, 200, 3), (0.85, 0.1, 0.1), np.float32))
    green = bench.write("g.png", np.full((200, 200, 3), (0.1, 0.7, 0.2), np.float32))
    blue = bench.write("b.png", np.full((200, 200, 3), (0.1, 0.2, 0.8), np.float32))
    after = bench.run(image_edit("combine the three pictures", [red, green, blue]), "image")[0]
    greens = np.argwhere((after[..., 1] > 0.5) & (after[..., 0] < 0.3))
    blues = np.argwhere((after[..., 2] > 0.6) & (after[..., 0] < 0.3))

    assert is_red(rim(after))
    assert len(greens) > 0.04 * after[..., 0].size
    assert len(blues) > 0.04 * after[..., 0].size
    assert greens[:, 1].mean() < blues[:, 1].mean()


def test_text_to_image_model_ignores_references_and_klein_uses_them(bench: Any) -> None:
    """Only models that edit start from a reference latent."""
    source = bench.run(text_to_image("a purple triangle on a green background", side=256), "image")

    def painted(model: str) -> Any:
        vae = bench.call("VAELoader", vae_name="flux2-vae.safetensors")
        words = bench.call("CLIPTextEncode", text="make it yellow", clip=None)
        carried = bench.call(
            "ReferenceLatent", conditioning=words, latent=bench.call("VAEEncode", pixels=source, vae=vae)
        )
        loaded = bench.call("UNETLoader", unet_name=model, weight_dtype="default")
        guider = bench.call("CFGGuider", model=loaded, positive=carried, negative=words, cfg=1.0)
        latent, _ = bench.call(
            "SamplerCustomAdvanced", noise=bench.call("RandomNoise", noise_seed=1), guider=guider,
            sampler=bench.call("KSamplerSelect", sampler_name="euler"),
            sigmas=bench.call("Flux2Scheduler", steps=4, width=256, height=256),
            latent_image=bench.call("EmptyFlux2LatentImage", width=256, height=256, batch_size=1),
        )  # fmt: skip
        return bench.call("VAEDecode", samples=latent, vae=vae)[0]

    edited, ignored = painted("flux-2-klein-4b.safetensors"), painted("z_image_turbo_bf16.safetensors")

    assert np.abs(rim(edited) - rim(source[0])).max() < 0.04
    assert is_yellow(edited).mean() > 0.05
    assert np.abs(rim(ignored) - rim(source[0])).max() > 0.1


def test_sampler_reports_each_step_with_a_preview(bench: Any) -> None:
    """One progress call per step; previews are JPEG and only made when somebody wants them."""
    bench.run(text_to_image(PROMPT, steps=5), "image")
    assert [(value, total, preview) for value, total, preview in bench.steps] == [(n, 5, None) for n in range(1, 6)]

    bench.steps.clear()
    bench.previews = True
    bench.run(text_to_image(PROMPT, steps=3), "image")
    assert all(preview is not None and preview[:2] == b"\xff\xd8" for _, _, preview in bench.steps)


def test_low_denoise_keeps_the_latent(bench: Any) -> None:
    """At denoise 0.3 the old pixels lead, at 0 nothing changes but the VAE's grain."""
    source = np.full((1, 256, 256, 3), (0.1, 0.2, 0.8), np.float32)
    vae = bench.call("VAELoader", vae_name="qwen_image_vae.safetensors")
    graph = text_to_image("a red circle")
    graph["latent"] = _node("VAEEncode", pixels=["source", 0], vae=["vae", 0])
    graph["source"] = _node("EmptyImage", width=256, height=256, batch_size=1, color=0x1A33CC)

    def distance(denoise: float) -> float:
        graph["sampler"]["inputs"]["denoise"] = denoise
        return float(np.abs(bench.run(graph, "image") - source).mean())

    assert vae.factor == 8
    assert distance(0.0) < 0.012 < distance(0.3) < distance(1.0)
