"""`protobanana workflows show`: one workflow as its callers see it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.table import Column, Table
from rich.text import Text

from protobanana.cli import console
from protobanana.cli.workflows import sources, writing
from protobanana.cli.workflows.cells import cell, short, span
from protobanana.cli.workflows.listing import terms
from protobanana.turn import adoption
from protobanana.workflows.authoring.schema import read_catalogue
from protobanana.workflows.document import Workflow
from protobanana.workflows.form import form_of
from protobanana.workflows.header import STANDARD_TIERS, ModelFile


def show(
    name: Annotated[str, typer.Argument(help=sources.NAME_HELP)],
    as_json: Annotated[bool, typer.Option("--json", help="The same as JSON, with the header as it stands.")] = False,
    comfyui: Annotated[str | None, typer.Option(metavar="URL|FILE", help=sources.COMFYUI_HELP)] = None,
) -> None:
    """One workflow: what it does, where it is called, what a request can set, its qualities, models and licence."""
    with console.plain_errors():
        object_info = sources.object_info(comfyui)
        workflow = sources.workflow(name, adoption.library(strict=False), sources.adopter(object_info))
        form = form_of(workflow, read_catalogue(object_info))
        if as_json:
            header = workflow.header.model_dump(mode="json", by_alias=True, exclude_unset=True)
            writing.print_json({**form, "endpoint": endpoint(workflow), "header": header})
            return
        _print(workflow, form)


def endpoint(workflow: Workflow) -> str:
    """Where it is called."""
    return f"/v1/images/{'edits' if workflow.max_images else 'generations'}"


def _print(workflow: Workflow, form: dict[str, Any]) -> None:
    out = console.out
    out.print(Text(f"{short(workflow.title)} ({workflow.name})", style="bold"))
    if workflow.header.description:
        out.print(Text(short(workflow.header.description, 500)))
    table = Table(Column(no_wrap=True, style="dim"), Column(), box=None, show_header=False, pad_edge=False)
    for key, value in _facts(workflow):
        table.add_row(key, cell(value, 400))
    out.print(table)
    if form["slots"]:
        table = Table("slot", "type", "default", "range or choices", Column("fills", no_wrap=True))
        for name, about in form["slots"].items():
            default = "required" if about["required"] else about.get("default", "")
            table.add_row(name, about.get("type", ""), cell(default), span(about), cell(", ".join(about["fills"])))
        out.print(table)
    free = {name: about for name, about in form["inputs"].items() if "slot" not in about}
    if free:
        table = Table("`inputs`: name", "type", "default", "range or choices", "node")
        for name, about in free.items():
            table.add_row(cell(name, 100), about["type"], cell(about.get("default", "")), span(about), about["node"])
        out.print(table)
    files = [(model, "") for model in workflow.header.models]
    files += [(model, name) for name, tier in workflow.header.tiers.items() for model in tier.models]
    if files:
        table = Table(Column("models/", overflow="fold"), "size", "repository", "only for")
        for model, tier in files:
            table.add_row(cell(f"{model.folder}/{model.name}", 200), size_of(model), cell(model.repo), tier)
        out.print(table)


def _facts(workflow: Workflow) -> Iterator[tuple[str, str]]:
    header = workflow.header
    yield "operation", ", ".join(header.operations) or "none: it is called by its name alone"
    yield "endpoint", f"POST {endpoint(workflow)}"
    least, most = workflow.min_images, workflow.max_images
    yield "pictures", (f"{least}" if least == most else f"{least} to {most}") if most else "none"
    yield "outputs", ", ".join(f"{name} (node {node})" for name, node in header.outputs.items())
    if header.sizes:
        yield "sizes", ", ".join(f"{width}x{height}" for width, height in header.sizes)
    limits = header.limits.model_dump(exclude_unset=True)
    if limits:
        yield "limits", ", ".join(f"{name} {value}" for name, value in limits.items())
    tiers = (tier for tier in dict.fromkeys((*STANDARD_TIERS, *header.tiers)) if tier in header.tiers)
    named = [f"{tier}: {header.tiers[tier].title or 'changed'}" for tier in tiers]
    yield "quality", "; ".join([*named, f"default {workflow.tier_name()}"])
    licence = header.license
    about = [terms(licence), licence.url or "", licence.note or ""] if licence else ["not stated"]
    yield "licence", ", ".join(filter(None, about))
    if header.custom_nodes:
        yield "node packs", ", ".join(f"{pack.name} ({pack.url})" for pack in header.custom_nodes)


def size_of(model: ModelFile) -> str:
    """About how large a file is; empty where that is not known."""
    if model.size is None:
        return ""
    return f"{model.size / 1e9:.1f} GB" if model.size >= 1e8 else f"{model.size / 1e6:.1f} MB"


__all__ = ["endpoint", "show", "size_of"]
