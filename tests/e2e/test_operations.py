"""All operations through the real proxy: explicit aliases, the chat alias, masks, transparency, odd pictures."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import openai
import PIL.Image
import PIL.ImageDraw
import pytest

from protobanana.engine import EngineThread
from support.gateways import Gateway, litellm_config, start_litellm, stop
from support.pictures import close_to, mean, opened, png

ALIASES = {
    "inpaint": "inpaint_qwen_image_2511",
    "outpaint": "outpaint_qwen_image_2511",
    "compose": "multiref_qwen_image_2511",
    "compose-many": "flux2_klein_4b_edit",
    "cutout": "bgremove_birefnet",
    "region": "region_edit_sam3_qwen_image_2511",
    "any": "chat",
}
CENTRE = (0.46, 0.46, 0.54, 0.54)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, engine: EngineThread) -> Iterator[Gateway]:
    """A plain LiteLLM proxy with an alias for every operation."""
    extra = [
        {
            "model_name": name,
            "litellm_params": {"model": f"protobanana/{model}", "api_base": engine.url},
            "model_info": {"mode": "image_edit"},
        }
        for name, model in ALIASES.items()
    ]
    folder = tmp_path_factory.mktemp("operations")
    running = start_litellm(folder, litellm_config(engine.url, callback=True, extra=extra), engine)
    yield running
    stop(running)


def scene(size: tuple[int, int] = (640, 480), mode: str = "RGB") -> PIL.Image.Image:
    """A red ground with noise enough to tell any touch, a white disc in the middle."""
    pixels = np.random.default_rng(3).integers(0, 12, (size[1], size[0], 3)) + np.array([190, 25, 35])
    picture = PIL.Image.fromarray(pixels.astype(np.uint8), "RGB")
    side = min(size)
    left, top = (size[0] - side * 0.5) / 2, (size[1] - side * 0.5) / 2
    PIL.ImageDraw.Draw(picture).ellipse((left, top, left + side * 0.5, top + side * 0.5), fill="white")
    return picture.convert(mode)


def edit(gateway: Gateway, model: str, picture: Any, prompt: str, **fields: Any) -> PIL.Image.Image:
    images = picture if isinstance(picture, list) else [picture]
    files = [(f"{n}.png", png(p) if isinstance(p, PIL.Image.Image) else p) for n, p in enumerate(images)]
    answer = gateway.client().images.edit(
        model=model, image=files if len(files) > 1 else files[0], prompt=prompt, **fields
    )
    return opened(answer.data[0].b64_json)


def marked(size: tuple[int, int], transparent: bool) -> tuple[PIL.Image.Image, np.ndarray]:
    """A mask over the middle third, of OpenAI's kind or black and white, and the same as booleans."""
    width, height = size
    box = (width // 3, height // 3, 2 * width // 3, 2 * height // 3)
    inside = np.zeros((height, width), dtype=bool)
    inside[box[1] : box[3], box[0] : box[2]] = True
    if transparent:
        mask = PIL.Image.new("RGBA", size, (0, 0, 0, 255))
        mask.paste((0, 0, 0, 0), box)
    else:
        mask = PIL.Image.new("L", size, 0)
        mask.paste(255, box)
    return mask, inside


def same_outside(result: PIL.Image.Image, original: PIL.Image.Image, inside: np.ndarray) -> bool:
    left, right = np.asarray(result.convert("RGB")), np.asarray(original.convert("RGB"))
    return left.shape == right.shape and bool((left[~inside] == right[~inside]).all())


@pytest.mark.parametrize("transparent", [True, False], ids=["openai mask", "white mask"])
@pytest.mark.parametrize("size", [(640, 480), (301, 517), (1500, 200)])
def test_inpaint(gateway: Gateway, transparent: bool, size: tuple[int, int]) -> None:
    """Inside the mask something new, outside every byte as it was, whatever the size."""
    mask, inside = marked(size, transparent)
    picture = scene(size)
    result = edit(gateway, "inpaint", picture, "a plain green square", mask=("m.png", png(mask)))

    assert same_outside(result, picture, inside)
    assert not same_outside(result, picture, np.zeros_like(inside))


def test_inpaint_keeps_transparency(gateway: Gateway) -> None:
    """An RGBA picture comes back with its alpha."""
    picture = scene(mode="RGBA")
    picture.putalpha(PIL.Image.linear_gradient("L").resize(picture.size))
    mask, inside = marked(picture.size, transparent=False)
    result = edit(gateway, "inpaint", picture, "a plain green square", mask=("m.png", png(mask)))

    assert result.mode == "RGBA"
    assert np.array_equal(np.asarray(result)[..., 3], np.asarray(picture)[..., 3])
    assert same_outside(result, picture, inside)


@pytest.mark.parametrize(
    ("mask", "word"),
    [
        (None, "mask"),
        (PIL.Image.new("L", (100, 400), 255), "proportions"),
        (PIL.Image.new("L", (640, 480), 0), "nothing"),
    ],
    ids=["missing", "another shape", "empty"],
)
def test_masks_that_do_not_fit(gateway: Gateway, mask: PIL.Image.Image | None, word: str) -> None:
    """400 for `mask`, saying what is wrong."""
    fields = {"mask": ("m.png", png(mask))} if mask else {}
    with pytest.raises(openai.BadRequestError) as caught:
        edit(gateway, "inpaint", scene(), "a cat", **fields)

    assert caught.value.body["param"] == "mask"  # type: ignore[index]
    assert word in caught.value.message


def test_a_mask_where_none_is_used(gateway: Gateway) -> None:
    """A mask is never dropped silently."""
    mask, _ = marked((640, 480), transparent=False)
    with pytest.raises(openai.BadRequestError, match="mask"):
        edit(gateway, "edit", scene(), "make it night", mask=("m.png", png(mask)))


@pytest.mark.parametrize(
    ("prompt", "fields", "size", "place"),
    [
        ("extend left 256px", {}, (896, 480), (256, 0)),
        ("make it twice as wide", {}, (1280, 480), (320, 0)),
        ("continue the pattern", {"extra_body": {"right": 64, "bottom": 32}}, (704, 512), (0, 0)),
        ("a red wall", {"size": "800x640"}, (800, 640), (80, 80)),
    ],
)
def test_outpaint(
    gateway: Gateway, prompt: str, fields: dict[str, Any], size: tuple[int, int], place: tuple[int, int]
) -> None:
    """Words, fields or a size say where it grows; the original's bytes stand at their new place."""
    picture = scene()
    result = edit(gateway, "outpaint", picture, prompt, **fields)

    assert result.size == size
    part = result.crop((place[0], place[1], place[0] + 640, place[1] + 480))
    assert np.array_equal(np.asarray(part.convert("RGB")), np.asarray(picture))


@pytest.mark.parametrize(("model", "count"), [("compose", 2), ("compose", 3), ("compose-many", 4), ("any", 4)])
def test_compose(gateway: Gateway, model: str, count: int) -> None:
    """Something of every picture is in the result; more than the default takes goes to a workflow that takes them."""
    colours = [(30, 60, 200), (250, 205, 30), (40, 160, 60), (160, 40, 180)][:count]
    pictures = []
    for colour in colours:
        picture = PIL.Image.new("RGB", (400, 400), (228, 228, 224))
        PIL.ImageDraw.Draw(picture).ellipse((100, 100, 300, 300), fill=colour)
        pictures.append(picture)
    result = np.asarray(edit(gateway, model, pictures, "combine these pictures into one").convert("RGB"), dtype=int)

    for colour in colours:
        assert (np.abs(result - np.array(colour)).max(axis=2) < 60).mean() > 0.005


def test_more_pictures_than_anybody_takes(gateway: Gateway) -> None:
    """A 400 that says how many are possible, and with which workflow."""
    with pytest.raises(openai.BadRequestError) as caught:
        edit(gateway, "compose", [scene((64, 64))] * 9, "combine")

    assert "flux2_klein_4b_edit" in caught.value.message
    assert "4" in caught.value.message


def test_a_cut_out(gateway: Gateway) -> None:
    """The subject on real transparency, as PNG and as WebP."""
    picture = PIL.Image.new("RGB", (400, 400), (235, 235, 230))
    PIL.ImageDraw.Draw(picture).ellipse((100, 100, 300, 300), fill=(30, 60, 200))
    for format_ in ("png", "webp"):
        result = edit(gateway, "cutout", picture, "cut it out", output_format=format_)
        alpha = np.asarray(result.convert("RGBA"))[..., 3]

        assert result.mode == "RGBA"
        assert alpha[:40].max() < 30
        assert alpha[180:220, 180:220].min() > 225


@pytest.mark.parametrize("endpoint", ["generations", "edits"])
def test_a_transparent_ground(gateway: Gateway, endpoint: str) -> None:
    """`background: transparent` yields alpha on every endpoint, the model's own or cut out afterwards."""
    if endpoint == "generations":
        answer = gateway.client().images.generate(
            model="turbo", prompt="a blue circle on a white background", size="512x512", background="transparent"
        )
        result = opened(answer.data[0].b64_json)
        assert answer.background == "transparent"
    else:
        result = edit(gateway, "edit", scene(), "make the disc blue", background="transparent", quality="low")
    alpha = np.asarray(result.convert("RGBA"))[..., 3]

    assert result.mode == "RGBA"
    assert alpha[:20, :20].max() < 40
    assert alpha.max() > 220


def test_a_region(gateway: Gateway) -> None:
    """The named part changes, the corners stay byte for byte; the region itself can be had."""
    picture = scene()
    answer = gateway.client().images.edit(
        model="region",
        image=("in.png", png(picture)),
        prompt="make the white circle green",
        extra_body={"return_mask": True},
    )
    item: Any = answer.data[0]
    result, region = opened(item.b64_json), opened(item.provider_specific_fields["mask_b64_json"])
    inside = np.asarray(region.convert("L")) > 0

    assert same_outside(result, picture, inside)
    assert 0.05 < inside.mean() < 0.5
    assert close_to(mean(result, CENTRE), (40, 160, 60), 90)


def test_a_region_that_is_not_there(gateway: Gateway) -> None:
    """A clear message instead of a random edit."""
    with pytest.raises(openai.BadRequestError) as caught:
        edit(gateway, "region", scene(), "make the purple elephant green")

    assert "purple elephant" in caught.value.message


def chat(gateway: Gateway, words: str, *pictures: PIL.Image.Image, **part: Any) -> str:
    content: list[Any] = [{"type": "text", "text": words}]
    for picture in pictures:
        url = "data:image/png;base64," + base64.b64encode(png(picture)).decode()
        content.append({"type": "image_url", "image_url": {"url": url}})
    if part:
        content.append(part)
    answer = gateway.client().chat.completions.create(model="any", messages=[{"role": "user", "content": content}])
    return answer.choices[0].message.content


def test_the_chat_alias_reaches_every_operation(gateway: Gateway) -> None:
    """Words alone lead to a cut-out, an extension, a region and a composition."""
    picture = scene((400, 300))
    before = set(gateway.graphs())
    for words in ("remove the background", "extend it to the left", "make the white circle green"):
        assert "data:image/png" in chat(gateway, words, picture)
    assert "data:image/png" in chat(gateway, "combine these two pictures", picture, scene((300, 300)))
    classes = {node["class_type"] for key in set(gateway.graphs()) - before for node in gateway.graphs()[key].values()}

    assert {"BiRefNetRMBG", "ImagePadForOutpaint", "SAM3Segment", "TextEncodeQwenImageEditPlus"} <= classes


def test_a_mask_part_in_chat(gateway: Gateway) -> None:
    """A picture part named mask makes the turn an inpaint."""
    picture = scene()
    mask, inside = marked(picture.size, transparent=False)
    url = "data:image/png;base64," + base64.b64encode(png(mask)).decode()
    text = chat(gateway, "a plain green square", picture, type="image_url", name="mask", image_url={"url": url})

    assert same_outside(opened(text.partition("](")[2].rstrip(") \n")), picture, inside)


@pytest.mark.parametrize("words", ["remove the background", "make the tie red", "extend it to the left"])
def test_what_is_missing_is_asked_for(gateway: Gateway, words: str) -> None:
    """Without a picture in the chat, words say or draw; nothing fails."""
    assert chat(gateway, words)


def odd_pictures() -> dict[str, bytes]:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    turned = io.BytesIO()
    scene((320, 200)).save(turned, "JPEG", exif=exif, quality=95)
    palette = scene((200, 200)).convert("P", palette=PIL.Image.Palette.ADAPTIVE)
    return {
        "one pixel": png(PIL.Image.new("RGB", (1, 1), "red")),
        "very wide": png(scene((1600, 40))),
        "very tall": png(scene((30, 900))),
        "rotated jpeg": turned.getvalue(),
        "webp": png(scene((200, 200)), "WEBP"),
        "palette": png(palette),
        "grey": png(scene((200, 200)).convert("L")),
        "sixteen bit": png(PIL.Image.new("I;16", (120, 120), 30_000)),
        "cmyk": png(scene((200, 200)).convert("CMYK"), "JPEG"),
        "rgba": png(scene((200, 200), "RGBA")),
        "animated": png(scene((64, 64)), "GIF"),
    }


@pytest.mark.parametrize("model", ["edit", "cutout", "outpaint"])
@pytest.mark.parametrize("name", list(odd_pictures()))
def test_odd_pictures(gateway: Gateway, model: str, name: str) -> None:
    """One pixel, extreme shapes, rotated, palette, CMYK: each is drawn on, at the size it is displayed with."""
    data = odd_pictures()[name]
    result = edit(gateway, model, data, "extend left 20px" if model == "outpaint" else "make it night", quality="low")
    shown = PIL.ImageOps.exif_transpose(PIL.Image.open(io.BytesIO(data))).size

    if model == "cutout":
        assert result.size == shown
    if model == "outpaint":
        assert result.size == (shown[0] + 20, shown[1])
