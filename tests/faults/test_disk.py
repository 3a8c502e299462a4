"""Disks that are full or read-only: a picture that was drawn is never lost for want of a place to keep it."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from faults.conftest import drawing, talk
from protobanana.engine import EngineSettings, EngineThread
from support.gateways import KEY, Gateway, serve, stop
from support.pictures import opened

FULL = Path("/dev/full")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that cannot write a file of more than 2 kB where its pictures are to be kept."""
    folder = tmp_path_factory.mktemp("full")
    with EngineThread(EngineSettings()) as engine:
        gateway = serve(folder, engine, environment={"PROTOBANANA_STORE": str(folder / "kept")})
        # The log has been written and the graph is small: what does not fit any more is a picture.
        largest = max((folder / "gateway.log").stat().st_size, 1) + 2048
        resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (largest, largest))
        yield gateway
        stop(gateway)
        shutil.rmtree(folder / "kept", ignore_errors=True)


def post(gateway: Gateway, path: str, body: object) -> httpx.Response:
    return httpx.post(f"{gateway.url}/v1/{path}", json=body, headers={"authorization": f"Bearer {KEY}"}, timeout=60)


def test_base64_needs_no_disk(full: Gateway) -> None:
    """The picture comes whole."""
    answer = post(full, "images/generations", drawing(1))

    assert answer.status_code == 200
    assert opened(answer.json()["data"][0]["b64_json"]).size == (256, 256)


def test_an_address_that_cannot_be_kept(full: Gateway) -> None:
    """In place of a short address comes the picture itself."""
    answer = post(full, "images/generations", drawing(2, response_format="url"))
    entry = answer.json()["data"][0]
    picture = entry.get("b64_json") or entry["url"]

    assert answer.status_code == 200
    assert opened(picture).size == (256, 256)


def test_a_conversation_goes_on(full: Gateway) -> None:
    """A chat shows its picture in the message itself."""
    answer = post(full, "chat/completions", talk())

    assert answer.status_code == 200
    assert "data:image/" in answer.text


def test_alive_afterwards(full: Gateway) -> None:
    """A signal for too large a file does not end the gateway, and leaves no drafts behind."""
    drafts = list((full.log.parent / "kept").rglob(".draft-*"))

    assert full.process.poll() is None
    assert drafts == []
