"""POST /prompt, such that a job is never in the queue twice."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from protobanana.comfy import messages
from protobanana.comfy.graph import submittable
from protobanana.comfy.snapshot import look_at_history, look_at_queue
from protobanana.comfy.tracker import Tracker
from protobanana.comfy.transport import Response, Transport, refusal
from protobanana.comfy.uploads import Uploads
from protobanana.errors import (
    ImageTooLargeError,
    ProtoBananaError,
    ServerProtocolError,
    ServerUnreachableError,
    WorkflowRejectedError,
)

_LOG = logging.getLogger(__name__)
_LOOKS = (0.0, 0.3, 0.7)
"""Seconds before each look for a job that may or may not have arrived: validation of a large graph takes its time."""
_UPLOAD_COMPLAINTS = ("custom_validation_failed", "value_not_in_list")


class Submission:
    """One job on its way into the queue of one server."""

    def __init__(self, transport: Transport, uploads: Uploads, tracker: Tracker, client_id: str) -> None:
        self._transport = transport
        self._uploads = uploads
        self._tracker = tracker
        self._body = {
            "prompt": submittable(tracker.job.graph),
            "client_id": client_id,  # without one, a job answered from the cache comes back without outputs
            "prompt_id": tracker.prompt_id,
            "extra_data": {"preview_method": "auto"} if tracker.job.previews else {},
        }

    async def send(self) -> None:
        """Upload and submit. Raises WorkflowRejectedError, or what the transport raises.

        When ComfyUI misses an upload that it once had, everything is uploaded and submitted once more.
        """
        uploads = self._tracker.job.uploads
        remembered = await self._uploads.ensure(uploads)
        document, status = await self._post()
        if status == 400 and remembered and self._misses_upload(document):
            self._uploads.forget(uploads)
            await self._uploads.ensure(uploads)
            document, status = await self._post()
        if status == 400 or document.get("node_errors"):
            # A 200 with node errors means that ComfyUI runs only the valid branches: not what was asked for.
            self._tracker.posted = status != 400
            raise messages.rejected(document, self._tracker.job.graph)
        if "prompt_id" not in document:
            raise ServerProtocolError(f"/prompt at {self._transport.address} is not ComfyUI's.")
        self._tracker.acknowledged = True

    async def _post(self) -> tuple[Mapping[str, Any], int]:
        """(document, 200 or 400). What may or may not have arrived is looked for, and sent again only if absent."""
        self._tracker.posted = True
        for last in (False, True):
            try:
                response = await self._transport.post("prompt", document=self._body)
                error = None if response.ok or response.status == 400 else self._refusal(response)
                if error is None:
                    return response.json(), 200 if response.ok else 400
                if response.status < 500:
                    self._tracker.posted = False
                    raise error
            except ServerUnreachableError as unreachable:
                error = unreachable
            _LOG.warning("Unclear whether the job was taken: %s", error)
            if await self._arrived(error, _LOOKS if isinstance(error, ServerUnreachableError) else _LOOKS[:1]):
                break
            if last or not isinstance(error, ServerUnreachableError):
                raise error
        return {"prompt_id": self._tracker.prompt_id}, 200

    async def _arrived(self, doubt: ProtoBananaError, looks: Sequence[float]) -> bool:
        """Look for the job; raises `doubt` where ComfyUI does not answer that either."""
        prompt_id = self._tracker.prompt_id
        for pause in looks:
            await asyncio.sleep(pause)
            if self._tracker.acknowledged:
                return True
            try:
                if prompt_id in await look_at_queue(self._transport):
                    return True
                if await look_at_history(self._transport, prompt_id) is not None:
                    return True
            except (ServerUnreachableError, ServerProtocolError):
                raise doubt from None
        return False

    def _refusal(self, response: Response) -> ProtoBananaError:
        error = refusal(response.status, self._transport.address, "prompt")
        if isinstance(error, ImageTooLargeError):
            return WorkflowRejectedError("ComfyUI does not take a workflow of that size; see its --max-upload-size.")
        return error

    def _misses_upload(self, document: Mapping[str, Any]) -> bool:
        job = self._tracker.job
        return any(
            error.get("type") in _UPLOAD_COMPLAINTS
            and any(isinstance(value, str) and value in job.uploads for value in job.graph[node]["inputs"].values())
            for node, error in messages.node_errors(document)
            if node in job.graph
        )
