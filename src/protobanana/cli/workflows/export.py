"""`protobanana workflows export`: back to a file that ComfyUI's editor opens."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from protobanana.cli import console
from protobanana.cli.workflows import sources, writing
from protobanana.turn import adoption
from protobanana.workflows.authoring.convert import read_any
from protobanana.workflows.authoring.export import export as exported
from protobanana.workflows.authoring.schema import Catalogue, read_catalogue
from protobanana.workflows.document import KEY


def export(
    name: Annotated[str, typer.Argument(help=sources.NAME_HELP)],
    out: Annotated[Path | None, typer.Option("-o", "--out", dir_okay=False, help="File; default: the output.")] = None,
    comfyui: Annotated[str | None, typer.Option(metavar="URL|FILE", help=sources.COMFYUI_HELP)] = None,
    force: Annotated[bool, typer.Option("--force", help=writing.FORCE_HELP)] = False,
) -> None:
    """Write a file that ComfyUI's editor opens, with the header where `adopt` finds it again."""
    with console.plain_errors():
        if out:
            writing.check_free(out, force=force)
        schemas = read_catalogue(sources.object_info(comfyui))
        drawn = exported(_document(name, schemas), schemas)
        if out is None:
            writing.print_json(drawn)
            return
        writing.write(out, writing.encoded(drawn))
        console.out.print(f"{out}: open it in ComfyUI with Workflow > Open.", markup=False, soft_wrap=True)


def _document(name: str, schemas: Catalogue) -> dict[str, Any]:
    """A graph with its header, as far as it has one."""
    if sources.is_file(name):
        source = sources.read(name)
        authored = read_any(source.data, source.file, schemas)
        return {**({} if authored.header is None else {KEY: authored.header}), **authored.graph}
    workflow = adoption.library(strict=False).get(name)
    header = workflow.header.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return {KEY: header, **workflow.graph}


__all__ = ["export"]
