"""Jobs whose websocket breaks, falls silent or never comes up."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from protobanana.comfy import ComfyClient, Job, Output
from protobanana.errors import JobLostError, ServerProtocolError, ServerUnreachableError

PNG = b"\x89PNG\r\n\x1a\n"


def job(save: str = "SaveImage", **changes: Any) -> Job:
    graph = {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 64}},
        "9": {"class_type": save, "inputs": {"images": ["1", 0]}},
    }
    return Job(graph, ("9",), **changes)


async def collect(client: ComfyClient, job: Job) -> list[Any]:
    return [event async for event in client.run(job)]


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def test_dropped_and_finished_meanwhile(comfy, client):
    """A job that ended while the socket was down is picked up from /history after the reconnect."""
    comfy.gate.clear()
    running = asyncio.create_task(collect(client, one := job()))
    await until(lambda: comfy.running)
    comfy.mute = True
    comfy.drop()
    comfy.gate.set()
    await until(lambda: one.prompt_id in comfy.history)
    comfy.mute = False

    assert (await running)[-1].data == PNG + one.prompt_id.encode()
    assert len(comfy.posts) == 1


async def test_dropped_and_going_on(comfy, client):
    """After a reconnect under the same client id the live messages finish the job."""
    comfy.gate.clear()
    running = asyncio.create_task(collect(client, one := job()))
    await until(lambda: comfy.running)
    comfy.drop()
    await until(lambda: comfy.sockets)
    comfy.gate.set()

    assert (await running)[-1].data == PNG + one.prompt_id.encode()
    assert len(set(comfy.connections)) == 1
    assert len(comfy.connections) == 2


async def test_silent_socket(comfy, client):
    """A socket that says nothing does not hold the job up: the backstop finds it in /history."""
    comfy.mute = True

    assert isinstance((await collect(client, job()))[-1], Output)


async def test_pictures_lost_with_the_socket(comfy, client):
    """Pictures that travel only on the socket and were lost with it are made once more, under a new prompt id."""
    comfy.gate.clear()
    running = asyncio.create_task(collect(client, one := job("SaveImageWebsocket")))
    await until(lambda: comfy.running)
    comfy.mute = True
    comfy.drop()
    comfy.gate.set()
    await until(lambda: one.prompt_id in comfy.history)
    comfy.mute = False

    output = (await running)[-1]

    first, second = (body["prompt_id"] for body in comfy.posts)
    assert first == one.prompt_id != second
    assert output.data == PNG + second.encode()


async def test_pictures_lost_twice(comfy, client):
    """A second loss is an error; there is no third submission."""
    comfy.mute = True

    with pytest.raises(JobLostError, match="twice"):
        await collect(client, job("SaveImageWebsocket"))
    assert len(comfy.posts) == 2


async def test_half_a_batch_is_not_a_result(comfy, client):
    """Pictures of a node during which the socket broke are discarded and made again, not delivered in part."""
    comfy.gate.clear()
    running = asyncio.create_task(collect(client, one := job("SaveImageWebsocket")))
    await until(lambda: comfy.running)
    client_id = comfy.connections[0]
    await comfy.say(client_id, "executing", node="9", prompt_id=one.prompt_id)
    await comfy.picture(client_id, one.prompt_id, "9", PNG + b"first of two")
    await asyncio.sleep(0.05)
    comfy.drop()
    await until(lambda: comfy.sockets)
    comfy.history[one.prompt_id] = {"outputs": {}, "status": {"status_str": "success", "messages": []}}
    await comfy.say(client_id, "executing", node=None, prompt_id=one.prompt_id)
    await until(lambda: len(comfy.posts) == 2)
    comfy.interrupted.add(one.prompt_id)
    comfy.gate.set()

    outputs = [event for event in await running if isinstance(event, Output)]

    assert [output.data for output in outputs] == [PNG + comfy.posts[1]["prompt_id"].encode()]


async def test_restart_in_mid_job(comfy, client):
    """After a restart the job is in neither /queue nor /history: it is lost, and the next one works."""
    comfy.gate.clear()
    running = asyncio.create_task(collect(client, job()))
    await until(lambda: comfy.running)
    await comfy.stop()
    await comfy.start()
    comfy.gate.set()

    with pytest.raises(JobLostError):
        await running
    assert isinstance((await collect(client, job()))[-1], Output)


async def test_gone_for_good(comfy, client):
    """When neither socket nor HTTP answer for `outage_timeout`, the job is given up."""
    comfy.gate.clear()
    running = asyncio.create_task(collect(client, job()))
    await until(lambda: comfy.running)
    await comfy.stop()

    with pytest.raises(ServerUnreachableError, match="went away"):
        await running
    await comfy.start()


async def test_no_websocket_through_the_proxy(comfy, client):
    """A proxy that does not pass websockets is an error before anything is submitted."""

    async def plain(request: web.Request) -> web.Response:
        return web.Response(status=404)

    comfy.faults["GET /ws"] = [plain]
    with pytest.raises(ServerProtocolError, match="/ws"):
        await collect(client, job())
    assert comfy.posts == []


async def test_dropped_while_idle(comfy, client):
    """A socket that breaks between jobs is replaced with the next job, under the same client id."""
    await collect(client, job())
    comfy.drop()
    await asyncio.sleep(0.2)
    assert len(comfy.connections) == 1

    assert isinstance((await collect(client, job()))[-1], Output)
    assert len(comfy.connections) == 2


async def test_garbage_on_the_socket(comfy, client):
    """Messages that are not ComfyUI's are passed over."""
    comfy.gate.clear()
    running = asyncio.create_task(collect(client, one := job(previews=True)))
    await until(lambda: comfy.running)
    socket = comfy.sockets[comfy.connections[0]]
    for text in ("", "nonsense", "[]", '{"type": 3}', '{"type": "executing", "data": []}', "[" * 100_000):
        await socket.send_str(text)
    for data in (b"", b"\0\0\0\4\xff\xff\xff\xff", b"\0\0\0\4\0\0\0\2[]", b"\0\0\0\1\0\0\0\1no picture", b"\0" * 40):
        await socket.send_bytes(data)
    await comfy.picture(comfy.connections[0], one.prompt_id, "1", b"no picture", "image/jpeg")
    comfy.gate.set()

    assert isinstance((await running)[-1], Output)


