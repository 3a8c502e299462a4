"""What adoption finds out about a file, and the document that it makes of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from protobanana.cli.workflows.completion import NamedFile, completed, named_files, node_packs
from protobanana.cli.workflows.sources import Json, Source
from protobanana.errors import WorkflowError
from protobanana.operations.base import operations
from protobanana.turn.adoption import adopt
from protobanana.workflows.authoring.check import check
from protobanana.workflows.authoring.convert import AuthoredFile, read_any
from protobanana.workflows.authoring.infer import KEY, Inferred, infer, tasks
from protobanana.workflows.authoring.nodes import Problem
from protobanana.workflows.authoring.schema import read_catalogue
from protobanana.workflows.document import Workflow
from protobanana.workflows.graph import needed_for


@dataclass(frozen=True)
class Found:
    """A file and what becomes of it. `live`: whether a ComfyUI was asked rather than the record."""

    file: str
    authored: AuthoredFile
    inferred: Inferred
    document: dict[str, Any]
    workflow: Workflow
    files: list[NamedFile]
    problems: list[Problem]
    """Without those that `files` tell: model files that a ComfyUI lacks."""
    live: bool

    @property
    def errors(self) -> list[Problem]:
        """What keeps ComfyUI from running it, apart from missing model files."""
        return [problem for problem in self.problems if problem.severity == "error"]


def trace(source: Source, name: str, object_info: Json | None) -> Found:
    """Convert, trace, complete and check a file that will be called `name`. Raises WorkflowError with what to mend."""
    schemas = read_catalogue(object_info)
    authored = read_any(source.data, source.file, schemas)
    try:
        served = json.loads(adopt(source.data, source.file, schemas))
        stated = {KEY: authored.header or {}, **authored.graph}
        inferred = infer(stated, schemas, operations=tasks(operations().values()))
    except WorkflowError as error:
        begins = error.message.startswith(f"{source.file}:")
        raise WorkflowError(error.message if begins else f"{source.file}: {error.message}") from None
    graph = {key: node for key, node in served.items() if key != KEY}
    files = named_files(graph, schemas, source.data)
    needed = needed_for(graph, served[KEY]["outputs"].values())
    used = [file for file in files if file.node in needed]
    document = {KEY: completed(served[KEY], used, node_packs(graph, schemas, source.data)), **graph}
    workflow = Workflow.parse(name, json.dumps(document), file=source.file)
    missing = {(file.node, file.input) for file in files if file.missing}
    problems = [one for one in check(workflow, object_info) if (one.node, one.input) not in missing]
    return Found(source.file, authored, inferred, document, workflow, files, problems, schemas.live)


__all__ = ["Found", "trace"]
