"""One contract, two servers: jobs go the same way on the embedded engine and on ComfyUI.

Without more it runs against the engine; with COMFYUI_URL set, against the genuine ComfyUI there.
"""

from __future__ import annotations

import asyncio
import io
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import numpy as np
import pytest
from PIL import Image

from protobanana.comfy import ComfyClient, Output
from protobanana.errors import (
    JobFailedError,
    JobInterruptedError,
    JobTimeoutError,
    WorkflowError,
    WorkflowRejectedError,
)
from protobanana.events import Progress, Queued
from support.drafts import (
    SERVERS,
    Draft,
    collect,
    connected,
    fresh,
    idle,
    noise,
    outputs,
    pixels_of,
    render,
    rgb,
    same,
    serving,
)


@pytest.fixture(scope="module", params=SERVERS)
def server() -> Iterator[str]:
    """Address of the server under test."""
    with serving() as url:
        yield url


@pytest.fixture
async def client(server: str) -> AsyncIterator[ComfyClient]:
    """A client of it, and an idle server afterwards."""
    async with connected(server) as client:
        yield client


class TestOutputs:
    """Which files come back, and in which order."""

    async def test_order_is_the_jobs(self, client):
        """Files come in the order of `job.outputs`, batches within, whatever way they travel."""
        draft = Draft()
        colors = {"SaveImage": fresh(), "PreviewImage": fresh(), "SaveImageWebsocket": fresh()}
        saves = [draft.save(draft.empty(color, batch_size=2), save) for save, color in colors.items()]

        results = await outputs(client, draft.job(*reversed(saves)))

        assert [(output.node, output.index) for output in results] == [
            (node, i) for node in reversed(saves) for i in (0, 1)
        ]
        assert [pixels_of(output)[0, 0].tolist() for output in results[::2]] == [
            rgb(c) for c in list(colors.values())[::-1]
        ]

    async def test_file_names(self, client):
        """SaveImage counts up in the folder of its prefix, and a second job goes on counting."""
        draft = Draft()
        save = draft.save(draft.empty(fresh(), batch_size=2), prefix=(prefix := f"contract/{uuid.uuid4().hex}"))
        again = Draft()
        save_again = again.save(again.empty(fresh()), prefix=prefix)

        results = await outputs(client, draft.job(save)) + await outputs(client, again.job(save_again))

        stem = prefix.rpartition("/")[2]
        assert [output.filename for output in results] == [f"{stem}_{count:05}_.png" for count in (1, 2, 3)]

    async def test_large_frames(self, client):
        """Pictures of many megabytes arrive whole over the socket."""
        photo, draft = io.BytesIO(), Draft()
        Image.fromarray(noise(1400, 1500, seed=fresh())).save(photo, "JPEG", quality=25)
        image = draft.node("LoadImage", image=draft.upload(photo.getvalue(), "jpg"))

        (output,) = await outputs(client, draft.job(draft.save(image, "SaveImageWebsocket")))

        assert len(output.data) > 4 * 2**20
        same(pixels_of(output), np.asarray(Image.open(photo)), tolerance=2)

    @pytest.mark.parametrize("save", ["SaveImage", "PreviewImage", "SaveImageWebsocket"])
    async def test_cached_resubmission(self, client, save):
        """The same graph again, answered from the cache, gives the same pixels."""
        draft, color = Draft(), fresh()
        node = draft.save(draft.empty(color), save)

        for _ in range(3):
            (output,) = await outputs(client, draft.job(node))
            same(pixels_of(output), np.full((12, 16, 3), rgb(color), np.uint8))

    async def test_progress(self, client):
        """Every node that runs is announced by its title, sources first."""
        draft = Draft()
        inverted = draft.node("ImageInvert", "Negative", image=draft.empty(fresh(), title="Canvas"))

        events = await collect(client, draft.job(draft.save(inverted)))

        assert events[:-1] == [Progress(0, 1, title) for title in ("Canvas", "Negative", "Save")]

    async def test_what_the_server_says_of_itself(self, client):
        """Version, schemas and queue length are there; an unknown class is empty."""
        assert (await client.system_stats())["system"]["comfyui_version"]
        assert (await client.object_info("ImageInvert"))["ImageInvert"]["output"] == ["IMAGE"]
        assert await client.object_info("NoSuchNode") == {}
        assert await client.ping() == 0


class TestManyJobs:
    """Jobs beside one another."""

    async def _draw_a_colour(self, client: ComfyClient, number: int) -> None:
        draft, color = Draft(), fresh()
        save = draft.save(draft.empty(color), ("SaveImage", "SaveImageWebsocket", "PreviewImage")[number % 3])
        (output,) = await outputs(client, draft.job(save))
        same(pixels_of(output), np.full((12, 16, 3), rgb(color), np.uint8))

    async def test_sixteen_at_once(self, client):
        """Sixteen concurrent jobs of one client get their own pixels."""
        await asyncio.gather(*(self._draw_a_colour(client, number) for number in range(16)))

    async def test_two_clients(self, client, server):
        """Two clients of one server do not get each other's pictures."""
        other = ComfyClient(server)

        await asyncio.gather(*(self._draw_a_colour(one, number) for number in range(6) for one in (client, other)))

        await other.close()


def slow(title: str = "") -> tuple[Draft, str]:
    """A job of many steps, each a fraction of a second, between which ComfyUI can be interrupted."""
    draft = Draft()
    image = draft.empty(fresh(), width=512, height=512, title=title)
    for _ in range(300):
        image = draft.node("ImageBlur", "Blur", image=image, blur_radius=12, sigma=1.0)
    return draft, draft.save(image)


