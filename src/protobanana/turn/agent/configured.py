"""Which language model the settings mean."""

from __future__ import annotations

import logging
import sys
from functools import lru_cache
from typing import Any

from protobanana.errors import LanguageModelError
from protobanana.settings import get_settings
from protobanana.turn.agent.model import ChatModel
from protobanana.turn.agent.prompt import is_ours
from protobanana.turn.agent.remote import LiteLLMModel
from protobanana.turn.litellm_router import deployments
from protobanana.turn.request import ImageRequest

log = logging.getLogger("protobanana")
_OURS = "protobanana/"
"""LiteLLM's prefix of models that we serve; none of them is a language model."""


def configured(request: ImageRequest | None = None) -> ChatModel | None:
    """The agent's LLM: at the configured address, else an alias of the gateway that runs in this process, else the
    named provider's model; None when none is configured.

    Raises LanguageModelError when `request` comes from our own agent: it would ask itself for ever.
    """
    if request is not None and any(line.role == "system" and is_ours(line.text) for line in request.history):
        raise LanguageModelError("PROTOBANANA_AGENT_MODEL leads back to the chat model itself.")
    settings = get_settings()
    if settings.agent_base:
        return _model(settings.agent_model, settings.agent_base, settings.agent_key)
    router = _running_router()
    deployments = _deployments(router, settings.agent_model)
    if any(str(params.get("model", "")).startswith(_OURS) for params in deployments):
        log.error("PROTOBANANA_AGENT_MODEL names an alias of protoBanana's own; the words decide")
        return None
    if deployments:
        return _alias(settings.agent_model, router)
    if "agent_model" in settings.model_fields_set:
        return _model(settings.agent_model, None, settings.agent_key)
    return None


@lru_cache(maxsize=8)
def _model(model: str, base: str | None, key: str | None) -> LiteLLMModel:
    """Kept, because a model remembers what it learned of its own habits."""
    return LiteLLMModel(model, base, key)


@lru_cache(maxsize=8)
def _alias(model: str, router: Any) -> LiteLLMModel:
    return LiteLLMModel(model, router=router)


def _running_router() -> Any:
    """The router of LiteLLM's proxy where it runs in this process; never imports it."""
    return getattr(sys.modules.get("litellm.proxy.proxy_server"), "llm_router", None)


def _deployments(router: Any, alias: str) -> list[dict[str, Any]]:
    """`litellm_params` of the deployments behind an alias; empty when the router does not know it."""
    return [dict(deployment.get("litellm_params") or {}) for deployment in deployments(router, alias)]
