"""LiteLLM's own errors: the right status, OpenAI's shape, and nothing that was meant for whoever runs the server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from protobanana.gateway.mend import mended
from protobanana.gateway.upload import Upload

FIELDS = {"message", "type", "param", "code"}


async def error(
    status: int, said: object, sent: object = None, *, path: str = "/v1/images/generations", **headers: str
) -> tuple[int, dict[str, Any]]:
    """What becomes of LiteLLM's answer `said` to the body `sent`; both are JSON unless they are bytes."""
    body = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
    told = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {"path": path, "headers": [(name.encode(), value.encode()) for name, value in told.items()]}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    upload = Upload(scope, receive)
    await upload.receive()
    answer = said if isinstance(said, bytes) else json.dumps(said).encode()
    mended_status, document = mended(status, answer, upload)
    return mended_status, json.loads(document)["error"]


def litellm(message: str, kind: str = "internal_server_error", param: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": param, "code": "500"}}


GOOD = {"model": "a", "prompt": "a cat"}
STUMBLE = litellm("'str' object has no attribute 'get'")


@pytest.mark.parametrize(
    ("said", "headers", "words"),
    [
        (litellm("No connected db.", "no_db_connection"), {"authorization": "Bearer x"}, "not valid"),
        (litellm("Authentication Error, No api key passed in.", "auth_error", "None"), {}, "missing"),
        (
            litellm("... Received API Key = sk-...abcd, Key Hash", "token_not_found_in_db"),
            {"x_api_key": "x"},
            "not valid",
        ),
    ],
)
@pytest.mark.parametrize("status", [400, 401])
async def test_a_key(status: int, said: dict[str, Any], headers: dict[str, str], words: str) -> None:
    """A wrong key is a 401 with OpenAI's code; nothing of the key is repeated."""
    got, about = await error(status, said, GOOD, **headers)

    assert got == 401
    assert (about["code"], about["param"]) == ("invalid_api_key", None)
    assert words in about["message"]
    assert "sk-" not in about["message"]


@pytest.mark.parametrize("wrapped", ["{}", "400: {{'error': '{}'}}"])
async def test_an_unknown_model(wrapped: str) -> None:
    """404 that names it."""
    words = "/x: Invalid model name passed in model=nope. Call `/v1/models` to view available models for your key."
    got, about = await error(400, litellm(wrapped.format(words)), {**GOOD, "model": "nope"})

    assert got == 404
    assert (about["code"], about["param"]) == ("model_not_found", "model")
    assert "'nope'" in about["message"]


@pytest.mark.parametrize(
    ("path", "sent", "param"),
    [
        ("/v1/images/generations", b"", None),
        ("/v1/images/generations", b"{", None),
        ("/v1/images/generations", b"[1]", None),
        ("/v1/images/generations", b"\xff\xfe", None),
        ("/v1/images/generations", b"[" * 5000, None),
        ("/v1/images/generations", {"prompt": "x"}, "model"),
        ("/v1/images/generations", {"model": 5, "prompt": "x"}, "model"),
        ("/v1/images/generations", {"model": "a"}, "prompt"),
        ("/v1/images/generations", {"model": "a", "prompt": ["x"]}, "prompt"),
        ("/v1/images/generations", {"model": "a", "prompt": {"x": 1}}, "prompt"),
        ("/v1/images/generations", {**GOOD, "timeout": "soon"}, "timeout"),
        ("/v1/images/generations", {**GOOD, "n": 1.5}, "n"),
        ("/v1/images/generations", {**GOOD, "tags": [{}]}, "tags"),
        ("/v1/images/generations", {**GOOD, "litellm_logging_obj": "x"}, "litellm_logging_obj"),
        ("/v1/images/generations", {**GOOD, "azure_password": -1}, "azure_password"),
        ("/v1/chat/completions", {"model": "a"}, "messages"),
        ("/v1/chat/completions", {"model": "a", "messages": "x"}, "messages"),
        ("/v1/chat/completions", {"model": "a", "messages": [5]}, "messages"),
        ("/v1/chat/completions", {"model": "a", "messages": [{"role": "user", "content": 5}]}, "messages"),
        ("/v1/chat/completions", {"model": "a", "messages": [{"role": "user", "content": [{}]}]}, "messages"),
        ("/v1/chat/completions", {"model": "a", "messages": [{"role": "user", "tool_calls": 5}]}, "messages"),
        ("/v1/chat/completions", {"model": "a", "messages": [{"role": "a"}], "response_format": 5}, "response_format"),
        ("/v1/responses", {"model": "a"}, "input"),
        ("/v1/responses", {"model": "a", "input": 5}, "input"),
        ("/v1/messages", {"model": "a"}, "messages"),
        ("/v1/completions", {"model": "a", "prompt": {}}, "prompt"),
        ("/v1/completions", {"model": "a", "prompt": "x", "messages": []}, "messages"),
    ],
)  # fmt: skip
async def test_a_body_that_litellm_stumbles_over(path: str, sent: object, param: str | None) -> None:
    """400 that names the field."""
    got, about = await error(500, STUMBLE, sent, path=path)

    assert got == 400
    assert about["param"] == param
    assert param is None or param in about["message"]
    assert about["type"] == "invalid_request_error"


@pytest.mark.parametrize("header", ["x-litellm-timeout", "x-litellm-num-retries"])
async def test_a_header_that_litellm_stumbles_over(header: str) -> None:
    """400 that names the header."""
    got, about = await error(500, litellm("could not convert string to float: 'x'"), GOOD, **{header: "x"})

    assert got == 400
    assert header in about["message"]


@pytest.mark.parametrize("name", ["mystery", "litellm_secret_flag"])
async def test_a_name_that_litellm_complains_of(name: str) -> None:
    """A field that nobody here knows is found in LiteLLM's own complaint."""
    said = litellm(f"got an unexpected keyword argument '{name}'")
    got, about = await error(500, said, {**GOOD, name: 1})

    assert (got, about["param"]) == (400, name)


@pytest.mark.parametrize("boundary", ["b", "other"])
@pytest.mark.parametrize("end", [b"--b--\r\n", b""])
async def test_a_form(boundary: str, end: bytes) -> None:
    """A form is read by its boundary: what is missing in it is named, what cannot be read is called so."""
    form = b'--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nx\r\n' + end
    kind = f"multipart/form-data; boundary={boundary}"
    got, about = await error(500, STUMBLE, form, path="/v1/images/edits", content_type=kind)

    assert got == 400
    assert about["param"] == ("model" if boundary == "b" and end else None)


async def test_a_form_where_json_belongs() -> None:
    """The content type to send is named."""
    got, about = await error(500, STUMBLE, b"a=b", content_type="application/x-www-form-urlencoded")

    assert got == 400
    assert "application/json" in about["message"]


@pytest.mark.parametrize("status", [500, 502, 503, 504, 529])
async def test_trouble_that_is_not_the_requests(status: int) -> None:
    """With a good body the status stays, and none of the words do: they are an exception's."""
    words = "litellm.InternalServerError: AttributeError at http://10.0.0.7:8188\nTraceback (most recent call last):"
    got, about = await error(status, litellm(words), GOOD)

    assert got == status
    assert about["type"] == "server_error"
    assert not {"10.0.0.7", "Traceback", "Error", "litellm"} & set(about["message"].replace(":", " ").split())


@pytest.mark.parametrize(
    "words",
    [
        'Invalid request format: litellm.APIConnectionError: x\nTraceback (most recent call last):\n  File "/a/b.py"',
        "1 validation error for LiteLLM_Params",
        "No deployments available, cooldown_list=[('a', {'exception_received': 'litellm.X'})]",
        "Error in /srv/app/main.py",
    ],
)
@pytest.mark.parametrize("status", [400, 403, 404, 408, 422, 429])
async def test_refusals_say_nothing_of_the_inside(status: int, words: str) -> None:
    """A refusal keeps its status, and not what was written for the operator."""
    got, about = await error(status, litellm(words), GOOD)

    assert got == (400 if status == 422 else status)
    assert about["message"]
    assert not any(
        mark in about["message"] for mark in ("Traceback", "litellm", "LiteLLM", ".py", "cooldown_list", "File")
    )


async def test_a_sentence_that_can_be_shown() -> None:
    """LiteLLM's judgement of a budget reaches the caller, its kind as the code."""
    got, about = await error(
        400, litellm("Budget has been exceeded! Current cost: 2, Max budget: 1", "budget_exceeded"), GOOD
    )

    assert got == 400
    assert about["message"] == "Budget has been exceeded! Current cost: 2, Max budget: 1"
    assert about["code"] == "budget_exceeded"


@pytest.mark.parametrize("name", ["api_base", "user_config"])
async def test_a_field_that_is_not_for_clients(name: str) -> None:
    """What LiteLLM's key check refuses in a body is a 400 about that field, not about the key."""
    said = litellm(
        f"Authentication Error, Rejected Request: {name} is not allowed in request body. Enable ...", "auth_error"
    )
    got, about = await error(401, said, {**GOOD, name: "x"}, authorization="Bearer good")

    assert (got, about["param"]) == (400, name)


@pytest.mark.parametrize(
    "said",
    [b"", b"Internal Server Error", b"<html>", b"[]", b"5", b'{"detail": "x"}', b'{"error": 5}', b'{"error": null}',
     b'{"detail": [{"loc": ["body", "image"], "msg": "Field required"}]}', b"[" * 100_000],
)  # fmt: skip
@pytest.mark.parametrize("status", [400, 422, 500])
async def test_any_answer_has_openais_shape(status: int, said: bytes) -> None:
    """Whatever LiteLLM or the server around it answers, the caller reads message, type, param and code."""
    got, about = await error(status, said, GOOD)

    assert set(about) == FIELDS
    assert about["message"]
    assert got == (400 if status == 422 else status)


async def test_a_field_that_fastapi_misses() -> None:
    """FastAPI's own list of what is wrong becomes one sentence that names the field."""
    _, about = await error(422, {"detail": [{"loc": ["body", "image"], "msg": "Field required"}]}, GOOD)

    assert about["param"] == "image"
    assert about["message"] == "'image': Field required"
