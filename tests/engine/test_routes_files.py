"""/view and the uploads."""

from __future__ import annotations

import io
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

Starter = Callable[..., Awaitable[Any]]
TROUBLE = (500, "500 Internal Server Error\n\nServer got itself in trouble")


def png(color: tuple[int, ...] = (10, 20, 30), size: tuple[int, int] = (20, 10), text: str | None = None) -> bytes:
    """A picture file."""
    info = PngInfo()
    if text:
        info.add_text("prompt", text)
    buffer = io.BytesIO()
    Image.new("RGBA" if len(color) == 4 else "RGB", size, color).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def opened(data: bytes) -> Image.Image:
    """The picture in a file."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("filename=up.png&type=input", 200),
        ("filename=up.png", 404),
        ("filename=up.png%20%5Binput%5D", 200),
        ("filename=nope.png&type=input", 404),
        ("", 404),
        ("filename=", 400),
        ("filename=up.png&type=bogus", 400),
        ("filename=../main.py&type=input", 400),
        ("filename=/etc/passwd&type=input", 400),
        ("filename=a.png&type=input&subfolder=sub/one", 200),
        ("filename=sub/one/a.png&type=input", 404),
        ("filename=a.png&type=input&subfolder=../..", 403),
        ("filename=a.png&type=input&subfolder=nope", 404),
        ("filename=up.png&type=input&rand=0.123", 200),
    ],
)
async def test_view_status(start: Starter, query: str, status: int) -> None:
    """Existing files are served, everything else has an empty body and ComfyUI's status."""
    client = await start()
    await client.upload("up.png", png())
    await client.upload("a.png", png(), subfolder="sub/one")

    assert await client.get(f"/view?{query}") == (status, png() if status == 200 else b"")


async def test_view_headers(start: Starter) -> None:
    """Range, Etag, HEAD and the file name work as on any file server; pages come as plain bytes."""
    client = await start()
    await client.upload("up.png", png())
    await client.upload("page.html", b"<script>")
    url = f"{client.engine.url}/view?type=input&filename="
    async with client.session.get(f"{url}up.png") as response:
        etag = response.headers["Etag"]
        assert response.headers["Content-Disposition"] == 'filename="up.png"'
        assert response.headers["Content-Type"] == "image/png"
    async with client.session.get(f"{url}up.png", headers={"Range": "bytes=0-9"}) as response:
        assert (response.status, await response.read()) == (206, png()[:10])
    async with client.session.get(f"{url}up.png", headers={"If-None-Match": etag}) as response:
        assert response.status == 304
    async with client.session.head(f"{url}up.png") as response:
        assert (response.status, response.content_length) == (200, len(png()))
    async with client.session.get(f"{url}page.html") as response:
        assert response.headers["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("options", "form", "mode"),
    [
        ("preview=webp", "WEBP", "RGBA"),
        ("preview=webp;10", "WEBP", "RGBA"),
        ("preview=jpeg;50", "JPEG", "RGB"),
        ("preview=jpeg;50&channel=a", "WEBP", "RGBA"),
        ("preview=png", "WEBP", "RGBA"),
        ("channel=rgb", "PNG", "RGB"),
        ("channel=rgba", "PNG", "RGBA"),
    ],
)
async def test_view_conversions(start: Starter, options: str, form: str, mode: str) -> None:
    """Previews and channels are re-encoded at full size."""
    client = await start()
    await client.upload("up.png", png((200, 20, 30, 40)))
    status, body = await client.get(f"/view?filename=up.png&type=input&{options}")

    assert status == 200
    assert (opened(body).format, opened(body).mode, opened(body).size) == (form, mode, (20, 10))


async def test_view_alpha(start: Starter) -> None:
    """channel=a carries the alpha as alpha; a picture without one is opaque."""
    client = await start()
    for color, expected in (((200, 20, 30, 40), 40), ((200, 20, 30), 255)):
        await client.upload("up.png", png(color), overwrite="true")
        _, body = await client.get("/view?filename=up.png&type=input&channel=a")
        assert opened(body).getpixel((0, 0))[3] == expected


async def test_preview_of_no_picture(start: Starter) -> None:
    """A text file has no preview."""
    client = await start()
    await client.upload("up.txt", b"hello")

    assert await client.get("/view?filename=up.txt&type=input&preview=webp") == TROUBLE


