"""Our errors as LiteLLM's: exact status, unaltered message."""

from __future__ import annotations

import litellm
import pytest

from protobanana import errors
from protobanana.api.failures import to_litellm

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.ProtoBananaError)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_status_and_message_survive(kind: type[errors.ProtoBananaError]) -> None:
    """LiteLLM may try to decorate the message; it stays as it was written."""
    failure = to_litellm(kind("what was wrong", param="size", retry_after=2.4), "model")
    failure.message = "decorated"  # type: ignore[attr-defined]

    assert failure.message == str(failure) == "what was wrong"  # type: ignore[attr-defined]
    assert (failure.status_code, failure.param, failure.type) == (kind.status, "size", kind.type)  # type: ignore[attr-defined]
    assert failure.headers == {"retry-after": "3"}  # type: ignore[attr-defined]
    assert type(failure).__mro__[2].__module__.startswith("litellm")


def test_it_passes_litellms_own_mapping() -> None:
    """What the router and the SDK do to exceptions leaves it alone."""
    failure = to_litellm(errors.JobTimeoutError("took too long"), "model")
    try:
        litellm.exception_type(
            model="m",
            original_exception=failure,
            custom_llm_provider="protobanana",
            completion_kwargs={},
            extra_kwargs={},
        )
    except Exception as seen:
        assert seen is failure
