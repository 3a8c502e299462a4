"""What is known of one job, and how it came to be known: from the socket, from /queue, from /history."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from protobanana.comfy.frames import Frame
from protobanana.comfy.graph import title
from protobanana.comfy.types import Job
from protobanana.errors import InvalidImageError, JobTimeoutError, ProtoBananaError
from protobanana.events import Preview, Progress, Queued
from protobanana.pictures.image import Image
from protobanana.telemetry import current, record

JobEvent: TypeAlias = Queued | Progress | Preview
Verdict: TypeAlias = Literal["success", "error", "interrupted"]
_VERDICTS: Mapping[str, Verdict] = {
    "execution_success": "success",
    "execution_error": "error",
    "execution_interrupted": "interrupted",
}
_MAILBOX = 64
"""Events kept for a slow reader; then the oldest go, because each one outdates those before it."""


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file that an output node wrote, as /view wants it."""

    filename: str
    subfolder: str
    type: str


def _texts(shown: object) -> list[str]:
    """What a node shows as text. ComfyUI joins what its runs show as lists, and so takes a single text to letters."""
    if isinstance(shown, str):
        return [shown]
    texts = [text for text in shown if isinstance(text, str)] if isinstance(shown, list) else []
    if len(texts) > 1 and all(len(text) == 1 for text in texts):
        texts = ["".join(texts)]
    return [text for text in texts if text.strip()]


