"""What a caller gets for bad input and a renderer that is down: the right status, the field's name, no traceback."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import httpx
import openai
import PIL.Image
import pytest

from support.gateways import KEY, Gateway
from support.pictures import png


def post(gateway: Gateway, path: str, body: dict[str, Any]) -> httpx.Response:
    return httpx.post(f"{gateway.url}/v1/{path}", json=body, headers={"Authorization": f"Bearer {KEY}"}, timeout=60)


def generation(gateway: Gateway, **fields: Any) -> httpx.Response:
    return post(gateway, "images/generations", {"model": "generate", "prompt": "a cat", **fields})


def bomb() -> bytes:
    """A PNG of some hundred bytes whose header promises 3.6 gigapixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"n": 0}, "n"),
        ({"n": 11}, "n"),
        ({"n": "many"}, "n"),
        ({"size": "0x100"}, "size"),
        ({"size": "huge"}, "size"),
        ({"size": "20000x20000"}, "size"),
        ({"size": "8x8"}, "size"),
        ({"size": 5}, "size"),
        ({"quality": "ultra"}, "quality"),
        ({"output_format": "tiff"}, "output_format"),
        ({"output_format": "jpeg", "output_compression": 101}, "output_compression"),
        ({"output_format": "jpeg", "background": "transparent"}, "background"),
        ({"response_format": "carrier pigeon"}, "response_format"),
        ({"background": "plaid"}, "background"),
        ({"size": "90000x10"}, "size"),
        ({"seed": -1}, "seed"),
        ({"seed": "abc"}, "seed"),
        ({"negative_prompt": 3}, "negative_prompt"),
        ({"no_such_field": 3}, "no_such_field"),
        ({"prompt": "   "}, "prompt"),
        ({"prompt": ""}, "prompt"),
    ],
)
def test_an_impossible_value_names_its_field(gateway: Gateway, fields: dict[str, Any], param: str) -> None:
    """400 in OpenAI's shape, with the field and what is allowed."""
    response = generation(gateway, **fields)
    error = response.json()["error"]

    assert response.status_code == 400
    assert error["param"] == param
    assert param in error["message"]
    assert "Traceback" not in response.text
    assert "litellm" not in error["message"].lower()


def test_a_missing_prompt(gateway: Gateway) -> None:
    """No prompt at all is a 400 as well."""
    assert post(gateway, "images/generations", {"model": "generate"}).status_code == 400


def test_an_unknown_workflow_lists_the_known_ones(gateway: Gateway) -> None:
    """404, and the message names the workflows that exist."""
    with pytest.raises(openai.NotFoundError) as caught:
        gateway.client().images.generate(model="nowhere", prompt="a cat")

    assert "no_such_workflow" in caught.value.message
    assert "qwen_image_2512" in caught.value.message


def test_comfyui_down(gateway: Gateway) -> None:
    """503 that says so, at once, and not where ComfyUI would be."""
    with pytest.raises(openai.InternalServerError) as caught:
        gateway.client().images.generate(model="down", prompt="a cat")

    assert caught.value.status_code == 503
    assert "No ComfyUI answers" in caught.value.message
    assert "127.0.0.1" not in caught.value.message


EDITS: list[tuple[str, bytes, int]] = [
    ("text", b"this is no picture", 400),
    ("empty", b"", 400),
    ("truncated", png(PIL.Image.effect_noise((400, 400), 80))[:9000], 400),
    ("bomb", bomb(), 413),
    ("svg", b'<svg xmlns="http://www.w3.org/2000/svg"><circle r="4"/></svg>', 400),
]


@pytest.mark.parametrize(("data", "status"), [(d, s) for _, d, s in EDITS], ids=[name for name, _, _ in EDITS])
def test_a_file_that_is_no_picture(gateway: Gateway, data: bytes, status: int) -> None:
    """Undecodable, truncated or dishonest files are refused before anything is submitted."""
    before = set(gateway.graphs())
    with pytest.raises(openai.APIStatusError) as caught:
        gateway.client().images.edit(model="edit", image=("in.png", data), prompt="make it blue")

    assert caught.value.status_code == status
    assert caught.value.body["param"] == "image"  # type: ignore[index]
    assert set(gateway.graphs()) == before


@pytest.mark.parametrize(
    "reference",
    [
        "/etc/passwd",
        "file:///etc/passwd",
        "../../secret.png",
        "ftp://example.com/a.png",
        "http://127.0.0.1:9/a.png",
        "http://169.254.169.254/latest/meta-data",
        "data:image/png;base64,@@@",
        "data:text/html;base64," + base64.b64encode(b"<b>hi</b>").decode(),
        "data:image/png,notbase64",
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_reference_that_is_never_followed(gateway: Gateway, reference: str, stream: bool) -> None:
    """Paths, other schemes and inside addresses are refused unread, and nothing of them is repeated at length."""
    content = [{"type": "text", "text": "make it blue"}, {"type": "image_url", "image_url": {"url": reference}}]
    response = post(
        gateway,
        "chat/completions",
        {"model": "chat", "stream": stream, "messages": [{"role": "user", "content": content}]},
    )

    assert response.status_code == 400
    assert "root:" not in response.text
    assert "Traceback" not in response.text


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [{"role": "system", "content": "hi"}],
        [{"role": "user", "content": [{"type": "video_url", "video_url": {"url": "x"}}]}],
        [{"role": "user", "content": [{"type": "image_url"}]}],
        [{"role": "user", "content": [{"type": "text", "text": 5}]}],
    ],
)
def test_messages_that_cannot_be_read(gateway: Gateway, messages: list[Any]) -> None:
    """400 with the place in `messages`, never a 500."""
    response = post(gateway, "chat/completions", {"model": "chat", "messages": messages})

    assert response.status_code == 400
    assert "Traceback" not in response.text


def test_an_edit_without_a_picture(gateway: Gateway) -> None:
    """400 that names `image`."""
    response = httpx.post(
        f"{gateway.url}/v1/images/edits",
        data={"model": "edit", "prompt": "make it blue"},
        headers={"Authorization": f"Bearer {KEY}"},
        timeout=60,
    )

    assert response.status_code == 400
    assert "image" in response.json()["error"]["message"]


def test_a_mask_for_a_workflow_that_takes_none(gateway: Gateway) -> None:
    """It is refused with the names of workflows that take one."""
    picture = ("a.png", png(PIL.Image.new("RGB", (64, 64), "red")))
    with pytest.raises(openai.BadRequestError, match="inpaint_qwen_image_2511") as caught:
        gateway.client().images.edit(model="edit", image=picture, mask=picture, prompt="make it blue")

    assert "mask" in caught.value.message


def test_too_many_pictures(gateway: Gateway) -> None:
    """A fourth reference is refused with the number that is possible, never dropped."""
    files = [(f"{n}.png", png(PIL.Image.new("RGB", (64, 64), (n * 40, 0, 0)))) for n in range(4)]
    with pytest.raises(openai.BadRequestError) as caught:
        gateway.client().images.edit(model="edit", image=files, prompt="combine")

    assert "3" in caught.value.message
