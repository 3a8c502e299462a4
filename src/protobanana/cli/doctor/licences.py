"""Under which terms a workflow's models may be used."""

from __future__ import annotations

from collections.abc import Iterator

from protobanana.cli.doctor.finding import Finding, ok, warning
from protobanana.workflows.document import Workflow


def check_licence(workflow: Workflow) -> Iterator[Finding]:
    """Whether commercial use is allowed, and whether anything is said of it at all."""
    terms = workflow.header.license
    if terms is None:
        yield warning("licence", "the header states no licence; look it up before you rely on it")
    elif not terms.commercial:
        more = " ".join(filter(None, (terms.note, terms.url)))
        yield warning("licence", f"{terms.name}: no commercial use. {more}".strip())
    else:
        yield ok("licence", terms.name)


__all__ = ["check_licence"]
