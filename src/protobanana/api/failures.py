"""Our errors in the one shape that passes through LiteLLM unchanged: exact status, clean message, OpenAI's fields.

LiteLLM lets exceptions of its own classes through unmapped, but decorates their message with class names, model groups
and fallback advice. A subclass whose `message` cannot be set keeps it as it was written.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import litellm

from protobanana.errors import ProtoBananaError

_BASES = {
    400: litellm.BadRequestError,
    404: litellm.NotFoundError,
    429: litellm.RateLimitError,
    500: litellm.InternalServerError,
    502: litellm.BadGatewayError,
    503: litellm.ServiceUnavailableError,
    504: litellm.Timeout,
}


class _Undecorated:
    """A message that LiteLLM's router can read but not rewrite."""

    _text: str = ""

    @property
    def message(self) -> str:
        return self._text

    @message.setter
    def message(self, _: str) -> None:
        return

    def __str__(self) -> str:
        return self._text


@lru_cache(maxsize=32)
def _class_for(base: type[Exception]) -> type[Exception]:
    return type(f"ProtoBanana{base.__name__}", (_Undecorated, base), {})


def to_litellm(error: ProtoBananaError, model: str) -> Exception:
    """The exception to raise inside a LiteLLM provider in place of `error`."""
    base = _BASES.get(error.status) or (litellm.BadRequestError if error.status < 500 else litellm.InternalServerError)
    failure = _class_for(base)(message=error.told, model=model, llm_provider="protobanana")  # type: ignore[call-arg]  # litellm's signature
    vars(failure)["_text"] = error.told
    vars(failure).update(
        status_code=error.status,
        code=error.code,
        type=error.type,
        param=error.param,
        detail=error.told,  # where LiteLLM takes the text of an error frame from, once a keep-alive has been sent
        headers=retry_header(error),
    )
    return failure


def retry_header(error: ProtoBananaError) -> dict[str, str] | None:
    """When to try again, in whole seconds; None where trying again would not help."""
    return {"retry-after": str(max(1, math.ceil(error.retry_after)))} if error.retry_after is not None else None


def document(error: ProtoBananaError) -> dict[str, Any]:
    """The error as OpenAI's JSON."""
    return {"error": {"message": error.told, "type": error.type, "param": error.param, "code": error.code}}
