"""The gateway with the page under `/studio`: what `protobanana serve` runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from protobanana.client.gateway import Gateway
from protobanana.gateway import app as gateway_app
from protobanana.gateway.asgi import App, Message, Receive, Reply, Scope, Send
from protobanana.settings import get_settings
from protobanana.ui.site import Site, icon

PATH = "/studio"


def application() -> App:
    """The gateway's own app and the page beside it. The page has no key: each visitor enters theirs."""
    app = gateway_app.application()
    from protobanana.gateway.schema import described  # noqa: PLC0415 - imports LiteLLM, which reads the environment

    return beside(app, described, get_settings().hidden_tabs)


def beside(app: App, described: Callable[[], Awaitable[Mapping[str, Any]]], hidden: tuple[str, ...] = ()) -> App:
    """`app`, with the page under `PATH`. It reaches the gateway at the address that it is itself reached at."""
    site = Site(Gateway("http://127.0.0.1"), hidden)
    building: list[asyncio.Task[None]] = []

    async def dispatched(scope: Scope, receive: Receive, send: Send) -> None:
        path, root = scope.get("path", ""), scope.get("root_path", "")
        if scope["type"] == "lifespan":
            await app(scope, receive, told(send))
        elif scope["type"] == "http" and path == PATH:
            await Reply(307, headers={"location": f"{root}{PATH}/"}).send(send)
        elif scope["type"] == "http" and path == "/favicon.ico":
            await icon()(scope, receive, send)
        elif scope["type"] == "http" and path.startswith(f"{PATH}/"):
            host, port = scope["server"]
            site.gateway.move(f"http://{f'[{host}]' if ':' in host else host}:{port}")
            await site.app({**scope, "root_path": f"{root}{PATH}"}, receive, send)
        else:
            await app(scope, receive, send)

    def told(send: Send) -> Send:
        async def tell(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                # Now, so that the first visitor need not wait for Gradio.
                building.append(asyncio.create_task(site.prepare(await described()), name="studio-build"))
            elif message["type"] == "lifespan.shutdown.complete":
                await site.aclose()
            await send(message)

        return tell

    return dispatched
