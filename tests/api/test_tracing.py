"""Where LiteLLM leaves the span of a request, and what is done where it leaves none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import get_current_span

from protobanana.api.call import Call
from protobanana.api.tracing import belonging
from protobanana.telemetry import current, span


def call(optional: dict[str, Any], litellm: dict[str, Any], details: dict[str, Any]) -> Call:
    """A call with what LiteLLM noted in one place or another."""
    logging = SimpleNamespace(model_call_details={"litellm_params": details})
    return Call("qwen_image_2512", None, optional, litellm, logging, None)


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("name", ["metadata", "litellm_metadata"])
def test_wherever_litellm_leaves_it(place: int, name: str) -> None:
    """Optional parameters, LiteLLM's own parameters or the logging object: what is begun belongs to that request."""
    request = TracerProvider().get_tracer("test").start_span("request")
    places: list[dict[str, Any]] = [{}, {"metadata": None}, {"metadata": {"litellm_parent_otel_span": None}}]
    places[place] = {name: {"litellm_parent_otel_span": request}}
    with belonging(call(*places)):
        above = get_current_span(current()._context)

    assert above is request


def test_nothing_is_recorded() -> None:
    """Without any of LiteLLM's callbacks for spans nothing is begun, and nothing fails."""
    with belonging(call({}, {}, {})), span("turn") as begun:
        pass

    assert begun.native is None
