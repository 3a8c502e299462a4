"""`POST /v1/responses` with the chat alias: text and pictures in and out, as far as LiteLLM's bridge carries them."""

from __future__ import annotations

import base64
import json
from typing import Any

import PIL.Image
import pytest

from protobanana.comfy import upload_name
from support.gateways import Gateway
from support.pictures import close_to, data_url, mean, opened

pytestmark = [
    pytest.mark.filterwarnings("ignore:unread_data:DeprecationWarning"),
    # LiteLLM's reasoning items have a form of their own, which the client library remarks on.
    pytest.mark.filterwarnings("ignore:Pydantic serializer warnings:UserWarning"),
]
CENTRE = (0.45, 0.45, 0.55, 0.55)


def output(gateway: Gateway, given: Any, *, stream: bool, **more: Any) -> tuple[str, list[Any]]:
    """What was said, and the items of the finished response."""
    client = gateway.client()
    if not stream:
        answer = client.responses.create(model="chat", input=given, **more)
        return answer.output_text, list(answer.output)
    text, finished, types = "", None, []
    with client.responses.create(model="chat", input=given, stream=True, **more) as events:
        for event in events:
            types.append(event.type)
            if event.type == "response.output_text.delta":
                text += event.delta
            elif event.type == "response.completed":
                finished = event.response

    assert finished is not None, types
    return text, list(finished.output)


def pictures(items: list[Any]) -> list[str]:
    return [item.result for item in items if item.type == "image_generation_call"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_picture_comes_as_an_item(gateway: Gateway, stream: bool) -> None:
    """The picture is an `image_generation_call` with bare base64, as from OpenAI; the tool may be named."""
    tools = [{"type": "image_generation"}]
    words, size = "draw a red square on a white background", {"size": "256x256"}
    _, items = output(gateway, words, stream=stream, tools=tools, extra_body=size)
    (result,) = pictures(items)

    assert opened(result).size == (256, 256)
    assert close_to(mean(opened(result), CENTRE), (220, 40, 45), 60)


@pytest.mark.parametrize("stream", [False, True])
def test_words_come_as_words(gateway: Gateway, stream: bool) -> None:
    """Where nothing is drawn, text answers."""
    text, items = output(gateway, "thanks!", stream=stream)

    assert text
    assert not pictures(items)


@pytest.mark.parametrize("stream", [False, True])
def test_a_picture_goes_in(gateway: Gateway, stream: bool) -> None:
    """An `input_image` is the picture that is changed; instructions are no prompt."""
    content = [
        {"type": "input_text", "text": "add a white circle in the center"},
        {"type": "input_image", "image_url": data_url(PIL.Image.new("RGB", (256, 256), (20, 160, 60)))},
    ]
    given = [{"role": "user", "content": content}]
    _, items = output(gateway, given, stream=stream, instructions="You draw pictures.")
    picture = opened(pictures(items)[0])

    assert close_to(mean(picture, (0, 0, 1, 0.1)), (20, 160, 60), 30)
    assert mean(picture, CENTRE).min() > 180


@pytest.mark.parametrize("stream", [False, True])
def test_a_replayed_answer_is_the_parent(gateway: Gateway, stream: bool) -> None:
    """Items of earlier answers that a client sends back are pictures of the conversation."""
    talk: list[Any] = [{"role": "user", "content": "draw a red square, 256x256"}]
    _, items = output(gateway, talk, stream=stream)
    (first,) = pictures(items)
    talk += [{"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": first}]
    known = set(gateway.graphs())
    output(gateway, [*talk, {"role": "user", "content": "make it blue"}], stream=stream)
    new = json.dumps({key: graph for key, graph in gateway.graphs().items() if key not in known})

    assert upload_name(base64.b64decode(first), "png") in new


def test_markdown_when_asked(gateway: Gateway) -> None:
    """`image_output` puts the picture into the text here, too."""
    text, items = output(gateway, "draw a red square, 256x256", stream=False, extra_body={"image_output": "markdown"})

    assert "](data:image/png;base64," in text
    assert not pictures(items)
