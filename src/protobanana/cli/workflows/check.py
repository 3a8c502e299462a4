"""`protobanana workflows check`: documents and files judged as ComfyUI would."""

from __future__ import annotations

from typing import Annotated

import typer

from protobanana.cli import console
from protobanana.cli.workflows import sources
from protobanana.cli.workflows.cells import short
from protobanana.errors import ProtoBananaError
from protobanana.turn import adoption
from protobanana.workflows.authoring.check import check as find_problems
from protobanana.workflows.authoring.nodes import Problem


def check(
    names: Annotated[list[str] | None, typer.Argument(help="Names or files; default: all workflows.")] = None,
    comfyui: Annotated[str | None, typer.Option(metavar="URL|FILE", help=sources.COMFYUI_HELP)] = None,
) -> None:
    """Check documents as ComfyUI would, in every tier and combination of slots. Status 1 when one has an error."""
    with console.plain_errors():
        object_info = sources.object_info(comfyui)
        library = adoption.library(strict=False)
        problems: list[tuple[str, Problem | str]] = [] if names else [*library.problems.items()]
        for name in names or library.names():
            try:
                workflow = sources.workflow(name, library, sources.adopter(object_info))
                problems += [(workflow.name, problem) for problem in find_problems(workflow, object_info)]
            except ProtoBananaError as error:
                problems.append((name, error.message))
        for name, problem in problems:
            console.out.print(short(f"{name}: {problem}", 2000), markup=False, highlight=False, soft_wrap=True)
        bad = sum(isinstance(problem, str) or problem.severity == "error" for _, problem in problems)
        console.out.print(f"{len(names or library.names())} checked, {bad} errors, {len(problems) - bad} warnings")
        raise typer.Exit(1 if bad else 0)


__all__ = ["check"]
