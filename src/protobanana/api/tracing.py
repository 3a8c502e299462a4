"""Where the spans of a call belong: under LiteLLM's span of the request, or beside it in the same trace."""

from __future__ import annotations

import sys
from collections.abc import Iterator, MutableMapping
from contextlib import AbstractContextManager
from typing import Any

from protobanana import telemetry
from protobanana.api.call import Call

_PARENT = "litellm_parent_otel_span"


def belonging(call: Call) -> AbstractContextManager[None]:
    """A block in which what is begun, or called, belongs to the trace of `call`.

    LiteLLM's `otel` callback has begun a span for the request, and ours nest under it. `langfuse_otel` writes only one
    span, afterwards: then ours begins the trace, through that callback's own tracer, and LiteLLM's joins it.
    """
    known = list(_metadata(call))
    span = next((found for each in known if (found := each.get(_PARENT)) is not None), None)
    if span is not None:
        return telemetry.parent(span)
    # The logger that opens LiteLLM's spans; it is nowhere else when a callback is named by a string.
    logger = getattr(sys.modules.get("litellm.proxy.proxy_server"), "open_telemetry_logger", None)
    if logger is None:
        return telemetry.parent(None)
    details = getattr(call.logging_obj, "model_call_details", None) or {}

    def adopt(begun: Any) -> None:
        for each in known:
            each[_PARENT] = begun

    return telemetry.parent(
        logger.get_traceparent_from_header(dict(call.headers)), logger.get_tracer_to_use_for_request(details), adopt
    )


def _metadata(call: Call) -> Iterator[MutableMapping[str, Any]]:
    """What LiteLLM noted about the request, wherever it left it; places differ by endpoint."""
    details = getattr(call.logging_obj, "model_call_details", None) or {}
    for source in (call.optional_params, call.litellm_params, details.get("litellm_params") or {}):
        for name in ("metadata", "litellm_metadata"):
            noted = source.get(name)
            if isinstance(noted, MutableMapping):
                yield noted
