"""A call through LiteLLM, seen from both ends: what the client gets of what the app behind does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from protobanana.api.door import door
from protobanana.errors import ServerUnreachableError
from protobanana.gateway.front import fronted

App = Callable[[Any, Any, Any], Awaitable[None]]
PATH = "/v1/chat/completions"


def answering(
    status: int, *pieces: bytes, raising: Exception | None = None, length: bool = False, **headers: str
) -> App:
    """An app that reads the request and answers in pieces, then perhaps fails as LiteLLM's middleware does."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        if length:
            told["content-length"] = str(sum(map(len, pieces)))
        encoded = [(name.encode(), value.encode()) for name, value in told.items()]
        await send({"type": "http.response.start", "status": status, "headers": encoded})
        for number, piece in enumerate(pieces, 1):
            await send({"type": "http.response.body", "body": piece, "more_body": number < len(pieces)})
        if raising is not None:
            raise raising

    return app


async def call(app: App, body: object = None) -> httpx.Response:
    sent = (
        body
        if isinstance(body, bytes)
        else json.dumps(body or {"model": "a", "messages": [{"role": "user", "content": "hi"}]}).encode()
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(fronted(app, None)), base_url="http://g") as client:
        return await client.post(PATH, content=sent, headers={"content-type": "application/json"})


@pytest.mark.parametrize("status", [200, 503])
async def test_where_the_servers_are_stays_inside(status: int) -> None:
    """LiteLLM's header with the address of ComfyUI, credentials and all, never leaves."""
    answer = await call(answering(status, b"{}", x_litellm_model_api_base="http://u:p@gpu:8188", x_other="kept"))

    assert "x-litellm-model-api-base" not in answer.headers
    assert answer.headers["x-other"] == "kept"


async def test_an_app_that_fails_after_its_answer() -> None:
    """The client has its answer, and its connection; the failure is the log's."""
    answer = await call(answering(500, b'{"error": {"message": "boo"}}', raising=ValueError("x")), b"[1]")

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["error"]["code"] is None


async def test_an_app_that_fails_before_its_answer() -> None:
    """That is the server's to report."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        await call(app)


@pytest.mark.parametrize("length", [False, True])
async def test_plain_text_becomes_openais_error(length: bool) -> None:
    """An error of whatever kind arrives as JSON, its length the true one."""
    answer = await call(answering(500, b"Internal ", b"Server Error", length=length, content_type="text/plain"))

    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


async def test_an_error_in_the_middle_of_a_stream() -> None:
    """LiteLLM's frame is mended as its answers are; what comes before and after it stays."""
    frame = {"error": {"message": "litellm.X: Traceback (most recent call last)", "param": "None", "code": "500"}}
    pieces = (b'data: {"a": 1}\n\n', b"data: " + json.dumps(frame).encode() + b"\n\n", b"data: [DONE]\n\n")
    answer = await call(answering(200, *pieces, content_type="text/event-stream"))
    first, error, last = answer.text.strip().split("\n\n")

    assert (first, last) == ('data: {"a": 1}', "data: [DONE]")
    assert json.loads(error.removeprefix("data: "))["error"]["param"] is None
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("streamed", [False, True])
async def test_our_error_is_what_we_raised(streamed: bool) -> None:
    """Whatever LiteLLM makes of it, status, code and the time to come back are ours."""
    theirs = json.dumps({"error": {"message": "No fallback model", "code": "503", "param": "None"}}).encode()
    inner = answering(200, b"data: ok\n\n", b"data: " + theirs + b"\n\n") if streamed else answering(500, theirs)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        at = door.get()
        assert at is not None
        at.failure = ServerUnreachableError("No ComfyUI answers.", retry_after=2.2)
        await inner(scope, receive, send)

    answer = await call(app)
    told = answer.text.strip().rpartition("data: ")[2]

    assert json.loads(told)["error"]["code"] == "comfyui_unreachable"
    assert streamed or (answer.status_code, answer.headers["retry-after"]) == (503, "3")


async def test_the_client_leaves() -> None:
    """The work is cancelled at once."""
    cancelled = asyncio.Event()
    left = asyncio.Event()
    messages = iter([{"type": "http.request", "body": b"{}", "more_body": False}])

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        left.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async def receive() -> dict[str, Any]:
        if message := next(messages, None):
            return message
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(_: Any) -> None:
        raise AssertionError("nobody is there to be answered")

    scope = {"type": "http", "method": "POST", "path": PATH, "headers": []}
    async with asyncio.timeout(10):
        await fronted(app, None)(scope, receive, send)

    assert cancelled.is_set()
