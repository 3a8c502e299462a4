"""What is counted of one request, wherever on its way it becomes known."""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import Self

from protobanana.telemetry.metrics import answered, request_done

OTHER = "other"
"""The model of requests that are no workflow's: names that clients make up must not become labels."""
CLIENT_LEFT = 499
"""Status of a request whose client did not wait for the answer (nginx's word for it)."""


class Record:
    """One request at `endpoint`. It follows the request into its tasks (`record`), and is counted when it is left."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.model = OTHER
        self.status = CLIENT_LEFT
        """What it came to; a stream can fail after it began with 200."""
        self._began = time.perf_counter()
        self._executed: float | None = None

    def executed(self) -> None:
        """ComfyUI said that a picture is done; of several, the last counts."""
        self._executed = time.perf_counter()

    def begun(self, status: int) -> None:
        """The first byte of the answer goes out."""
        self.status = status
        if self._executed is not None:
            answered(time.perf_counter() - self._executed)

    def __enter__(self) -> Self:
        self._mark = _record.set(self)
        return self

    def __exit__(self, *error: object) -> None:
        _record.reset(self._mark)
        request_done(self.endpoint, self.model, self.status, time.perf_counter() - self._began)


_record: ContextVar[Record | None] = ContextVar("protobanana_record", default=None)


def record() -> Record:
    """The request that is being answered; outside of one, a record that nobody counts."""
    return _record.get() or Record("")
