"""One contract, two servers: what the client gets must be the same from the embedded engine and from ComfyUI.

Without more it runs against the engine; with COMFYUI_URL set, against the genuine ComfyUI there. The graphs need no
model files. Pixels are exact where ComfyUI does not resample. Where versions of ComfyUI differ (the right and bottom
edges of FeatherMask, batches of unequal length in JoinImageWithAlpha), nothing is asserted.
"""

from __future__ import annotations

import asyncio
import io
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import numpy as np
import pytest
from PIL import Image

from protobanana.comfy import ComfyClient, Job, Output, upload_name
from protobanana.engine import EngineThread
from protobanana.errors import (
    JobFailedError,
    JobInterruptedError,
    JobTimeoutError,
    WorkflowError,
    WorkflowRejectedError,
)
from protobanana.events import Progress, Queued

Link = list[Any]
Pixels = np.ndarray[Any, Any]
GENUINE = os.environ.get("COMFYUI_URL")


@pytest.fixture(scope="module", params=[pytest.param("genuine", marks=pytest.mark.genuine) if GENUINE else "engine"])
def server() -> Iterator[str]:
    """Address of the server under test."""
    if GENUINE:
        yield GENUINE.rstrip("/")
        return
    with EngineThread() as engine:
        yield engine.url


@pytest.fixture
async def client(server: str) -> AsyncIterator[ComfyClient]:
    """A client of it, and an idle server afterwards."""
    client = ComfyClient(server)
    yield client
    async with asyncio.timeout(60):
        while await client.ping():
            await asyncio.sleep(0.02)
    await client.close()


class Draft:
    """A graph that is being put together; `node` returns the link to its first output."""

    def __init__(self) -> None:
        self.graph: dict[str, Any] = {}
        self.uploads: dict[str, bytes] = {}

    def node(self, class_type: str, title: str | None = None, **inputs: Any) -> Link:
        node_id = str(len(self.graph) + 1)
        self.graph[node_id] = {"class_type": class_type, "inputs": inputs}
        if title:
            self.graph[node_id]["_meta"] = {"title": title}
        return [node_id, 0]

    def upload(self, data: bytes, extension: str = "png") -> str:
        name = upload_name(data, extension)
        self.uploads[name] = data
        return name

    def load(self, pixels: Pixels) -> Link:
        return self.node("LoadImage", image=self.upload(png(pixels)))

    def mask(self, levels: Pixels) -> Link:
        red = np.repeat(levels[..., None], 3, axis=-1)
        return self.node("LoadImageMask", image=self.upload(png(red)), channel="red")

    def empty(self, color: int, width: int = 16, height: int = 12, batch_size: int = 1, title: str = "") -> Link:
        return self.node("EmptyImage", title, width=width, height=height, batch_size=batch_size, color=color)

    def save(self, images: Link, class_type: str = "SaveImage", prefix: str = "") -> str:
        more = {"filename_prefix": prefix or f"contract/{uuid.uuid4().hex}"} if class_type == "SaveImage" else {}
        return str(self.node(class_type, "Save", images=images, **more)[0])

    def job(self, *outputs: str, **changes: Any) -> Job:
        return Job(self.graph, outputs, uploads=self.uploads, **changes)


def png(pixels: Pixels) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def pixels_of(output: Output) -> Pixels:
    assert output.media_type == "image/png"
    return np.asarray(Image.open(io.BytesIO(output.data)))


def unit(levels: Pixels) -> Pixels:
    """8-bit levels as ComfyUI holds them."""
    return levels.astype(np.float32) / np.float32(255)


def levels(values: Pixels) -> Pixels:
    """What ComfyUI writes into a PNG: truncated, not rounded."""
    return np.clip(values * np.float32(255), 0, 255).astype(np.uint8)


def grey(mask: Pixels) -> Pixels:
    return levels(np.repeat(mask[..., None], 3, axis=-1))


def noise(height: int, width: int, channels: int = 3, seed: int = 0) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)


def fresh() -> int:
    """A colour that was not asked for before, so that no cache answers."""
    return uuid.uuid4().int % 0xFFFFFF


def rgb(color: int) -> list[int]:
    return [color >> 16, color >> 8 & 255, color & 255]


async def collect(client: ComfyClient, job: Job) -> list[Any]:
    async with asyncio.timeout(90):
        return [event async for event in client.run(job)]


