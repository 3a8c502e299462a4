"""Streams of previews on the image endpoints of `protobanana serve`, read with the real OpenAI client."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import PIL.Image
import pytest

from protobanana.engine import EngineSettings, EngineThread
from support.gateways import KEY, Gateway, serve, stop
from support.pictures import opened, png

GENERATE, EDIT = "protolabs/qwen-image", "protolabs/qwen-image-edit"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Our gateway before an engine that takes its time for a step."""
    with EngineThread(EngineSettings(pace=0.02)) as engine:
        running = serve(tmp_path_factory.mktemp("streams"), engine)
        yield running
        stop(running)


def drawn(gateway: Gateway, **more: Any) -> list[Any]:
    fields = {"model": GENERATE, "prompt": "a red square", "size": "256x256", "stream": True} | more
    return list(gateway.client().images.generate(**fields))


@pytest.mark.parametrize("most", [0, 1, 2, 3])
def test_as_many_previews_as_asked_for(gateway: Gateway, most: int) -> None:
    """Frames of ComfyUI's own, numbered, say their true format and size; the finished picture comes last."""
    *partial, last = drawn(gateway, partial_images=most)

    assert [event.type for event in partial] == ["image_generation.partial_image"] * most
    assert [event.partial_image_index for event in partial] == list(range(most))
    for event in partial:
        with PIL.Image.open(io.BytesIO(base64.b64decode(event.b64_json))) as picture:
            assert f"{picture.width}x{picture.height}" == event.size
            assert (picture.format or "").lower() == event.output_format
    assert last.type == "image_generation.completed"
    assert opened(last.b64_json).size == (256, 256)
    assert (last.size, last.output_format, last.background) == ("256x256", "png", "opaque")
    assert last.usage.total_tokens == last.usage.input_tokens + last.usage.output_tokens > 0


def test_edits_have_names_of_their_own(gateway: Gateway) -> None:
    """`image_edit.*`, from a multipart form."""
    picture = ("in.png", png(PIL.Image.new("RGB", (256, 256), "red")))
    events = list(
        gateway.client().images.edit(model=EDIT, image=picture, prompt="make it blue", stream=True, partial_images=1)
    )

    assert [event.type for event in events] == ["image_edit.partial_image", "image_edit.completed"]
    width, height = opened(events[-1].b64_json).size

    assert events[-1].size == f"{width}x{height}"


def test_several_pictures(gateway: Gateway) -> None:
    """One finished event per picture, with its seed."""
    events = drawn(gateway, n=2, extra_body={"seed": 7})

    assert [event.type for event in events] == ["image_generation.completed"] * 2
    assert len({event.b64_json for event in events}) == 2
    assert {event.seed + event.batch_index for event in events} == {7, 8}


def test_by_address(gateway: Gateway) -> None:
    """`response_format: url` holds for a stream as well."""
    (event,) = drawn(gateway, response_format="url")

    assert event.url.startswith(f"{gateway.url}/images/")
    assert httpx.get(event.url).headers["content-type"] == "image/png"


@pytest.mark.parametrize(
    ("fields", "status", "param"),
    [
        ({"size": "8x8"}, 400, "size"),
        ({"partial_images": 4}, 400, "partial_images"),
        ({"stream": "perhaps"}, 400, "stream"),
    ],
)
def test_what_fails_before_the_first_event(gateway: Gateway, fields: dict[str, Any], status: int, param: str) -> None:
    """It has its own HTTP status and JSON, as without a stream."""
    body = {"model": GENERATE, "prompt": "a red square", "stream": True} | fields
    answer = httpx.post(
        f"{gateway.url}/v1/images/generations", json=body, headers={"Authorization": f"Bearer {KEY}"}, timeout=60
    )

    assert answer.status_code == status
    assert answer.json()["error"]["param"] == param


def test_what_fails_in_the_middle(gateway: Gateway) -> None:
    """An `error` event ends the stream; the client raises it."""
    stream = gateway.client().images.generate(
        model=GENERATE, prompt="a red square", size="256x256", stream=True, partial_images=1, quality="high"
    )
    first = next(iter(stream))
    (running,) = httpx.get(f"{gateway.engine.url}/queue").json()["queue_running"]
    httpx.post(f"{gateway.engine.url}/interrupt", json={"prompt_id": running[1]})
    with pytest.raises(openai.APIError) as caught:
        list(stream)

    assert first.type == "image_generation.partial_image"
    assert "stopped the job" in str(caught.value)


def test_a_plain_answer_is_whole(gateway: Gateway) -> None:
    """No reference that stood for a picture inside the gateway is left in an answer, and its length is true."""
    body = {"model": GENERATE, "prompt": "a red square", "size": "256x256"}
    answer = httpx.post(
        f"{gateway.url}/v1/images/generations",
        json=body,
        headers={"Authorization": f"Bearer {KEY}", "Accept-Encoding": "gzip"},
        timeout=60,
    )

    assert "pbpicture" not in answer.text
    assert "content-encoding" not in answer.headers
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert opened(answer.json()["data"][0]["b64_json"]).size == (256, 256)


def test_litellm_alone_says_that_it_cannot(bare_gateway: Gateway) -> None:
    """A 400 that names the field and the way out, rather than an answer that no reader of streams understands."""
    with pytest.raises(openai.BadRequestError) as caught:
        bare_gateway.client().images.generate(model="generate", prompt="a cat", stream=True)

    assert caught.value.body["param"] == "stream"  # type: ignore[index]
    assert "protobanana serve" in caught.value.message
