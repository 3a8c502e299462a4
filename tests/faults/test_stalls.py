"""ComfyUI says nothing, too late, or nonsense: the picture still comes, or an error that says what is wrong."""

from __future__ import annotations

import asyncio

import PIL.Image
import pytest

from faults.conftest import World, drawing, until
from support.junk import EDIT
from support.pictures import opened, png


@pytest.mark.parametrize("switch", ["silent_socket", "stall_history"])
async def test_half_of_the_news(world: World, switch: str) -> None:
    """Without the websocket, or without the history, the other one is enough."""
    setattr(world.engine.faults, switch, True)
    async with world.client() as client:
        answer = await client.post("images/generations", json=drawing(2))

    assert answer.status_code == 200
    assert answer.json()["data"][0]["b64_json"]


async def test_every_answer_late(world: World) -> None:
    """Half a second before each answer of ComfyUI's is only slow."""
    world.engine.faults.delay = 0.5
    async with world.client() as client:
        answer = await client.post("images/generations", json=drawing(3))

    assert answer.status_code == 200


@pytest.mark.parametrize("switch", ["garbage_json_on", "html_on", "http_500_on"])
@pytest.mark.parametrize("path", ["/prompt", "/queue", "/history", "/view"])
async def test_nonsense(world: World, switch: str, path: str) -> None:
    """What is not ComfyUI's protocol is a 502 or 503 of OpenAI's shape, or does not matter; and it passes."""
    setattr(world.engine.faults, switch, {path})
    async with world.client() as client:
        answer = await client.post("images/generations", json=drawing(4))
        error = answer.json().get("error", {})
        world.mend()
        async with asyncio.timeout(30):
            while (await client.post("images/generations", json=drawing(5))).status_code != 200:
                await asyncio.sleep(0.2)

    assert answer.status_code in (200, 502, 503)
    if answer.status_code == 200:
        assert opened(answer.json()["data"][0]["b64_json"]).size == (256, 256)
    else:
        assert error["message"]
        assert error["code"]


@pytest.mark.parametrize("switch", ["garbage_json_on", "html_on", "http_500_on"])
async def test_uploads_are_refused(world: World, switch: str) -> None:
    """ComfyUI without room for a picture: 502 or 503, nothing is drawn, and it passes."""
    before = set(world.outcomes())
    form = {"model": EDIT, "prompt": "make it blue", "quality": "low"}
    picture = png(PIL.Image.effect_noise((64, 64), 50))
    setattr(world.engine.faults, switch, {"/upload"})
    async with world.client() as client:
        refused = await client.post("images/edits", data=form, files={"image": ("a.png", picture)})
        world.mend()
        async with asyncio.timeout(30):
            while (
                await client.post("images/edits", data=form, files={"image": ("a.png", picture)})
            ).status_code != 200:
                await asyncio.sleep(0.2)

    assert refused.status_code in (502, 503)
    assert refused.json()["error"]["message"]
    assert len(set(world.outcomes()) - before) == 1


@pytest.mark.parametrize("path", ["/prompt", "/view", "/queue", "/history"])
async def test_lost_answers(world: World, path: str) -> None:
    """A request that was carried out although its answer was lost leads to one job, not to two."""
    before = set(world.outcomes())
    world.engine.faults.lose_answers_on = {path}
    async with world.client() as client:
        work = asyncio.create_task(client.post("images/generations", json=drawing(6)))
        await until(lambda: set(world.outcomes()) - before if path != "/history" else not world.running())
        world.mend()
        answer = await work
    await until(lambda: not world.running() and not world.pending())

    assert answer.status_code in (200, 502, 503)
    assert len(set(world.outcomes()) - before) == 1


async def test_the_websocket_dies_under_the_job(world: World) -> None:
    """A connection that breaks without a word is made again; the job runs once."""
    before = set(world.outcomes())
    async with world.client() as client:
        work = asyncio.create_task(client.post("images/generations", json=drawing(7, quality="medium")))
        await until(world.running)
        world.engine.faults.drop_sockets_after_n_messages = 0
        await asyncio.sleep(0.3)
        world.engine.faults.drop_sockets_after_n_messages = None
        answer = await work

    assert answer.status_code == 200
    assert len(set(world.outcomes()) - before) == 1


async def test_a_worker_that_died(world: World) -> None:
    """HTTP answers, the job never moves: the request's own time limit ends it, with a 504 that is no promise."""
    world.engine.faults.kill_worker = True
    async with world.client() as client:
        answer = await client.post("images/generations", json=drawing(8, timeout=3))
    world.mend()
    await asyncio.to_thread(world.engine.restart)

    assert answer.status_code in (503, 504)
    assert answer.json()["error"]["message"]