async def outputs(client: ComfyClient, job: Job) -> list[Output]:
    return [event for event in await collect(client, job) if isinstance(event, Output)]


async def render(client: ComfyClient, draft: Draft, images: Link) -> list[Pixels]:
    return [pixels_of(output) for output in await outputs(client, draft.job(draft.save(images)))]


async def render_mask(client: ComfyClient, draft: Draft, mask: Link) -> Pixels:
    (result,) = await render(client, draft, draft.node("MaskToImage", mask=mask))
    return result


def same(result: Pixels, expected: Pixels, tolerance: int = 0) -> None:
    """Equal in shape, and in every level up to the tolerance."""
    assert result.shape == expected.shape
    assert np.abs(result.astype(int) - expected.astype(int)).max() <= tolerance


class TestPictures:
    """Nodes that make, load, cut and join pictures."""

    async def test_empty_image(self, client):
        """EmptyImage draws a batch of its colour, every channel in its place."""
        draft = Draft()

        results = await render(client, draft, draft.empty(0x33_66_C9, width=7, height=5, batch_size=3))

        assert len(results) == 3
        for result in results:
            same(result, np.full((5, 7, 3), rgb(0x33_66_C9), np.uint8))

    async def test_every_level_survives(self, client):
        """Uploading and saving changes none of the 256 levels, and drops alpha without compositing."""
        picture = np.arange(256 * 4, dtype=np.uint16).astype(np.uint8).reshape(4, 64, 4)
        picture[..., 3] = 60
        draft = Draft()

        (result,) = await render(client, draft, draft.load(picture))

        same(result, picture[..., :3])

    async def test_turned_upright(self, client):
        """A photo is loaded as its orientation mark says."""
        out = io.BytesIO()
        exif = Image.Exif()
        exif[0x0112] = 6
        halves = np.zeros((16, 32, 3), np.uint8)
        halves[:, 16:] = 255
        Image.fromarray(halves).save(out, "JPEG", exif=exif, quality=95)
        draft = Draft()

        (result,) = await render(client, draft, draft.node("LoadImage", image=draft.upload(out.getvalue(), "jpg")))

        same(result, np.rot90(halves, -1), tolerance=6)

    async def test_invert(self, client):
        """ImageInvert is 1 - x."""
        picture, draft = noise(9, 13), Draft()

        (result,) = await render(client, draft, draft.node("ImageInvert", image=draft.load(picture)))

        same(result, levels(1 - unit(picture)))

    @pytest.mark.parametrize(
        ("mode", "blend"),
        [
            ("normal", lambda a, b: b),
            ("multiply", lambda a, b: a * b),
            ("screen", lambda a, b: 1 - (1 - a) * (1 - b)),
            ("overlay", lambda a, b: np.where(a <= 0.5, 2 * a * b, 1 - 2 * (1 - a) * (1 - b))),
            ("difference", lambda a, b: a - b),
        ],
    )
    async def test_blend(self, client, mode, blend):
        """ImageBlend mixes the first picture with the blend of both."""
        first, second, draft = noise(8, 8, seed=1), noise(8, 8, seed=2), Draft()

        images = {"image1": draft.load(first), "image2": draft.load(second)}
        (result,) = await render(client, draft, draft.node("ImageBlend", **images, blend_factor=0.25, blend_mode=mode))

        one, two = unit(first), unit(second)
        same(result, levels(one * np.float32(0.75) + blend(one, two) * np.float32(0.25)))

    @pytest.mark.parametrize(("x", "y"), [(0, 0), (3, 2), (15, 11), (40, 0)])
    async def test_composite(self, client, x, y):
        """ImageCompositeMasked lays the source over the destination by the mask, cut at the border."""
        below, above, mask = noise(12, 16, seed=3), noise(6, 8, seed=4), noise(6, 8, 1, seed=5)[..., 0]
        mask[:, :3], mask[:, 5:] = 0, 255
        draft = Draft()

        images = {"destination": draft.load(below), "source": draft.load(above), "mask": draft.mask(mask)}
        over = draft.node("ImageCompositeMasked", **images, x=x, y=y, resize_source=False)
        (result,) = await render(client, draft, over)

        expected = unit(below)
        region = expected[y : y + 6, x : x + 8]
        weight = unit(mask)[: region.shape[0], : region.shape[1], None]
        region[...] = weight * unit(above)[: region.shape[0], : region.shape[1]] + (1 - weight) * region
        same(result, levels(expected))

    async def test_crop(self, client):
        """ImageCrop cuts at the border and keeps at least a pixel."""
        picture, draft = noise(10, 12), Draft()
        image = draft.load(picture)
        corners = [
            draft.node("ImageCrop", image=image, width=5, height=4, x=x, y=y) for x, y in ((2, 3), (9, 8), (50, 50))
        ]
        saves = [draft.save(corner) for corner in corners]

        results = [pixels_of(output) for output in await outputs(client, draft.job(*saves))]

        for result, expected in zip(results, (picture[3:7, 2:7], picture[8:, 9:], picture[-1:, -1:]), strict=True):
            same(result, expected)

    @pytest.mark.parametrize("feathering", [0, 4, 40])
    async def test_pad_for_outpaint(self, client, feathering):
        """ImagePadForOutpaint adds grey and a mask that fades into the picture, unless the picture is too small."""
        picture, draft = noise(20, 24), Draft()
        sides = {"left": 8, "top": 0, "right": 0, "bottom": 16}
        padded = draft.node("ImagePadForOutpaint", image=draft.load(picture), **sides, feathering=feathering)
        mask = draft.node("MaskToImage", mask=[padded[0], 1])

        image, area = await outputs(client, draft.job(draft.save(padded), draft.save(mask)))

        expected = np.full((36, 32, 3), 127, np.uint8)
        expected[:20, 8:] = picture
        same(pixels_of(image), expected)
        distance = np.minimum(np.arange(24)[None, :], 20 - np.arange(20)[:, None])
        fading = np.clip((feathering - distance) / max(1, feathering), 0, 1) ** 2 if feathering == 4 else 0
        weights = np.ones((36, 32), np.float32)
        weights[:20, 8:] = fading
        same(pixels_of(area), grey(weights))

    async def test_batches(self, client):
        """ImageBatch appends, RepeatImageBatch repeats, and the files come in batch order."""
        first, second, draft = noise(6, 9, seed=6), noise(6, 9, seed=7), Draft()
        pair = draft.node("ImageBatch", image1=draft.load(first), image2=draft.load(second))

        results = await render(client, draft, draft.node("RepeatImageBatch", image=pair, amount=2))

        assert len(results) == 4
        for result, expected in zip(results, (first, second, first, second), strict=True):
            same(result, expected)

    async def test_batch_of_two_sizes(self, client):
        """The second picture of an ImageBatch is cut to the proportions of the first and resized."""
        first, draft = noise(10, 20, seed=8), Draft()
        second = np.zeros((40, 40, 3), np.uint8)
        second[10:30] = 255
        pair = draft.node("ImageBatch", image1=draft.load(first), image2=draft.load(second))

        one, two = await render(client, draft, pair)

        same(one, first)
        same(two, np.full((10, 20, 3), 255), tolerance=1)

    @pytest.mark.parametrize("level", [0, 255])
    async def test_stitch(self, client, level):
        """ImageStitch centres pictures of two heights, on white where the spacing is white, else on black."""
        left, right, draft = noise(9, 4, seed=9), noise(4, 6, seed=10), Draft()
        images = {"image1": draft.load(left), "image2": draft.load(right)}
        spacing = {"spacing_width": 3, "spacing_color": "white" if level else "black"}
        stitched = draft.node("ImageStitch", **images, direction="right", match_image_size=False, **spacing)

        (result,) = await render(client, draft, stitched)

        expected = np.full((9, 14, 3), level, np.uint8)
        expected[:, :4], expected[2:6, 8:] = left, right
        same(result, expected)

    @pytest.mark.parametrize("save", ["SaveImage", "SaveImageWebsocket", "PreviewImage"])
    async def test_alpha(self, client, save):
        """JoinImageWithAlpha gives RGBA with alpha = 1 - mask, over every way that pictures come back."""
        picture, draft = noise(8, 32), Draft()
        mask = np.arange(256, dtype=np.uint8).reshape(8, 32)
        joined = draft.node("JoinImageWithAlpha", image=draft.load(picture), alpha=draft.mask(mask))

        (output,) = await outputs(client, draft.job(draft.save(joined, save)))

        same(pixels_of(output), np.dstack([picture, levels(1 - unit(mask))]))

    async def test_size_travels_along_links(self, client, server):
        """GetImageSize gives width, height and batch size to other nodes; PreviewAny shows a value as text."""
        draft, job_color = Draft(), fresh()
        size, _ = draft.node("GetImageSize", image=draft.empty(1, width=21, height=11, batch_size=2))
        dimensions = {"width": [size, 0], "height": [size, 1], "batch_size": [size, 2]}
        shown, _ = draft.node("PreviewAny", source=[size, 0])
        job = draft.job(draft.save(draft.node("EmptyImage", **dimensions, color=job_color)))

        results = [pixels_of(output) for output in await outputs(client, job)]

        assert [result.shape for result in results] == [(11, 21, 3)] * 2
        async with aiohttp.ClientSession() as session, session.get(f"{server}/history/{job.prompt_id}") as answer:
            assert (await answer.json())[job.prompt_id]["outputs"][shown]["text"] == ["21"]


