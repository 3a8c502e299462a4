"""`protobanana mcp` as a real process, and the MCP SDK's own client of it over either transport."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx2
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, ImageContent, ResourceLink, TextContent

from support.gateways import KEY

START_SECONDS = 60
BEARER = {"Authorization": f"Bearer {KEY}"}
Connect = Callable[..., AbstractAsyncContextManager[Client]]
"""Connects to the MCP server by the transport under test."""
_COMMAND = (sys.executable, "-m", "protobanana", "mcp")


def environment(key: str | None = KEY, **more: str) -> dict[str, str]:
    """That of a user who has set nothing but the key."""
    bare = {k: v for k, v in os.environ.items() if not k.startswith(("COMFYUI", "PROTOBANANA", "LITELLM", "GATEWAY"))}
    return bare | ({"GATEWAY_API_KEY": key} if key else {}) | more


@asynccontextmanager
async def over_stdio(
    gateway: str, *options: str, key: str | None = KEY, cwd: Path | None = None, **client: Any
) -> AsyncIterator[Client]:
    """A client that has started the server itself, as desktop programs do."""
    command, *arguments = (*_COMMAND, "--gateway", gateway, *options)
    async with Client(
        StdioServerParameters(command=command, args=arguments, env=environment(key), cwd=cwd), **client
    ) as connected:
        yield connected


@asynccontextmanager
async def over_http(url: str, headers: Mapping[str, str] | None = None, **client: Any) -> AsyncIterator[Client]:
    """A client of a server that runs already."""
    async with (
        httpx2.AsyncClient(headers=dict(headers or {}), timeout=100) as http,
        Client(streamable_http_client(url, http_client=http), **client) as connected,
    ):
        yield connected


@contextmanager
def serving(gateway: str, folder: Path, options: Sequence[str] = (), *, key: str | None = KEY) -> Iterator[str]:
    """The address of an MCP server that runs as long as the block."""
    log = folder / "mcp.log"
    command = [*_COMMAND, "--http", "--port", "0", "--gateway", gateway, *options]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=environment(key)
        )
    try:
        yield _ready(process, log)
    finally:
        process.terminate()
        process.wait(20)


def _ready(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if said := re.search(r"Ready: MCP at (\S+)", log.read_text("utf-8")):
            return said[1]
        time.sleep(0.1)
    raise AssertionError("the MCP server did not start:\n" + log.read_text("utf-8"))


def pictures(result: CallToolResult) -> list[ImageContent]:
    assert not result.is_error, words(result)
    return [block for block in result.content if isinstance(block, ImageContent)]


def words(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


def links(result: CallToolResult) -> list[ResourceLink]:
    return [block for block in result.content if isinstance(block, ResourceLink)]


def handles(result: CallToolResult) -> list[str]:
    return re.findall(r"img_[a-z2-7]{16}(?=,)", words(result))


def refusal(result: CallToolResult) -> str:
    assert result.is_error
    return words(result)
