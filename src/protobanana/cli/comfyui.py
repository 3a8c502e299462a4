"""`protobanana comfyui install` and `start`: ComfyUI with what the workflows need, through comfy-cli.

comfy-cli is a program of its own, under a licence of its own: it is started, never imported, and fetched on demand.
"""

from __future__ import annotations

import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from protobanana.cli import console
from protobanana.cli.doctor.machine import CACHE_FLAG, CACHE_NODES
from protobanana.errors import SettingsError
from protobanana.turn import adoption
from protobanana.workflows.document import Workflow
from protobanana.workflows.library import bundled

app = typer.Typer(help="Install and start ComfyUI, by way of comfy-cli.", no_args_is_help=True)
PACKAGE, PROGRAM = "comfy-cli", "comfy"
DIR_HELP = "ComfyUI's folder; default: comfy/ComfyUI in your home."
YES_HELP = "Do not ask."
MANAGER_HINT = (
    "comfy-cli installs node packs through ComfyUI-Manager; where that is missing, `protobanana doctor` names the "
    "`git clone` for each pack."
)
_BIN = "Scripts" if sys.platform == "win32" else "bin"


@dataclass(frozen=True)
class _Tool:
    """A way to install comfy-cli: its commands, and the command that says where programs then lie (None: `folder`)."""

    commands: tuple[tuple[str, ...], ...]
    where: tuple[str, ...] | None = None
    folder: Path | None = None


@app.command()
def install(
    directory: Annotated[Path | None, typer.Argument(help=DIR_HELP, show_default=False)] = None,
    nvidia: Annotated[
        bool, typer.Option("--nvidia", help="For NVIDIA cards; found by itself where none is named.")
    ] = False,
    amd: Annotated[bool, typer.Option("--amd", help="For AMD cards.")] = False,
    m_series: Annotated[bool, typer.Option("--m-series", help="For Apple's processors.")] = False,
    cpu: Annotated[bool, typer.Option("--cpu", help="Without a graphics card.")] = False,
    version: Annotated[str, typer.Option(help="ComfyUI's version: a number, `latest`, or `nightly`.")] = "latest",
    workflow: Annotated[
        list[str] | None,
        typer.Option(help="Node packs of this workflow only; may be repeated. Default: all bundled ones."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help=YES_HELP)] = False,
) -> None:
    """Install ComfyUI and the node packs of the workflows. Says what it will do, and asks."""
    with console.plain_errors():
        folder = _folder(directory)
        packs = _packs(workflow or [])
        given = {"--nvidia": nvidia, "--amd": amd, "--m-series": m_series, "--cpu": cpu}
        there = (folder / "main.py").is_file()
        steps: list[tuple[str, ...]] = []
        if there:
            console.out.print(Text(f"{folder} is ComfyUI already; only node packs are installed."), soft_wrap=True)
        else:
            steps.append(("install", _kind([flag for flag, chosen in given.items() if chosen]), "--version", version))
        if packs:
            steps.append(("node", "install", "--exit-on-fail", *packs))
        program = _comfy(folder, steps, yes=yes)
        for step in steps:
            _must(_command(program, folder, step), hint=MANAGER_HINT if step[0] == "node" else "")
        next_ = f"protobanana models pull WORKFLOW --comfyui-dir {shlex.quote(str(folder))}"
        console.out.print(Text(f"Ready. Next: {next_}"), soft_wrap=True)


@app.command()
def start(
    extra: Annotated[list[str] | None, typer.Argument(help="Further flags of ComfyUI, after `--`.")] = None,
    comfyui_dir: Annotated[Path | None, typer.Option(help=DIR_HELP, show_default=False)] = None,
    listen: Annotated[
        str, typer.Option(help="Address to listen on. ComfyUI has no keys: keep it to trusted networks.")
    ] = ("127.0.0.1"),
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port.")] = 8188,
    yes: Annotated[bool, typer.Option("--yes", "-y", help=YES_HELP)] = False,
) -> None:
    """Start ComfyUI with the flags that protoBanana works best with, until it is stopped."""
    with console.plain_errors():
        folder = _folder(comfyui_dir)
        if not (folder / "main.py").is_file():
            raise SettingsError(
                f"{folder} is not ComfyUI; install it with `protobanana comfyui install`, or name its folder."
            )
        flags = ["--listen", listen, "--port", str(port)]
        if not any(flag.startswith("--cache-") for flag in extra or ()):
            flags += [CACHE_FLAG, str(CACHE_NODES)]
        step = ("launch", "--", *flags, *(extra or ()))
        program = _comfy(folder, [], yes=yes)
        raise typer.Exit(_run(_command(program, folder, step)))


