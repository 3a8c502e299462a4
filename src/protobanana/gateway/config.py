"""The LiteLLM `config.yaml` that `protobanana serve` runs with when none is given."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Any

from protobanana.settings import get_settings
from protobanana.turn.request import ROUTED
from protobanana.workflows.document import Workflow
from protobanana.workflows.library import WorkflowLibrary, bundled

CHAT_EXTRAS: dict[str, Any] = {
    "keepalive_seconds": 15,
    # Chat front-ends send these; LiteLLM would refuse them for a custom provider.
    "allowed_openai_params": ["reasoning_effort", "thinking", "verbosity"],
}


def gateway_config(library: WorkflowLibrary, servers: Sequence[str], key: str) -> dict[str, Any]:
    """Aliases first, then every bundled workflow under its own name; those of the operator's folder come and go while
    the gateway runs, see `models`. Each is drawn wherever of `servers` it is done soonest.
    """
    addresses, settings = ",".join(servers), get_settings()
    tracers = ["otel"] * bool(settings.otlp_endpoint) + ["langfuse_otel"] * bool(settings.langfuse_key)
    models = [deployment(name, model, mode, addresses, extra) for name, model, mode, extra in _offered(library)]
    return {
        "model_list": models,
        "litellm_settings": {
            "custom_provider_map": [{"provider": "protobanana", "custom_handler": "protobanana.handler"}],
            "callbacks": ["protobanana.hooks", *tracers],
            # Exporters would send the users' words, and megabytes of pictures in their histories.
            "turn_off_message_logging": bool(tracers),
        },
        # A picture is drawn once: LiteLLM's default is three tries of everything that answered 5xx.
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
        "general_settings": {"master_key": key, "cancel_on_disconnect": True},
    }


def deployment(name: str, model: str, mode: str, addresses: str, extra: dict[str, Any]) -> dict[str, Any]:
    """One entry of LiteLLM's `model_list`."""
    params = {"model": f"protobanana/{model}", "api_base": addresses, **extra}
    if mode == "chat":
        params |= CHAT_EXTRAS
    return {
        "model_name": name,
        "litellm_params": params,
        # LiteLLM's background health check would draw a picture every time.
        "model_info": {"mode": mode, "disable_background_health_check": True},
    }


def mode_of(workflow: Workflow) -> str:
    """LiteLLM's word for the endpoint of a workflow."""
    return "image_edit" if workflow.max_images else "image_generation"


def model_names(library: WorkflowLibrary) -> list[str]:
    """The names a client can call."""
    return [*(name for name, *_ in _offered(library)), *library.own()]


def _offered(library: WorkflowLibrary) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """(name, model, mode, further parameters): the aliases whose workflow exists, then all workflows."""
    known = {*library.names(), ROUTED}
    aliases = json.loads(files("protobanana.gateway").joinpath("aliases.json").read_text("utf-8"))
    for name, alias in aliases.items():
        model, mode, *_ = alias.pop("model"), alias.pop("mode")
        if model in known:
            yield name, model, mode, alias
    for name in bundled():
        yield f"protobanana/{name}", name, mode_of(library.get(name)), {}
    yield f"protobanana/{ROUTED}", ROUTED, "chat", {}
