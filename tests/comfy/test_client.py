"""The client against a small ComfyUI that misbehaves on request."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest
from aiohttp import web

from protobanana.comfy import ClientOptions, ComfyClient, Course, Job, Output, upload_name
from protobanana.errors import (
    ImageTooLargeError,
    JobFailedError,
    JobInterruptedError,
    JobLostError,
    JobTimeoutError,
    ServerProtocolError,
    ServerUnreachableError,
    WorkflowError,
    WorkflowRejectedError,
)
from protobanana.events import Progress, Queued

PNG = b"\x89PNG\r\n\x1a\n"


def graph(save: str = "SaveImage") -> dict[str, Any]:
    return {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 64}, "_meta": {"title": "canvas"}},
        "9": {"class_type": save, "inputs": {"images": ["1", 0]}, "_doc": "never sent", "is_changed": ["x"]},
    }


def job(save: str = "SaveImage", **changes: Any) -> Job:
    return Job(graph(save), ("9",), **changes)


async def collect(client: ComfyClient, job: Job) -> list[Any]:
    return [event async for event in client.run(job)]


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


class TestRun:
    """Jobs that go well."""

    async def test_events_then_outputs(self, comfy, client):
        """A job yields its progress under the node's title and then its files, fetched with quoted names."""
        one = job()

        *events, output = await collect(client, one)

        assert events == [Progress(0, 1, "canvas"), Progress(1, 2, "canvas")]
        assert output == Output("9", 0, PNG + one.prompt_id.encode(), "image/png", f"{one.prompt_id} ü+1_00001_.png")

    async def test_what_is_posted(self, comfy, client):
        """The request names client and prompt, asks for previews, and carries nothing that is no part of a node."""
        await collect(client, job(previews=True))

        (body,) = comfy.posts
        assert set(body["prompt"]["9"]) == {"class_type", "inputs"}
        assert body["client_id"] == comfy.connections[0]
        assert body["extra_data"] == {"preview_method": "auto"}
        assert comfy.flags == [{"type": "feature_flags", "data": {"supports_preview_metadata": True}}]

    async def test_history_is_not_asked_when_the_socket_said_everything(self, comfy, client):
        """Where the messages are complete, no request is spent on /history or /queue."""
        await collect(client, job())

        assert comfy.log == []

    async def test_picture_from_the_socket(self, comfy, client):
        """A node that saves to the socket delivers its PNG without any /view."""
        one = job("SaveImageWebsocket")

        output = (await collect(client, one))[-1]

        assert (output.data, output.media_type, output.node) == (PNG + one.prompt_id.encode(), "image/png", "9")

    async def test_large_frame(self, comfy, client):
        """A frame beyond the websocket libraries' default limits arrives whole."""
        comfy.gate.clear()
        running = asyncio.create_task(collect(client, one := job("SaveImageWebsocket")))
        await until(lambda: comfy.running)

        await comfy.picture(comfy.connections[0], one.prompt_id, "9", PNG + bytes(9_000_000))
        comfy.gate.set()

        outputs = [event for event in await running if isinstance(event, Output)]
        assert [len(output.data) for output in outputs] == [9_000_008, 44]

    async def test_many_jobs_at_once(self, comfy, client):
        """64 concurrent jobs share one socket, and each gets its own picture."""
        jobs = [job("SaveImageWebsocket" if i % 2 else "SaveImage") for i in range(64)]

        results = await asyncio.gather(*(collect(client, one) for one in jobs))

        assert [result[-1].data for result in results] == [PNG + one.prompt_id.encode() for one in jobs]
        assert len(comfy.connections) == 1

    async def test_a_used_prompt_id_is_replaced(self, comfy, client):
        """Running the same job twice submits two prompt ids, because ComfyUI would mix up equal ones."""
        one = job()
        await collect(client, one)
        await collect(client, one)

        assert comfy.posts[0]["prompt_id"] == one.prompt_id != comfy.posts[1]["prompt_id"]

    async def test_course(self, comfy, client):
        """Whoever ordered a job learns that it was submitted and, before any file is there, that it is done."""
        told: list[Any] = []
        course = Course(rendered=lambda seconds: told.append((seconds, bool(files))))
        files: list[Any] = []
        async for event in client.run(job(), course):
            files += [event] if isinstance(event, Output) else []

        assert course.submitted
        assert [(seconds >= 0, had_files) for seconds, had_files in told] == [(True, False)]

    async def test_queue_position(self, comfy, client):
        """A waiting job says how many wait before it, and says so again when that changes."""
        comfy.gate.clear()
        ahead = [asyncio.create_task(collect(client, job())) for _ in range(2)]
        await until(lambda: len(comfy.pending) == 1)
        events = asyncio.create_task(collect(client, job()))
        await asyncio.sleep(0.4)
        comfy.gate.set()

        assert (await events)[0] == Queued(1)
        await asyncio.gather(*ahead)

    async def test_ping_counts_jobs(self, comfy, client):
        """Ping answers with the number of jobs in ComfyUI."""
        assert await client.ping() == 0
        assert await client.object_info("KSampler") == {"KSampler": {"input": {}}}
        assert await client.object_info("Nope/../..") == {}
        assert (await client.system_stats())["devices"] == []


