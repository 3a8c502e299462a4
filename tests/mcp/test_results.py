"""What was drawn as the content of a result, where the gateway need not be asked for the pictures."""

from __future__ import annotations

import base64

import PIL.Image
from mcp_types import ImageContent, ResourceLink, TextContent

from protobanana.client.gateway import Gateway
from protobanana.mcp.drawing import Made
from protobanana.mcp.results import content_of
from support.pictures import data_url, opened

NOWHERE = Gateway("http://127.0.0.1:9")
HANDLE = "img_" + "a" * 16
NOISE = PIL.Image.effect_noise((600, 400), 90).convert("RGB")


async def test_a_gateway_that_keeps_nothing() -> None:
    """The picture comes, its name does not, because nothing could be done with it; a file is only told of."""
    made = Made([{"url": data_url(NOISE), "id": HANDLE, "seed": 5}], [{"url": "data:video/mp4;base64,AAAA"}], "done")
    picture, about, file, words = await content_of(made, NOWHERE, 10_000)

    assert isinstance(picture, ImageContent)
    assert opened(picture.data).tobytes() == NOISE.tobytes()
    assert isinstance(about, TextContent)
    assert "not kept" in about.text
    assert "seed 5" in about.text
    assert HANDLE not in about.text
    assert isinstance(file, TextContent)
    assert "base64" not in file.text
    assert words == TextContent(text="done")


async def test_transparency_survives_a_preview() -> None:
    """A cut-out that is too large for the client is still one when it is made smaller."""
    cut = NOISE.copy()
    cut.putalpha(PIL.Image.linear_gradient("L").resize(cut.size))
    [picture, about] = await content_of(Made([{"url": data_url(cut)}]), NOWHERE, 20)

    assert isinstance(picture, ImageContent)
    assert picture.mime_type == "image/webp"
    assert len(base64.b64decode(picture.data)) <= 20_000
    assert opened(picture.data).getchannel("A").getextrema()[0] < 32
    assert isinstance(about, TextContent)
    assert "600x400 png" in about.text


async def test_no_pictures_wanted() -> None:
    """With no room for pictures there are words and links only."""
    made = Made([{"b64_json": data_url(NOISE).partition(",")[2], "id": HANDLE}])
    blocks = await content_of(made, NOWHERE, 0)
    films = Made([], [{"url": "http://gateway/images/x", "filename": "film.mp4", "media_type": "video/mp4"}])
    told, link = await content_of(films, NOWHERE, 700)

    assert [type(block) for block in blocks] == [TextContent]
    assert isinstance(told, TextContent)
    assert told.text == "film.mp4: http://gateway/images/x"
    assert isinstance(link, ResourceLink)
    assert link.mime_type == "video/mp4"
