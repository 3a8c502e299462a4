"""The two ways in: standard input and output of a child process, and streamable HTTP."""

from __future__ import annotations

from collections.abc import Sequence

from mcp.server.lowlevel.server import NotificationOptions, Server
from mcp.server.stdio import stdio_server
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette

from protobanana.settings import get_settings

PATH = "/mcp"
_NEAR = ("127.0.0.1", "localhost", "[::1]")
_BESIDE_A_PICTURE = 1024 * 1024
"""Bytes of a request that are no picture."""


async def over_stdio(server: Server[None]) -> None:
    """Serve the program that started this one, until it closes our input."""
    async with stdio_server() as (incoming, outgoing):
        told = server.create_initialization_options(NotificationOptions(tools_changed=True))
        await server.run(incoming, outgoing, told)


def over_http(server: Server[None], names: Sequence[str] = ()) -> Starlette:
    """The server as an ASGI app at `/mcp`.

    It answers only to this machine's own names and to `names` (hosts, with or without a port), so that a page in
    somebody's browser cannot reach it under a name of its own.
    """
    hosts = [form for name in (*_NEAR, *names) for form in (name, f"{name}:*")]
    origins = [f"{scheme}://{host}" for scheme in ("http", "https") for host in hosts]
    biggest = int(get_settings().max_image_mb * 1024 * 1024) * 4 // 3
    return server.streamable_http_app(
        streamable_http_path=PATH,
        transport_security=TransportSecuritySettings(
            enable_dns_rebinding_protection=True, allowed_hosts=hosts, allowed_origins=origins
        ),
        max_request_body_size=biggest + _BESIDE_A_PICTURE,
    )
