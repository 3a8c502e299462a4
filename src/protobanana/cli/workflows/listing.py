"""`protobanana workflows list`: all workflows, bundled and one's own."""

from __future__ import annotations

from rich.table import Column, Table

from protobanana.cli import console
from protobanana.cli.workflows.cells import cell, short
from protobanana.turn import adoption
from protobanana.workflows.header import License


def listing() -> None:
    """All workflows, with what they do and under which licence. Files of the folder that cannot be used are named."""
    with console.plain_errors():
        library = adoption.library(strict=False)
        own = library.own()
        heads = ("operation", "pictures", "tiers", "licence", "title", "file")
        table = Table(Column("name", no_wrap=True), *heads[: None if own else -1])
        for name in library.names():
            workflow = library.get(name)
            header = workflow.header
            pictures = str(workflow.max_images) if workflow.max_images else ""
            cells = [name, ", ".join(header.operations), pictures, ", ".join(header.tiers), terms(header.license),
                     workflow.title]  # fmt: skip
            table.add_row(*map(cell, [*cells, own.get(name, "")] if own else cells))
        console.out.print(table)
        for file, problem in library.problems.items():
            said = problem if problem.startswith(file) else f"{file}: {problem}"
            console.err.print(short(said, 2000), markup=False, highlight=False, soft_wrap=True)


def terms(licence: License | None) -> str:
    """A licence in few words; empty where none is known."""
    if licence is None:
        return ""
    return licence.name + ("" if licence.commercial else " (non-commercial)")


__all__ = ["listing", "terms"]