class Tracker:
    """The state of one submission. Everything here is synchronous but `next` and `over`, which wait for news."""

    def __init__(self, job: Job, prompt_id: str) -> None:
        self.job = job
        self.span = current()
        """The span of whoever runs the job; its phases are told here, where they are known first."""
        self.span.phase("submit")
        self._record = record()
        self.prompt_id = prompt_id
        self.loop = asyncio.get_running_loop()
        self.born = self.heard = self.loop.time()
        self.started: float | None = None
        self.ended: float | None = None
        self.posted = False
        """Whether ComfyUI may have the job."""
        self.acknowledged = False
        """Whether ComfyUI is known to have taken the job in."""
        self.finished = False
        """Whether ComfyUI is through with the job, or the job was given up."""
        self.patience: float | None = None
        """Until when frames of a job that is known to be done are awaited on a silent socket."""
        self.verdict: Verdict | None = None
        self.detail: Mapping[str, Any] = {}
        """Data of the `execution_error` or `execution_interrupted` message."""
        self.files: dict[str, list[FileRef]] = {}
        self.frames: dict[str, list[Frame]] = {}
        self.texts: dict[str, list[str]] = {}
        """What output nodes say in words."""
        self.gapped = False
        """Whether the socket was down at any time since the submission."""
        self._witnessed: set[str] = set()
        self._current: str | None = None
        self._position: int | None = None
        self._sampling: float | None = None
        """When the first progress was told: from then on nothing is being loaded."""
        self._error: ProtoBananaError | None = None
        self._events: deque[JobEvent] = deque(maxlen=_MAILBOX)
        self._news = asyncio.Event()
        self._over = asyncio.Event()

    # What comes in -----------------------------------------------------------------------------------------------

    def message(self, kind: str, data: Mapping[str, Any]) -> None:
        """Take a JSON message of this job."""
        self.heard = self.loop.time()
        self.acknowledged = True
        if kind == "execution_start":
            self.start()
        elif kind == "executing":
            self._executing(data)
        elif kind == "progress":
            self._progress(data)
        elif kind == "executed":
            self._executed(str(data.get("display_node") or data.get("node")), data.get("output"))
        elif kind in _VERDICTS:
            self.verdict, self.detail = _VERDICTS[kind], data

    def frame(self, frame: Frame) -> None:
        """Take a picture of this job: a result where an output node pushed a PNG, else a preview."""
        self.heard = self.loop.time()
        node = frame.node or self._current
        if node in (*self.job.outputs, *self.job.further) and frame.media_type == "image/png":
            self.frames.setdefault(node or "", []).append(frame)
            self._record.executed()
        elif self.job.previews:
            try:
                self._tell(Preview(Image.from_bytes(bytes(frame.payload), name="preview")))
            except InvalidImageError:
                return  # a preview that cannot be read is not worth the job

    def gap(self) -> None:
        """The socket broke: frames of the node that runs now may be incomplete, later ones may be missing."""
        self.gapped = True
        if self._current is not None:
            self._witnessed.discard(self._current)
        if self.verdict is not None:
            self.finish()

    def sent(self) -> None:
        """The submission is through: ComfyUI says so, or has begun already."""
        if self.started is None:
            self.span.phase("queue")

    def start(self) -> None:
        """ComfyUI has begun to work on the job; the time for the work counts from the first call."""
        self.acknowledged = True
        if self.started is None:
            self.sent()
            self.started = self.heard = self.loop.time()
            self.span.phase("render")
            self._news.set()

    def place(self, position: int) -> None:
        """`position` jobs wait ahead of this one."""
        self.acknowledged = True
        if position != self._position and self.started is None:
            self._position = position
            self._tell(Queued(position))

    def settle(self, entry: Mapping[str, Any]) -> None:
        """Take the job's entry of /history: files and verdict."""
        outputs, status = entry.get("outputs"), entry.get("status")
        for node, output in outputs.items() if isinstance(outputs, Mapping) else ():
            self._executed(node, output)
        status = status if isinstance(status, Mapping) else {}
        for message in status.get("messages") or ():
            if isinstance(message, list | tuple) and len(message) == 2 and message[0] in _VERDICTS:
                self.verdict, self.detail = _VERDICTS[message[0]], message[1] if isinstance(message[1], Mapping) else {}
        if self.verdict is None:
            self.verdict = "success" if status.get("status_str") == "success" else "error"

    def finish(self, error: ProtoBananaError | None = None) -> None:
        """Nothing more is to come; `error` says why, where ComfyUI did not finish it."""
        if not self.finished:
            self.finished, self._error = True, error
            if error is None:
                self.span.phase("fetch")
            self.ended = self.loop.time()
            self._news.set()
            self._over.set()

    # What goes out -----------------------------------------------------------------------------------------------

    async def next(self) -> JobEvent | None:
        """The next event; None when the job is finished. Raises JobTimeoutError, or the error that ended it."""
        while True:
            deadline = self._deadline()
            if not self.finished and self.loop.time() >= deadline:
                raise self._late()
            if self._events:
                return self._events.popleft()
            if self.finished:
                if self._error is not None:
                    raise self._error
                return None
            self._news.clear()
            try:
                async with asyncio.timeout_at(deadline):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def over(self, within: float) -> bool:
        """Wait at most `within` seconds for the end of the job."""
        try:
            async with asyncio.timeout(within):
                await self._over.wait()
        except TimeoutError:
            return False
        return True

    def seconds(self) -> float | None:
        """From the start to the end of the work; None unless both are known."""
        return None if self.started is None or self.ended is None else self.ended - self.started

    def missing(self) -> list[str]:
        """Wanted output nodes of which neither files, words nor surely complete frames are at hand."""
        return [
            node
            for node in self.job.outputs
            if not self.files.get(node) and not self.texts.get(node) and not self._framed(node)
        ]

    def incomplete(self) -> bool:
        """Whether the job's history may hold more than was heard."""
        return bool(self.missing() or (self.gapped and self.job.further))

    # Inside ------------------------------------------------------------------------------------------------------

    def _framed(self, node: str) -> bool:
        return bool(self.frames.get(node)) and (not self.gapped or node in self._witnessed)

    def _tell(self, event: JobEvent) -> None:
        self._events.append(event)
        self._news.set()

    def _executing(self, data: Mapping[str, Any]) -> None:
        node = data.get("node")
        if node is None:
            self.finish()
            return
        self.start()
        self._current = str(data.get("display_node") or node)
        self._witnessed.add(self._current)
        self._tell(Progress(0, 1, title(self.job.graph, self._current)))

    def _progress(self, data: Mapping[str, Any]) -> None:
        if self._sampling is None:
            self._sampling = self.heard
            self._news.set()
        value, total, node = data.get("value"), data.get("max"), str(data.get("node"))
        if isinstance(value, int | float) and isinstance(total, int | float) and 1 <= total < 1e9:
            self._tell(Progress(max(0, min(int(value), int(total))), int(total), title(self.job.graph, node)))

    def _executed(self, node: str, output: object) -> None:
        """Remember the files of a node. `output` is null when a node without files came from the cache."""
        if not isinstance(output, Mapping):
            return
        files = [
            FileRef(item["filename"], str(item.get("subfolder") or ""), str(item.get("type") or "output"))
            for items in output.values()
            if isinstance(items, list)
            for item in items
            if isinstance(item, Mapping) and isinstance(item.get("filename"), str)
        ]
        if texts := _texts(output.get("text")):
            self.texts[node] = texts
        if files:
            self.files[node] = files
            if node in self.job.outputs:
                self._record.executed()

    def _deadline(self) -> float:
        if self.started is None:
            return self.born + self.job.queue_timeout
        loading = (self._sampling or math.inf) - self.started
        return self.started + self.job.timeout + min(self.job.load_timeout, loading)

    def _late(self) -> JobTimeoutError:
        if self.started is None:
            return JobTimeoutError(f"The job waited {self.job.queue_timeout:g} s in ComfyUI's queue without starting.")
        if self._sampling is None and self.job.load_timeout:
            limit = f"{self.job.timeout + self.job.load_timeout:g} s of its start, loading of models included"
        else:
            limit = f"{self.job.timeout:g} s of its start"
        return JobTimeoutError(f"The job did not finish within {limit}.")
