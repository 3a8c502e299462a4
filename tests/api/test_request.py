"""What LiteLLM hands over, and what is made of it."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import PIL.Image
import pytest

from protobanana.api import request as requests
from protobanana.api.call import PARAMS, Call
from protobanana.api.hooks import hooks
from protobanana.errors import InvalidRequestError
from support.pictures import png

PICTURE = png(PIL.Image.new("RGB", (9, 7), "red"))


def call(optional: dict[str, Any] | None = None, body: dict[str, Any] | None = None, **more: Any) -> Call:
    """A call whose request body lies where LiteLLM keeps it for generations."""
    details = {"litellm_params": {"proxy_server_request": {"body": body, "headers": {}}}} if body is not None else {}
    values = {"model": "wf", "api_base": "http://gpu", "litellm_params": {}, "timeout": 6000.0} | more
    return Call(optional_params=optional or {}, logging_obj=SimpleNamespace(model_call_details=details), **values)


def test_the_callback_wins_over_the_body() -> None:
    """What the callback saved is what the client sent."""
    made, _ = requests.generation(call({PARAMS: {"n": 2, "size": "64x32"}}, body={"n": 9}), "a cat")

    assert (made.wishes.n, made.wishes.width, made.text, made.server) == (2, 64, "a cat", "http://gpu")


def test_the_body_serves_without_a_callback() -> None:
    """LiteLLM keeps the body; its own fields in it are no options."""
    body = {"model": "x", "prompt": "p", "n": 3, "user": "me", "metadata": {"a": 1}, "extra_body": {"seed": 5}}
    made, _ = requests.generation(call(body=body), "a cat")

    assert (made.wishes.n, made.wishes.seed, made.user) == (3, 5, "me")


def test_a_deployments_defaults_are_overridden_by_the_client() -> None:
    """Extra keys of a deployment are defaults."""
    made, _ = requests.generation(call({"quality": "low", "steps": 9}, body={"quality": "high"}), "a cat")

    assert made.wishes.quality == "high"
    assert made.wishes.extra == {"steps": 9}


async def test_a_file_read_to_its_end_before() -> None:
    """A retry hands over the same file object, already at its end."""
    file = io.BytesIO(PICTURE)
    file.read()
    made, _ = requests.edit(call(), "make it blue", [file])

    assert (await made.pictures[0].load()).size == "9x7"


@pytest.mark.parametrize(
    "value",
    [
        io.BytesIO(PICTURE),
        PICTURE,
        bytearray(PICTURE),
        ("in.png", PICTURE),
        ("in.png", io.BytesIO(PICTURE), "image/png"),
    ],
)
async def test_every_form_of_a_file(value: Any) -> None:
    """SDK and proxy hand over files in several forms."""
    made, _ = requests.edit(call(body={"mask": [value]}), "x", value)

    assert (await made.pictures[0].load()).data == PICTURE
    assert made.mask is not None
    assert (await made.mask.load()).data == PICTURE


@pytest.mark.parametrize(
    ("images", "body", "param"),
    [
        (None, {}, "image"),
        ([None], {}, "image"),
        ([5], {}, "image"),
        ([PICTURE], {"mask": [PICTURE, PICTURE]}, "mask"),
        ([PICTURE], {"images": [{}]}, "images"),
    ],
)
def test_what_is_no_picture(images: Any, body: dict[str, Any], param: str) -> None:
    """A missing or impossible file names its field."""
    with pytest.raises(InvalidRequestError) as caught:
        requests.edit(call(body=body), "x", images)

    assert caught.value.param == param


@pytest.mark.parametrize(
    ("given", "meant"), [(6000.0, None), (600, None), (30, 30.0), ("12", 12.0), ("abc", None), (None, None), (-1, None)]
)
def test_timeouts(given: Any, meant: float | None) -> None:
    """LiteLLM's defaults are nobody's wish; shorter ones are."""
    assert call(timeout=given).seconds() == meant


async def test_the_callback_saves_what_would_be_lost() -> None:
    """Client fields are saved, LiteLLM's own are not; chat calls are left alone."""
    data = {"model": "m", "prompt": "p", "n": 2, "mask": [b"x"], "num_retries": 4, "api_key": "secret", "size": None}
    seen = await hooks.async_pre_call_hook(None, None, data, "image_generation")
    chat = await hooks.async_pre_call_hook(None, None, {"model": "m", "n": 2}, "acompletion")

    assert seen[PARAMS] == {"n": 2, "mask": [b"x"]}
    assert PARAMS not in chat


async def test_a_client_cannot_forge_what_was_saved() -> None:
    """The field is written on every call."""
    data = {"model": "m", PARAMS: {"n": 10}, "n": 1}

    assert (await hooks.async_pre_call_hook(None, None, data, "aimage_edit"))[PARAMS] == {"n": 1}
