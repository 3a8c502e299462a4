"""The MCP server with a plain LiteLLM: behind its own MCP gateway, and in front of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mcp.shared.exceptions import MCPError

from support.gateways import KEY, Gateway, start_litellm, stop
from support.mcps import BEARER, handles, over_http, over_stdio, pictures

SERVER = "pictures"


@pytest.fixture(scope="module")
def litellm(tmp_path_factory: pytest.TempPathFactory, keyless: str) -> Iterator[Gateway]:
    """LiteLLM with our server in its configuration, as docs/mcp.md writes it."""
    server = {"url": keyless, "transport": "http", "auth_type": "bearer_token", "auth_value": KEY}
    config = {"model_list": [], "mcp_servers": {SERVER: server}, "general_settings": {"master_key": KEY}}
    running = start_litellm(tmp_path_factory.mktemp("litellm"), config, None)
    yield running
    stop(running)


async def test_tools_through_litellm(litellm: Gateway) -> None:
    """LiteLLM lists our tools under its name of the server, and passes calls and pictures on."""
    async with over_http(f"{litellm.url}/mcp/", BEARER) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        drawn = await client.call_tool(f"{SERVER}-generate", {"prompt": "a red circle", "quality": "low"})

    assert {f"{SERVER}-generate", f"{SERVER}-edit"} <= names
    assert len(pictures(drawn)) == len(handles(drawn)) == 1


async def test_a_gateway_without_our_routes(litellm: Gateway) -> None:
    """A LiteLLM that does not say what it can draw is named as such, with the way out."""
    async with over_stdio(litellm.url) as client:
        with pytest.raises(MCPError, match="protobanana serve --config"):
            await client.list_tools()
