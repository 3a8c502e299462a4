"""`POST /v1/chat/completions` through a plain LiteLLM proxy, plain and streamed."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import PIL.Image
import pytest

from protobanana.engine import EngineSettings, EngineThread
from support.gateways import KEY, Gateway, litellm_config, start_litellm, stop
from support.pictures import close_to, data_url, mean, opened

CENTRE = (0.47, 0.47, 0.53, 0.53)
EDGE = (0.02, 0.02, 0.98, 0.06)
MARKDOWN = re.compile(r"!\[(img_[a-z2-7]{16})[^\]]*\]\((data:image/png;base64,[^)]+)\)")


@dataclass
class Streamed:
    """What a streamed answer came to."""

    text: str = ""
    progress: str = ""
    chunks: list[Any] = field(default_factory=list)


def streamed(gateway: Gateway, messages: list[Any], **more: Any) -> Streamed:
    answer = Streamed()
    with gateway.client().chat.completions.create(model="chat", messages=messages, stream=True, **more) as stream:
        for chunk in stream:
            answer.chunks.append(chunk)
            if chunk.choices:
                answer.text += chunk.choices[0].delta.content or ""
                answer.progress += getattr(chunk.choices[0].delta, "reasoning_content", None) or ""
    return answer


def said(gateway: Gateway, messages: list[Any], stream: bool) -> str:
    if stream:
        return streamed(gateway, messages).text
    return gateway.client().chat.completions.create(model="chat", messages=messages).choices[0].message.content


def picture_in(text: str) -> PIL.Image.Image:
    found = MARKDOWN.findall(text)

    assert len(found) == 1
    return opened(found[0][1])


@pytest.mark.parametrize("stream", [False, True])
def test_three_turns(gateway: Gateway, stream: bool) -> None:
    """Draw, recolour, add: each turn works on the picture of the turn before."""
    messages: list[Any] = []
    pictures = []
    for words in ("draw a red square on a white background", "make it blue", "add a yellow circle on the left"):
        messages.append({"role": "user", "content": words})
        answer = said(gateway, messages, stream)
        messages.append({"role": "assistant", "content": answer})
        pictures.append(picture_in(answer))
    first, second, third = pictures

    assert close_to(mean(first, CENTRE), (220, 40, 45), 60)
    assert close_to(mean(second, CENTRE), (40, 80, 220), 70)
    assert close_to(mean(second, EDGE), (250, 250, 250), 30)
    assert close_to(mean(third, CENTRE), (40, 80, 220), 70)
    assert mean(third, (0, 0.3, 0.3, 0.7))[2] < mean(second, (0, 0.3, 0.3, 0.7))[2] - 10


def test_a_plain_answer_has_images_too(gateway: Gateway) -> None:
    """Without streaming the picture is in the text and in `message.images`, with usage of words and pictures."""
    answer = gateway.client().chat.completions.create(
        model="chat", messages=[{"role": "user", "content": "draw a green circle"}], extra_body={"size": "512x512"}
    )
    (item,) = answer.choices[0].message.images  # type: ignore[attr-defined]

    assert item["image_url"]["url"] == MARKDOWN.findall(answer.choices[0].message.content)[0][1]
    assert opened(item["image_url"]["url"]).size == (512, 512)
    assert answer.usage.completion_tokens == 32 * 32
    assert answer.usage.prompt_tokens > 2


def test_a_stream_shows_life(gateway: Gateway) -> None:
    """First the role, then progress as reasoning, then the picture whole in one chunk, then a bare finish."""
    answer = streamed(
        gateway,
        [{"role": "user", "content": "draw a green circle"}],
        stream_options={"include_usage": True},
        extra_body={"quality": "low"},
    )
    with_picture = [c for c in answer.chunks if c.choices and "data:image" in (c.choices[0].delta.content or "")]
    finishes = [c.choices[0].finish_reason for c in answer.chunks if c.choices and c.choices[0].finish_reason]

    assert answer.chunks[0].choices[0].delta.role == "assistant"
    assert re.search(r"\d+/4", answer.progress)
    assert len(with_picture) == 1
    assert MARKDOWN.search(with_picture[0].choices[0].delta.content)
    assert finishes == ["stop"]
    assert len({c.id for c in answer.chunks}) == 1
    assert next(c.usage.completion_tokens for c in answer.chunks if c.usage) == 83 * 83


@pytest.mark.parametrize(
    ("form", "text", "images"), [("markdown", True, False), ("images", False, True), ("both", True, True)]
)
@pytest.mark.parametrize("stream", [False, True])
def test_the_form_of_the_picture(gateway: Gateway, form: str, text: bool, images: bool, stream: bool) -> None:
    """`image_output` says whether the picture travels in the text, in `images`, or in both."""
    messages: list[Any] = [{"role": "user", "content": "draw a green circle"}]
    extra = {"image_output": form, "size": "256x256"}
    if stream:
        chunks = streamed(gateway, messages, extra_body=extra).chunks
        deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
        content = "".join(delta.content or "" for delta in deltas)
        pictures = [item for delta in deltas for item in getattr(delta, "images", None) or []]
    else:
        message: Any = (
            gateway.client()
            .chat.completions.create(model="chat", messages=messages, extra_body=extra)
            .choices[0]
            .message
        )
        content, pictures = message.content, getattr(message, "images", None) or []

    assert bool(MARKDOWN.search(content)) is text
    assert bool(pictures) is images
    assert "img_" in content


def test_an_uploaded_picture_is_edited(gateway: Gateway) -> None:
    """A picture attached to the turn is the one that is changed."""
    url = data_url(PIL.Image.new("RGB", (512, 512), (20, 160, 60)))
    content = [
        {"type": "text", "text": "add a white circle in the center"},
        {"type": "image_url", "image_url": {"url": url}},
    ]
    picture = picture_in(said(gateway, [{"role": "user", "content": content}], stream=False))

    assert close_to(mean(picture, EDGE), (20, 160, 60), 25)
    assert mean(picture, CENTRE).min() > 180


def test_a_size_in_the_words(gateway: Gateway) -> None:
    """A size in the prompt is drawn; an explicit one wins over it."""
    words = [{"role": "user", "content": "draw a lighthouse, 768x512"}]
    plain = gateway.client().chat.completions.create(model="chat", messages=words)
    explicit = gateway.client().chat.completions.create(model="chat", messages=words, extra_body={"size": "512x768"})

    assert picture_in(plain.choices[0].message.content).size == (768, 512)
    assert picture_in(explicit.choices[0].message.content).size == (512, 768)


TASKS = {
    "title": '### Task:\nGenerate a concise title.\n### Output:\nJSON format: { "title": "your concise title here" }\n'
    "### Chat History:\n<chat_history>\nUSER: draw a red square\nASSISTANT: done\n</chat_history>",
    "tags": '### Task:\nGenerate 1-3 broad tags.\n### Output:\nJSON format: { "tags": ["tag1", "tag2"] }\n'
    "### Chat History:\n<chat_history>\nUSER: draw a red square\n</chat_history>",
    "follow_ups": '### Task:\nPredict 3-5 messages.\n### Output:\nJSON format: { "follow_ups": ["Question 1?"] }\n'
    "### Chat History:\n<chat_history>\nUSER: draw a red square\n</chat_history>",
    "queries": '### Task:\nSearch queries.\n### Output:\nReturn in JSON format:\n{\n  "queries": ["query1"]\n}\n'
    "### Chat History:\n<chat_history>\nUSER: draw a red square\n</chat_history>",
    "text": '### Task:\nComplete the text.\nRespond only in JSON format: `{ "text": "<your_completion>" }`.\n'
    "<chat_history>\nUSER: draw\n</chat_history>\n<text>draw a</text>",
}


@pytest.mark.parametrize("asked", TASKS)
@pytest.mark.parametrize("stream", [False, True])
def test_housekeeping_draws_nothing(gateway: Gateway, asked: str, stream: bool) -> None:
    """A front-end's own requests get valid JSON of the form they ask for, and no GPU time."""
    before = set(gateway.graphs())
    answer = json.loads(said(gateway, [{"role": "user", "content": TASKS[asked]}], stream))

    assert set(answer) == {asked}
    assert isinstance(answer[asked], str if asked in ("title", "text") else list)
    assert set(gateway.graphs()) == before


