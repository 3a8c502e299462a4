"""`POST /v1/images/generations` through a plain LiteLLM proxy, asked with the real `openai` SDK."""

from __future__ import annotations

import base64
import time

import httpx
import numpy as np
import openai
import PIL.Image
import pytest

from support.gateways import KEY, Gateway
from support.pictures import close_to, mean, opened, png

PROMPT = "a red field with a white circle"
SQUARE = ("in.png", png(PIL.Image.new("RGB", (64, 64), "red")))


def test_a_first_picture(gateway: Gateway) -> None:
    """Words in, a picture of them out, as base64 PNG by default, with true size, time and usage."""
    before = int(time.time())
    answer = gateway.client().images.generate(model="generate", prompt=PROMPT, size="1024x1024")
    picture = opened(answer.data[0].b64_json)

    assert picture.size == (1024, 1024)
    assert picture.format == "PNG"
    assert close_to(mean(picture, (0.02, 0.02, 0.98, 0.1)), (220, 40, 45), 60)
    assert close_to(mean(picture, (0.46, 0.46, 0.54, 0.54)), (245, 245, 245))
    assert before <= answer.created <= time.time() + 1
    assert answer.size == "1024x1024"
    assert answer.output_format == "png"
    assert answer.usage.output_tokens == 64 * 64
    assert answer.usage.input_tokens_details.text_tokens == answer.usage.input_tokens > 3
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens


def test_n_with_a_seed(gateway: Gateway) -> None:
    """Three variants of one seed differ from each other, come back the same, and are drawn as one batch."""
    before = set(gateway.graphs())
    first, again = (
        gateway.client().images.generate(
            model="generate", prompt="a blue house", n=3, size="512x512", extra_body={"seed": 7}
        )
        for _ in range(2)
    )
    graphs = set(gateway.graphs()) - before

    assert len({item.b64_json for item in first.data}) == 3
    assert [item.b64_json for item in first.data] == [item.b64_json for item in again.data]
    assert len(graphs) == 2


def test_without_a_seed_every_answer_differs(gateway: Gateway) -> None:
    """Two requests without a seed are two pictures."""
    one, two = (gateway.client().images.generate(model="turbo", prompt="a tree", size="512x512") for _ in range(2))

    assert one.data[0].b64_json != two.data[0].b64_json


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("1024x1024", (1024, 1024)),
        ("1536x1024", (1536, 1024)),
        ("1024x1536", (1024, 1536)),
        ("auto", (1328, 1328)),
        (openai.omit, (1328, 1328)),
        ("1000x700", (1000, 700)),
        ("512X256", (512, 256)),
        ("16:9", (1664, 928)),
        ("2:3", (1056, 1584)),
    ],
)
def test_every_size_form(gateway: Gateway, asked: object, expected: tuple[int, int]) -> None:
    """A size in pixels is exact, even off the model's grid; auto and ratios give the model's own sizes."""
    answer = gateway.client().images.generate(model="turbo", prompt=PROMPT, size=asked)  # type: ignore[arg-type]

    assert opened(answer.data[0].b64_json).size == expected
    assert answer.size == f"{expected[0]}x{expected[1]}"


@pytest.mark.parametrize(
    ("fields", "decoded"),
    [
        ({"output_format": "png"}, "PNG"),
        ({"output_format": "webp", "output_compression": 60}, "WEBP"),
        ({"output_format": "jpeg", "output_compression": 40}, "JPEG"),
        ({"output_format": "jpeg"}, "JPEG"),
    ],
)
def test_every_output_format(gateway: Gateway, fields: dict[str, object], decoded: str) -> None:
    """The bytes really have the format that was asked for, and it is reported."""
    answer = gateway.client().images.generate(model="turbo", prompt=PROMPT, size="512x512", **fields)  # type: ignore[arg-type]

    assert opened(answer.data[0].b64_json).format == decoded
    assert answer.output_format == fields["output_format"]


def test_compression_takes_effect(gateway: Gateway) -> None:
    """Less quality, fewer bytes."""
    sizes = [
        len(
            gateway.client()
            .images.generate(
                model="turbo", prompt="a city at night", size="512x512", output_format="jpeg",
                output_compression=quality, extra_body={"seed": 1},
            )
            .data[0]
            .b64_json
        )
        for quality in (10, 90)
    ]  # fmt: skip

    assert sizes[0] < sizes[1] / 2


