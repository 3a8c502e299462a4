"""A conversation keeps its pictures, whatever the client makes of them between the turns; and nobody else gets them."""

from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import openai
import PIL.Image
import pytest

from protobanana.comfy import upload_name
from protobanana.engine import EngineThread
from support.gateways import KEY, Gateway, litellm_config, start, stop
from support.pictures import data_url, opened, png

# The embedded engine runs in this process, where aiohttp's use of a part of itself would count as an error.
pytestmark = pytest.mark.filterwarnings("ignore:unread_data:DeprecationWarning")

OTHER_KEY = "sk-other"
HANDLE = re.compile(r"img_[a-z2-7]{16}")
MARKDOWN = re.compile(r"!\[(?P<alt>(?P<handle>img_[a-z2-7]{16})[^\]]*)\]\((?P<url>[^)]+)\)")
AUTH = """
from litellm.proxy._types import UserAPIKeyAuth


async def check(request, api_key):
    if api_key not in ("sk-test", "sk-other"):
        raise ValueError("unknown key")
    return UserAPIKeyAuth(api_key=api_key)
"""


def serving(folder: Path, engine: EngineThread) -> Gateway:
    """Our gateway, open to two keys."""
    (folder / "two_keys.py").write_text(AUTH, "utf-8")
    config = litellm_config(engine.url, callback=True)
    config["general_settings"]["custom_auth"] = "two_keys.check"
    short = json.loads(json.dumps(config["model_list"][3]))
    short["model_name"] = "short"
    short["litellm_params"]["image_output"] = "url"
    config["model_list"].append(short)
    path = folder / "own.yaml"
    path.write_text(json.dumps(config), "utf-8")
    command = [sys.executable, "-m", "protobanana", "serve", "--key", KEY, "--config", str(path), "--port", "0"]
    return start([*command, "--engine", engine.url], None, folder, engine)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, engine: EngineThread) -> Iterator[Gateway]:
    running = serving(tmp_path_factory.mktemp("handles"), engine)
    yield running
    stop(running)


@dataclass
class Answer:
    """What came back: the text, and the picture's bytes wherever they were."""

    text: str
    picture: bytes | None = None

    @property
    def handle(self) -> str:
        """The last name in the text: the picture's own stands first in its alt text, its parent's after it."""
        found = MARKDOWN.search(self.text) or re.search(r"\[(?P<handle>img_[a-z2-7]{16})", self.text)

        assert found
        return found["handle"]


def fetched(url: str) -> bytes:
    """The bytes behind a data URL or an address."""
    return base64.b64decode(url.partition(",")[2]) if url.startswith("data:") else httpx.get(url).content


def ask(
    gateway: Gateway, messages: list[Any], *, stream: bool, model: str = "chat", key: str = KEY, **more: Any
) -> Answer:
    client = gateway.client().with_options(api_key=key)
    text, items = "", []
    if stream:
        with client.chat.completions.create(model=model, messages=messages, stream=True, **more) as chunks:
            for chunk in chunks:
                for choice in chunk.choices:
                    text += choice.delta.content or ""
                    items += getattr(choice.delta, "images", None) or []
    else:
        message = client.chat.completions.create(model=model, messages=messages, **more).choices[0].message
        text, items = message.content or "", getattr(message, "images", None) or []
    urls = [found["url"] for found in MARKDOWN.finditer(text)] or [item["image_url"]["url"] for item in items]
    return Answer(text, fetched(urls[0]) if urls else None)


# What clients make of an answer before they send it back.


def unchanged(answer: Answer) -> str:
    return answer.text


def moved_to_a_file(answer: Answer) -> str:
    return MARKDOWN.sub(lambda m: f"![{m['alt']}](/api/v1/files/5f1e-{len(m['alt'])}/content)", answer.text)


def emptied(answer: Answer) -> str:
    return MARKDOWN.sub(lambda m: f"![{m['alt']}]()", answer.text)


def cut_off(answer: Answer) -> str:
    return answer.text[:600]


@dataclass(frozen=True)
class Client:
    """How a client asks, what it keeps of an answer, and how many messages it sends back."""

    keeps: Callable[[Answer], str] = unchanged
    model: str = "chat"
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    window: int = 1000
    most: int = 10**9
    """Bytes of the longest request."""


