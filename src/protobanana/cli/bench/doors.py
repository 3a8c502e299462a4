"""The gateways that are measured, and how those that are started are configured."""

from __future__ import annotations

import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from protobanana.cli.bench.endpoints import Client, Models
from protobanana.cli.bench.programs import KEY, START_SECONDS, Program, Programs
from protobanana.gateway.config import gateway_config
from protobanana.workflows.library import WorkflowLibrary

GATEWAY = "gateway"
PLAIN = "LiteLLM"
"""Our provider in LiteLLM's own program, without our gateway."""
IN_MEMORY = "in memory"
"""LiteLLM's own program with a provider that answers from memory."""
IN_MEMORY_GZIP = "in memory, gzip"
"""The same for a client that accepts gzip, as most do."""
_PLAIN_FORMS = ("b64_json", "")
_PROVIDER = "picture"


@dataclass(frozen=True)
class Door:
    """A gateway that answers at `base`, and what it is asked."""

    name: str
    base: str
    encodings: str = Client.encodings
    forms: tuple[str, ...] | None = None
    """The response formats that it can give; None: all, and streams of images."""
    slow: bool = False
    """Whether more than the least concurrency would only show that it queues."""


def started(programs: Programs, comfyui: str, models: Models, megabytes: float, *, litellm: bool) -> list[Door]:
    """Our gateway in front of a ComfyUI, and LiteLLM's program with our provider and with an empty one."""
    gateway = programs.gateway(comfyui)
    if not litellm:
        return [Door(GATEWAY, _settled(gateway).url)]
    plain = programs.litellm("litellm", gateway_config(WorkflowLibrary(None), [comfyui], KEY))
    empty = programs.litellm("litellm-in-memory", in_memory_config(models, megabytes))
    return [
        Door(GATEWAY, _settled(gateway).url),
        Door(PLAIN, plain.wait().url, forms=_PLAIN_FORMS),
        Door(IN_MEMORY, empty.wait().url, "identity", _PLAIN_FORMS),
        Door(IN_MEMORY_GZIP, empty.url, forms=_PLAIN_FORMS, slow=True),
    ]


def _settled(gateway: Program) -> Program:
    """Wait until it serves and has built its web page, which takes it seconds of CPU right after the start."""
    gateway.wait()
    with suppress(urllib.error.URLError, TimeoutError):  # it may have no page
        urllib.request.urlopen(f"{gateway.url.removesuffix('/v1')}/studio/", timeout=START_SECONDS).close()  # noqa: S310 - our own
    return gateway


def in_memory_config(models: Models, megabytes: float) -> dict[str, Any]:
    """A plain LiteLLM configuration under the gateway's model names."""
    modes = {models.image: "image_generation", models.edit: "image_edit", models.chat: "chat"}
    entries = [
        {
            "model_name": name,
            "litellm_params": {"model": f"{_PROVIDER}/{megabytes:g}"},
            "model_info": {"mode": mode, "disable_background_health_check": True},
        }
        for name, mode in modes.items()
    ]
    provider = {"provider": _PROVIDER, "custom_handler": "protobanana.cli.bench.in_memory.handler"}
    return {
        "model_list": entries,
        "litellm_settings": {"custom_provider_map": [provider], "turn_off_message_logging": True},
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
        "general_settings": {"master_key": KEY},
    }
