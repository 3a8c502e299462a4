"""`protobanana config`, LiteLLM's configuration as a whole, and `protobanana workflows config`, entries of it."""

from __future__ import annotations

from pathlib import Path
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

Servers = Annotated[
    list[str] | None, typer.Option(help="Address of ComfyUI; repeat it for several. Default: COMFYUI_BASE_URL.")
]


def config(
    names: Annotated[
        list[str] | None, typer.Argument(help="Workflows, `chat` among them; default: all.", show_default=False)
    ] = None,
    comfyui: Servers = None,
) -> None:
    """Write entries of LiteLLM's `model_list` for workflows, as YAML. A whole config.yaml: `protobanana config`."""
    with console.plain_errors():
        library, servers = adoption.library(strict=False), _servers(comfyui)
        chosen = names or [*library.names(), ROUTED]
        typer.echo(_yaml({"model_list": [_entry(name, library, servers) for name in chosen]}), nl=False)


def whole(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", dir_okay=False, help="File to write; default: standard output.")
    ] = None,
    comfyui: Servers = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
) -> None:
    """Write a LiteLLM config.yaml with every alias and workflow as a model; its key is LITELLM_MASTER_KEY.

    For a LiteLLM of your own (`litellm --config config.yaml`), or to change and give to `serve --config`.
    """
    with console.plain_errors():
        library, servers = adoption.library(strict=False), _servers(comfyui)
        document = gateway_config(library, servers, reference_to("gateway_key"))
        # `serve` finds the workflows of the folder by itself, a plain LiteLLM does not.
        document["model_list"] += [_entry(name, library, servers) for name in library.own()]
        text = _yaml(document)
        if output is None:
            typer.echo(text, nl=False)
        else:
            _write(output, text, force=force)
            console.err.print(f"{output} has {len(document['model_list'])} models.", soft_wrap=True, highlight=False)


def _servers(given: list[str] | None) -> list[str]:
    addresses = ",".join(given or [get_settings().comfyui_base_url])
    return [console.checked_url(address.strip()) for address in addresses.split(",")]


def _write(path: Path, text: str, *, force: bool) -> None:
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise SettingsError(f"{path} is there already; --force replaces it.") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}.") from None


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


__all__ = ["config", "whole"]
