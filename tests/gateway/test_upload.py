"""A body on its way in: bounded in bytes and time, remembered while that may be needed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from protobanana.gateway import upload as uploads
from protobanana.gateway.upload import Upload
from protobanana.settings import get_settings


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A limit of 10 kB."""
    monkeypatch.setenv("PROTOBANANA_MAX_BODY_MB", "0.01")
    get_settings.cache_clear()
    yield
    monkeypatch.undo()
    get_settings.cache_clear()


def upload_of(*pieces: bytes, declared: int | None = None) -> Upload:
    """An upload in pieces, after which the client waits for its answer."""
    messages = [
        {"type": "http.request", "body": piece, "more_body": n < len(pieces)} for n, piece in enumerate(pieces, 1)
    ]
    left = iter(messages)

    async def receive() -> dict[str, Any]:
        message = next(left, None)
        return message if message is not None else await asyncio.get_running_loop().create_future()

    headers = [(b"content-length", str(declared).encode())] if declared is not None else []
    return Upload({"path": "/v1/x", "headers": headers}, receive)


async def test_it_passes_and_is_remembered() -> None:
    """Every piece reaches the app, and the whole can be looked at until it is forgotten."""
    upload = upload_of(b"one", b"two")
    got = [(await upload.receive())["body"] for _ in range(2)]
    remembered = upload.read()
    upload.forget()

    assert got == [b"one", b"two"]
    assert remembered == b"onetwo"
    assert upload.read() is None


async def test_a_large_one_is_not_remembered() -> None:
    """Beyond the limit nothing is held on to."""
    upload = upload_of(b"x" * (uploads.REMEMBERED + 1), b"y")
    await upload.receive()
    await upload.receive()

    assert upload.read() is None


@pytest.mark.usefixtures("small")
async def test_a_declared_length_over_the_limit() -> None:
    """413 before a byte is read."""
    assert upload_of(b"x", declared=20_000).refused is not None


@pytest.mark.usefixtures("small")
async def test_an_undeclared_length_over_the_limit() -> None:
    """413 as soon as too much has come; for the app it is as if the client had left."""
    upload = upload_of(b"x" * 9_000, b"x" * 9_000, b"x")
    first, second = await upload.receive(), await upload.receive()

    assert first["type"] == "http.request"
    assert second["type"] == "http.disconnect"
    assert upload.refused is not None
    assert upload.refused[0] == 413
    assert upload.over


async def test_a_body_that_does_not_come() -> None:
    """408 once the time for it is over."""
    upload = upload_of()
    # The time that a body has is half a minute; here it has passed already.
    upload._deadline = asyncio.get_running_loop().time() - 1
    message = await upload.receive()

    assert message["type"] == "http.disconnect"
    assert upload.refused is not None
    assert upload.refused[0] == 408


async def test_after_the_body_only_the_end_can_come() -> None:
    """The app's next look waits until the client is gone."""
    upload = upload_of(b"x")
    await upload.receive()
    waiting = asyncio.create_task(upload.receive())
    await asyncio.sleep(0)

    assert not waiting.done()
    assert not upload.over
    waiting.cancel()
