"""Every failure that protoBanana names, with the HTTP status and OpenAI error shape it maps to.

A message says what was wrong and what is allowed; it is written for the caller and never carries a traceback,
a path of the server, a secret or base64.
"""

from __future__ import annotations

import re

_PLACE = re.compile(r" at (?:https?|ray)://[^\s,;()]*[^\s.,;:()]")


class ProtoBananaError(Exception):
    """Root of all errors raised on purpose.

    `status` is the HTTP status, `type` and `code` are the OpenAI error fields, `param` names the field of the
    request that is to blame (None when none is), `retry_after` is in seconds (None: do not suggest one).
    """

    status: int = 500
    type: str = "server_error"
    code: str | None = None
    pause: float | None = None
    """Seconds to suggest where the raiser knows nothing better; None: trying again would not help."""

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code or type(self).code
        self.retry_after = type(self).pause if retry_after is None else retry_after

    @property
    def told(self) -> str:
        """The message for a gateway's callers: where its servers are is for whoever runs it."""
        return _PLACE.sub("", self.message)


# The caller's fault -----------------------------------------------------------------------------------------------


class InvalidRequestError(ProtoBananaError):
    """A field has a value that cannot be used; `param` names it."""

    status = 400
    type = "invalid_request_error"
    code = "invalid_value"


class AskBackError(InvalidRequestError):
    """Something is missing that only the caller can give (a picture, a part to change); a chat asks for it in words."""

    code = "missing_input"


class InvalidImageError(InvalidRequestError):
    """Bytes that are no picture, or a reference (path, `file://`, ...) that is never followed."""

    code = "invalid_image"


class ImageTooLargeError(InvalidRequestError):
    """A picture over the byte or pixel limit; checked before it is decoded."""

    status = 413
    code = "image_too_large"


class UnknownWorkflowError(InvalidRequestError):
    """No workflow of that name; the message lists the ones that exist."""

    status = 404
    code = "model_not_found"


# The set-up's fault -----------------------------------------------------------------------------------------------


class SettingsError(ProtoBananaError):
    """An environment variable has a value that cannot be used; the message names variable and choices."""

    code = "bad_settings"


class WorkflowError(ProtoBananaError):
    """A workflow document is broken; the message names file and slot, node or key."""

    code = "bad_workflow"


class WorkflowRejectedError(ProtoBananaError):
    """ComfyUI refused the graph (missing node, missing model file, impossible value); names node and reason."""

    status = 502
    code = "workflow_rejected"


# The language model's fault ---------------------------------------------------------------------------------------


class LanguageModelError(ProtoBananaError):
    """The agent's LLM cannot be reached, refuses, takes too long or breaks off."""

    status = 502
    code = "language_model"


# The renderer's fault ---------------------------------------------------------------------------------------------


class ServerUnreachableError(ProtoBananaError):
    """No ComfyUI answers at that address."""

    status = 503
    code = "comfyui_unreachable"
    pause = 5.0


class ServerBusyError(ProtoBananaError):
    """The queue is full; try again after `retry_after` seconds."""

    status = 429
    type = "rate_limit_error"
    code = "queue_full"
    pause = 5.0


class ServerProtocolError(ProtoBananaError):
    """ComfyUI answered something that is not its protocol (a proxy's page, truncated JSON, a 500)."""

    status = 502
    code = "comfyui_protocol"


class JobLostError(ProtoBananaError):
    """ComfyUI restarted or was cleared while the job was queued or running."""

    status = 503
    code = "job_lost"
    pause = 2.0
    restarted: bool = False
    """Whether the connection had broken meanwhile, so that it was a restart and nobody's intention."""


class JobFailedError(ProtoBananaError):
    """A node raised while the graph ran; names node and reason."""

    status = 500
    code = "render_failed"


class JobInterruptedError(ProtoBananaError):
    """Somebody else stopped the job in ComfyUI."""

    status = 503
    code = "job_interrupted"
    pause = 2.0


class JobTimeoutError(ProtoBananaError):
    """The job did not finish in time; it has been cancelled."""

    status = 504
    type = "timeout_error"
    code = "render_timeout"
