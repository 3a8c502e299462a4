"""`POST /v1/images/edits` through a plain LiteLLM proxy: multipart, one and several pictures."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image
import PIL.ImageDraw
import pytest

from support.gateways import Gateway
from support.pictures import close_to, mean, opened, png

INSTRUCTION = "change the white circle to a yellow star, keep the red background"
CORNERS = (0.02, 0.02, 0.98, 0.1)
CENTRE = (0.47, 0.47, 0.53, 0.53)


def field_with_circle(side: int = 1024) -> PIL.Image.Image:
    picture = PIL.Image.new("RGB", (side, side), (200, 30, 40))
    PIL.ImageDraw.Draw(picture).ellipse((side * 0.3, side * 0.3, side * 0.7, side * 0.7), fill="white")
    return picture


def yellow_share(picture: PIL.Image.Image) -> float:
    """Share of the yellow pixels in their own bounding box: a disc fills 0.79 of it, a star about half."""
    pixels = np.asarray(picture.convert("RGB"), dtype=int)
    yellow = (pixels[..., 0] > 200) & (pixels[..., 1] > 150) & (pixels[..., 2] < 110)
    rows, columns = np.where(yellow.any(axis=1))[0], np.where(yellow.any(axis=0))[0]
    box = yellow[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return float(box.mean())


def test_an_edit_keeps_its_input(gateway: Gateway) -> None:
    """The circle becomes a yellow star where it was; the red field stays the same red."""
    answer = gateway.client().images.edit(
        model="edit", image=("in.png", png(field_with_circle())), prompt=INSTRUCTION, extra_body={"seed": 5}
    )
    picture = opened(answer.data[0].b64_json)

    assert close_to(mean(picture, CORNERS), (200, 30, 40), 25)
    assert close_to(mean(picture, CENTRE), (250, 200, 40), 60)
    assert 0.25 < yellow_share(picture) < 0.7
    assert answer.usage.input_tokens_details.image_tokens == 64 * 64


def test_several_pictures(gateway: Gateway) -> None:
    """Several `image[]` files all reach the graph, in order."""
    before = set(gateway.graphs())
    files = [
        (f"{n}.png", png(PIL.Image.new("RGB", (256, 256), colour))) for n, colour in enumerate(("red", "lime", "blue"))
    ]
    gateway.client().images.edit(model="edit", image=files, prompt="combine these")
    (new,) = set(gateway.graphs()) - before
    loaded = [n for n in gateway.graphs()[new].values() if n["class_type"] == "LoadImage"]

    assert len({node["inputs"]["image"] for node in loaded}) == 3


@pytest.mark.parametrize("which", ["gateway", "bare_gateway"])
def test_fields_survive(which: str, request: pytest.FixtureRequest) -> None:
    """n, size, quality, seed and format of a multipart form take effect, with and without the callback."""
    gateway: Gateway = request.getfixturevalue(which)
    before = set(gateway.graphs())
    answer = gateway.client().images.edit(
        model="edit",
        image=io.BytesIO(png(field_with_circle(512))),
        prompt="make it night",
        n=2,
        size="768x512",
        quality="low",
        output_format="webp",
        output_compression=70,
        extra_body={"seed": 11},
    )
    (new,) = set(gateway.graphs()) - before
    sampler = next(n["inputs"] for n in gateway.graphs()[new].values() if n["class_type"] == "KSampler")

    assert [opened(item.b64_json).size for item in answer.data] == [(768, 512)] * 2
    assert opened(answer.data[0].b64_json).format == "WEBP"
    assert (sampler["seed"], sampler["steps"]) == (11, 4)


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_input_formats(gateway: Gateway, format_: str) -> None:
    """Every common picture format is accepted."""
    answer = gateway.client().images.edit(
        model="edit", image=(f"in.{format_.lower()}", png(field_with_circle(256), format_)), prompt="add a hat"
    )

    assert opened(answer.data[0].b64_json).width > 256