async def test_upload_answers(start: Starter) -> None:
    """Uploads answer with the name they got; capital True does not overwrite; temp and output are places too."""
    client = await start()

    assert await client.upload("up.png", b"1") == (200, {"name": "up.png", "subfolder": "", "type": "input"})
    assert (await client.upload("up.png", b"2"))[1]["name"] == "up (1).png"
    assert (await client.upload("up.png", b"3", overwrite="True"))[1]["name"] == "up (2).png"
    assert (await client.upload("up.png", b"4", overwrite="1"))[1]["name"] == "up.png"
    for kind in ("temp", "output"):
        answer = {"name": "x.png", "subfolder": "s/t", "type": kind}
        assert await client.upload("x.png", b"5", subfolder="s/t", type=kind) == (200, answer)
        assert await client.get(f"/view?filename=x.png&subfolder=s/t&type={kind}") == (200, b"5")
    assert (await client.upload("фото 1.png", b"6"))[1]["name"] == "фото 1.png"
    assert (await client.upload("empty.png", b""))[0] == 200


async def test_upload_refusals(start: Starter) -> None:
    """Escapes and requests without a picture are 400, unwritable names and unknown folders 500."""
    client = await start()

    assert await client.upload("x.png", b"1", subfolder="../../etc") == (400, b"")
    assert await client.upload("x.png", b"1", subfolder="/tmp") == (400, b"")
    assert await client.upload("../x.png", b"1") == (400, b"")
    assert await client.upload("new/x.png", b"1") == TROUBLE
    assert await client.upload("n" * 300 + ".png", b"1") == TROUBLE
    assert await client.upload("x.png", b"1", type="bogus") == TROUBLE
    assert await client.post("/upload/image", {"image": "x"}) == (400, b"")
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("overwrite", "true")
    assert await client.call("POST", "/upload/image", data=form) == (400, b"")
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("image", "abc")
    assert await client.call("POST", "/upload/image", data=form) == TROUBLE


async def test_upload_mask(start: Starter) -> None:
    """The original keeps its colours and text and takes the mask's alpha."""
    client = await start()
    await client.upload("photo.png", png((200, 20, 30), text="graph"), subfolder="jobs")
    reference = {"filename": "photo.png", "subfolder": "jobs", "type": "input"}
    mask = {"path": "/upload/mask", "original_ref": json.dumps(reference)}
    status, answer = await client.upload("masked.png", png((0, 0, 0, 77)), subfolder="clipspace", **mask)
    assert (status, answer) == (200, {"name": "masked.png", "subfolder": "clipspace", "type": "input"})

    _, body = await client.get("/view?filename=masked.png&subfolder=clipspace&type=input")
    assert opened(body).getpixel((3, 3)) == (200, 20, 30, 77)
    assert opened(body).info["prompt"] == "graph"


async def test_upload_mask_refusals(start: Starter) -> None:
    """No reference or another size is 500; a missing original answers 200 and writes nothing, as in ComfyUI."""
    client = await start()
    await client.upload("photo.png", png())
    there = json.dumps({"filename": "photo.png", "type": "input"})
    output_by_default = json.dumps({"filename": "photo.png"})
    escaping = json.dumps({"filename": "../photo.png"})

    assert await client.upload("m.png", png(), "/upload/mask") == TROUBLE
    assert await client.upload("m.png", png(size=(5, 5)), "/upload/mask", original_ref=there) == TROUBLE
    assert (await client.upload("m.png", png(), "/upload/mask", original_ref=output_by_default))[0] == 200
    assert (await client.get("/view?filename=m.png&type=input"))[0] == 404
    assert (await client.upload("m.png", png(), "/upload/mask", original_ref=escaping))[0] == 400
    assert (await client.upload("m.png", png(), "/upload/mask", original_ref=there))[0] == 200


async def test_uploads_are_listed(start: Starter) -> None:
    """LoadImage offers the files of the input folder, not those of its subfolders."""
    client = await start()
    await client.upload("b.png", png())
    await client.upload("a.png", png())
    await client.upload("c.png", png(), subfolder="sub")
    _, info = await client.get("/object_info/LoadImage")

    assert info["LoadImage"]["input"]["required"]["image"] == [["a.png", "b.png"], {"image_upload": True}]
    assert sorted((await client.get("/internal/files/input"))[1]) == ["a.png", "b.png"]
    assert (await client.get("/internal/files/bogus"))[0] == 400


async def test_big_previews(start: Starter) -> None:
    """A re-encoded picture of several megabytes is served like a small one."""
    client = await start()
    prompt = {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 1200, "height": 1200, "batch_size": 1, "color": 1}},
        "2": {"class_type": "ImageAddNoise", "inputs": {"image": ["1", 0], "seed": 1, "strength": 1.0}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "noise"}},
    }
    await client.history(await client.submit(prompt))
    status, body = await client.get("/view?filename=noise_00001_.png&channel=rgb")

    assert (status, opened(body).size) == (200, (1200, 1200))
    assert len(body) > 2_000_000
