"""What happens around a call: progress, cancelling, keys, outages, workflows that come."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import PIL.Image
import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import ToolListChangedNotification

from support.gateways import Gateway, free_port
from support.mcps import Connect, links, over_http, over_stdio, pictures, refusal, words
from support.pictures import data_url, opened

ASKED = {"prompt": "a red circle", "width": 512, "height": 512}
SCALING = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "x.png"}, "_meta": {"title": "Picture"}},
    "2": {
        "class_type": "ImageScale",
        "inputs": {"image": ["1", 0], "upscale_method": "bilinear", "width": 320, "height": 160, "crop": "disabled"},
        "_meta": {"title": "Scale"},
    },
    "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}},
}


async def until(condition: Callable[[], bool]) -> None:
    """Wait for it; the bound is for broken code."""
    async with asyncio.timeout(60):
        while not await asyncio.to_thread(condition):
            await asyncio.sleep(0.05)


@asynccontextmanager
async def reachable(gateway: Gateway, port: int) -> AsyncIterator[None]:
    """The gateway at another port, as long as the block lasts."""
    open_ends: list[asyncio.StreamWriter] = []

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", urlsplit(gateway.url).port)
        open_ends.extend((writer, back))
        await asyncio.gather(passed(reader, back), passed(there, writer))

    async def passed(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while piece := await source.read(65536):
            target.write(piece)
        target.close()

    async with await asyncio.start_server(relay, "127.0.0.1", port):
        yield
        for end in open_ends:
            end.close()


async def test_progress(connect: Connect) -> None:
    """Whoever asks for progress hears numbers that only grow, up to nearly the whole, and words."""
    heard: list[tuple[float, float | None, str | None]] = []

    async def listen(done: float, whole: float | None, message: str | None) -> None:
        heard.append((done, whole, message))

    async with connect() as client:
        await client.call_tool("generate", ASKED, progress_callback=listen)
    numbers = [done for done, _, _ in heard]

    assert numbers == sorted(set(numbers))
    assert len(numbers) >= 3
    assert all(whole is not None and done < whole and message for done, whole, message in heard)


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_a_call_that_is_given_up(connect: Connect, gateway: Gateway, mode: str) -> None:
    """Cancelling a call stops the job in ComfyUI, and the connection goes on."""
    async with connect(mode=mode) as client:
        call = asyncio.ensure_future(client.call_tool("generate", {**ASKED, "inputs": {"steps": 9999}}))
        await until(lambda: gateway.waiting() == 1)
        call.cancel()
        await until(lambda: gateway.waiting() == 0)

        assert pictures(await client.call_tool("generate", {**ASKED, "quality": "low"}))


async def test_a_client_that_disappears(gateway: Gateway) -> None:
    """A program that closes its end of the pipe takes its job with it."""
    async with over_stdio(gateway.url) as client:
        call = asyncio.ensure_future(client.call_tool("generate", {**ASKED, "inputs": {"steps": 9999}}))
        await until(lambda: gateway.waiting() == 1)
    with pytest.raises(MCPError):
        await call

    await until(lambda: gateway.waiting() == 0)


async def test_keys(gateway: Gateway, keyless: str) -> None:
    """Over HTTP the caller's own key counts; without one, or with a wrong one, the answer says so, and repeats none."""
    for headers, said in (({}, "GATEWAY_API_KEY"), ({"Authorization": "Bearer sk-wrong-one"}, "does not accept")):
        async with over_http(keyless, headers) as client:
            problem = refusal(await client.call_tool("generate", ASKED))
            with pytest.raises(MCPError, match=said):
                await client.list_tools()

        assert said in problem
        assert "sk-wrong-one" not in problem
    async with over_stdio(gateway.url, key=None) as client:
        assert "GATEWAY_API_KEY" in refusal(await client.call_tool("generate", ASKED))


async def test_a_gateway_that_comes_later(gateway: Gateway) -> None:
    """Without its gateway the server starts and says why it has no tools; when the gateway comes, clients are told."""
    told = asyncio.Event()
    port = free_port()

    async def heard(message: object) -> None:
        if isinstance(message, ToolListChangedNotification):
            told.set()

    async with over_stdio(f"http://127.0.0.1:{port}", mode="legacy", message_handler=heard) as client:
        with pytest.raises(MCPError, match="does not answer"):
            await client.list_tools()
        async with reachable(gateway, port):
            async with asyncio.timeout(60):
                await told.wait()
            assert "generate" in {tool.name for tool in (await client.list_tools()).tools}
        assert "does not answer" in refusal(await client.call_tool("generate", ASKED))
        async with reachable(gateway, port):
            assert pictures(await client.call_tool("generate", {**ASKED, "quality": "low"}))


async def test_a_workflow_that_comes_later(keyed: str, folder: Path) -> None:
    """A file that is dropped in, and is no operation, is a tool of its own with its inputs; who listens is told."""
    async with over_http(keyed) as client:
        before = {tool.name for tool in (await client.list_tools()).tools}
        async with client.listen(tools_list_changed=True) as changes:
            (folder / "half size.json").write_text(json.dumps(SCALING), "utf-8")
            async with asyncio.timeout(60):
                await anext(aiter(changes))
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        [name] = tools.keys() - before
        listed = json.loads(words(await client.call_tool("workflows", {"name": name})))
        red = data_url(PIL.Image.new("RGB", (64, 32), "red"))
        plain = await client.call_tool(name, {"image": red})
        wider = await client.call_tool(name, {"image": red, "inputs": {"Scale.width": 400}})
        wrong = await client.call_tool(name, {"image": red, "inputs": {"Scale.width": "wide"}})

    assert tools[name].input_schema["required"] == ["image"]
    assert tools[name].input_schema["properties"]["inputs"]["properties"].keys() == listed["inputs"].keys()
    assert opened(pictures(plain)[0].data).size == (320, 160)
    assert opened(pictures(wider)[0].data).size == (400, 160)
    assert "'inputs.Scale.width' must be a whole number" in refusal(wrong)


async def test_pictures_too_large_for_the_client(keyed: str) -> None:
    """Beyond the limit there is a smaller copy, which says so, and the whole picture at its address."""
    async with over_http(keyed) as client:
        made = await client.call_tool("generate", {"prompt": "a busy street", "n": 2, "quality": "low"})
    shown, whole = pictures(made), [opened(httpx.get(link.uri).content) for link in links(made)]

    assert sum(len(picture.data) for picture in shown) <= 8000 * 4 / 3 + 8
    assert [picture.size for picture in whole] == [(1328, 1328)] * 2
    assert words(made).count(" preview") == 2


async def test_names_of_the_server(keyed: str) -> None:
    """It answers to its own names only, whatever name a page in a browser has found for its address."""
    asked = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    known = {"Accept": "application/json, text/event-stream", "Host": "pictures.example"}
    async with httpx.AsyncClient() as http:
        answers = {
            host: (await http.post(keyed, json=asked, headers={**known, "Host": host})).status_code
            for host in ("pictures.example", "pictures.example:4001", "localhost:1", "evil.example")
        }
        foreign = await http.post(keyed, json=asked, headers={**known, "Origin": "https://evil.example"})

    assert answers.pop("evil.example") == 421
    assert 421 not in answers.values()
    assert foreign.status_code == 403


def test_what_is_missing_is_said() -> None:
    """Without the protocol's package the command says how to get it."""
    script = "import sys; sys.modules['mcp'] = None; from protobanana.cli.app import app; app(['mcp'])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert done.returncode == 1
    assert "pip install 'protobanana[mcp]'" in done.stderr
