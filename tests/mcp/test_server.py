"""The MCP server over both transports, through the SDK's own client, against a real gateway."""

from __future__ import annotations

import base64
from pathlib import Path

import httpx
import PIL.Image
import pytest
from jsonschema import Draft202012Validator

from support.gateways import Gateway
from support.mcps import BEARER, Connect, handles, links, over_http, pictures, refusal, words
from support.pictures import close_to, data_url, mean, opened, png

RED = PIL.Image.new("RGB", (512, 512), (220, 20, 20))
BLUE = PIL.Image.new("RGB", (512, 512), (20, 20, 220))
CENTRE = (0.4, 0.4, 0.6, 0.6)
SMALL = {"width": 512, "height": 512, "quality": "low"}


async def test_every_operation_is_a_tool(connect: Connect, gateway: Gateway) -> None:
    """The tools are the gateway's operations, each with a schema that is one, and the list of workflows."""
    operations = httpx.get(f"{gateway.url}/protobanana/operations").json()["operations"]
    async with connect() as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}

    assert {operation["name"] for operation in operations} | {"workflows"} <= tools.keys()
    for operation in operations:
        tool = tools[operation["name"]]
        Draft202012Validator.check_schema(tool.input_schema)
        assert tool.description == operation["description"]
        assert ("mask" in tool.input_schema["required"]) == operation["mask"]
        assert tool.input_schema["properties"]["model"]["enum"]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_draw_and_go_on(connect: Connect, mode: str) -> None:
    """A picture is drawn, named with its size, seed and address, and changed by that name, in either protocol."""
    asked = {"prompt": "a red circle on white", "seed": 7, **SMALL}
    async with connect(mode=mode) as client:
        drawn = await client.call_tool("generate", asked)
        [picture], [handle], [link] = pictures(drawn), handles(drawn), links(drawn)
        changed = await client.call_tool("edit", {"image": handle, "prompt": "make it blue", "quality": "low"})
    colour = mean(opened(pictures(changed)[0].data), CENTRE)

    assert opened(picture.data).size == (512, 512)
    assert close_to(mean(opened(picture.data), CENTRE), (220, 40, 40), 60)
    assert all(part in words(drawn) for part in ("512x512", "seed 7", "model qwen_image_2512", link.uri))
    assert httpx.get(link.uri).content == base64.b64decode(picture.data)
    assert drawn.structured_content is None
    assert colour[2] > 150 > colour[0]


async def test_several_pictures(connect: Connect) -> None:
    """Data URLs, names and addresses mix; what is drawn has something of each picture."""
    async with connect() as client:
        red = await client.call_tool("generate", {"prompt": "a plain red field", **SMALL})
        for name in (handles(red)[0], links(red)[0].uri):
            made = await client.call_tool(
                "compose", {"images": [name, data_url(BLUE)], "prompt": "both side by side", "quality": "low"}
            )
            picture = opened(pictures(made)[0].data)
            sides = [mean(picture, box) for box in ((0.1, 0.4, 0.4, 0.6), (0.6, 0.4, 0.9, 0.6))]

            assert sorted(side[0] > side[2] for side in sides) == [False, True]


async def test_several_variants(connect: Connect) -> None:
    """`n` pictures come with a name each."""
    async with connect() as client:
        made = await client.call_tool("generate", {"prompt": "a cat", "n": 3, **SMALL})

    assert len(pictures(made)) == len(set(handles(made))) == len(links(made)) == 3


async def test_mask(connect: Connect) -> None:
    """What the mask does not mark stays as it is, byte for byte."""
    mask = PIL.Image.new("L", RED.size, 0)
    mask.paste(255, (192, 192, 320, 320))
    async with connect() as client:
        asked = {"image": data_url(RED), "mask": data_url(mask), "prompt": "a plain green square", "quality": "low"}
        picture = opened(pictures(await client.call_tool("inpaint", asked))[0].data).convert("RGB")

    assert picture.getpixel((5, 5)) == RED.getpixel((5, 5))
    assert not close_to(mean(picture, CENTRE), RED.getpixel((5, 5)), 60)


async def test_files_of_the_users_machine(transport: str, connect: Connect, tmp_path: Path) -> None:
    """A path is a picture where the client has started the server, and a refusal that says so over HTTP."""
    (tmp_path / "red one.png").write_bytes(png(RED))
    (tmp_path / "secret.txt").write_text("words")
    paths = [str(tmp_path / "red one.png"), (tmp_path / "red one.png").as_uri()]
    async with connect() as client:
        results = [await client.call_tool("remove_background", {"image": path}) for path in paths]
        wrong = [
            await client.call_tool("remove_background", {"image": str(tmp_path / name)})
            for name in ("secret.txt", "nothing.png", "")
        ]

    if transport == "stdio":
        assert all(opened(pictures(result)[0].data).size == RED.size for result in results)
    else:
        assert all("files of your machine cannot be read" in refusal(result) for result in results)
    assert all("'image'" in refusal(result) for result in wrong)


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("generate", {}, ("'prompt'", "missing")),
        ("generate", {"prompt": "x", "n": 11}, ("'n'", "1 to 10")),
        ("generate", {"prompt": " "}, ("'prompt'",)),
        ("generate", {"prompt": 5}, ("'prompt'", "text")),
        ("generate", {"prompt": "x", "model": "nothing"}, ("'model'", "qwen_image_2512")),
        ("generate", {"prompt": "x", "colour": "red"}, ("'colour'", "negative_prompt")),
        ("generate", {"prompt": "x", "inputs": {"nothing.at_all": 1}}, ("nothing.at_all",)),
        ("generate", {"prompt": "x", "width": 60_000, "height": 60_000}, ("size",)),
        ("compose", {"prompt": "x", "images": ["img_aaaaaaaaaaaaaaaa"]}, ("'images'", "2 to")),
        ("compose", {"prompt": "x", "images": ["img_aaaaaaaaaaaaaaaa"] * 2}, ("'images.0'", "img_aaaaaaaaaaaaaaaa")),
        ("edit", {"prompt": "x", "image": "img_aaaaaaaaaaaaaaaa"}, ("'image'", "img_aaaaaaaaaaaaaaaa")),
        ("edit", {"prompt": "x", "image": "http://127.0.0.1:1/a.png"}, ("'image'", "address")),
        ("edit", {"prompt": "x", "image": "data:image/png;base64,AAAA"}, ("'image'",)),
        ("workflows", {"name": "nothing"}, ("'name'", "qwen_image_2512")),
        ("nothing", {}, ("generate",)),
    ],
)
async def test_what_cannot_be_done(keyless: str, tool: str, arguments: dict[str, object], said: tuple[str]) -> None:
    """A call that is wrong is answered with the argument and what is allowed."""
    async with over_http(keyless, BEARER) as client:
        problem = refusal(await client.call_tool(tool, arguments))

    assert all(part in problem for part in said), problem
