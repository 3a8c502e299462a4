"""Write the parts of the documents that can be derived from the code: `make docs`; `--check` only looks.

A generated part stands between `<!-- generated: name -->` and `<!-- end -->`.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import licences
import reference
from pydantic import BaseModel
from reference import model_rows, table

from protobanana.operations.base import Operation, operations
from protobanana.settings import Settings, variable_of
from protobanana.workflows import header
from protobanana.workflows.library import WorkflowLibrary

ROOT = Path(__file__).parent.parent
SECTION = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def settings_table() -> str:
    """Every environment variable."""

    def rows() -> Iterator[list[str]]:
        for name, field in Settings.model_fields.items():
            default = "" if field.default is None else f"`{field.default}`" if field.default != "" else "none"
            yield [f"`{variable_of(name)}`", " ".join((field.description or "").split()), default]

    return table(["variable", "meaning", "default"], rows())


def operations_table() -> str:
    """What a user can ask for."""

    def rows() -> Iterator[list[str]]:
        library = WorkflowLibrary(None)
        base = set(Operation.model_fields)
        for name, kind in sorted(operations().items()):
            about = (inspect.getdoc(kind) or "").split("\n\n")[0].replace("\n", " ")
            own = ", ".join(f"`{field}`" for field in kind.model_fields if field not in base)
            default = library.for_operation(name)[0].name
            yield [f"`{name}`", about, own, f"`{default}`", f'"{kind.examples[0]}"']

    return table(["operation", "what it does", "own fields", "default workflow", "for example"], rows())


def workflows_table() -> str:
    """The bundled documents."""

    def rows() -> Iterator[list[str]]:
        library = WorkflowLibrary(None)
        for name in library.names():
            workflow = library.get(name)
            head = workflow.header
            terms = head.license
            licence = f"{terms.name}{'' if terms.commercial else ' (non-commercial)'}" if terms else ""
            pictures = f"{workflow.min_images} to {workflow.max_images}" if workflow.max_images else "none"
            tiers = ", ".join(f"{tier}: {value.title}" for tier, value in head.tiers.items() if value.title)
            nodes = ", ".join(f"[{node.name}]({node.url})" for node in head.custom_nodes)
            yield [f"`{name}`", ", ".join(head.operations), pictures, tiers, licence, nodes]

    return table(["workflow", "operation", "pictures", "quality", "licence", "node packs"], rows())


def aliases_table() -> str:
    """The names that the ready-made gateway offers."""
    aliases = json.loads(files("protobanana.gateway").joinpath("aliases.json").read_text("utf-8"))

    def rows() -> Iterator[list[str]]:
        for name, alias in aliases.items():
            fixed = ", ".join(f"`{key}: {value}`" for key, value in alias.items() if key not in ("model", "mode"))
            yield [f"`{name}`", f"`{alias['model']}`", alias["mode"].replace("_", " "), fixed]

    return table(["alias", "workflow", "mode", "with"], rows())


def header_table() -> str:
    """The fields of a workflow document's header."""
    parts: list[tuple[str, type[BaseModel]]] = [
        ("", header.Header), ("license.", header.License), ("models[].", header.ModelFile),
        ("custom_nodes[].", header.CustomNode), ("limits.", header.Limits), ("slots.*.", header.Slot),
        ("tiers.*.", header.Tier),
    ]  # fmt: skip
    return table(["field", "meaning", "default"], model_rows(parts))


TABLES: dict[str, Callable[[], str]] = {
    "settings": settings_table,
    "operations": operations_table,
    "workflows": workflows_table,
    "aliases": aliases_table,
    "header": header_table,
    "request": reference.request_fields,
    "parameters": reference.operation_fields,
    "errors": reference.errors_table,
    "codes": reference.codes_table,
    "commands": reference.commands,
    "bundled": licences.bundled,
    "dependencies": licences.dependencies,
    "obligations": licences.obligations,
    "model_licences": licences.models,
}


def rendered(text: str) -> str:
    """A document with its tables as the code has them now."""
    return SECTION.sub(lambda match: match[1] + "\n" + TABLES[match[2]]() + "\n" + match[3], text)


def documents() -> list[Path]:
    """All documents that may hold a table."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def main() -> int:
    """Write, or with `--check` compare; status 1 when a document is stale."""
    stale = [path for path in documents() if rendered(path.read_text("utf-8")) != path.read_text("utf-8")]
    for path in stale:
        if "--check" not in sys.argv:
            path.write_text(rendered(path.read_text("utf-8")), "utf-8")
        print(("stale: " if "--check" in sys.argv else "written: ") + str(path.relative_to(ROOT)))
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
