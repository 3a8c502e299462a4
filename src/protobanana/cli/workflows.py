"""`protobanana workflows ...` and `protobanana smoke`: what an author of workflows runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from protobanana.cli import console
from protobanana.comfy import client_for
from protobanana.errors import ProtoBananaError
from protobanana.settings import get_settings
from protobanana.turn.runner import Server
from protobanana.turn.smoke import Outcome
from protobanana.turn.smoke import smoke as run_smoke
from protobanana.workflows.authoring.check import check as find_problems
from protobanana.workflows.authoring.nodes import Problem
from protobanana.workflows.document import Workflow
from protobanana.workflows.library import WorkflowLibrary

app = typer.Typer(help="Look at and check workflow documents.", no_args_is_help=True)
COMFYUI_HELP = "Check against this ComfyUI; default: the recorded schemas of ComfyUI 0.12.1."


def _library() -> WorkflowLibrary:
    return WorkflowLibrary(get_settings().user_workflows, strict=False)


def _chosen(names: list[str] | None, library: WorkflowLibrary) -> list[Workflow]:
    """Documents by name or file; all of them when none is named."""
    return [
        Workflow.load(Path(name)) if name.endswith(".json") else library.get(name) for name in names or library.names()
    ]


@app.command("list")
def list_() -> None:
    """All workflows, with what they do and under which licence."""
    with console.plain_errors():
        library = _library()
        table = Table(Column("name", no_wrap=True), "operation", "pictures", "tiers", "licence", "title")
        for name in library.names():
            workflow = library.get(name)
            header = workflow.header
            licence = (
                (header.license.name + ("" if header.license.commercial else " (non-commercial)"))
                if header.license
                else ""
            )
            pictures = str(workflow.max_images) if workflow.max_images else ""
            table.add_row(
                name, ", ".join(header.operations), pictures, ", ".join(header.tiers), licence, workflow.title
            )
        console.out.print(table)
        for file, problem in library.problems.items():
            console.err.print(f"{file}: {problem}", markup=False)


@app.command()
def show(name: Annotated[str, typer.Argument(help="Name of a workflow, or a .json file.")]) -> None:
    """One workflow's header: slots, tiers, limits, models."""
    with console.plain_errors():
        (workflow,) = _chosen([name], _library())
        console.out.print_json(json.dumps(workflow.header.model_dump(mode="json", by_alias=True, exclude_none=True)))


@app.command()
def check(
    names: Annotated[list[str] | None, typer.Argument(help="Names or .json files; default: all.")] = None,
    comfyui: Annotated[str | None, typer.Option(help=COMFYUI_HELP)] = None,
) -> None:
    """Check documents as ComfyUI would, in every tier and combination of slots. Status 1 when one has an error."""
    with console.plain_errors():
        object_info = console.run(client_for(console.checked_url(comfyui)).object_info()) if comfyui else None
        library = _library()
        problems: list[tuple[str, Problem | str]] = [(file, text) for file, text in library.problems.items()]
        for name in names or library.names():
            try:
                (workflow,) = _chosen([name], library)
                problems += [(workflow.name, problem) for problem in find_problems(workflow, object_info)]
            except ProtoBananaError as error:
                problems.append((name, error.message))
        for name, problem in problems:
            console.out.print(f"{name}: {problem}", markup=False, highlight=False, soft_wrap=True)
        bad = sum(isinstance(problem, str) or problem.severity == "error" for _, problem in problems)
        console.out.print(f"{len(names or library.names())} checked, {bad} errors, {len(problems) - bad} warnings")
        raise typer.Exit(1 if bad else 0)


def smoke(
    names: Annotated[list[str] | None, typer.Argument(help="Names or .json files; default: all.")] = None,
    comfyui: Annotated[str | None, typer.Option(help=console.ENGINE_HELP)] = None,
    keep: Annotated[Path | None, typer.Option(file_okay=False, help="Write the pictures into this folder.")] = None,
) -> None:
    """Run known pictures through workflows and measure what comes out. Status 1 when one is not as it should be."""
    with console.plain_errors(), console.comfyui(comfyui) as server:
        outcomes = console.run(_smoke(_chosen(names, _library()), server))
        table = Table(Column("workflow", no_wrap=True), "case", "check", "", "measured")
        for outcome in outcomes:
            for check_ in outcome.checks:
                mark = "[green]ok[/]" if check_.ok else "[bold red]FAILED[/]"
                table.add_row(outcome.workflow, outcome.case, check_.name, mark, check_.measured)
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
