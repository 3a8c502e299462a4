"""What starts and ends with the gateway's process."""

from __future__ import annotations

from protobanana.cluster import close_all
from protobanana.gateway.asgi import App, Message, Receive, Scope, Send
from protobanana.telemetry import watch_loop


def living(app: App) -> App:
    """`app`, with our own part in its start and in its end: jobs that are under way are cancelled in ComfyUI."""

    async def lived(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                watch_loop()
            elif message["type"] == "lifespan.shutdown.complete":
                await close_all()
            await send(message)

        await app(scope, receive, told)

    return lived
