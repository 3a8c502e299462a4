"""What ComfyUI's /queue and /history say at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from protobanana.comfy.transport import Transport
from protobanana.errors import ServerProtocolError


@dataclass(frozen=True, slots=True)
class QueueSnapshot:
    """Prompt ids that run, and those that wait, next first."""

    running: frozenset[str]
    pending: tuple[str, ...]

    def __contains__(self, prompt_id: object) -> bool:
        return prompt_id in self.running or prompt_id in self.pending


async def look_at_queue(transport: Transport) -> QueueSnapshot:
    """GET /queue. The pending list is a heap; jobs run by (number, prompt id as text)."""
    document = await transport.document("queue")
    try:
        running = frozenset(str(item[1]) for item in document["queue_running"])
        pending = sorted((float(item[0]), str(item[1])) for item in document["queue_pending"])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ServerProtocolError(f"/queue at {transport.address} is not ComfyUI's.") from error
    return QueueSnapshot(running, tuple(prompt_id for _, prompt_id in pending))


async def look_at_history(transport: Transport, prompt_id: str) -> Mapping[str, Any] | None:
    """The job's entry of /history; None while it waits or runs, and for a job that ComfyUI does not know."""
    document = await transport.document("history", prompt_id)
    entry = document.get(prompt_id)
    return entry if isinstance(entry, Mapping) else None