def test_url_is_a_data_url(gateway: Gateway) -> None:
    """`response_format: url` gives an address that shows the picture, and no second copy."""
    item = gateway.client().images.generate(model="turbo", prompt=PROMPT, size="512x512", response_format="url").data[0]

    assert item.b64_json is None
    assert item.url.startswith("data:image/png;base64,")
    assert opened(item.url).size == (512, 512)


def submitted(gateway: Gateway, **fields: object) -> dict[str, dict]:
    """The graph that a request with these fields put into ComfyUI."""
    before = set(gateway.graphs())
    gateway.client().images.generate(model="generate", prompt="a boat", size="512x512", **fields)  # type: ignore[arg-type]
    (new,) = set(gateway.graphs()) - before
    return gateway.graphs()[new]


def inputs(graph: dict[str, dict], class_type: str) -> list[dict]:
    return [node["inputs"] for node in graph.values() if node["class_type"] == class_type]


def test_quality_picks_the_tier(gateway: Gateway) -> None:
    """`low` runs the 4-step Lightning LoRA, `high` the official 50 steps without it."""
    low, high = submitted(gateway, quality="low"), submitted(gateway, quality="high")

    assert inputs(low, "KSampler")[0]["steps"] == 4
    assert inputs(low, "LoraLoaderModelOnly")
    assert inputs(high, "KSampler")[0]["steps"] == 50
    assert not inputs(high, "LoraLoaderModelOnly")


def test_seed_and_negative_prompt_arrive(gateway: Gateway) -> None:
    """What the caller set is what ComfyUI gets; further slots go by their own names."""
    graph = submitted(gateway, extra_body={"seed": 4711, "negative_prompt": "fog", "steps": 9})

    assert inputs(graph, "KSampler")[0]["seed"] == 4711
    assert inputs(graph, "KSampler")[0]["steps"] == 9
    assert "fog" in {node["text"] for node in inputs(graph, "CLIPTextEncode")}


def test_ten_pictures_come_in_batches(gateway: Gateway) -> None:
    """n=10 is split by the workflow's batch limit, and all ten differ."""
    answer = gateway.client().images.generate(model="turbo", prompt="a star", size="256x256", n=10)

    assert len({item.b64_json for item in answer.data}) == 10


def test_fields_survive_without_the_callback(bare_gateway: Gateway) -> None:
    """Where only the handler is registered, the lost fields are read from the request's body."""
    answer = bare_gateway.client().images.generate(
        model="turbo", prompt=PROMPT, n=2, size="512x256", output_format="webp", extra_body={"seed": 3}
    )

    assert [opened(item.b64_json).size for item in answer.data] == [(512, 256)] * 2
    assert answer.output_format == "webp"


def test_no_metadata_leaves(gateway: Gateway) -> None:
    """ComfyUI writes the graph into its PNGs; the caller gets pixels only."""
    data = base64.b64decode(
        gateway.client().images.generate(model="turbo", prompt=PROMPT, size="256x256").data[0].b64_json
    )

    assert b"class_type" not in data
    assert b"tEXt" not in data


def test_different_words_differ(gateway: Gateway) -> None:
    """With one seed, different words are different pictures."""
    pictures = [
        opened(
            gateway.client()
            .images.generate(model="turbo", prompt=words, size="256x256", extra_body={"seed": 1})
            .data[0]
            .b64_json
        )
        for words in ("a green tree", "a yellow sun over the sea")
    ]
    difference = np.abs(np.asarray(pictures[0], float) - np.asarray(pictures[1], float)).mean()

    assert difference > 5


@pytest.mark.parametrize("path", ["images/generations", "images/edits", "chat/completions"])
def test_pictures_are_not_compressed(gateway: Gateway, path: str) -> None:
    """The callback keeps LiteLLM from squeezing base64 for a client that would accept gzip."""
    headers = {"Authorization": f"Bearer {KEY}", "Accept-Encoding": "gzip"}
    url = f"{gateway.url}/v1/{path}"
    with httpx.Client(headers=headers, timeout=60) as client:
        if path == "images/edits":
            answer = client.post(
                url, data={"model": "edit", "prompt": "night", "quality": "low"}, files={"image": SQUARE}
            )
        elif path == "chat/completions":
            messages = [{"role": "user", "content": "draw a red square"}]
            answer = client.post(url, json={"model": "chat", "messages": messages, "size": "256x256"})
        else:
            answer = client.post(url, json={"model": "turbo", "prompt": PROMPT, "size": "256x256"})

    assert answer.status_code == 200
    assert "content-encoding" not in answer.headers
