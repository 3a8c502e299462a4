"""`protobanana ui`: the web page alone, against any gateway."""

from __future__ import annotations

from typing import Annotated

import typer

from protobanana.cli import console
from protobanana.cli.serve import reached_at
from protobanana.errors import SettingsError
from protobanana.settings import get_settings

DEFAULT_PORT = 7860


def ui(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port; default 7860, or a free one if taken.")
    ] = None,
    gateway: Annotated[str | None, typer.Option(help="Address of the gateway; default GATEWAY_URL.")] = None,
) -> None:
    """Run the web page alone. With GATEWAY_API_KEY set it draws with that key for everybody who can open it; without,
    each visitor enters a key.
    """
    with console.plain_errors():
        settings = get_settings()
        try:
            import uvicorn  # noqa: PLC0415 - comes with the extra `gradio`, as do the page's own needs

            from protobanana.client.gateway import Gateway  # noqa: PLC0415 - as above
            from protobanana.gateway.app import bind  # noqa: PLC0415 - as above
            from protobanana.ui.site import Site  # noqa: PLC0415 - as above
        except ModuleNotFoundError as error:
            raise SettingsError(f"{error.name} is missing: pip install 'protobanana[gradio]'.") from None
        site = Site(Gateway(gateway or settings.gateway_url, settings.gateway_api_key), settings.hidden_tabs)
        listener = bind(host, DEFAULT_PORT if port is None else port, fixed=port is not None)
        told = f"Ready: studio at {reached_at(host, listener)}/ for the gateway at {site.gateway.url}"
        console.out.print(told, soft_wrap=True, highlight=False)
        uvicorn.Server(uvicorn.Config(site.app, log_level="warning", access_log=False)).run(sockets=[listener])