async def first(events: AsyncIterator[Any], kind: type) -> Any:
    async with asyncio.timeout(30):
        async for event in events:
            if isinstance(event, kind):
                return event
    raise AssertionError(f"no {kind.__name__}")


class TestCancelling:
    """Jobs that are not wanted any more."""

    async def test_running(self, client):
        """Closing the stream of a running job frees the server at its next step."""
        draft, save = slow()
        events = client.run(draft.job(save))
        assert (await first(events, Progress)).total == 1

        await events.aclose()

        await idle(client)

    async def test_queued(self, client):
        """A queued job tells its place; closing its stream takes it out and leaves the running one alone."""
        draft, save = slow()
        running = client.run(draft.job(save))
        await first(running, Progress)
        waiting = Draft()
        events = client.run(waiting.job(waiting.save(waiting.empty(fresh()))))
        assert await first(events, Queued) == Queued(0)
        assert await client.ping() == 2

        await events.aclose()

        assert await client.ping() == 1
        assert (await first(running, Progress)).stage == "Blur"
        await running.aclose()

    async def test_task(self, client):
        """Cancelling the task that reads a job cancels the job."""
        draft, save = slow()
        task = asyncio.create_task(collect(client, draft.job(save)))
        async with asyncio.timeout(20):
            while not await client.ping():
                await asyncio.sleep(0.02)

        task.cancel()
        await asyncio.wait([task], timeout=20)

        assert task.cancelled()
        await idle(client)

    async def test_timeout(self, client):
        """A job that takes too long is given up, in ComfyUI too."""
        draft, save = slow()

        with pytest.raises(JobTimeoutError, match=r"within 0\.5 s"):
            await collect(client, draft.job(save, timeout=0.5))

        await idle(client)

    async def test_somebody_else(self, client, server):
        """A job that somebody else stops ends with an error that says so."""
        draft, save = slow()
        job = draft.job(save)
        events = client.run(job)
        await first(events, Progress)

        async with aiohttp.ClientSession() as session:
            await session.post(f"{server}/interrupt", json={"prompt_id": job.prompt_id})

        with pytest.raises(JobInterruptedError, match="Somebody stopped the job"):
            await first(events, Output)


class TestRefusals:
    """Graphs that cannot run."""

    @pytest.mark.parametrize(
        ("class_type", "inputs", "reason"),
        [
            ("NoSuchNode", {}, r"Picture.*not (found|exist)|does not exist"),
            ("EmptyImage", {"width": 8, "batch_size": 1, "color": 0}, r"'Picture' \(EmptyImage\).*missing.*height"),
            (
                "EmptyImage",
                {"width": 0, "height": 8, "batch_size": 1, "color": 0},
                r"'Picture' \(EmptyImage\): Value 0 smaller than min of 1 \(width\)",
            ),
            (
                "EmptyImage",
                {"width": 8, "height": 8, "batch_size": 1, "color": 2**24},
                r"'Picture' \(EmptyImage\): Value 16777216 bigger than max of 16777215 \(color\)",
            ),
            (
                "EmptyImage",
                {"width": "wide", "height": 8, "batch_size": 1, "color": 0},
                r"'Picture' \(EmptyImage\): Failed to convert an input value to a INT value",
            ),
            ("LoadImage", {"image": "gone.png"}, r"'Picture' \(LoadImage\):.*Invalid image file: gone\.png"),
        ],
    )
    async def test_rejected(self, client, class_type, inputs, reason):
        """A graph that does not validate is refused with the node's title and the reason."""
        draft = Draft()
        save = draft.save(draft.node(class_type, "Picture", **inputs))

        with pytest.raises(WorkflowRejectedError, match=reason):
            await collect(client, draft.job(save))

    async def test_value_not_in_list(self, client):
        """A choice that does not exist is refused by name."""
        draft = Draft()
        image = draft.node("ImageScale", image=draft.empty(0), upscale_method="magic", width=8, height=8, crop="center")

        with pytest.raises(WorkflowRejectedError, match=r"ImageScale.*Value not in list.*upscale_method.*'magic'"):
            await collect(client, draft.job(draft.save(image)))

    async def test_wrong_type(self, client):
        """A mask where a picture is wanted is refused."""
        draft = Draft()
        image = draft.node("ImageInvert", image=draft.node("SolidMask", value=1.0, width=8, height=8))

        with pytest.raises(WorkflowRejectedError, match=r"ImageInvert.*MASK"):
            await collect(client, draft.job(draft.save(image)))

    async def test_half_valid(self, client):
        """A graph of which ComfyUI would run only a part is refused, and nothing of it stays behind."""
        draft = Draft()
        good, bad = draft.save(draft.empty(fresh())), draft.save(draft.empty(0, width=0))

        with pytest.raises(WorkflowRejectedError, match="smaller than min"):
            await collect(client, draft.job(good, bad))

        await idle(client)

    async def test_dangling_link(self, client):
        """A link to nowhere is refused before it is sent: it would end ComfyUI's only worker."""
        draft, after = Draft(), Draft()
        image = draft.node("EmptyImage", "Canvas", width=8, height=8, batch_size=1, color=0, more=["77", 0])

        with pytest.raises(WorkflowError, match=r"'Canvas'.*'more'.*'77'"):
            await collect(client, draft.job(draft.save(image)))

        assert await render(client, after, after.empty(fresh()))

    async def test_undecodable_upload(self, client):
        """An upload that is no picture fails in the node that reads it, without the server's paths."""
        draft = Draft()
        image = draft.node("LoadImage", "Your picture", image=draft.upload(f"no picture {uuid.uuid4()}".encode()))

        with pytest.raises(JobFailedError, match=r"Node 'Your picture' \(LoadImage\) failed: ") as caught:
            await collect(client, draft.job(draft.save(image)))

        assert "/input" not in caught.value.message
