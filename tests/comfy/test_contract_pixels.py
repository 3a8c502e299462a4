"""One contract, two servers: nodes without models give the same pixels on the embedded engine and on ComfyUI.

Without more it runs against the engine; with COMFYUI_URL set, against the genuine ComfyUI there. Expectations are
exact where ComfyUI does not resample. Where versions of ComfyUI differ (the right and bottom edges of FeatherMask,
batches of unequal length in JoinImageWithAlpha, the size of an empty LoadImageMask), nothing is asserted.
"""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator

import aiohttp
import numpy as np
import pytest
from PIL import Image

from protobanana.comfy import ComfyClient
from support.drafts import (
    SERVERS,
    Draft,
    Pixels,
    connected,
    fresh,
    grey,
    levels,
    noise,
    outputs,
    pixels_of,
    png,
    render,
    render_mask,
    rgb,
    same,
    serving,
    unit,
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
        draft = Draft()
        size, _ = draft.node("GetImageSize", image=draft.empty(1, width=21, height=11, batch_size=2))
        dimensions = {"width": [size, 0], "height": [size, 1], "batch_size": [size, 2]}
        shown, _ = draft.node("PreviewAny", source=[size, 0])
        job = draft.job(draft.save(draft.node("EmptyImage", **dimensions, color=fresh())))

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

    async def _scaled(
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

        result = await self._scaled(client, picture, "nearest-exact", size, "disabled")

        rows, columns = (
            ((np.arange(high) + 0.5) * 11 / high).astype(int),
            ((np.arange(wide) + 0.5) * 17 / wide).astype(int),
        )
        same(result, picture[rows][:, columns])

    async def test_lanczos(self, client):
        """`lanczos` is Pillow's, level for level."""
        picture = noise(24, 31, seed=14)

        result = await self._scaled(client, picture, "lanczos", (45, 13), "disabled")

        same(result, np.asarray(Image.fromarray(picture).resize((45, 13), Image.Resampling.LANCZOS)))

    @pytest.mark.parametrize("method", ["area", "bilinear"])
    async def test_halving(self, client, method):
        """Half the size by `area` or `bilinear` is the mean of two by two pixels."""
        picture = noise(16, 22, seed=15)

        result = await self._scaled(client, picture, method, (11, 8), "disabled")

        same(result, unit(picture).reshape(8, 2, 11, 2, 3).mean(axis=(1, 3)) * 255 // 1, tolerance=1)

    async def test_bicubic(self, client):
        """Half the size by `bicubic` weighs four by four pixels with PyTorch's kernel (a = -0.75), edges repeated."""
        picture = noise(16, 22, seed=16)

        result = await self._scaled(client, picture, "bicubic", (11, 8), "disabled")

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

        result = await self._scaled(client, picture, method, (10, 10), "center")

        same(result, np.full((10, 10, 3), 255), tolerance=1)
