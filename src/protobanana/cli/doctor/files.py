"""Model files that a workflow names and a server does not have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from protobanana.cli.doctor.finding import Finding, gigabytes, ok, problem, warning
from protobanana.cli.doctor.needs import graphs, qualities
from protobanana.cli.doctor.probe import Probe
from protobanana.workflows.authoring.nodes import file_name
from protobanana.workflows.document import Workflow
from protobanana.workflows.header import ModelFile


@dataclass(frozen=True)
class _Named:
    """A model file as the graph names it; `elsewhere` is the same file under another name on the server."""

    name: str
    there: bool
    elsewhere: str | None


def check_files(workflow: Workflow, probe: Probe, quality: str | None = None) -> Iterator[Finding]:
    """Files of `quality` (None: the workflow's default) are needed; those of other qualities cost only these.

    A file that its node pack fetches by itself is mentioned, not looked for.
    """
    chosen = workflow.tier_name(quality)
    told: set[str] = set()
    found = 0
    for tier in dict.fromkeys((chosen, *qualities(workflow))):
        sources = {model.name: model for model in workflow.models(tier)}
        for named in _named(workflow, probe, tier):
            if named.name in told:
                continue
            told.add(named.name)
            found += named.there
            if not named.there:
                yield _missing(probe, named, sources.get(named.name), tier if tier != chosen else None)
    if found:
        yield ok("models", f"{found} model file{'s are' if found > 1 else ' is'} there")
    for model in workflow.models(chosen):
        if model.fetched_by and model.name not in told:
            yield ok("models", f"{model.name}: {model.fetched_by} fetches it on first use, which takes its time")


def _named(workflow: Workflow, probe: Probe, tier: str) -> Iterator[_Named]:
    """Every model file that a loader of the graph names, judged by the loader's own list on this server."""
    for graph in graphs(workflow, tier):
        for node in graph.values():
            spec = probe.catalogue.get(node["class_type"])
            for name, declared in (spec.inputs_for(node["inputs"]) if spec else {}).items():
                value, choices = node["inputs"].get(name), declared.choices
                if not isinstance(value, str) or choices is None or not declared.names_model(value):
                    continue
                others = (str(choice) for choice in choices if file_name(str(choice)) == file_name(value))
                yield _Named(value, value in choices, next(others, None))


def _missing(probe: Probe, named: _Named, source: ModelFile | None, tier: str | None) -> Finding:
    report = warning if tier else problem
    only = f" (quality {tier} only)" if tier else ""
    if named.elsewhere:
        return report(
            "models",
            f"{named.name}{only}: the server has it as {named.elsewhere}; move the file, or name it so in the workflow",
        )
    if source is None:
        return report("models", f"{named.name}{only}: missing, and the header does not say where it comes from")
    size = f" ({gigabytes(source.size)})" if source.size else ""
    if source.fetched_by:
        message = f"{named.name}{only}: not there yet, {source.fetched_by} fetches it into models/{source.folder}/"
        return warning("models", message)
    found = report("models", f"{named.name}{size}{only}: missing, from {source.repo} to models/{source.folder}/")
    return replace(found, pull=probe.folder)


__all__ = ["check_files"]