CLIENTS = {
    "full history": Client(),
    "Open WebUI, files": Client(keeps=moved_to_a_file, most=20_000),
    "Open WebUI, images": Client(headers={"X-OpenWebUI-User-Id": "u1", "X-OpenWebUI-Chat-Id": "c1"}, most=20_000),
    "images by modality": Client(body={"modalities": ["image", "text"]}, most=20_000),
    "short addresses": Client(model="short", most=20_000),
    "short addresses by request": Client(headers={"X-ProtoBanana-Image-Output": "url"}, most=20_000),
    "trimmed history": Client(window=4),
    "trimmed pictures": Client(keeps=emptied, window=5, most=20_000),
    "cut off": Client(keeps=cut_off, most=20_000),
}
# Words, and the turn (from 1) whose picture they work on: None draws from words alone, 0 draws nothing.
TURNS: list[tuple[str, int | None]] = [
    ("draw a red square on a white background, 256x256", None),
    ("make it blue", 1),
    ("add a yellow circle on the left", 2),
    ("thanks!", 0),
    ("make it green", 3),
    ("draw a blue house, 256x256", None),
    ("make it red", 6),
    ("add a yellow circle on the left", 7),
    ("make it black and white", 8),
    ("make it purple", 9),
]


def new_graphs(gateway: Gateway, known: set[str]) -> str:
    """What ComfyUI was sent since, as text."""
    return json.dumps({key: graph for key, graph in gateway.graphs().items() if key not in known})


# A plain answer has the picture in its text for the clients that get `images`, too: nothing new to see there.
REPLAYS = [(name, stream) for name in CLIENTS for stream in (False, True) if stream or "images" not in name]


@pytest.mark.parametrize(("name", "stream"), REPLAYS)
def test_ten_turns(gateway: Gateway, name: str, stream: bool) -> None:
    """Every turn works on the right picture, however the client replays the conversation."""
    client = CLIENTS[name]
    messages: list[Any] = []
    answers: list[Answer] = []
    for words, parent in TURNS:
        messages.append({"role": "user", "content": words})
        sent = messages[-client.window :]
        known = set(gateway.graphs())
        body = {"quality": "low", **client.body}
        answer = ask(gateway, sent, stream=stream, model=client.model, extra_headers=client.headers, extra_body=body)
        answers.append(answer)
        messages.append({"role": "assistant", "content": client.keeps(answer)})
        graphs = new_graphs(gateway, known)

        assert len(json.dumps(sent)) < client.most
        if parent == 0:
            assert answer.picture is None
            assert graphs == "{}"
            continue
        assert answer.picture
        if parent is None:
            assert ".png" not in graphs.replace("protobanana", "")
        else:
            original = answers[parent - 1].picture
            assert original
            assert upload_name(original, "png") in graphs


def test_an_uploaded_picture_is_kept(gateway: Gateway) -> None:
    """A picture of the user's own is found again by the name that the answer gives it, when it is sent no more."""
    mine = png(PIL.Image.new("RGB", (256, 256), (20, 160, 60)))
    content = [
        {"type": "text", "text": "add a white circle in the center"},
        {"type": "image_url", "image_url": {"url": data_url(opened(mine))}},
    ]
    first = ask(gateway, [{"role": "user", "content": content}], stream=False)
    own = [handle for handle in HANDLE.findall(first.text) if handle != first.handle]
    known = set(gateway.graphs())
    ask(gateway, [{"role": "user", "content": f"make it purple [{own[0]}]"}], stream=False)

    assert upload_name(mine, "png") in new_graphs(gateway, known)


@pytest.mark.parametrize(
    "form", ["[{h}]", "![{h} x](/api/v1/files/1/content)", "![{h} x]({u})", "the picture {h}", "![{h} x]()"]
)
def test_another_key_gets_nothing(gateway: Gateway, form: str) -> None:
    """Neither a name nor a replayed answer of somebody else resolves; the right key gets both."""
    first = ask(gateway, [{"role": "user", "content": "draw a red square, 256x256"}], stream=False, model="short")
    found = MARKDOWN.search(first.text)
    assert found
    messages = [
        {"role": "user", "content": "draw a red square"},
        {"role": "assistant", "content": form.format(h=found["handle"], u=found["url"])},
        {"role": "user", "content": "make it blue"},
    ]
    known = set(gateway.graphs())
    theirs = ask(gateway, messages, stream=False, key=OTHER_KEY)
    drawn_for_them = new_graphs(gateway, known)
    ours = ask(gateway, messages, stream=False)

    assert theirs.picture is None
    assert theirs.text
    assert drawn_for_them == "{}"
    assert first.picture
    assert upload_name(first.picture, "png") in new_graphs(gateway, known)
    assert ours.picture