class TestMasks:
    """Nodes that make and change masks."""

    @pytest.mark.parametrize(("channel", "index"), [("red", 0), ("green", 1), ("blue", 2), ("alpha", 3)])
    async def test_channels(self, client, channel, index):
        """LoadImageMask reads colours as they are and alpha inverted; LoadImage's mask is the inverted alpha too."""
        picture, draft = noise(7, 10, 4), Draft()
        name = draft.upload(png(picture))
        loaded = [draft.node("LoadImageMask", image=name, channel=channel), [draft.node("LoadImage", image=name)[0], 1]]
        saves = [draft.save(draft.node("MaskToImage", mask=mask)) for mask in loaded]

        mask, alpha = [pixels_of(output) for output in await outputs(client, draft.job(*saves))]

        values = unit(picture)
        same(mask, grey(1 - values[..., 3] if channel == "alpha" else values[..., index]))
        same(alpha, grey(1 - values[..., 3]))

    async def test_no_alpha(self, client):
        """The mask of a picture without alpha is empty: 64 x 64 zeros from LoadImage."""
        draft = Draft()
        name = draft.upload(png(noise(9, 9)))
        loaded = [draft.node("LoadImageMask", image=name, channel="alpha"), [draft.node("LoadImage", image=name)[0], 1]]
        saves = [draft.save(draft.node("MaskToImage", mask=mask)) for mask in loaded]

        mask, alpha = [pixels_of(output) for output in await outputs(client, draft.job(*saves))]

        assert not mask.any()
        same(alpha, np.zeros((64, 64, 3)))

    async def test_solid_and_inverted(self, client):
        """SolidMask is one value, InvertMask is 1 - x, MaskToImage is grey."""
        draft = Draft()
        mask = draft.node("InvertMask", mask=draft.node("SolidMask", value=0.75, width=11, height=3))

        same(await render_mask(client, draft, mask), np.full((3, 11, 3), 63))

    @pytest.mark.parametrize("expand", [-2, 0, 3])
    @pytest.mark.parametrize("tapered", [True, False])
    async def test_grow(self, client, expand, tapered):
        """GrowMask takes the greatest (below 0: the least) level of a diamond or a square around each pixel."""
        mask, draft = noise(14, 17, 1, seed=11)[..., 0], Draft()
        grown = draft.node("GrowMask", mask=draft.mask(mask), expand=expand, tapered_corners=tapered)

        result = await render_mask(client, draft, grown)

        reach, pick = abs(expand), max if expand >= 0 else min
        expected = np.empty_like(mask)
        for y, x in np.ndindex(mask.shape):
            expected[y, x] = pick(
                mask[v, u]
                for v in range(max(0, y - reach), min(14, y + reach + 1))
                for u in range(max(0, x - reach), min(17, x + reach + 1))
                if not tapered or abs(v - y) + abs(u - x) <= reach
            )
        same(result, grey(unit(expected)))

    async def test_feather(self, client):
        """FeatherMask fades out towards the left and the top."""
        mask, draft = noise(9, 13, 1, seed=12)[..., 0], Draft()
        sides = {"left": 5, "top": 3, "right": 0, "bottom": 0}

        result = await render_mask(client, draft, draft.node("FeatherMask", mask=draft.mask(mask), **sides))

        expected = unit(mask)
        expected[:, :5] *= np.arange(1, 6, dtype=np.float32) / np.float32(5)
        expected[:3] *= (np.arange(1, 4, dtype=np.float32) / np.float32(3))[:, None]
        same(result, grey(expected), tolerance=1)


