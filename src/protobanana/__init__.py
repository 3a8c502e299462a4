"""protoBanana: ComfyUI workflows as OpenAI models.

In LiteLLM's `config.yaml`:

    litellm_settings:
      custom_provider_map: [{provider: protobanana, custom_handler: protobanana.handler}]
      callbacks: [protobanana.hooks]

`handler` and `hooks` are found on first use, so that importing the package stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["__version__", "handler", "hooks"]

_LAZY = {"handler": "protobanana.api.provider", "hooks": "protobanana.api.hooks"}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - costs 20 ms, and few ask

        return version("protobanana")
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    msg = f"module 'protobanana' has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted(__all__)
