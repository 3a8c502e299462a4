"""Networks that delay, drip, cut and fall silent, on either side of the gateway."""

from __future__ import annotations

import asyncio
import json
import socket
from urllib.parse import urlsplit

import httpx
import pytest

from faults.conftest import World, drawing, talk, until
from support.gateways import KEY


async def raw(
    url: str, head: str, *pieces: bytes, pause: float = 0.0
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection on which a request was begun by hand."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    lines = f"POST /v1/{head}\r\nHost: gateway\r\nAuthorization: Bearer {KEY}\r\nContent-Type: application/json\r\n\r\n"
    writer.write(lines.encode())
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(pause)
    return reader, writer


async def test_a_slow_network_to_comfyui(world: World) -> None:
    """Latency of 100 ms per piece and a thin line are only slow."""
    world.between.weather.latency, world.between.weather.rate = 0.1, 200_000
    async with world.client() as client:
        answer = await client.post("images/generations", json=drawing(20))

    assert answer.status_code == 200


async def test_connections_to_comfyui_are_reset(world: World) -> None:
    """All connections break while a job runs: it is found again, and runs once."""
    before = set(world.outcomes())
    async with world.client() as client:
        work = asyncio.create_task(client.post("images/generations", json=drawing(21, quality="medium")))
        await until(world.running)
        world.between.cut()
        answer = await work

    assert answer.status_code == 200
    assert len(set(world.outcomes()) - before) == 1


async def test_the_picture_is_cut_off(world: World) -> None:
    """A download that breaks each time is an error of the server, and the next one works."""
    async with world.client() as client:
        world.between.weather.cut_after = 40_000
        forest = "a forest with many trees, flowers, birds and mushrooms, oil painting"
        answer = await client.post("images/generations", json=drawing(23, prompt=forest, size="1536x1536"))
        world.mend()

    assert answer.status_code in (502, 503)
    assert answer.json()["error"]["message"]


async def test_half_open(world: World) -> None:
    """A network that swallows everything for a while: the job is found again when it is back."""
    async with world.client() as client:
        work = asyncio.create_task(client.post("images/generations", json=drawing(24, quality="medium")))
        await until(world.running)
        world.between.weather.silent = True
        await asyncio.sleep(2)
        world.between.weather.silent = False
        answer = await work

    assert answer.status_code == 200


async def test_a_slow_reader_holds_up_nobody(world: World) -> None:
    """A client that takes a stream by drips keeps no other from being served, and gets all of it."""
    world.outside.weather.rate = 50_000
    async with world.client(direct=False) as slow, world.client() as quick:
        work = asyncio.create_task(slow.post("chat/completions", json=talk(stream=True, partial_images=2)))
        await until(world.running)
        others = [await quick.post("images/generations", json=drawing(30 + n)) for n in range(3)]
        unfinished = not work.done()
        answer = await work

    assert [other.status_code for other in others] == [200, 200, 200]
    assert unfinished
    assert answer.text.rstrip().endswith("data: [DONE]")
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("cut_after", [0, 150, 700, 5000])
async def test_the_clients_line_is_cut(world: World, cut_after: int) -> None:
    """Wherever an answer breaks off, nothing stays behind in ComfyUI."""
    world.outside.weather.cut_after = cut_after
    async with world.client(direct=False) as client:
        with pytest.raises(httpx.HTTPError):
            await client.post("chat/completions", json=talk(stream=True))
    await until(lambda: not world.running() and not world.pending())


async def test_half_an_upload(world: World) -> None:
    """A client that leaves in the middle of its body costs nothing."""
    before = set(world.outcomes())
    _, writer = await raw(world.gateway.url, "images/generations HTTP/1.1\r\nContent-Length: 5000", b'{"model":')
    writer.transport.abort()
    async with world.client() as client:
        answer = await client.post("images/generations", json=drawing(40))

    assert answer.status_code == 200
    assert len(set(world.outcomes()) - before) == 1


async def test_an_answer_before_the_body_is_complete(world: World) -> None:
    """A declared length over the limit is refused without waiting for the body."""
    reader, writer = await raw(world.gateway.url, "images/generations HTTP/1.1\r\nContent-Length: 900000000", b"")
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    body = await asyncio.wait_for(reader.read(), 10)
    writer.close()

    assert b" 413 " in head
    assert json.loads(body)["error"]["type"] == "invalid_request_error"


async def test_a_keep_alive_connection_after_an_error(world: World) -> None:
    """Errors that LiteLLM stumbles into do not cost the client its connection."""
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=1), timeout=30) as client:
        answers = [
            await client.post(
                f"{world.gateway.url}/v1/chat/completions",
                content=body,
                headers={"authorization": f"Bearer {KEY}", "content-type": "application/json"},
            )
            for body in (b"[1]", b'"x"', b"5", b"null", b"[]", b"{}")
        ]

    assert {answer.status_code for answer in answers} == {400}


def test_a_port_scan(world: World) -> None:
    """Connections that say nothing, or no HTTP, are nobody's problem."""
    parts = urlsplit(world.gateway.url)
    for words in (b"", b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"\0" * 64):
        with socket.create_connection((parts.hostname, parts.port), 5) as connection:
            connection.sendall(words)
    answer = httpx.get(f"{world.gateway.url}/health/liveliness", timeout=10)

    assert answer.status_code == 200
