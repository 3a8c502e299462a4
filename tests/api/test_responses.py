"""Folds of a turn's events: what each form of answer carries, in which order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import PIL.Image
import pytest
from litellm.types.utils import ModelResponse

from protobanana.api.call import Call
from protobanana.api.chat_answers import chat_response, chat_stream
from protobanana.api.collect import collect
from protobanana.api.frames import Frames
from protobanana.api.showing import Manner, manner
from protobanana.events import Done, Event, Produced, Progress, Text, Usage
from protobanana.pictures.handles import mint
from protobanana.pictures.image import Image
from protobanana.turn.request import ImageRequest
from support.pictures import png

OWNER = "me"
REQUEST = ImageRequest("chat", "chat", "draw", owner=OWNER)


def made(colour: str, *, prompt: str = "a dot", seed: int | None = 1, **more: Any) -> Produced:
    image = Image.from_bytes(png(PIL.Image.new("RGB", (4, 4), colour)))
    return Produced(image, "generate", "wf", seed=seed, prompt=prompt, handle=mint(OWNER, image.data), **more)


async def events(*them: Event) -> AsyncIterator[Event]:
    for event in them:
        yield event


def call(body: dict[str, Any] | None = None, headers: dict[str, str] | None = None, **optional: Any) -> Call:
    sent = {"proxy_server_request": {"body": {"messages": [], **(body or {})}, "headers": headers or {}}}
    return Call("chat", None, optional, sent, None, None)


async def streamed(how: Manner, *them: Event) -> list[Any]:
    return [chunk async for chunk in chat_stream(events(*them), REQUEST, how, "chat", Frames(0))]


async def answered(how: Manner, *them: Event) -> Any:
    return await chat_response(events(*them), REQUEST, how, ModelResponse())


@pytest.mark.parametrize(
    ("form", "stream", "wanted"),
    [
        ("auto", True, Manner(text=True, images=False)),
        ("auto", False, Manner(text=True, images=True)),
        ("markdown", False, Manner(text=True, images=False)),
        ("images", True, Manner(text=False, images=True)),
        ("both", True, Manner(text=True, images=True)),
        ("url", True, Manner(text=True, images=False, short=True)),
        ("url", False, Manner(text=True, images=True, short=True)),
    ],
)
def test_what_a_form_means(form: Any, stream: bool, wanted: Manner) -> None:
    """One copy of a picture in a stream, unless both are asked for; a plain answer has it beside the text, too."""
    assert manner(form, call(), stream=stream) == wanted


def test_a_responses_request_gets_image_items() -> None:
    """LiteLLM's bridge makes `image_generation_call` items of `images`."""
    bridged = Call("chat", None, {}, {"proxy_server_request": {"body": {"input": "x"}}}, None, None)

    assert manner("auto", bridged, stream=True).images
    assert not manner("auto", bridged, stream=False).text


def test_nothing_is_sent_that_cannot_be_found_again() -> None:
    """A client that does not send `delta.images` back gets them only where pictures are kept; here they are not."""
    assert manner("auto", call(headers={"x-openwebui-chat-id": "1"}), stream=True).text
    assert manner("auto", call({"modalities": ["image"]}), stream=True).text


async def test_the_alt_text() -> None:
    """The handle first, then how it was made of what, without what would end the alt text."""
    parent = mint(OWNER, "parent")
    event = made("red", prompt="a [big] `dot`\n" + "x" * 500, parents=(parent,))
    message = (await answered(Manner(), event, Done())).choices[0].message.content
    alt = message[2 : message.index("](")]

    assert alt.startswith(f"{event.handle} ")
    assert parent in alt
    assert "(big)" in alt
    assert not set(alt) & set("[]`\n")
    assert len(alt) < 300


async def test_a_picture_is_whole_in_one_chunk() -> None:
    """Text, then the picture on a line of its own, then usage, then a bare finish."""
    event = made("red")
    chunks = await streamed(Manner(), Text("Here"), Text(" it is."), event, Done())
    deltas = [chunk.choices[0].delta for chunk in chunks]
    (picture,) = [delta.content for delta in deltas if "data:image" in (delta.content or "")]

    assert deltas[0].role == "assistant"
    assert picture.startswith(f"\n\n![{event.handle}")
    assert picture.endswith(")\n\n")
    assert chunks[-2].usage.completion_tokens > 0
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert not deltas[-1].content


async def test_images_leave_a_name_in_the_text() -> None:
    """Beside the text the picture, in the text its name: that is what comes back."""
    event = made("red")
    chunks = await streamed(Manner(text=False, images=True), event, Done())
    deltas = [chunk.choices[0].delta for chunk in chunks]
    text = "".join(delta.content or "" for delta in deltas)
    ((item,),) = [delta.images for delta in deltas if getattr(delta, "images", None)]

    assert text.startswith(f"[{event.handle} ")
    assert "data:" not in text
    assert item["image_url"]["url"].startswith("data:image/png;base64,")


async def test_a_bridged_answer_keeps_its_words() -> None:
    """The bridge drops the text of a message with images, so that it gets two."""
    how = Manner(text=False, images=True, caption=False, bridged=True)
    choices = (await answered(how, Text("Here."), made("red"), Done())).choices
    (alone,) = (await answered(how, made("red"), Done())).choices

    assert [choice.message.content for choice in choices] == ["Here.", ""]
    assert choices[1].message.images
    assert alone.index == 0


async def test_usage_of_the_llm_is_told_as_it_was_counted() -> None:
    """Words that an LLM counted are not counted again; without one they are counted here."""
    counted = (await answered(Manner(), Text("hi"), Done(Usage(100, 20, 30, 7)))).usage
    ours = (await answered(Manner(), Text("hello there"), Done(Usage(0, 20, 30)))).usage

    assert (counted.prompt_tokens, counted.completion_tokens) == (120, 37)
    assert ours.prompt_tokens > 20
    assert ours.completion_tokens > 30


def _names(produced: Sequence[Produced]) -> list[tuple[str, int | None]]:
    return [(one.prompt, one.seed) for one in produced]


async def test_the_order_of_pictures() -> None:
    """Steps as they came, the variants of one step by seed."""
    collected = await collect(
        events(
            made("red", prompt="b", seed=9), made("red", prompt="a", seed=5), made("red", prompt="a", seed=4), Done()
        )
    )

    assert _names(collected.produced) == [("b", 9), ("a", 4), ("a", 5)]


async def test_progress_is_told_once() -> None:
    """The same step is one line."""
    chunks = await streamed(Manner(), Progress(1, 4, "drawing"), Progress(1, 4, "drawing"), Done())

    told = [getattr(chunk.choices[0].delta, "reasoning_content", None) for chunk in chunks]

    assert list(filter(None, told)) == ["drawing 1/4\n"]