class TestFailures:
    """Jobs, servers and answers that do not."""

    async def test_node_failure(self, comfy, client):
        """A node that raises is named with its reason, without the server's paths and without further lines."""
        broken = Job({**graph(), "5": {"class_type": "Boom", "inputs": {}, "_meta": {"title": "Fuse"}}}, ("9",))

        with pytest.raises(JobFailedError) as caught:
            await collect(client, broken)

        assert caught.value.message == "Node 'Fuse' (Boom) failed: CUDA error in 'y.py'."

    async def test_interrupted_by_somebody_else(self, comfy, client):
        """A job that somebody stopped in ComfyUI says so."""
        comfy.gate.clear()
        running = asyncio.create_task(collect(client, one := job()))
        await until(lambda: comfy.running)
        comfy.interrupted.add(one.prompt_id)

        with pytest.raises(JobInterruptedError, match="canvas"):
            await running

    async def test_deleted_by_somebody_else(self, comfy, client):
        """A waiting job that vanishes from the queue is lost, not waited for."""
        comfy.gate.clear()
        first = asyncio.create_task(collect(client, job()))
        await until(lambda: comfy.running)
        second = asyncio.create_task(collect(client, job()))
        await until(lambda: comfy.pending)
        comfy.pending.clear()

        with pytest.raises(JobLostError) as caught:
            await second
        assert not caught.value.restarted
        comfy.gate.set()
        await first

    async def test_missing_picture(self, comfy, client):
        """A wanted node that made no file is an error that names it, after one look at /history."""
        with pytest.raises(ServerProtocolError, match=r"'Quiet'.*without a picture"):
            await collect(client, job("Quiet"))
        assert len(comfy.posts) == 1

    async def test_nobody_there(self, quick):
        """A refused connection is named at once, with the address but without its credentials."""
        client = ComfyClient("http://user:secret@127.0.0.1:1", options=quick)

        with pytest.raises(ServerUnreachableError, match=r"http://127\.0\.0\.1:1 ") as caught:
            await collect(client, job())
        assert "secret" not in str(caught.value)
        await client.close()

    async def test_unknown_host(self, quick):
        """A host name that does not resolve is named as such."""
        client = ComfyClient("http://no-such-host.invalid:8188", options=quick)

        with pytest.raises(ServerUnreachableError):
            await client.ping()
        await client.close()

    async def test_tls_where_there_is_none(self, comfy, quick):
        """An https address whose server speaks plain HTTP is unreachable, in one line."""
        client = ComfyClient(comfy.url.replace("http", "https"), options=quick)

        with pytest.raises(ServerUnreachableError, match="TLS"):
            await collect(client, job())
        await client.close()

    async def test_slow_headers(self, comfy):
        """A server that takes the request and never answers is given up after `request_timeout`."""
        client = ComfyClient(comfy.url, options=ClientOptions(request_timeout=0.2))

        async def never(request: web.Request) -> web.Response:
            await asyncio.sleep(5)
            return web.Response()

        comfy.faults["GET /system_stats"] = [never]
        with pytest.raises(ServerUnreachableError, match="in time"):
            await client.system_stats()
        await client.close()

    @pytest.mark.parametrize(
        ("status", "text", "error"),
        [
            (200, "<html>hello</html>", ServerProtocolError),
            (200, '{"truncated": ', ServerProtocolError),
            (200, "[" * 100_000, ServerProtocolError),
            (200, '["list"]', ServerProtocolError),
            (401, "no", ServerProtocolError),
            (301, "", ServerProtocolError),
            (404, "", ServerProtocolError),
            (413, "Maximum request body size 1048576 exceeded.", WorkflowRejectedError),
            (500, "500 Internal Server Error\n\nServer got itself in trouble", ServerProtocolError),
            (503, "<html>upstream</html>", ServerUnreachableError),
        ],
    )
    async def test_answers_that_are_not_comfyui(self, comfy, client, status, text, error):
        """Whatever else answers to a submission becomes an error of ours with one line."""

        async def answer(request: web.Request) -> web.Response:
            await request.read()
            return web.Response(status=status, text=text)

        comfy.faults["POST /prompt"] = [answer, answer]
        with pytest.raises(error) as caught:
            await collect(client, job())
        assert "\n" not in str(caught.value)
        assert comfy.posts == []

    async def test_worker_killing_graph_is_never_posted(self, comfy, client):
        """A graph that would end ComfyUI's execution thread does not leave the client."""
        broken = graph()
        broken["9"]["inputs"]["stale_input"] = ["404", 0]

        with pytest.raises(WorkflowError, match="stale_input"):
            await collect(client, Job(broken, ("9",)))
        assert comfy.posts == []


