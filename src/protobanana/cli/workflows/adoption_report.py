"""What `adopt` shows before it writes: slots with their reasons, doubts, model files, problems."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Column, Table
from rich.text import Text

from protobanana.cli import console
from protobanana.cli.workflows.cells import cell, short
from protobanana.cli.workflows.completion import NamedFile
from protobanana.cli.workflows.found import Found
from protobanana.cli.workflows.show import endpoint, size_of
from protobanana.workflows.authoring.nodes import title_of
from protobanana.workflows.graph import is_link

_KINDS = {"api": "an API graph", "editor": "a file of ComfyUI's editor"}
_OVERRULE = (
    "Another one is meant? Title its node in ComfyUI after the slot (`Prompt`, `Output`, ...), or edit the header."
)


def print_report(found: Found) -> None:
    """All of it on standard output."""
    out = console.out
    workflow, reasons = found.workflow, found.inferred.reasons
    operations = ", ".join(workflow.header.operations) or "none, it is called by its name alone"
    _line(f"{found.file}: {_KINDS[found.authored.kind]} with {len(found.authored.graph)} nodes")
    why = reasons.get("operation", "").partition(": ")[2] or "stated in the header"
    _line(f"operation: {operations}  ({why})")
    _line(f"endpoint: POST {endpoint(workflow)}")
    for name, node_id in workflow.header.outputs.items():
        why = f"  ({reasons['output']})" if name == "image" and "output" in reasons else ""
        _line(f"output {name}: {title_of(workflow.graph[node_id])} (node {node_id}){why}")
    table = Table("slot", "node", "input", "default", "why")
    for row in _slot_rows(found):
        table.add_row(*map(cell, row[:4]), cell(row[4], 200))
    if workflow.slots:
        out.print(table)
    for name, why in reasons.items():
        if name not in workflow.slots and name not in ("operation", "output"):
            _line(f"no {name}: {why}")
    _print_doubts(found)
    _print_files(found.files, live=found.live)
    for note in found.authored.notes:
        _line(str(note))
    for problem in found.problems:
        _line(str(problem))
    if found.errors and not found.live:
        _line("The recorded ComfyUI 0.12.1 may be older than yours: check with --comfyui URL.")


def _slot_rows(found: Found) -> Iterator[tuple[object, ...]]:
    for slot, wiring in found.workflow.slots.items():
        for number, target in enumerate(wiring.to):
            node = found.workflow.graph[target.node]
            value = node["inputs"].get(target.input)
            why = found.inferred.reasons.get(slot, "")
            optional = "" if wiring.required or not wiring.absent else " (optional)"
            first = (f"{slot}{optional}", why) if number == 0 else ("", "")
            default = "from another node" if is_link(value) else value
            yield first[0], f"{title_of(node)} ({target.node})", target.input, default, first[1]


def _print_doubts(found: Found) -> None:
    for slot, candidates in found.inferred.ambiguous.items():
        _line(f"{slot} may be any of these; the first is taken:")
        for candidate in candidates:
            _line(f"- {candidate}")
    if found.inferred.ambiguous:
        _line(_OVERRULE)


def _print_files(files: list[NamedFile], *, live: bool) -> None:
    if not files:
        return
    table = Table(Column("models/", overflow="fold"), "size", "repository", *(["in ComfyUI"] if live else []))
    for one in {(file.folder, file.name): file for file in files}.values():
        place = f"{one.folder or '?'}/{one.name}"
        source = Text(short(one.source.repo)) if one.source else Text("not known", style="dim")
        size = size_of(one.source) if one.source else ""
        state = [Text("MISSING", style="bold red") if one.missing else Text("there")] if live else []
        table.add_row(cell(place, 200), size, source, *state)
    console.out.print(table)


def _line(text: str) -> None:
    console.out.print(short(text, 600), markup=False, highlight=False, soft_wrap=True)


__all__ = ["print_report"]
