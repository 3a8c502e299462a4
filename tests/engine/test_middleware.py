"""Origin check, nonsense, faults."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

Starter = Callable[..., Awaitable[Any]]
TROUBLE = (500, "500 Internal Server Error\n\nServer got itself in trouble")


@pytest.mark.parametrize(
    ("origin", "host", "status"),
    [
        ("http://{own}", None, 200),
        ("http://evil.example", None, 403),
        ("http://localhost:{port}", None, 403),
        ("http://127.0.0.1:1", None, 403),
        ("null", None, 200),
        (None, "evil.example:8190", 200),
        ("http://evil.example", "comfy.internal", 200),
        ("http://evil.example", "localhost:8190", 403),
        ("http://evil.example", "[::1]:8190", 403),
    ],
)
async def test_origin(start: Starter, origin: str | None, host: str | None, status: int) -> None:
    """On loopback, an Origin has to be the Host itself."""
    client = await start()
    own = f"{client.engine.host}:{client.engine.port}"
    headers = {"Host": host} if host else {}
    if origin:
        headers["Origin"] = origin.format(own=own, port=client.engine.port)

    assert (await client.get("/prompt", headers=headers))[0] == status
    assert (await client.call("OPTIONS", "/prompt", headers=headers))[0] == status


async def test_foreign_websocket_is_refused(start: Starter) -> None:
    """The check holds for websockets too."""
    client = await start()

    with pytest.raises(aiohttp.WSServerHandshakeError):
        await client.session.ws_connect(f"{client.engine.url}/ws", headers={"Origin": "http://evil.example"})


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/nope", (404, b"")),
        ("GET", "/jobs", (404, b"")),
        ("GET", "/interrupt", (404, b"")),
        ("GET", "/api/internal/files/input", (404, b"")),
        ("DELETE", "/history", (405, "405: Method Not Allowed")),
        ("POST", "/history", TROUBLE),
        ("POST", "/queue", TROUBLE),
        ("POST", "/free", TROUBLE),
        ("GET", "/history?max_items=abc", TROUBLE),
    ],
)
async def test_nonsense(start: Starter, method: str, path: str, expected: tuple[int, Any]) -> None:
    """Unknown paths have no body, wrong methods text, malformed requests ComfyUI's 500."""
    client = await start()

    assert await client.call(method, path) == expected


async def test_trouble_closes_the_connection(start: Starter) -> None:
    """A 500 says `Connection: close`."""
    client = await start()
    async with client.session.post(f"{client.engine.url}/prompt", data="{") as response:
        assert (response.status, response.headers["Connection"]) == (500, "close")


async def test_body_limit(start: Starter) -> None:
    """A request body over the limit gets 413 text, on every route; /features says the limit."""
    client = await start(max_upload_mb=1)
    too_big = (413, "Maximum request body size 1048576 exceeded.")

    assert await client.upload("big.bin", bytes(2 * 1024 * 1024)) == too_big
    assert await client.call("POST", "/prompt", data=io.BytesIO(b'{"prompt": "' + b"x" * 1_500_000 + b'"}')) == too_big
    assert (await client.upload("ok.bin", bytes(1024 * 1024 - 2000)))[0] == 200
    assert (await client.get("/features"))[1]["max_upload_size"] == 1048576


async def test_api_prefix(start: Starter) -> None:
    """Routes exist with and without /api."""
    client = await start()
    for path in ("/prompt", "/queue", "/history", "/object_info", "/system_stats", "/models", "/features"):
        plain, prefixed = await client.get(path), await client.get(f"/api{path}")
        assert plain[0] == prefixed[0] == 200


async def test_faults_on_paths(start: Starter) -> None:
    """Paths can answer 500, truncated JSON or a proxy's page, and recover when the switch is turned off."""
    client = await start()
    faults = client.engine.faults
    faults.http_500_on.add("/history")
    assert await client.get("/history/some-id") == TROUBLE
    assert (await client.get("/queue"))[0] == 200

    faults.http_500_on.clear()
    faults.garbage_json_on.add("/queue")
    with pytest.raises(ValueError, match=r"delimiter|Unterminated"):
        await client.get("/api/queue")

    faults.garbage_json_on.clear()
    faults.html_on.add("/prompt")
    assert (await client.get("/prompt"))[0] == 502

    faults.html_on.clear()
    assert (await client.get("/prompt"))[0] == 200


async def test_lost_answer(start: Starter) -> None:
    """The request is carried out, but the connection breaks before the answer."""
    client = await start()
    prompt = {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 1}},
        "9": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
    }
    client.engine.faults.lose_answers_on.add("/prompt")
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.post("/prompt", {"prompt": prompt, "prompt_id": "lost"})

    assert (await client.history("lost"))["status"]["status_str"] == "success"


async def test_socket_faults(start: Starter) -> None:
    """Sockets can be cut after some messages, without a close frame, or stay silent."""
    client = await start()
    client.engine.faults.drop_sockets_after_n_messages = 3
    socket = await client.connect()
    prompt = {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 1}},
        "9": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
    }
    prompt_id = await client.submit(prompt)
    assert await socket.gone() == 1006
    assert len(socket.received) == 3
    await client.history(prompt_id)

    client.engine.faults.drop_sockets_after_n_messages = None
    client.engine.faults.silent_socket = True
    silent = await client.session.ws_connect(f"{client.engine.url}/ws?clientId=me")
    await client.history(await client.submit(prompt))
    with pytest.raises(TimeoutError):
        await silent.receive(timeout=0.05)
    await silent.close()


async def test_stalled_history_and_dead_worker(start: Starter) -> None:
    """Finished prompts can stay hidden; a dead worker leaves its prompt running until a restart."""
    client = await start()
    prompt = {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 1}},
        "9": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
    }
    socket = await client.connect()
    client.engine.faults.stall_history = True
    prompt_id = await client.submit(prompt)
    await socket.finished(prompt_id)
    assert await client.get(f"/history/{prompt_id}") == (200, {})
    assert (await client.get(f"/api/jobs/{prompt_id}"))[0] == 404
    client.engine.faults.stall_history = False
    assert prompt_id in (await client.get(f"/history/{prompt_id}"))[1]

    client.engine.faults.kill_worker = True
    stuck, waiting = await client.submit(prompt), await client.submit(prompt)
    await socket.until(
        lambda message: message.get("data", {}).get("status", {}).get("exec_info") == {"queue_remaining": 2}
    )
    _, queue = await client.get("/queue")
    assert [item[1] for item in queue["queue_running"] + queue["queue_pending"]] == [stuck, waiting]
    client.engine.faults.kill_worker = False
    await client.engine.restart()
    assert await socket.gone() == 1006
    assert (await client.history(await client.submit(prompt)))["status"]["status_str"] == "success"


async def test_delay(start: Starter) -> None:
    """Every answer can be made to take its time."""
    client = await start()
    client.engine.faults.delay = 0.2
    with pytest.raises(TimeoutError):
        await client.get("/prompt", timeout=aiohttp.ClientTimeout(total=0.05))
