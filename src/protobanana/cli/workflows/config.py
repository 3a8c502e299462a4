"""`protobanana workflows config`: workflows as entries of LiteLLM's configuration."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from protobanana.cli import console
from protobanana.errors import SettingsError
from protobanana.gateway.config import deployment, gateway_config, mode_of
from protobanana.settings import get_settings, reference_to
from protobanana.turn import adoption
from protobanana.turn.request import ROUTED
from protobanana.workflows.graph import copied
from protobanana.workflows.library import WorkflowLibrary


def config(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Workflows, `chat` among them; default: all, and with --full the aliases."),
    ] = None,
    comfyui: Annotated[
        list[str] | None, typer.Option(help="Address of ComfyUI; repeat it for several. Default: COMFYUI_BASE_URL.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="A whole config.yaml rather than entries to paste.")] = False,
) -> None:
    """Write entries of LiteLLM's `model_list` for workflows, or a whole config.yaml, as YAML."""
    with console.plain_errors():
        library = adoption.library(strict=False)
        addresses = ",".join(comfyui or [get_settings().comfyui_base_url])
        servers = [console.checked_url(address.strip()) for address in addresses.split(",")]
        document: dict[str, Any] = (
            gateway_config(library, servers, reference_to("gateway_key")) if full else {"model_list": []}
        )
        if names:
            document["model_list"] = []
        # `serve` finds the workflows of the folder by itself, a plain LiteLLM does not.
        chosen = names or (library.own() if full else [*library.names(), ROUTED])
        document["model_list"] += [_entry(name, library, servers) for name in chosen]
        typer.echo(_yaml(document), nl=False)


def _entry(name: str, library: WorkflowLibrary, servers: list[str]) -> dict[str, Any]:
    mode = "chat" if name == ROUTED else mode_of(library.get(name))
    return deployment(name, name, mode, ",".join(servers), {})


def _yaml(document: dict[str, Any]) -> str:
    try:
        import yaml  # type: ignore[import-untyped]  # noqa: PLC0415 - comes with LiteLLM, of the extra `proxy`
    except ImportError:
        raise SettingsError("Writing a configuration needs LiteLLM: pip install 'protobanana[proxy]'.") from None
    # A list that two entries share would be written as an anchor, which nobody wants to paste.
    return str(yaml.safe_dump(copied(document), sort_keys=False, allow_unicode=True, width=120))


__all__ = ["config"]
