"""One replica of the Serve deployment: one ComfyUI."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, TypeAlias

from ray import serve
from ray.util import get_node_ip_address

from protobanana.cluster.ray.program import Program
from protobanana.cluster.ray.wire import Ended, Report
from protobanana.comfy import ComfyClient, Course, Job, Output, client_for
from protobanana.comfy.address import Address
from protobanana.errors import (
    JobLostError,
    JobTimeoutError,
    ProtoBananaError,
    ServerUnreachableError,
)
from protobanana.events import Preview, Progress, Queued

if TYPE_CHECKING:
    from ray.serve.schema import ReplicaRank

Said: TypeAlias = Queued | Progress | Preview | Output | Ended
_LOG = logging.getLogger(__name__)
_ANSWER = 5.0
"""Seconds that ComfyUI has to answer; one that has jobs and is slower still counts as alive."""
_DEAD = 3
"""So many failures in a row make Serve replace a replica: then its jobs are better off elsewhere, too."""
_LINGERS = 60.0
"""Seconds after which a ComfyUI that does not let go of a cancelled job counts as stuck."""
_LOOK = 0.5
"""Seconds between two looks at a ComfyUI that is not ready."""
_HOLD = 1.0
"""Seconds for which a job that could not be sent is kept: a replica that gave it back at once would look idle, and
draw all others to a ComfyUI that is not there."""


class Replica:
    """Made by Serve. The ComfyUI is one of `user_config["engines"]`, by this replica's rank, or its own `command`."""

    def __init__(self, command: str | None) -> None:
        self._program = None if command is None else Program(command)
        self._members: tuple[str, ...] = ()
        self._url = ""
        self._models: frozenset[str] | None = None
        self._running = 0
        self._failures = 0
        self._stuck = False
        self._lingering_since = math.inf

    def __del__(self) -> None:
        """Called by Serve once the last job is done: the GPU is free before another replica gets it."""
        if self._program is not None:
            self._program.stop()

    async def reconfigure(self, user_config: Mapping[str, Sequence[str]], rank: ReplicaRank) -> None:
        """Called before the first job, and when addresses or ranks change; returns when ComfyUI is ready for jobs.

        Until then Serve sends nothing here. Jobs that run end where they began.
        """
        if self._program is not None:
            url = self._program.address
        else:
            self._members = tuple(str(Address.parse(url)) for url in user_config["engines"])
            # While replicas are exchanged there may be more of them than addresses.
            url = user_config["engines"][rank.rank % len(self._members)]
        if url != self._url:
            self._url, self._models = url, None
            await self._ready()

    async def run(self, job: Job, models: frozenset[str]) -> AsyncGenerator[Said]:
        """The events and files of `ComfyClient.run`; `Ended` in place of an error. Cancelled with the request."""
        if model := serve.get_multiplexed_model_id():
            await self._load(model)
        client, course = client_for(self._url), Course()
        self._running += 1
        self._models = models
        try:
            async with aclosing(client.run(job, course)) as events:
                async for event in events:
                    yield event
        except ProtoBananaError as error:
            if isinstance(error, JobTimeoutError) and client.lingering:
                self._stuck = True
            elif isinstance(error, JobLostError) and error.restarted:
                self._models = None
            elif isinstance(error, ServerUnreachableError) and not course.submitted:
                await asyncio.sleep(_HOLD)
            yield Ended(error, course.submitted)
        finally:
            self._running -= 1

    async def report(self) -> Report:
        """How things are."""
        why = "ComfyUI is stuck: its worker keeps a job that was stopped." if self._stuck else ""
        address = str(Address.parse(self._url))
        if self._program is not None:
            # Every machine has its own 127.0.0.1.
            address = address.replace("127.0.0.1", get_node_ip_address())  # type: ignore[no-untyped-call]  # Ray's own
        return Report(address, why, self._running, self._models, self._members)

    async def check_health(self) -> None:
        """Called by Serve: raises ServerUnreachableError while ComfyUI does not answer, is gone or is stuck."""
        client = client_for(self._url)
        try:
            await self._check(client)
        except ProtoBananaError as error:
            self._failures += 1
            _LOG.warning("%s", error.message)
            if self._failures == _DEAD:
                await client.close()
            raise
        self._failures = 0

    async def _check(self, client: ComfyClient) -> None:
        if self._program is not None:
            self._program.check()
        try:
            async with asyncio.timeout(_ANSWER):
                await client.ping()
                lingers = await client.linger()
        except TimeoutError:
            if not self._running:
                raise ServerUnreachableError(f"ComfyUI at {client.address} did not answer in time.") from None
            return
        now = asyncio.get_running_loop().time()
        self._lingering_since = min(self._lingering_since, now) if lingers else math.inf
        self._stuck = lingers and (self._stuck or now - self._lingering_since > _LINGERS)
        if self._stuck:
            raise ServerUnreachableError(
                f"ComfyUI at {client.address} is stuck: its worker keeps a job that was stopped.", code="comfyui_stuck"
            )

    async def _ready(self) -> None:
        """Wait for an answer, and for proof that the worker is alive: a predecessor may have been replaced for that.

        Without jobs there is nothing to prove; a job in ComfyUI must come to its end first.
        """
        client, before = client_for(self._url), math.inf
        while True:
            if self._program is not None:
                self._program.check()
            try:
                jobs = await client.ping()
            except ProtoBananaError as error:
                _LOG.info("waiting for ComfyUI: %s", error.message)
            else:
                if not jobs or jobs < before < math.inf:
                    return
                before = jobs
            await asyncio.sleep(_LOOK)

    @serve.multiplexed(max_num_models_per_replica=1)  # type: ignore[untyped-decorator]  # Ray's are not typed
    async def _load(self, model: str) -> str:
        """Tell Serve which models are loaded here from now on; ComfyUI loads them when the job needs them."""
        return model
