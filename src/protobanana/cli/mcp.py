"""`protobanana mcp`: what the gateway can draw as tools for Claude-like clients."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from protobanana.cli import console
from protobanana.cli.serve import reached_at
from protobanana.errors import SettingsError
from protobanana.gateway.app import bind
from protobanana.settings import get_settings

DEFAULT_PORT = 4001
DEFAULT_KB = 700
"""As base64, with words beside them, still below the 1 MiB at which Claude Desktop refuses the whole result."""


def mcp(
    http: Annotated[
        bool, typer.Option("--http", help="Streamable HTTP, in place of standard input and output.")
    ] = False,
    host: Annotated[str, typer.Option(help="HTTP: address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="HTTP: port; default 4001, or a free one if taken.")
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="HTTP: a name by which clients reach this server, besides localhost. Repeat."
        ),
    ] = None,
    gateway: Annotated[str | None, typer.Option(help="Address of the gateway; default GATEWAY_URL.")] = None,
    image_kb: Annotated[
        int,
        typer.Option(
            min=0,
            max=1_000_000,
            help="Kilobytes of pictures in one result; larger ones come as a preview beside their address. 0: none.",
        ),
    ] = DEFAULT_KB,
) -> None:
    """Offer the gateway's operations as MCP tools, to the program that starts this one or with --http to any.

    GATEWAY_API_KEY is the key it draws with; over HTTP, without it, each caller's own.
    """
    with console.plain_errors():
        settings = get_settings()
        try:
            import uvicorn  # noqa: PLC0415 - comes with the extra `mcp`, as does the protocol's own package

            from protobanana.client.gateway import Gateway  # noqa: PLC0415 - as above
            from protobanana.mcp.server import Tools  # noqa: PLC0415 - as above
            from protobanana.mcp.transports import PATH, over_http, over_stdio  # noqa: PLC0415 - as above
        except ModuleNotFoundError as error:
            raise SettingsError(f"{error.name} is missing: pip install 'protobanana[mcp]'.") from None
        client = Gateway(gateway or settings.gateway_url, settings.gateway_api_key)
        server = Tools(client, local=not http, kilobytes=image_kb).server()
        if not http:
            asyncio.run(over_stdio(server))
            return
        listener = bind(host, DEFAULT_PORT if port is None else port, fixed=port is not None)
        at = reached_at(host, listener)
        console.out.print(f"Ready: MCP at {at}{PATH} for the gateway at {client.url}", soft_wrap=True, highlight=False)
        app = over_http(server, [*(allow_host or ()), at.removeprefix("http://").rpartition(":")[0]])
        uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=5)).run(
            sockets=[listener]
        )
