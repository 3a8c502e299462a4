"""LiteLLM's health check calls a model for real; a renderer is healthy when it answers, and need not draw for that."""

from __future__ import annotations

from collections.abc import Mapping

import PIL.Image

from protobanana.api.call import Call
from protobanana.cluster import pool_for
from protobanana.events import Done, Event, Produced
from protobanana.pictures.image import Image
from protobanana.settings import get_settings

PROBE_KEY = "litellm-internal-health-check"
"""The API key under which LiteLLM's own checks run."""


def is_probe(call: Call) -> bool:
    """Whether LiteLLM itself is asking, to see whether the deployment lives."""
    details = getattr(call.logging_obj, "model_call_details", None) or {}
    for source in (call.optional_params, call.litellm_params, details.get("litellm_params") or {}):
        for name in ("metadata", "litellm_metadata"):
            metadata = source.get(name)
            if isinstance(metadata, Mapping) and metadata.get("user_api_key") == PROBE_KEY:
                return True
    return False


async def probe(call: Call) -> list[Event]:
    """Ask for a sign of life; a white pixel stands for the picture. Raises ServerUnreachableError where no server of
    the deployment answers.
    """
    await pool_for(call.api_base or get_settings().comfyui_base_url).alive()
    pixel = Image.from_pil(PIL.Image.new("RGB", (1, 1), "white"))
    return [Produced(pixel, operation="", workflow=call.model), Done()]
