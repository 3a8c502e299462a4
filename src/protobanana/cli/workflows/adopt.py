"""`protobanana workflows adopt`: from whatever an artist saves to a document with a header, where it is served."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from protobanana.cli import console
from protobanana.cli.workflows import sources, writing
from protobanana.cli.workflows.adoption_report import print_report
from protobanana.cli.workflows.found import trace
from protobanana.cli.workflows.show import endpoint
from protobanana.errors import SettingsError, WorkflowError
from protobanana.settings import get_settings, variable_of
from protobanana.workflows.document import Workflow
from protobanana.workflows.folder import name_for

_OUT_HELP = "Name in the folder of PROTOBANANA_WORKFLOWS_DIR, or a path that ends in .json; default: the file's name."


def adopt(
    file: Annotated[str, typer.Argument(help=sources.FILE_HELP)],
    comfyui: Annotated[str | None, typer.Option(metavar="URL|FILE", help=sources.COMFYUI_HELP)] = None,
    out: Annotated[str | None, typer.Option("-o", "--out", metavar="NAME|PATH", help=_OUT_HELP)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be written, write nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Write without asking.")] = False,
    force: Annotated[bool, typer.Option("--force", help=writing.FORCE_HELP)] = False,
) -> None:
    """Make a workflow document of a file: convert it, find its slots, check it, show what was found, write it.

    With the address of a ComfyUI an error of the check keeps the document from being written; the recorded node
    classes may be older than yours, so that their word is only shown.
    """
    with console.plain_errors():
        source = sources.read(file)
        path = None if dry_run and out is None else _destination(out, source)
        name = path.stem if path else source.name
        found = trace(source, name, sources.object_info(comfyui))
        print_report(found)
        if found.live and found.errors:
            raise WorkflowError(f"{source.file}: this ComfyUI would refuse it; nothing is written.")
        if dry_run or path is None:
            return
        writing.check_free(path, force=force)
        if (
            not (yes or force)
            and not path.exists()
            and sys.stdin.isatty()
            and not typer.confirm(f"Write {path}?", True)
        ):
            raise typer.Exit(1)
        writing.write(path, writing.encoded(found.document))
        _say_next(path, found.workflow)


def _destination(out: str | None, source: sources.Source) -> Path:
    """Where to write. Raises SettingsError or WorkflowError where that cannot be told, or cannot be a model's name."""
    if out and (out.lower().endswith(".json") or Path(out).name != out):
        path = Path(out) if out.lower().endswith(".json") else Path(f"{out}.json")
        if not path.parent.is_dir():
            raise SettingsError(f"-o {out}: the folder {path.parent} does not exist.")
    else:
        folder = get_settings().user_workflows
        if folder is None:
            raise SettingsError(
                f"Say where to write: -o mine.json, or set {variable_of('workflows_dir')} to your workflows' folder."
            )
        path = folder / f"{out or source.name}.json"
    if path.stem != name_for(path.name):
        raise WorkflowError(
            f"{path.name}: a workflow's name has only letters A to Z, digits, '.', '_' and '-', and is not 'chat'; "
            "give another one with -o."
        )
    return path


def _say_next(path: Path, workflow: Workflow) -> None:
    folder = get_settings().user_workflows
    served = folder is not None and path.resolve().parent == folder.resolve()
    pictures = "".join(f" --image {number}.png" for number in range(1, workflow.min_images + 1))
    words = " --set prompt=..." if workflow.accepts("prompt") else ""
    target = workflow.name if served else shlex.quote(os.fspath(path))
    lines = [
        f"Written: {path}",
        f"Model name: {workflow.name}, on POST {endpoint(workflow)}"
        + ("." if served else f", once the file lies in the folder of {variable_of('workflows_dir')}."),
        f"Try it: protobanana workflows run {target}{words}{pictures}",
    ]
    for line in lines:
        console.out.print(line, markup=False, highlight=False, soft_wrap=True)


__all__ = ["adopt"]
