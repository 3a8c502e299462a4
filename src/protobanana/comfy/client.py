"""`ComfyClient`: the wire to one ComfyUI."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections import deque
from collections.abc import AsyncGenerator
from contextvars import Context
from typing import Any

from protobanana.comfy import messages
from protobanana.comfy.address import Address
from protobanana.comfy.cancel import cancel
from protobanana.comfy.dispatch import Dispatch
from protobanana.comfy.graph import check, name
from protobanana.comfy.outputs import take
from protobanana.comfy.snapshot import look_at_history, look_at_queue
from protobanana.comfy.socket import Listener, Socket
from protobanana.comfy.submit import Submission
from protobanana.comfy.tracker import Tracker
from protobanana.comfy.transport import Transport
from protobanana.comfy.types import ClientOptions, Course, Job, Output
from protobanana.comfy.uploads import Uploads
from protobanana.comfy.watch import Watch
from protobanana.errors import JobLostError, ServerProtocolError, ServerUnreachableError
from protobanana.events import Preview, Progress, Queued
from protobanana.telemetry import bytes_moved

_HISTORY_LOOKS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds before each look: the entry was seen up to 0.43 s late."""


class ComfyClient:
    """One ComfyUI over one pooled HTTP session and one websocket, for any number of jobs at once.

    A client belongs to the event loop in which it is first used; `client_for` hands out the right one. Nothing is
    opened before the first call, and nothing is left open after `close` or after `asyncio.run` ends.
    """

    def __init__(self, base_url: str, *, options: ClientOptions | None = None) -> None:
        self.address = Address.parse(base_url)
        self.options = options or ClientOptions()
        self.closed = False
        self._client_id = uuid.uuid4().hex
        self._trackers: dict[str, Tracker] = {}
        self._used: deque[str] = deque(maxlen=4096)
        self._chores: set[asyncio.Task[None]] = set()
        self._release = asyncio.Event()
        self.lingering: set[str] = set()
        """Prompt ids of jobs that were given up and were still in ComfyUI at the last look."""
        self._keeper: asyncio.Task[None] | None = None
        self._transport = Transport(self.address, self.options)
        self._uploads = Uploads(self._transport)
        dispatch = Dispatch(self._trackers, queue_changed=self._look)
        listener = Listener(dispatch.text, dispatch.binary, self._look_everywhere, dispatch.down, self._busy)
        self._socket = Socket(self._transport, self._client_id, listener)
        self._watch = Watch(self._transport, self._trackers, self._socket)

    async def run(
        self, job: Job, course: Course | None = None
    ) -> AsyncGenerator[Queued | Progress | Preview | Output, None]:
        """Run a job: its events while it waits and works, then its files in the order of `job.outputs`.

        Closing the generator or cancelling the task that reads it cancels the job in ComfyUI, within
        `cancel_timeout`. A job is submitted once, with one exception: when ComfyUI's history says that it succeeded
        but pictures that travel only on the socket were lost with it, it runs once more under a new prompt id.

        Raises WorkflowError before anything is sent; WorkflowRejectedError, ImageTooLargeError,
        ServerUnreachableError, ServerProtocolError, ServerBusyError; JobFailedError, JobInterruptedError,
        JobLostError, JobTimeoutError.
        """
        check(job.graph, (*job.outputs, *job.further))
        self._open()
        course = course or Course()
        for attempt in (1, 2):
            tracker = self._track(job)
            sending: asyncio.Task[None] | None = None
            try:
                await self._socket.ready()
                sending = asyncio.create_task(self._submission(tracker).send())
                await asyncio.shield(sending)
                tracker.sent()
                self._watch.wake()
                while (event := await tracker.next()) is not None:
                    yield event
                if await self._complete(tracker):
                    course.rendered(tracker.seconds())
                    for node in (*job.outputs, *job.further):
                        index = 0
                        while (output := await take(self._transport, tracker, node, index)) is not None:
                            bytes_moved(str(self.address), "from", len(output.data))
                            yield output
                            index += 1
                    return
                if attempt == 2:
                    raise JobLostError("The pictures were lost twice on their way: the connection keeps breaking.")
            finally:
                course.submitted = course.submitted or tracker.posted
                await self._leave(tracker, sending)

    async def object_info(self, class_name: str | None = None) -> dict[str, Any]:
        """Schemas of all node classes (about 1 MB), or of one; empty for a class that is not installed."""
        self._open()
        return await self._transport.document("object_info", *([class_name] if class_name else []))

    async def system_stats(self) -> dict[str, Any]:
        """ComfyUI's version, memory and devices. It answers even when the thread that runs the jobs has died."""
        self._open()
        return await self._transport.document("system_stats")

    async def ping(self) -> int:
        """How many jobs wait or run there, of all clients. The cheapest proof that ComfyUI answers."""
        self._open()
        document = await self._transport.document("prompt")
        try:
            return int(document["exec_info"]["queue_remaining"])
        except (KeyError, TypeError, ValueError) as error:
            raise ServerProtocolError(f"What answers at {self.address} is not ComfyUI.") from error

    async def linger(self) -> bool:
        """Look again whether jobs that were given up are still in ComfyUI, waiting or running."""
        if self.lingering:
            self._open()
            queue = await look_at_queue(self._transport)
            self.lingering = {prompt_id for prompt_id in self.lingering if prompt_id in queue}
        return bool(self.lingering)

    async def close(self) -> None:
        """Cancel the jobs that are under way, then close socket and session. The client cannot be used again."""
        self.closed = True
        if self._keeper is not None:
            self._release.set()
            await asyncio.wait([self._keeper])

    def abandon(self) -> None:
        """For a client whose loop is closed: make the session forget its connections, as far as it goes without one."""
        self.closed = True
        closing = self._transport.close()
        with contextlib.suppress(StopIteration, RuntimeError):
            closing.send(None)  # in a closed loop there is nothing to wait for: this runs to the end
        closing.close()

    # The course of a job -----------------------------------------------------------------------------------------

    def _track(self, job: Job) -> Tracker:
        prompt_id = job.prompt_id if job.prompt_id not in self._used else str(uuid.uuid4())
        self._used.append(prompt_id)
        tracker = self._trackers[prompt_id] = Tracker(job, prompt_id)
        tracker.span.set(prompt_id=prompt_id, server=str(self.address))
        return tracker

    def _submission(self, tracker: Tracker) -> Submission:
        return Submission(self._transport, self._uploads, tracker, self._client_id)

    async def _complete(self, tracker: Tracker) -> bool:
        """Whether all pictures are at hand; False when they were lost on the socket. Raises how the job ended."""
        if tracker.verdict is None or (tracker.verdict == "success" and tracker.incomplete() and not tracker.patience):
            await self._read_history(tracker)
        if tracker.verdict == "error":
            raise messages.failed(tracker.detail, tracker.job.graph)
        if tracker.verdict == "interrupted":
            raise messages.interrupted(tracker.detail, tracker.job.graph)
        missing = tracker.missing()
        if missing and not tracker.gapped and not tracker.patience:
            raise ServerProtocolError(f"{name(tracker.job.graph, missing[0])} finished without a picture.")
        return not missing

    async def _read_history(self, tracker: Tracker) -> None:
        trouble: ServerUnreachableError | None = None
        for pause in _HISTORY_LOOKS:
            await asyncio.sleep(pause)
            try:
                entry = await look_at_history(self._transport, tracker.prompt_id)
            except ServerUnreachableError as error:
                trouble = error
                continue
            if entry is not None:
                tracker.settle(entry)
                return
            trouble = None
        lost = JobLostError("The job ended, but ComfyUI has no record of it: it restarted, or its history was cleared.")
        lost.restarted = tracker.gapped
        raise trouble or lost

    async def _leave(self, tracker: Tracker, sending: asyncio.Task[None] | None) -> None:
        """Forget a job; cancel it in ComfyUI if it may still be there, even when the caller is cancelled meanwhile."""
        if sending is None or (sending.done() and (tracker.finished or not tracker.posted)):
            self._trackers.pop(tracker.prompt_id, None)
            return
        chore = asyncio.create_task(self._withdraw(tracker, sending), name="comfyui-cancel")
        self._chores.add(chore)
        chore.add_done_callback(self._chores.discard)
        await asyncio.shield(chore)

    async def _withdraw(self, tracker: Tracker, sending: asyncio.Task[None]) -> None:
        try:
            if not tracker.posted:
                sending.cancel()
            # A submission that is under way is waited for: until it has arrived there is nothing to delete.
            await asyncio.wait([sending], timeout=self.options.cancel_timeout)
            if not sending.cancel() and not sending.cancelled():
                sending.exception()  # whatever it was: nobody waits for it any more
            if tracker.posted and not tracker.finished and not await cancel(self._transport, tracker):
                self.lingering.add(tracker.prompt_id)
        finally:
            self._trackers.pop(tracker.prompt_id, None)

    # Life --------------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        """Bind to the running loop. A keeper task closes everything, also when `asyncio.run` cancels all tasks."""
        if self.closed:
            raise ServerUnreachableError(f"The client for ComfyUI at {self.address} is closed.")
        if self._keeper is None:
            self._transport.open()
            # Not in the context of the request that happens to be first: it would stay in memory with its pictures.
            self._keeper = asyncio.create_task(self._keep(), name="comfyui-keeper", context=Context())
        elif self._keeper.get_loop() is not asyncio.get_running_loop():
            raise TypeError("This ComfyClient belongs to another event loop; client_for() finds the right one.")

    async def _keep(self) -> None:
        try:
            await self._release.wait()
        except asyncio.CancelledError:
            self.closed = True
            await asyncio.sleep(0)  # the readers of jobs are being cancelled too: let them leave
        else:
            await asyncio.gather(*(cancel(self._transport, tracker) for tracker in self._trackers.values()))
            for tracker in self._trackers.values():
                tracker.finish(ServerUnreachableError("The client was closed while the job was under way."))
        if self._chores:
            await asyncio.wait(set(self._chores))
        await self._watch.close()
        await self._socket.close()
        await self._transport.close()

    def _busy(self) -> bool:
        return bool(self._trackers) and not self.closed

    def _look(self) -> None:
        if self._trackers:
            self._watch.wake()

    def _look_everywhere(self) -> None:
        if self._trackers:
            self._watch.wake(everything=True)
