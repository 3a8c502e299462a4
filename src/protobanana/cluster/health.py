"""Whether servers can be used: told by jobs that failed, proved by asking."""

from __future__ import annotations

import asyncio
import logging
import math
import random
from collections.abc import Callable, Sequence
from contextvars import Context

from protobanana.cluster.server import Server
from protobanana.comfy import ComfyClient
from protobanana.errors import ProtoBananaError, ServerUnreachableError

_LOG = logging.getLogger(__name__)
_ANSWER = 2.0
"""Seconds that a server has to answer; a busy one that is slower still counts as alive."""
_FIRST, _LAST = 0.5, 15.0
"""Seconds until a server that is down is asked again: doubling, each drawn from the upper half."""
_PULSE = 5.0
"""Seconds between two looks at servers that work, where a job could be done elsewhere."""
_OCCUPIED = 0.5
"""Seconds between two looks whether a server has let go of a cancelled job."""
_DEAD = 3
"""So many refused connections in a row mean that a server's jobs are gone with it."""
_DRAINED = 30.0
"""Seconds after which to come back to servers that an operator takes out of service."""
_LINGERS = 60.0
"""Seconds after which a server that does not let go of a cancelled job counts as stuck."""


class Health:
    """Asks servers that are not well until they are, and those that work now and then. Belongs to one event loop."""

    def __init__(
        self,
        client_of: Callable[[Server], ComfyClient],
        changed: Callable[[Server], None],
        dead: Callable[[Server, ProtoBananaError], None],
    ) -> None:
        self._client_of = client_of
        self._changed = changed
        self._dead = dead
        self._watches: dict[Server, asyncio.Task[None]] = {}
        self._questions: dict[Server, asyncio.Task[bool]] = {}
        self._asked: dict[Server, float] = {}
        self._refusals: dict[Server, int] = {}
        self._pauses: dict[Server, float] = {}

    async def ask(self, server: Server, *, unless_within: float = 0.0) -> bool:
        """Ask a server now whether it is there, and take notice of the answer; callers at the same time share one.

        An answer that is not older than `unless_within` seconds is good enough.
        """
        now = asyncio.get_running_loop().time()
        question = self._questions.get(server)
        if question is None:
            if now - self._asked.get(server, -math.inf) < unless_within:
                return server.health != "down"
            self._asked[server] = now
            question = asyncio.create_task(self._ask(server), name="cluster-question", context=Context())
            self._questions[server] = question
            question.add_done_callback(lambda _: self._questions.pop(server, None))
        return await asyncio.shield(question)

    def stuck(self, server: Server) -> None:
        """A job that ran out of time is still there although it was cancelled."""
        if server.health == "stuck":
            return
        server.health = "stuck"
        server.why = (
            f"ComfyUI at {server.key} is stuck: its worker keeps a job that was stopped, and has probably died. "
            "ComfyUI must be restarted."
        )
        _LOG.warning("%s", server.why)
        self._dead(server, ServerUnreachableError(server.why, code="comfyui_stuck"))
        self._watch_anew(server)
        self._changed(server)

    def occupied(self, server: Server) -> None:
        """A job that was cancelled is still there: nothing that is sent would start before it ends."""
        if not server.occupied:
            server.occupied = True
            self._watch_anew(server)

    def watch(self, server: Server) -> None:
        """Keep asking while the server is not well or has jobs of ours."""
        task = self._watches.get(server)
        if task is None or task.done():
            self._watches[server] = asyncio.create_task(self._watch(server), name="cluster-watch", context=Context())

    def retry_after(self, server: Server) -> float:
        """Seconds until it is asked again, at least 1."""
        return max(1.0, self._pauses.get(server, 1.0))

    def unusable(self, servers: Sequence[Server]) -> ServerUnreachableError:
        """Why none of these can be used, and when to come back."""
        whys = [server.why or f"ComfyUI at {server.key} is being taken out of service." for server in servers]
        many = f"None of the {len(servers)} ComfyUI servers can be used. " if len(servers) > 1 else ""
        return ServerUnreachableError(
            many + " ".join(whys),
            code="comfyui_stuck" if all(server.health == "stuck" for server in servers) else None,
            retry_after=min(_DRAINED if server.health == "up" else self.retry_after(server) for server in servers),
        )

    async def close(self) -> None:
        """End all tasks."""
        tasks = [*self._watches.values(), *self._questions.values()]
        self._watches, self._questions = {}, {}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _watch_anew(self, server: Server) -> None:
        """Ask soon, however long the next question was off."""
        task = self._watches.pop(server, None)
        if task is not None:
            task.cancel()
        self.watch(server)

    async def _watch(self, server: Server) -> None:
        loop = asyncio.get_running_loop()
        backoff, since = _FIRST, loop.time()
        while server.health != "up" or server.occupied or server.jobs:
            if server.health == "up":
                backoff, pause = _FIRST, _OCCUPIED if server.occupied else _PULSE
            else:
                backoff, pause = min(2 * backoff, _LAST), backoff
            self._pauses[server] = pause
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load, no secret
            await self.ask(server)
            if not server.occupied:
                since = loop.time()
            elif server.health == "up" and loop.time() - since > _LINGERS:
                self.stuck(server)
        self._pauses.pop(server, None)

    async def _ask(self, server: Server) -> bool:
        client = self._client_of(server)
        try:
            async with asyncio.timeout(_ANSWER):
                await client.ping()
                lingers = await client.linger()
        except TimeoutError:
            if not server.jobs:
                self._down(server, f"ComfyUI at {server.key} did not answer in time.")
            return bool(server.jobs)
        except ProtoBananaError as error:
            self._down(server, error.message)
            self._refusals[server] = self._refusals.get(server, 0) + 1
            if self._refusals[server] >= _DEAD:
                self._dead(server, ServerUnreachableError(f"ComfyUI went away with the job in it. {error.message}"))
            return False
        self._refusals.pop(server, None)
        self._well(server, lingers=lingers)
        return True

    def _down(self, server: Server, why: str) -> None:
        known, server.health, server.why = server.health, "down", why
        if known != "down":
            _LOG.warning("%s", why)
            self._watch_anew(server)
            self._changed(server)

    def _well(self, server: Server, *, lingers: bool) -> None:
        if server.health == "down" and not server.jobs:
            server.loaded = None
        if not lingers or server.health == "down":
            server.health, server.why = "up", ""
            server.occupied = lingers
        self._changed(server)