class TestTimeouts:
    """Jobs that take too long."""

    async def test_running_too_long(self, comfy, client):
        """A job over its time is interrupted in ComfyUI before the error is raised."""
        comfy.gate.clear()
        with pytest.raises(JobTimeoutError, match="start"):
            await collect(client, one := job(timeout=0.1))
        assert ("interrupt", one.prompt_id) in comfy.log
        await until(lambda: not comfy.running)

    async def test_waiting_too_long(self, comfy, client):
        """A job that waits too long is deleted from the queue; the running one is left alone."""
        comfy.gate.clear()
        first = asyncio.create_task(collect(client, other := job()))
        await until(lambda: comfy.running)

        with pytest.raises(JobTimeoutError, match="queue"):
            await collect(client, job(queue_timeout=0.1))
        assert not comfy.pending
        comfy.gate.set()
        assert (await first)[-1].data.endswith(other.prompt_id.encode())
        assert not any(kind == "interrupt" for kind, _ in comfy.log)


class TestUploads:
    """Pictures that a job loads."""

    @staticmethod
    def _loading(data: bytes) -> Job:
        name = upload_name(data, ".PNG")
        source = {"class_type": "LoadImage", "inputs": {"image": name}}
        return Job({**graph(), "1": source}, ("9",), uploads={name: data})

    async def test_once_per_server(self, comfy, client):
        """A picture goes up once, however many jobs use it, even at the same time."""
        await asyncio.gather(*(collect(client, self._loading(b"abc")) for _ in range(5)))
        await collect(client, self._loading(b"abc"))

        assert [entry for entry in comfy.log if entry[0] == "upload"] == [("upload", next(iter(comfy.uploads))[12:])]
        assert comfy.uploads == {upload_name(b"abc", "png"): b"abc"}

    async def test_vanished_upload(self, comfy, client):
        """When ComfyUI lost an upload it is sent again, and the job submitted once more."""
        await collect(client, self._loading(b"abc"))
        comfy.uploads.clear()

        assert isinstance((await collect(client, self._loading(b"abc")))[-1], Output)
        assert len(comfy.posts) == 3

    async def test_renamed_upload(self, comfy, client):
        """An upload that ComfyUI stored under another name is not used."""

        async def rename(request: web.Request) -> web.Response:
            await request.read()
            return web.json_response({"name": "up (1).png", "subfolder": "protobanana", "type": "input"})

        comfy.faults["POST /upload/image"] = [rename]
        with pytest.raises(ServerProtocolError, match="another name"):
            await collect(client, self._loading(b"abc"))

    async def test_upload_over_the_limit(self, comfy, client):
        """A picture over the server's limit is the caller's to shrink."""

        async def full(request: web.Request) -> web.Response:
            return web.Response(status=413, text="Maximum request body size 1048576 exceeded.")

        comfy.faults["POST /upload/image"] = [full]
        with pytest.raises(ImageTooLargeError, match="max-upload-size"):
            await collect(client, self._loading(b"abc"))


class TestClose:
    """The end of a client."""

    async def test_nothing_remains(self, comfy, quick):
        """After close no task is left, and the garbage collector has nothing to warn about."""
        before = asyncio.all_tasks()
        client = ComfyClient(comfy.url, options=quick)
        comfy.gate.clear()
        running = asyncio.create_task(collect(client, one := job()))
        await until(lambda: comfy.running)

        await client.close()

        with pytest.raises((ServerUnreachableError, JobInterruptedError)):
            await running
        assert ("interrupt", one.prompt_id) in comfy.log
        await until(lambda: not comfy.sockets)
        left = {task.get_name() for task in asyncio.all_tasks() - before if task.get_name().startswith("comfyui")}
        assert left == set()
        del client, running
        gc.collect()

    async def test_closed_client(self, comfy, client):
        """A closed client says so."""
        await client.close()
        with pytest.raises(ServerUnreachableError, match="closed"):
            await client.ping()
