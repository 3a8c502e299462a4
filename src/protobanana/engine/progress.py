"""Progress of the nodes of one running prompt, as the messages and preview frames that clients see."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from protobanana.engine import frames

_MIN_SECONDS = 0.1
_MIN_SHARE = 0.005


class Sender(Protocol):
    """Where messages go; `client_id` None reaches everybody."""

    def send(self, event: str, data: dict[str, Any], client_id: str | None) -> None:
        """Queue a JSON message."""

    def send_frame(self, frame: bytes, client_id: str | None) -> None:
        """Queue a binary frame."""

    def takes_metadata(self, client_id: str) -> bool:
        """Whether that client's socket negotiated previews with metadata."""


class Progress:
    """The states of a prompt's nodes; each change sends all of them. Without a client they go to everybody."""

    def __init__(
        self, sender: Sender, prompt_id: str, client_id: str | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sender = sender
        self._prompt_id = prompt_id
        self._client_id = client_id
        self._clock = clock
        self._nodes: dict[str, dict[str, Any]] = {}
        self._sent: dict[str, tuple[float, float]] = {}

    def start(self, node_id: str) -> None:
        """A node begins; its progress is 0 of 1 until it says otherwise."""
        self._set(node_id, "running", 0.0, 1.0)
        self._sent.pop(node_id, None)

    def update(self, node_id: str, value: float, total: float, image: bytes | None = None, mime: str = "") -> None:
        """A step. With an image it is always sent; without, the first and last are, others >= 0.1 s and 0.5 % apart."""
        if image is None and not self._is_due(node_id, value, total):
            self._nodes[node_id] = self._entry(node_id, "running", value, total)
            return
        self._set(node_id, "running", value, total)
        modern = self._client_id is not None and self._sender.takes_metadata(self._client_id)
        if image is not None and modern:
            self._sender.send_frame(frames.preview_with_metadata(image, mime, self._names(node_id)), self._client_id)
        data = {"value": value, "max": total, "prompt_id": self._prompt_id, "node": node_id}
        self._sender.send("progress", data, self._client_id)
        if image is not None and not modern:
            self._sender.send_frame(frames.preview(image, mime), self._client_id)

    def finish(self, node_id: str) -> None:
        """A node is done, or was found in the cache."""
        total = self._nodes[node_id]["max"] if node_id in self._nodes else 1
        self._set(node_id, "finished", total, total)

    def _is_due(self, node_id: str, value: float, total: float) -> bool:
        now = self._clock()
        sent = self._sent.get(node_id)
        if sent is not None and value < total:
            moment, last = sent
            if now - moment < _MIN_SECONDS or (value - last) / total < _MIN_SHARE:
                return False
        self._sent[node_id] = (now, value)
        return True

    def _set(self, node_id: str, state: str, value: float, total: float) -> None:
        self._nodes[node_id] = self._entry(node_id, state, value, total)
        data = {"prompt_id": self._prompt_id, "nodes": dict(self._nodes)}
        self._sender.send("progress_state", data, self._client_id)

    def _entry(self, node_id: str, state: str, value: float, total: float) -> dict[str, Any]:
        return {"value": value, "max": total, "state": state, **self._names(node_id)}

    def _names(self, node_id: str) -> dict[str, Any]:
        return {
            "node_id": node_id,
            "prompt_id": self._prompt_id,
            "display_node_id": node_id,
            "parent_node_id": None,
            "real_node_id": node_id,
        }


__all__ = ["Progress", "Sender"]