class TestScaling:
    """ImageScale, by every method."""

    async def scaled(
        self, client: ComfyClient, picture: Pixels, method: str, size: tuple[int, int], crop: str
    ) -> Pixels:
        draft, (width, height) = Draft(), size
        options = {"upscale_method": method, "width": width, "height": height, "crop": crop}
        (result,) = await render(client, draft, draft.node("ImageScale", image=draft.load(picture), **options))
        return result

    @pytest.mark.parametrize("size", [(40, 30), (5, 3), (20, 0), (0, 33), (0, 0)])
    async def test_nearest(self, client, size):
        """`nearest-exact` takes the pixel under each centre; 0 keeps the proportions."""
        picture, (width, height) = noise(11, 17, seed=13), size
        wide, high = width or round(17 * height / 11) or 17, height or round(11 * width / 17) or 11

        result = await self.scaled(client, picture, "nearest-exact", size, "disabled")

        rows, columns = (
            ((np.arange(high) + 0.5) * 11 / high).astype(int),
            ((np.arange(wide) + 0.5) * 17 / wide).astype(int),
        )
        same(result, picture[rows][:, columns])

    async def test_lanczos(self, client):
        """`lanczos` is Pillow's, level for level."""
        picture = noise(24, 31, seed=14)

        result = await self.scaled(client, picture, "lanczos", (45, 13), "disabled")

        same(result, np.asarray(Image.fromarray(picture).resize((45, 13), Image.Resampling.LANCZOS)))

    @pytest.mark.parametrize("method", ["area", "bilinear"])
    async def test_halving(self, client, method):
        """Half the size by `area` or `bilinear` is the mean of two by two pixels."""
        picture = noise(16, 22, seed=15)

        result = await self.scaled(client, picture, method, (11, 8), "disabled")

        same(result, unit(picture).reshape(8, 2, 11, 2, 3).mean(axis=(1, 3)) * 255 // 1, tolerance=1)

    async def test_bicubic(self, client):
        """Half the size by `bicubic` weighs four by four pixels with PyTorch's kernel (a = -0.75), edges repeated."""
        picture = noise(16, 22, seed=16)

        result = await self.scaled(client, picture, "bicubic", (11, 8), "disabled")

        kernel = np.array([-0.09375, 0.59375, 0.59375, -0.09375])
        padded = np.pad(unit(picture), ((1, 1), (1, 1), (0, 0)), mode="edge")
        rows = sum(weight * padded[tap : tap + 16 : 2] for tap, weight in enumerate(kernel))
        expected = sum(weight * rows[:, tap : tap + 22 : 2] for tap, weight in enumerate(kernel))
        same(result, levels(expected), tolerance=1)

    @pytest.mark.parametrize("method", ["nearest-exact", "bilinear", "area", "bicubic", "lanczos"])
    async def test_centre_crop(self, client, method):
        """`crop=center` cuts to the wanted proportions before it resizes."""
        picture = np.zeros((20, 60, 3), np.uint8)
        picture[:, 20:40] = 255

        result = await self.scaled(client, picture, method, (10, 10), "center")

        same(result, np.full((10, 10, 3), 255), tolerance=1)


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
        picture, draft = noise(1400, 1500, seed=uuid.uuid4().int % 2**32), Draft()

        (output,) = await outputs(client, draft.job(draft.save(draft.load(picture), "SaveImageWebsocket")))

        assert len(output.data) > 6_000_000
        same(pixels_of(output), picture)

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

    async def color_job(self, client: ComfyClient, number: int) -> None:
        draft, color = Draft(), fresh()
        save = draft.save(draft.empty(color), ("SaveImage", "SaveImageWebsocket", "PreviewImage")[number % 3])
        (output,) = await outputs(client, draft.job(save))
        same(pixels_of(output), np.full((12, 16, 3), rgb(color), np.uint8))

    async def test_sixteen_at_once(self, client):
        """Sixteen concurrent jobs of one client get their own pixels."""
        await asyncio.gather(*(self.color_job(client, number) for number in range(16)))

    async def test_two_clients(self, client, server):
        """Two clients of one server do not get each other's pictures."""
        other = ComfyClient(server)

        await asyncio.gather(*(self.color_job(one, number) for number in range(6) for one in (client, other)))

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


async def idle(client: ComfyClient) -> None:
    async with asyncio.timeout(20):
        while await client.ping():
            await asyncio.sleep(0.02)


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
