"""The waiting, running and finished prompts. Safe to use from any thread."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

# ComfyUI keeps these to the worker: they are credentials.
SECRETS = ("auth_token_comfy_org", "api_key_comfy_org")


@dataclass(order=True)
class Job:
    """A queued prompt; ordered by number, then by the text of its id."""

    number: float
    prompt_id: str
    prompt: Mapping[str, Any] = field(compare=False)
    extra_data: dict[str, Any] = field(compare=False)
    outputs: list[str] = field(compare=False)

    @property
    def client_id(self) -> str | None:
        """Whom the messages of this prompt go to; None: it has no client."""
        client_id = self.extra_data.get("client_id")
        return None if client_id is None else str(client_id)

    def public(self) -> list[Any]:
        """The item that `/queue` and `/history` show: `[number, prompt_id, prompt, extra_data, outputs]`."""
        extra_data = {key: value for key, value in self.extra_data.items() if key not in SECRETS}
        return [self.number, self.prompt_id, self.prompt, extra_data, self.outputs]


@dataclass(frozen=True)
class Record:
    """How a prompt ended, as `/history` keeps it."""

    outputs: dict[str, Any]
    meta: dict[str, Any]
    status_str: str
    messages: list[tuple[str, dict[str, Any]]]

    def public(self, job: Job) -> dict[str, Any]:
        """The `/history` entry."""
        status = {
            "status_str": self.status_str,
            "completed": self.status_str == "success",
            "messages": [list(message) for message in self.messages],
        }
        return {"prompt": job.public(), "outputs": self.outputs, "status": status, "meta": self.meta}


class PromptQueue:
    """One heap of waiting jobs, at most one running, and a bounded history, oldest first."""

    def __init__(self, changed: Callable[[int], None], history_size: int) -> None:
        """`changed` is told the number of waiting and running jobs at every put, get, done, delete and clear."""
        self._changed = changed
        self._history_size = history_size
        self._ready = threading.Condition()
        self._waiting: list[Job] = []
        self._running: dict[int, Job] = {}
        self._history: dict[str, dict[str, Any]] = {}
        self._between: list[Callable[[], None]] = []
        self._closed = False

    def _tell(self) -> None:
        self._changed(len(self._waiting) + len(self._running))

    @property
    def remaining(self) -> int:
        """Waiting and running jobs."""
        with self._ready:
            return len(self._waiting) + len(self._running)

    def put(self, job: Job) -> None:
        """Queue a job. Like ComfyUI, a waiting twin (same number and id) raises TypeError, and yet both will run."""
        with self._ready:
            twin = job in self._waiting
            heapq.heappush(self._waiting, job)
            self._ready.notify()
            if twin:
                raise TypeError("a waiting prompt has the same number and prompt_id")
            self._tell()

    def get(self, started: Callable[[Job], None]) -> Job | None:
        """The next job, waiting for one; None once closed. `started` runs before anybody can see it as running."""
        with self._ready:
            self._ready.wait_for(lambda: self._waiting or self._closed)
            if self._closed:
                return None
            job = heapq.heappop(self._waiting)
            started(job)
            self._running[id(job)] = job
            self._tell()
            return job

    def done(self, job: Job, record: Record) -> None:
        """Move a running job to the history; a job with the same id is replaced there and counts as the newest."""
        with self._ready:
            self._running.pop(id(job), None)
            self._history.pop(job.prompt_id, None)
            while len(self._history) >= self._history_size:
                del self._history[next(iter(self._history))]
            self._history[job.prompt_id] = record.public(job)
            while self._between:
                self._between.pop()()
            self._tell()

    def between_jobs(self, action: Callable[[], None]) -> None:
        """Run an action now when nothing is running, else right after the running job."""
        with self._ready:
            if self._running:
                self._between.append(action)
            else:
                action()

    def close(self) -> None:
        """Hand out no more jobs."""
        with self._ready:
            self._closed = True
            self._ready.notify_all()

    def while_running(self, prompt_id: str | None, action: Callable[[], None]) -> None:
        """Run an action if that prompt (None: any) runs now; it cannot end meanwhile."""
        with self._ready:
            if any(prompt_id in (None, job.prompt_id) for job in self._running.values()):
                action()

    def jobs(self) -> tuple[list[Job], list[Job]]:
        """Running and waiting jobs; the waiting ones in heap order, which is not sorted."""
        with self._ready:
            return list(self._running.values()), list(self._waiting)

    def delete(self, prompt_ids: Collection[str]) -> None:
        """Drop waiting jobs; unknown and running ids are left alone."""
        with self._ready:
            for prompt_id in prompt_ids:
                kept = [job for job in self._waiting if job.prompt_id != prompt_id]
                if len(kept) < len(self._waiting):
                    self._waiting = kept
                    heapq.heapify(self._waiting)
                    self._tell()

    def clear(self) -> None:
        """Drop all waiting jobs."""
        with self._ready:
            self._waiting = []
            self._tell()

    def history(self) -> dict[str, dict[str, Any]]:
        """Finished prompts by id, oldest first."""
        with self._ready:
            return dict(self._history)

    def finished(self, prompt_id: str) -> dict[str, Any] | None:
        """One finished prompt."""
        with self._ready:
            return self._history.get(prompt_id)

    def forget(self, prompt_ids: Collection[str] | None = None) -> None:
        """Drop finished prompts, all of them for None; unknown ids are left alone."""
        with self._ready:
            for prompt_id in list(self._history) if prompt_ids is None else prompt_ids:
                self._history.pop(prompt_id, None)


__all__ = ["Job", "PromptQueue", "Record"]
