"""What starts and ends with the gateway's process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from protobanana.cluster import close_all
from protobanana.gateway.asgi import App, Message, Receive, Scope, Send
from protobanana.gateway.memory import few_heaps, settle
from protobanana.telemetry import watch_loop


def _follow() -> Iterator[asyncio.Task[None]]:
    """Have the model list follow the folder from now on, where LiteLLM has models at all."""
    from litellm.proxy.proxy_server import llm_router  # noqa: PLC0415 - set when the configuration is loaded

    from protobanana.api.provider import library  # noqa: PLC0415 - LiteLLM takes seconds to import
    from protobanana.gateway.models import ModelList  # noqa: PLC0415 - as above

    if llm_router is not None:
        models = ModelList(library(), llm_router)
        models.sync()
        yield asyncio.create_task(models.follow(), name="model-list")


def _warm() -> None:
    """Load what the first caller would else wait for, and all others with him: the tokenizer takes half a second."""
    from protobanana.api.collect import text_tokens  # noqa: PLC0415 - LiteLLM takes seconds to import

    text_tokens("a cat")


def living(app: App) -> App:
    """`app`, with our own part in its start and in its end: the model list follows the operator's folder, and jobs
    that are under way are cancelled in ComfyUI.
    """

    async def lived(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return

        following: list[asyncio.Task[None]] = []

        async def told(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                few_heaps()
                watch_loop()
                following.extend(_follow())
                await asyncio.to_thread(_warm)
                settle()
            elif message["type"] == "lifespan.shutdown.complete":
                for task in following:
                    task.cancel()
                await close_all()
            await send(message)

        await app(scope, receive, told)

    return lived