def test_front_end_fields_are_harmless(gateway: Gateway) -> None:
    """Tools, temperatures and unknown fields of a chat client do not disturb the picture."""
    tools = [
        {"type": "function", "function": {"name": "search_web", "parameters": {"type": "object", "properties": {}}}}
    ]
    answer = gateway.client().chat.completions.create(
        model="chat",
        messages=[
            {"role": "system", "content": "be nice"},
            {"role": "user", "content": "draw a green circle, 256x256"},
        ],
        tools=tools,  # type: ignore[arg-type]
        temperature=0.3,
        max_tokens=99,
        extra_body={"chat_id": "abc", "features": {"x": 1}},
    )

    assert picture_in(answer.choices[0].message.content).size == (256, 256)


def test_thanks_gets_words(gateway: Gateway) -> None:
    """Where no picture is wanted, a sentence answers."""
    before = set(gateway.graphs())
    text = said(gateway, [{"role": "user", "content": "thanks!"}], stream=False)

    assert text
    assert "data:image" not in text
    assert set(gateway.graphs()) == before


@pytest.fixture(scope="module")
def slow_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway over an engine that takes its time for every step."""
    with EngineThread(EngineSettings(pace=0.25)) as engine:
        running = start_litellm(tmp_path_factory.mktemp("slow"), litellm_config(engine.url, callback=True), engine)
        yield running
        stop(running)


async def test_a_client_that_leaves_cancels_its_job(slow_gateway: Gateway) -> None:
    """Closing a stream while the picture is drawn empties ComfyUI's queue; the job did not finish."""
    body = {"model": "chat", "stream": True, "messages": [{"role": "user", "content": "draw a slow red boat"}]}
    headers = {"Authorization": f"Bearer {KEY}"}
    async with asyncio.timeout(60), httpx.AsyncClient(timeout=60) as client:
        async with client.stream(
            "POST", f"{slow_gateway.url}/v1/chat/completions", json=body, headers=headers
        ) as response:
            async for line in response.aiter_lines():
                if re.search(r" \d+/\d+", line):
                    break
        while slow_gateway.waiting():
            await asyncio.sleep(0.05)
    statuses = [
        entry["status"]["status_str"] for entry in httpx.get(f"{slow_gateway.engine.url}/history").json().values()
    ]

    assert "success" not in statuses


