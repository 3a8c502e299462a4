"""Which model files a choice of workflows needs, each place in ComfyUI's folder once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from protobanana.workflows.document import Workflow
from protobanana.workflows.header import STANDARD_TIERS, License, ModelFile


@dataclass
class Wanted:
    """A file at its place. `sources`: where documents say it comes from, mostly one."""

    folder: str
    name: str
    sources: list[ModelFile] = field(default_factory=list)
    workflows: list[str] = field(default_factory=list)
    licences: list[str] = field(default_factory=list)

    @property
    def file(self) -> ModelFile:
        """The source that is used: the first."""
        return self.sources[0]

    @property
    def fetched_by(self) -> str | None:
        """The node pack that fetches it without us; None when it has to be put there."""
        return self.file.fetched_by

    def add(self, file: ModelFile, workflow: Workflow) -> None:
        """Note that a workflow wants it too."""
        if not any((known.repo, known.path) == (file.repo, file.path) for known in self.sources):
            self.sources.append(file)
        if workflow.name not in self.workflows:
            self.workflows.append(workflow.name)
        if (terms := _terms(workflow.header.license)) not in self.licences:
            self.licences.append(terms)


def wanted(workflows: Iterable[Workflow], tiers: Sequence[str] = ()) -> list[Wanted]:
    """Files of the workflows in the given qualities, of all qualities where none is given; those to be had first.

    Raises InvalidRequestError for a quality that a workflow does not have.
    """
    found: dict[tuple[str, str], Wanted] = {}
    for workflow in workflows:
        for tier in tiers or (*STANDARD_TIERS, *workflow.tiers):
            for file in workflow.models(tier):
                place = (file.folder, file.name)
                found.setdefault(place, Wanted(*place)).add(file, workflow)
    return sorted(found.values(), key=lambda one: one.fetched_by is not None)


def _terms(licence: License | None) -> str:
    if licence is None:
        return "not stated"
    return licence.name if licence.commercial else f"{licence.name} (non-commercial)"


__all__ = ["Wanted", "wanted"]
