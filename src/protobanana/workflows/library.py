"""All workflows: the bundled documents and the operator's folder, re-read when its files change."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import resources
from pathlib import Path

from protobanana.errors import UnknownWorkflowError, WorkflowError
from protobanana.workflows.document import NAME, Workflow

Stamp = tuple[int, int]
"""What tells one version of a file from the next: modification time in nanoseconds, size in bytes."""


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the folder as last seen. `workflow` is the newest version that could be read, None if none could."""

    stamp: Stamp
    workflow: Workflow | None
    problem: str | None = None


@cache
def bundled() -> Mapping[str, Workflow]:
    """The documents that ship with the package, by name; works from a wheel or a zip."""
    folder = resources.files("protobanana.workflows").joinpath("bundled")
    documents = (entry for entry in folder.iterdir() if entry.name.endswith(".json"))
    found = (Workflow.parse(entry.name.removesuffix(".json"), entry.read_text(encoding="utf-8")) for entry in documents)
    return {workflow.name: workflow for workflow in sorted(found, key=lambda workflow: workflow.name)}


class WorkflowLibrary:
    """Workflows by name. A file of the operator's folder hides the bundled document of the same stem.

    With `strict` (at start-up) a broken file raises WorkflowError. Later on a file that breaks keeps its last good
    version in service; `problems` says what is wrong with it.
    """

    def __init__(self, folder: Path | None = None, *, strict: bool = True) -> None:
        self._folder = folder
        self._files: dict[str, _File] = {}
        self._folder_problem: str | None = None
        self._workflows: Mapping[str, Workflow] = bundled()
        self.refresh()
        if strict and self.problems:
            raise WorkflowError(" ".join(self.problems.values()))

    @property
    def problems(self) -> Mapping[str, str]:
        """File name -> what is wrong with it; empty when all is well. The folder itself is listed as `.`."""
        found = {f"{stem}.json": file.problem for stem, file in self._files.items() if file.problem}
        return found | ({".": self._folder_problem} if self._folder_problem else {}) | self._rivals()

    def names(self) -> list[str]:
        """Names of all workflows, sorted."""
        return sorted(self._workflows)

    def get(self, name: str) -> Workflow:
        """The workflow of that name. Raises UnknownWorkflowError (404) listing the existing ones."""
        if NAME.fullmatch(name) and name in self._workflows:
            return self._workflows[name]
        close = get_close_matches(name, self._workflows, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        shown = f"'{name}'" if NAME.fullmatch(name) else "of that name"
        raise UnknownWorkflowError(
            f"There is no workflow {shown}.{hint} Existing ones: {', '.join(self.names())}.", param="model"
        )

    def for_operation(self, operation: str) -> list[Workflow]:
        """The workflows of an operation, its default first, the rest by name; empty when there are none.

        The default is the operator's file marked `"default": true`, else the bundled one (or the operator's file that
        hides it), else the first by name.
        """
        found = [workflow for workflow in self._workflows.values() if operation in workflow.header.operations]
        return sorted(found, key=lambda workflow: (self._rank(workflow), workflow.name))

    def refresh(self) -> bool:
        """Look at the folder again; read only what is new or changed. Returns whether any workflow changed.

        Costs one directory listing. Safe to call while other threads read: the new state replaces the old at once.
        """
        if self._folder is None:
            return False
        try:
            seen = _scan(self._folder)
        except OSError as error:
            # An unmounted volume must not take down what is in service.
            self._folder_problem = f"The workflow folder cannot be read: {error.strerror}."
            return False
        self._folder_problem = None
        if seen == {stem: file.stamp for stem, file in self._files.items()}:
            return False
        self._files = {stem: self._read(self._folder, stem, stamp) for stem, stamp in seen.items()}
        own = {stem: file.workflow for stem, file in self._files.items() if file.workflow}
        self._workflows = {**bundled(), **own}
        return True

    def _read(self, folder: Path, stem: str, stamp: Stamp) -> _File:
        known = self._files.get(stem)
        if known and known.stamp == stamp:
            return known
        try:
            return _File(stamp, Workflow.load(folder / f"{stem}.json"))
        except WorkflowError as error:
            return _File(stamp, known.workflow if known else None, error.message)

    def _rank(self, workflow: Workflow) -> int:
        own = workflow.name in self._files
        if own and workflow.header.default:
            return 0
        original = bundled().get(workflow.name)
        return 1 if original is not None and original.header.default else 2

    def _rivals(self) -> dict[str, str]:
        """Files of the folder that claim an operation's default beside another one."""
        claims: dict[str, str] = {}
        rivals: dict[str, str] = {}
        for stem, file in sorted(self._files.items()):
            if file.workflow is None or not file.workflow.header.default:
                continue
            for operation in file.workflow.header.operations:
                first = claims.setdefault(operation, stem)
                if first != stem:
                    rivals[f"{stem}.json"] = f"{stem}.json: {first}.json is the default for '{operation}' already."
        return rivals


def _scan(folder: Path) -> dict[str, Stamp]:
    """Stems of the JSON files in a folder with their stamps; hidden files and folders are no documents."""
    found: dict[str, Stamp] = {}
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.endswith(".json") and not entry.name.startswith(".") and entry.is_file():
                status = entry.stat()
                found[entry.name.removesuffix(".json")] = (status.st_mtime_ns, status.st_size)
    return found


__all__ = ["WorkflowLibrary", "bundled"]
