"""Tells clients that there are other tools than those they were told of: a gateway came up, a workflow was added."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from mcp.server.session import ServerSession
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ToolsListChanged

from protobanana.errors import ProtoBananaError

SECONDS = 5.0
"""Between two looks at the gateway."""


class Watch:
    """Looks at the gateway from time to time, once somebody has asked for the tools.

    `look` gives what a client would be told now, as text to compare; while it fails nothing has changed.
    """

    def __init__(self, look: Callable[[], Awaitable[str]]) -> None:
        self._look = look
        self._bus = InMemorySubscriptionBus()
        self.listen = ListenHandler(self._bus)
        """Handler of `subscriptions/listen`, by which clients of the newer protocol hear of changes."""
        self._listed: str | None = None
        """What clients know; empty where one of them was told of an error, None before the first has asked."""
        self.session: ServerSession | None = None
        """A client of the older protocol on the other end of a pipe, which is told without asking."""

    def told(self, tools: str) -> None:
        """A client was told these tools; empty: of an error."""
        if not tools or self._listed is None:
            self._listed = tools

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Watch as long as the block lasts."""
        watching = asyncio.create_task(self._watch(), name="mcp-watch")
        try:
            yield
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(SECONDS)
            with suppress(ProtoBananaError):
                if self._listed is not None and (now := await self._look()) != self._listed:
                    self._listed = now
                    await self._bus.publish(ToolsListChanged())
                    if self.session is not None:
                        await self.session.send_tool_list_changed()
