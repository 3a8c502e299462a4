"""`protobanana smoke`: known pictures through workflows, and what comes out measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from protobanana.cli import console
from protobanana.cli.workflows import sources
from protobanana.turn import adoption
from protobanana.turn.adoption import Adopter
from protobanana.turn.runner import Server
from protobanana.turn.smoke import Outcome
from protobanana.turn.smoke import smoke as run_smoke
from protobanana.workflows.document import Workflow


def smoke(
    names: Annotated[list[str] | None, typer.Argument(help="Names or files; default: all workflows.")] = None,
    comfyui: Annotated[str | None, typer.Option(help=console.ENGINE_HELP)] = None,
    keep: Annotated[Path | None, typer.Option(file_okay=False, help="Write the pictures into this folder.")] = None,
) -> None:
    """Run known pictures through workflows and measure what comes out. Status 1 when one is not as it should be."""
    with console.plain_errors(), console.comfyui(comfyui) as server:
        library = adoption.library(strict=False)
        chosen = [sources.workflow(name, library, Adopter(lambda: [server])) for name in names or library.names()]
        outcomes = console.run(_smoke(chosen, server))
        table = Table(Column("workflow", no_wrap=True), "case", "check", "", "measured")
        for outcome in outcomes:
            for check in outcome.checks:
                mark = "[green]ok[/]" if check.ok else "[bold red]FAILED[/]"
                table.add_row(outcome.workflow, outcome.case, check.name, mark, check.measured)
            if keep and outcome.image:
                keep.mkdir(parents=True, exist_ok=True)
                file = keep / f"{outcome.workflow}-{outcome.case.replace(' ', '-')}.{outcome.image.format}"
                file.write_bytes(outcome.image.data)
        console.out.print(table)
        raise typer.Exit(0 if outcomes and all(outcome.ok for outcome in outcomes) else 1)


async def _smoke(workflows: list[Workflow], server: str) -> list[Outcome]:
    found: list[Outcome] = []
    for workflow in workflows:
        found += [outcome async for outcome in run_smoke(workflow, Server(server))]
    return found


__all__ = ["smoke"]