class TestSubmission:
    """POST /prompt that fails without saying whether the job was taken."""

    @staticmethod
    def _cut(comfy: Any, *, taken: bool) -> Any:
        async def answer(request: web.Request) -> web.Response:
            body = await request.json()
            if taken:
                await comfy.accept(body)
            request.transport.abort()
            return web.Response()

        return answer

    async def test_taken(self, comfy, client):
        """A connection that breaks after the job was taken does not submit it again."""
        comfy.gate.clear()
        comfy.faults["POST /prompt"] = [self._cut(comfy, taken=True)]
        running = asyncio.create_task(collect(client, job()))
        await until(lambda: comfy.running)
        await asyncio.sleep(0.1)
        comfy.gate.set()

        assert isinstance((await running)[-1], Output)
        assert len(comfy.posts) == 1

    async def test_taken_and_silent(self, comfy, client):
        """The same with a silent socket: the job is found in /queue or /history."""
        comfy.mute = True
        comfy.faults["POST /prompt"] = [self._cut(comfy, taken=True)]

        assert isinstance((await collect(client, job()))[-1], Output)
        assert len(comfy.posts) == 1

    async def test_not_taken(self, comfy, client):
        """A connection that breaks before the job was taken leads to one more submission."""
        comfy.faults["POST /prompt"] = [self._cut(comfy, taken=False)]

        assert isinstance((await collect(client, job()))[-1], Output)
        assert len(comfy.posts) == 1

    async def test_never_taken(self, comfy, client):
        """Two broken submissions are an error."""
        comfy.faults["POST /prompt"] = [self._cut(comfy, taken=False)] * 2

        with pytest.raises(ServerUnreachableError, match="broke"):
            await collect(client, job())

    async def test_500_yet_taken(self, comfy, client):
        """A 500 whose job nevertheless stands in the queue is a submitted job."""

        async def answer(request: web.Request) -> web.Response:
            await comfy.accept(await request.json())
            return web.Response(status=500, text="500 Internal Server Error\n\nServer got itself in trouble")

        comfy.faults["POST /prompt"] = [answer]

        assert isinstance((await collect(client, job()))[-1], Output)
        assert len(comfy.posts) == 1

    async def test_timeout_after_sending(self, comfy, quick):
        """A submission that is answered too late is found in the queue."""
        client = ComfyClient(comfy.url, options=replace(quick, request_timeout=0.3))

        async def late(request: web.Request) -> web.Response:
            await comfy.accept(await request.json())
            await asyncio.sleep(2)
            return web.Response()

        comfy.faults["POST /prompt"] = [late]

        assert isinstance((await collect(client, job()))[-1], Output)
        assert len(comfy.posts) == 1
        await client.close()


async def test_files_are_asked_for_again(comfy, client):
    """A download that breaks off is repeated: the picture has been paid for."""

    async def cut(request: web.Request) -> web.Response:
        request.transport.abort()
        return web.Response()

    async def short(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"half")
        request.transport.abort()
        return response

    comfy.faults["GET /view"] = [cut, short]

    assert (await collect(client, one := job()))[-1].data == PNG + one.prompt_id.encode()