def _folder(given: Path | None) -> Path:
    return (given or Path.home() / "comfy" / "ComfyUI").expanduser().absolute()


def _packs(names: Sequence[str]) -> list[str]:
    """Addresses of the node packs that the workflows need, each once."""
    library = adoption.library(strict=False)
    chosen: list[Workflow] = [library.get(name) for name in names] or list(bundled().values())
    return list(dict.fromkeys(node.url for workflow in chosen for node in workflow.header.custom_nodes))


def _kind(given: list[str]) -> str:
    """The flag for the machine's graphics card."""
    if len(given) > 1:
        raise SettingsError(f"{' and '.join(given)}: give one of them.")
    if given:
        return given[0]
    if shutil.which("nvidia-smi"):
        return "--nvidia"
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return "--m-series"
    raise SettingsError("No NVIDIA card was found; say which kind it is: --nvidia, --amd, --m-series or --cpu.")


def _command(program: str, folder: Path, step: Sequence[str]) -> list[str]:
    return [program, "--skip-prompt", f"--workspace={folder}", *step]


# comfy-cli ----------------------------------------------------------------------------------------------------------


def _comfy(folder: Path, steps: Sequence[Sequence[str]], *, yes: bool) -> str:
    """The comfy program, installed first where there is none. What will be done is shown, and asked for."""
    own = Path(typer.get_app_dir("protobanana", roaming=False)) / PACKAGE
    program = shutil.which(PROGRAM) or shutil.which(PROGRAM, path=str(own / _BIN))
    tool = None if program else _tool(own)
    commands = [*(tool.commands if tool else ()), *(_command(PROGRAM, folder, step) for step in steps)]
    if commands:
        console.out.print("This will be done:")
        for command in commands:
            console.out.print(Text(f"  {shlex.join(command)}"), soft_wrap=True)
        if not (yes or typer.confirm("Go on?")):
            raise SettingsError("Nothing was done.")
    if tool is not None:
        for command in tool.commands:
            _must(command)
        program = _installed(tool)
    if program is None:
        raise SettingsError(f"{PACKAGE} was installed, but there is no program `{PROGRAM}`; put it on PATH.")
    return program


def _tool(own: Path) -> _Tool:
    """Through uv or pipx where there is one: both keep programs apart. Else a virtual environment in `own`."""
    if shutil.which("uv"):
        return _Tool((("uv", "tool", "install", PACKAGE),), where=("uv", "tool", "dir", "--bin"))
    if shutil.which("pipx"):
        return _Tool((("pipx", "install", PACKAGE),), where=("pipx", "environment", "--value", "PIPX_BIN_DIR"))
    python = str(own / _BIN / "python")
    return _Tool(
        ((sys.executable, "-m", "venv", str(own)), (python, "-m", "pip", "install", PACKAGE)), folder=own / _BIN
    )


def _installed(tool: _Tool) -> str | None:
    """Where the program lies now; the folder of uv and pipx need not be on PATH."""
    folder = str(tool.folder) if tool.folder else None
    if tool.where is not None:
        said = subprocess.run(tool.where, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
        folder = said.stdout.strip()
    return shutil.which(PROGRAM) or shutil.which(PROGRAM, path=folder)


def _must(command: Sequence[str], hint: str = "") -> None:
    """Run a program; raises SettingsError, with `hint`, when it fails. What it prints goes where ours goes."""
    status = _run(command)
    if status:
        raise SettingsError(f"`{shlex.join(command)}` ended with status {status}. {hint}".rstrip())


def _run(command: Sequence[str]) -> int:
    try:
        process = subprocess.Popen(command)  # noqa: S603 - a list, no shell
    except OSError as error:
        raise SettingsError(f"`{command[0]}` cannot be started: {error.strerror}.") from None
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # the program has been interrupted as well, and ends in its own time


__all__ = ["app"]
