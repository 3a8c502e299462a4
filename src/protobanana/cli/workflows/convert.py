"""`protobanana workflows convert`: from any file to the API graph that ComfyUI's server runs."""

from __future__ import annotations

from typing import Annotated

import typer

from protobanana.cli import console
from protobanana.cli.workflows import sources, writing
from protobanana.workflows.authoring.convert import read_any
from protobanana.workflows.authoring.schema import read_catalogue

_SCHEMAS_HELP = (
    "Node classes to convert with: the address of a ComfyUI, or a file with its answer on /object_info. Default: the "
    "recorded nodes of ComfyUI 0.12.1."
)


def convert(
    file: Annotated[str, typer.Argument(help=sources.FILE_HELP)],
    object_info: Annotated[str | None, typer.Option(metavar="FILE|URL", help=_SCHEMAS_HELP)] = None,
) -> None:
    """Write the API graph of a file as JSON on standard output; what its author should know goes to standard error."""
    with console.plain_errors():
        source = sources.read(file)
        authored = read_any(source.data, source.file, read_catalogue(sources.object_info(object_info)))
        writing.print_json(authored.graph)
        for note in authored.notes:
            console.err.print(str(note), markup=False, highlight=False, soft_wrap=True)
        if authored.header is not None:
            console.err.print("The `_protobanana` header is left out; `workflows adopt` keeps it.", soft_wrap=True)


__all__ = ["convert"]