def test_people_behind_one_key(gateway: Gateway) -> None:
    """Where a front-end says which person is asking, another of its people cannot reach a picture either."""
    draw = [{"role": "user", "content": "draw a red square, 256x256"}]
    first = ask(gateway, draw, stream=True, extra_headers={"X-OpenWebUI-User-Id": "anna"})
    messages = [
        *draw,
        {"role": "assistant", "content": f"[{first.handle}]"},
        {"role": "user", "content": "make it blue"},
    ]

    assert ask(gateway, messages, stream=True, extra_headers={"X-OpenWebUI-User-Id": "ben"}).picture is None
    assert ask(gateway, messages, stream=True, extra_headers={"X-OpenWebUI-User-Id": "anna"}).picture


def test_a_lost_picture_is_asked_for_only_when_it_is_needed(gateway: Gateway) -> None:
    """Something new can be drawn beside it; to change it, it is asked for in words, without an error."""
    lost = [{"role": "assistant", "content": "![img_aaaaaaaaaaaaaaaa a boat](/api/v1/files/1/content)"}]
    new = ask(gateway, [*lost, {"role": "user", "content": "draw a red square, 256x256"}], stream=False)
    changed = ask(gateway, [*lost, {"role": "user", "content": "make it blue"}], stream=False)

    assert new.picture
    assert changed.picture is None
    assert "Attach it" in changed.text


def test_a_restart_keeps_the_names(tmp_path: Path, engine: EngineThread) -> None:
    """Names and short addresses are good in the next gateway over the same folder."""
    running = serving(tmp_path, engine)
    try:
        first = ask(running, [{"role": "user", "content": "draw a red square, 256x256"}], stream=False, model="short")
    finally:
        stop(running)
    found = MARKDOWN.search(first.text)
    assert found
    again = serving(tmp_path, engine)
    try:
        messages = [{"role": "assistant", "content": f"[{first.handle}]"}, {"role": "user", "content": "make it blue"}]
        second = ask(again, messages, stream=False)
        path = httpx.URL(found["url"]).path
        served = httpx.get(f"{again.url}{path}")
    finally:
        stop(again)

    assert second.picture
    assert first.handle in second.text
    assert served.content == first.picture


def test_a_short_address_is_a_picture(gateway: Gateway) -> None:
    """The address in the answer is the gateway's own as the client called it, and needs no key."""
    answer = gateway.client().chat.completions.create(
        model="short", messages=[{"role": "user", "content": "draw a red square, 256x256"}]
    )
    message: Any = answer.choices[0].message
    found = MARKDOWN.search(message.content)
    assert found
    reply = httpx.get(found["url"])

    assert found["url"].startswith(f"{gateway.url}/images/")
    assert message.images[0]["image_url"]["url"] == found["url"]
    assert reply.headers["content-type"] == "image/png"
    assert opened(reply.content).size == (256, 256)
    assert httpx.head(found["url"]).status_code == 200
    assert httpx.get(f"{gateway.url}/images/{'a' * 36}").status_code == 404


@pytest.mark.parametrize("wanted", ["url", "b64_json"])
def test_image_endpoints_by_address(gateway: Gateway, wanted: Any) -> None:
    """`response_format: url` is a short address here; the default stays base64."""
    client = gateway.client()
    made = client.images.generate(model="generate", prompt="a red square", size="256x256", response_format=wanted)
    changed = client.images.edit(
        model="edit",
        prompt="make it blue",
        image=("a.png", png(PIL.Image.new("RGB", (64, 64)))),
        response_format=wanted,
    )
    for reply in (made, changed):
        assert reply.data
        item = reply.data[0]
        assert bool(item.url) is (wanted == "url")
        assert bool(item.b64_json) is (wanted != "url")
        if item.url:
            assert item.url.startswith(f"{gateway.url}/images/")
            assert opened(httpx.get(item.url).content).width


def test_an_unknown_form_names_itself(gateway: Gateway) -> None:
    """A form in the header is checked as one in the body."""
    with pytest.raises(openai.BadRequestError, match="image_output"):
        ask(
            gateway,
            [{"role": "user", "content": "x"}],
            stream=False,
            extra_headers={"X-ProtoBanana-Image-Output": "fax"},
        )
