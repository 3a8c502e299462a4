"""LiteLLM callback: `callbacks: [protobanana.hooks]`.

It saves the request fields that LiteLLM loses on the way to a custom provider, keeps a picture from being drawn several
times by retries or lists of models that a client asked for, and switches off the compression of base64, which costs
more than the picture.
"""

from __future__ import annotations

import sys
from typing import Any

from litellm.integrations.custom_logger import CustomLogger

from protobanana.api.call import OWN_FIELDS, PARAMS
from protobanana.api.collect import OURS
from protobanana.api.door import door
from protobanana.api.failures import to_litellm
from protobanana.errors import UnknownWorkflowError
from protobanana.turn.litellm_router import deployments

IMAGE_CALLS = frozenset({"image_generation", "aimage_generation", "image_edit", "aimage_edit"})
RETRY_FIELDS = ("num_retries", "max_retries", "fallbacks")


class Hooks(CustomLogger):  # type: ignore[misc]  # litellm is not type-checked
    """What protoBanana needs of the gateway around it; it touches only calls whose fields would be lost."""

    async def async_pre_call_hook(
        self, user_api_key_dict: Any, cache: Any, data: dict[str, Any], call_type: Any
    ) -> Any:
        """Save the client's fields (on every call, so that no client can forge them), and see to a single try."""
        _one_model(data.get("model"))
        if _drawn_here(data.get("model")):
            for name in RETRY_FIELDS:
                data.pop(name, None)
            # LiteLLM's default is three tries of everything that answered 5xx: three pictures.
            data["num_retries"] = 0
        if str(getattr(call_type, "value", call_type)) in IMAGE_CALLS:
            kept = {k: v for k, v in data.items() if v is not None and (k not in OWN_FIELDS or k in ("mask", "images"))}
            data[PARAMS] = kept or {"n": None}  # an empty mapping would not survive LiteLLM's clean-up
        return data

    async def async_post_call_response_headers_hook(
        self,
        data: dict[str, Any],
        user_api_key_dict: Any,
        response: object,
        request_headers: dict[str, str] | None = None,
        litellm_call_info: dict[str, object] | None = None,
    ) -> dict[str, str] | None:
        """Forbid gzip over base64 (68 of 90 ms for a 2 MB picture, to save a quarter of the bytes)."""
        ours = (getattr(response, "_hidden_params", None) or {}).get(OURS)
        return {"cache-control": "no-transform"} if ours else None


def _one_model(model: object) -> None:
    """LiteLLM asks every model of a list at once, and answers 200 with the errors of those that it does not know,
    tracebacks and all. A gateway of ours takes one name.
    """
    if isinstance(model, str) and "," in model and (at := door.get()):
        at.failure = UnknownWorkflowError(f"The model '{model[:100]}' does not exist; name one.", param="model")
        raise to_litellm(at.failure, model)


def _drawn_here(model: object) -> bool:
    """Whether a model name of the gateway leads to this provider."""
    # Looked up, not imported: the proxy takes seconds to import, and is there already where it is used at all.
    router = getattr(sys.modules.get("litellm.proxy.proxy_server"), "llm_router", None)
    if router is None or not isinstance(model, str):
        return False
    found = deployments(router, model)
    return any(str(entry["litellm_params"].get("model")).startswith("protobanana/") for entry in found)


hooks = Hooks()
