"""`protobanana workflows diff`: what differs between two workflows, ids and order of their nodes aside."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from protobanana.cli import console
from protobanana.cli.workflows import sources
from protobanana.cli.workflows.comparison import differences, header_differences
from protobanana.cli.workflows.pairing import paired
from protobanana.turn import adoption
from protobanana.workflows.authoring.convert import read_any
from protobanana.workflows.authoring.schema import Catalogue, read_catalogue
from protobanana.workflows.graph import Graph
from protobanana.workflows.library import WorkflowLibrary

_DIFFERENT, _TROUBLE = 1, 2


def diff(
    first: Annotated[str, typer.Argument(help=sources.NAME_HELP)],
    second: Annotated[str, typer.Argument(help="The same, to compare with.")],
    comfyui: Annotated[str | None, typer.Option(metavar="URL|FILE", help=sources.COMFYUI_HELP)] = None,
) -> None:
    """Say what differs between two workflows, one line each. Status 0: nothing, 1: something, 2: one cannot be read."""
    try:
        with console.plain_errors():
            schemas = read_catalogue(sources.object_info(comfyui))
            library = adoption.library(strict=False)
            (left, one), (right, other) = (_read(given, library, schemas) for given in (first, second))
            pairs = paired(left, right)
            lines = [*header_differences(one, other, left, pairs), *differences(left, right, pairs)]
    except typer.Exit as end:
        raise typer.Exit(_TROUBLE if end.exit_code == 1 else end.exit_code) from None
    for line in lines:
        console.out.print(line, markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(_DIFFERENT if lines else 0)


def _read(given: str, library: WorkflowLibrary, schemas: Catalogue) -> tuple[Graph, dict[str, Any] | None]:
    """A graph, and its header where it has one."""
    if sources.is_file(given):
        source = sources.read(given)
        authored = read_any(source.data, source.file, schemas)
        return authored.graph, authored.header
    workflow = library.get(given)
    return dict(workflow.graph), workflow.header.model_dump(mode="json", by_alias=True, exclude_unset=True)


__all__ = ["diff"]
