"""`protobanana serve` and `protobanana engine`: the two long-running programs."""

from __future__ import annotations

import secrets
import socket
from contextlib import ExitStack
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from protobanana.cli import console
from protobanana.engine import EngineSettings
from protobanana.engine import run as run_engine
from protobanana.errors import SettingsError
from protobanana.settings import export, get_settings
from protobanana.turn import adoption

DEMO_KEY = "sk-protobanana"
"""Key of a gateway that only this machine can reach, when nobody chose one."""
DEFAULT_PORT = 4000
ENGINE_PORT = 8188
DEFAULT_PACE = 0.05
"""Seconds per sampler step: slow enough to see the progress."""
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port; default 4000, or a free one if taken.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="API key clients must send; default LITELLM_MASTER_KEY.")] = None,
    config: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Your own LiteLLM config.yaml, in place of the generated one."),
    ] = None,
    engine: Annotated[
        list[str] | None, typer.Option(help=console.ENGINE_HELP + " Repeat it for several servers.")
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Processes that answer; each has its own line before the servers.")
    ] = 1,
    pace: Annotated[
        float, typer.Option(min=0, max=60, help="Embedded engine: seconds per sampler step.")
    ] = DEFAULT_PACE,
    studio: Annotated[
        bool, typer.Option(help="Serve the web page at /studio (needs the extra `gradio`, and a single worker).")
    ] = True,
) -> None:
    """Run the gateway: LiteLLM with every workflow as a model, on an OpenAI-compatible address."""
    from protobanana.gateway import app  # noqa: PLC0415 - keeps `--help` quick
    from protobanana.gateway import config as configs  # noqa: PLC0415 - as above

    with console.plain_errors(), ExitStack() as stack:
        servers = [stack.enter_context(console.comfyui(one, pace=pace)) for one in engine or (None,)]
        library = adoption.library()
        secret = key or get_settings().gateway_key or _key_for(host)
        listener = app.bind(host, DEFAULT_PORT if port is None else port, fixed=port is not None)
        # A config.yaml of the operator's own names its servers, or leaves it to these.
        export({"COMFYUI_BASE_URL": ",".join(servers), "LITELLM_MASTER_KEY": secret})
        get_settings.cache_clear()
        unpaged = _without_studio(workers) if studio else "off."
        names = "as in your config" if config else ", ".join(configs.model_names(library))
        ready = partial(_say_ready, reached_at(host, listener), secret, names, unpaged)
        app.serve(
            config or configs.gateway_config(library, servers, secret),
            listener,
            ready,
            factory=f"protobanana.{'gateway.app' if unpaged else 'ui.mounted'}:application",
            workers=workers,
        )


def reached_at(host: str, listener: socket.socket) -> str:
    """The address at which this machine reaches what listens there, without a path."""
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://{f'[{near}]' if ':' in near else near}:{listener.getsockname()[1]}"


def _key_for(host: str) -> str:
    """The key of a gateway for which nobody chose one: a known one where only this machine can reach it."""
    return DEMO_KEY if host in LOOPBACK else f"sk-{secrets.token_urlsafe(24)}"


def _without_studio(workers: int) -> str:
    """Why the web page cannot be served; empty when it can."""
    if workers > 1:
        return "not with several workers; run `protobanana ui` beside the gateway."
    if find_spec("gradio") is None:
        return "not installed; pip install 'protobanana[gradio]'."
    return ""


def _say_ready(at: str, secret: str, names: str, unpaged: str) -> None:
    # The key of a demonstration is no secret; what follows the # is never sent to a server.
    page = f"{at}/studio{f'#key={secret}' if secret == DEMO_KEY else ''}"
    console.out.print(f"Studio: {unpaged or page}", soft_wrap=True, highlight=False, markup=False)
    console.out.print(f"Ready: base URL {at}/v1  key {secret}  models {names}", soft_wrap=True, highlight=False)


def engine(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port; default 8188, or a free one if taken.")
    ] = None,
    pace: Annotated[
        float | None,
        typer.Option(min=0, max=60, help="Seconds per sampler step, default 0.05; with --instant per job, default 0."),
    ] = None,
    load_time: Annotated[float, typer.Option(min=0, max=600, help="Seconds to load a model that is not loaded.")] = 0.0,
    preview_method: Annotated[str, typer.Option(help="none, auto, latent2rgb or taesd.")] = "none",
    instant: Annotated[
        float | None,
        typer.Option(
            min=0.01, max=200, metavar="MB", help="Compute nothing: every job gives the same noise of so many MB."
        ),
    ] = None,
) -> None:
    """Run the embedded preview engine: ComfyUI's own protocol, without GPU or models."""
    if pace is None:
        pace = DEFAULT_PACE if instant is None else 0.0
    settings = EngineSettings(pace=pace, load_time=load_time, preview_method=preview_method, instant_mb=instant)

    def ready(url: str) -> None:
        console.out.print(f"Ready: preview engine (ComfyUI's protocol) at {url}", highlight=False, soft_wrap=True)

    with console.plain_errors():
        for attempt in (port,) if port is not None else (ENGINE_PORT, 0):
            try:
                return run_engine(settings, host, attempt, ready=ready)
            except OSError as error:
                problem = error
        raise SettingsError(f"{host}: {problem.strerror}. Choose another with --port.") from None
