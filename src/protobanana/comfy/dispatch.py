"""From the one socket to the many jobs: each message goes to the job whose prompt id it carries."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from protobanana.comfy.frames import read_frame
from protobanana.comfy.tracker import Tracker

_HEAVY = '{"type": "progress_state"'
"""Cumulative, grows with the graph, and says nothing that `executing` and `progress` do not: not worth parsing."""


class Dispatch:
    """Listens to the socket on behalf of all jobs; `queue_changed` is called for `status` messages."""

    def __init__(self, trackers: Mapping[str, Tracker], queue_changed: Callable[[], None]) -> None:
        self._trackers = trackers
        self._queue_changed = queue_changed
        self._running: Tracker | None = None
        self._frames_name_their_job = False

    def text(self, message: str) -> None:
        """Take a text message; what is no JSON object of ComfyUI's shape concerns nobody here."""
        if message.startswith(_HEAVY):
            return
        try:
            document = json.loads(message)
        except (ValueError, RecursionError):
            return
        kind, data = (document.get("type"), document.get("data")) if isinstance(document, dict) else (None, None)
        if not isinstance(kind, str) or not isinstance(data, Mapping):
            return
        if kind == "status":
            self._queue_changed()
        elif kind == "feature_flags":
            self._frames_name_their_job = data.get("supports_preview_metadata") is True
        elif "prompt_id" in data:  # the `executing` message after a reconnect has none
            tracker = self._trackers.get(str(data["prompt_id"]))
            if kind == "executing":
                self._running = tracker if data.get("node") is not None else None
            if tracker is not None and not tracker.finished:
                tracker.message(kind, data)

    def binary(self, message: bytes) -> None:
        """Take a frame; one that names no job belongs to the job that runs, and is foreign if ours name theirs."""
        frame = read_frame(message)
        if frame is None:
            return
        if frame.prompt_id is not None:
            tracker = self._trackers.get(frame.prompt_id)
        else:
            tracker = None if self._frames_name_their_job else self._running
        if tracker is not None and not tracker.finished:
            tracker.frame(frame)

    def down(self) -> None:
        """The socket broke; nothing that was said meanwhile is said again."""
        self._running = None
        self._frames_name_their_job = False
        for tracker in self._trackers.values():
            tracker.gap()
