"""What all commands share: a console, plain error lines, and a ComfyUI to talk to."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Coroutine, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from protobanana import events
from protobanana.cluster import then_close
from protobanana.cluster.ray.wire import SCHEME, application_of
from protobanana.engine import EngineSettings, EngineThread
from protobanana.errors import ProtoBananaError, SettingsError
from protobanana.settings import get_settings

T = TypeVar("T")
EMBEDDED = "embedded"
out = Console(width=None if sys.stdout.isatty() else 200)
"""Where answers go; a pipe has no width, and names must not be cut for one."""
err = Console(stderr=True)

ENGINE_HELP = (
    "Address of a ComfyUI, or 'embedded' for the preview engine, which needs neither GPU nor models and says so in its "
    "pictures. Default: COMFYUI_BASE_URL where it is set, else embedded."
)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Errors of ours end the command with one line and status 1; Ctrl-C with status 130."""
    try:
        yield
    except ProtoBananaError as error:
        err.print(f"[bold red]Error:[/] {_escaped(error.message)}", soft_wrap=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _escaped(text: str) -> str:
    return text.replace("[", r"\[")


@contextmanager
def comfyui(engine: str | None, *, pace: float = 0.0) -> Iterator[str]:
    """The address of the ComfyUI to use; an embedded engine runs as long as the block."""
    chosen = engine or (get_settings().comfyui_base_url if _configured() else EMBEDDED)
    if chosen != EMBEDDED:
        yield checked_url(chosen)
        return
    with EngineThread(EngineSettings(pace=pace)) as running:
        yield running.url


def checked_url(address: str) -> str:
    """An http(s) address without a trailing slash, or `ray://NAME`; raises SettingsError for anything else."""
    if address.startswith(SCHEME):
        return SCHEME + application_of(address)
    if not address.startswith(("http://", "https://")):
        raise SettingsError(f"--engine {address}: use 'embedded' or an address such as http://127.0.0.1:8188.")
    return address.rstrip("/")


def _configured() -> bool:
    return "comfyui_base_url" in get_settings().model_fields_set


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work; connections are closed before the loop ends."""
    return asyncio.run(then_close(work))


@asynccontextmanager
async def progress_bar() -> AsyncGenerator[Progress]:
    """A bar on standard error, gone when the work is done; silent when nobody watches."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not sys.stderr.isatty()) as bar:
        yield bar


async def watched(stream: AsyncGenerator[events.Event]) -> AsyncGenerator[events.Event]:
    """Draw progress while passing everything on."""
    async with progress_bar() as bar, aclosing(stream):
        task = bar.add_task("starting", total=None)
        async for event in stream:
            if isinstance(event, events.Queued):
                bar.update(task, description=f"waiting, {event.position} ahead", total=None)
            elif isinstance(event, events.Progress):
                bar.update(task, description=event.stage, completed=event.done, total=event.total)
            yield event


def free_name(wanted: Path) -> Path:
    """`wanted`, or the next numbered name beside it that is free."""
    number = 1
    path = wanted
    while path.exists():
        number += 1
        path = wanted.with_stem(f"{wanted.stem}-{number}")
    return path