def test_frames_on_request(gateway: Gateway) -> None:
    """`partial_images` brings rough frames before the picture, outside of what clients show as pictures."""
    messages: list[Any] = [{"role": "user", "content": "draw a green circle"}]
    chunks = streamed(gateway, messages, extra_body={"partial_images": 2, "size": "256x256"}).chunks
    fields = [getattr(c.choices[0].delta, "provider_specific_fields", None) for c in chunks if c.choices]
    frames = [field["partial_image"] for field in fields if field and "partial_image" in field]

    assert [frame["partial_image_index"] for frame in frames] == [0, 1]
    assert opened(frames[0]["b64_json"]).format == "JPEG"


def test_a_cold_model_keeps_the_line_alive(tmp_path: Path) -> None:
    """While nothing is to be told for long, comments keep proxies and browsers from hanging up; the picture comes."""
    with EngineThread(EngineSettings(load_time=5)) as engine:
        extra = {
            "model_name": "patient",
            "litellm_params": {"model": "protobanana/chat", "api_base": engine.url, "keepalive_seconds": 0.5},
            "model_info": {"mode": "chat"},
        }
        running = start_litellm(tmp_path, litellm_config(engine.url, callback=True, extra=[extra]), engine)
        body = {"model": "patient", "stream": True, "messages": [{"role": "user", "content": "draw a boat, 256x256"}]}
        try:
            answer = httpx.post(
                f"{running.url}/v1/chat/completions", json=body, headers={"Authorization": f"Bearer {KEY}"}, timeout=60
            )
        finally:
            stop(running)

    assert answer.text.count(": ping") >= 2
    assert "data:image/png" in answer.text
    assert answer.text.rstrip().endswith("[DONE]")
