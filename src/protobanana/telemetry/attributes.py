"""What a span says: attributes in OpenTelemetry's and Langfuse's words, short, and never the bytes of a picture."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Final, TypeAlias

from protobanana.errors import ProtoBananaError

Plain: TypeAlias = str | int | float | bool | None

MAX_TEXT: Final = 500
"""Characters of any text."""
_LOOKED_AT: Final = 4 * MAX_TEXT
_BASE64 = re.compile(r"(;base64,)[\w+/=-]+")
_INT64 = range(-(2**63), 2**63)

_KINDS: Final[Mapping[str, str]] = {"generation": "chat", "agent": "invoke_agent", "tool": "execute_tool"}
"""Langfuse's type of observation -> OpenTelemetry's name of a generative operation."""
_NAMES: Final[Mapping[str, str]] = {
    "input": "langfuse.observation.input",
    "output": "langfuse.observation.output",
    "trace_name": "langfuse.trace.name",
    "trace_input": "langfuse.trace.input",
    "trace_output": "langfuse.trace.output",
    "user": "user.id",
    "model": "gen_ai.request.model",
    "input_tokens": "gen_ai.usage.input_tokens",
    "output_tokens": "gen_ai.usage.output_tokens",
    "tool": "gen_ai.tool.name",
}


def of_kind(kind: str) -> dict[str, str]:
    """What says what kind of work it is: `span`, `generation`, `agent`, `tool`."""
    known = {"gen_ai.operation.name": _KINDS[kind]} if kind in _KINDS else {}
    return {"langfuse.observation.type": kind, **known}


def named(attributes: Mapping[str, Plain]) -> dict[str, str | int | float | bool]:
    """Attributes under their full names; those without one of their own are metadata of the observation."""
    return {
        _NAMES.get(name) or f"langfuse.observation.metadata.{name}": _fit(value)
        for name, value in attributes.items()
        if value is not None
    }


def failure(error: BaseException) -> tuple[str, dict[str, str | int | float | bool], bool]:
    """(message, attributes, whether nobody foresaw it) of what ended some work; `error.type` unless it was told to."""
    if isinstance(error, asyncio.CancelledError | GeneratorExit):
        return "", _level("WARNING", "given up"), False
    if isinstance(error, ProtoBananaError):
        message, level = short(error.message), "ERROR" if error.status >= 500 else "WARNING"
        return message, _level(level, message) | {"error.type": error.code or type(error).__name__}, False
    message = short(str(error))
    return message, _level("ERROR", message) | {"error.type": type(error).__name__}, True


def short(text: str) -> str:
    """The beginning of a text, with an ellipsis where something was left out."""
    # Half a surrogate pair, which JSON can carry, would make the exporter drop everything that waits with it.
    seen = text[:_LOOKED_AT].encode("utf-8", "replace").decode("utf-8")
    seen = _BASE64.sub(r"\1…", seen)
    return seen if len(seen) <= MAX_TEXT and len(text) <= _LOOKED_AT else seen[: MAX_TEXT - 1] + "…"


def _level(level: str, message: str) -> dict[str, str | int | float | bool]:
    return {"langfuse.observation.level": level, "langfuse.observation.status_message": message}


def _fit(value: str | float) -> str | int | float | bool:
    """A value that the wire format carries: its integers have 64 bits with a sign, seeds have 64 without."""
    if isinstance(value, str):
        return short(value)
    return str(value) if isinstance(value, int) and value not in _INT64 else value
