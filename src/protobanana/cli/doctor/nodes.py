"""Node classes that a workflow uses and a server does not have."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from protobanana.cli.doctor.finding import Finding, ok, problem
from protobanana.cli.doctor.machine import MEASURED
from protobanana.cli.doctor.needs import graphs, qualities
from protobanana.cli.doctor.probe import Probe
from protobanana.workflows.authoring.schema import recorded
from protobanana.workflows.document import Workflow
from protobanana.workflows.header import CustomNode


def check_nodes(workflow: Workflow, probe: Probe) -> Iterator[Finding]:
    """Classes by the pack they come from, with the way to get it."""
    used = {
        node["class_type"]: None
        for quality in qualities(workflow)
        for graph in graphs(workflow, quality)
        for node in graph.values()
    }
    missing = [name for name in used if probe.catalogue.get(name) is None]
    if not missing:
        yield ok("nodes", f"all {len(used)} node classes are there")
        return
    packs: dict[str | None, list[str]] = {}
    for name in missing:
        packs.setdefault(_pack_of(name), []).append(name)
    for pack, names in packs.items():
        yield _advice(workflow, probe, pack, names)


CORE = ""
"""In place of a pack's name: the class is one of ComfyUI's own."""


def _pack_of(class_type: str) -> str | None:
    """The pack's folder name, `CORE`, or None for a class that nobody here has seen."""
    known = recorded().get(class_type)
    return None if known is None else known.pack or CORE


def _advice(workflow: Workflow, probe: Probe, pack: str | None, names: list[str]) -> Finding:
    classes = f"node class{'es' if len(names) > 1 else ''} {', '.join(names)}"
    if pack == CORE:
        return problem(
            "nodes",
            f"{classes}: part of ComfyUI {MEASURED}, but not of this one ({probe.version or 'of unknown version'}).",
            f"cd {shlex.quote(probe.folder)} && git pull && python -m pip install -r requirements.txt",
        )
    declared = workflow.header.custom_nodes
    if pack is not None:
        declared = tuple(node for node in declared if node.name == pack) or declared
    if not declared:
        return problem("nodes", f"unknown {classes}: no pack with it is known, and the header names none.")
    installed = {spec.pack.casefold() for spec in probe.catalogue.classes.values() if spec.pack}
    if pack is not None and pack.casefold() in installed:
        return problem(
            "nodes",
            f"{classes}: {pack} is installed but did not load everything; one of its requirements is missing or it is "
            "an old version. ComfyUI's log names it at start.",
            *(_requirements(probe.folder, node) for node in declared),
        )
    wanted = " or ".join(f"{node.name} ({node.url})" for node in declared)
    return problem(
        "nodes", f"{classes}: missing, install {wanted}", *(fix for node in declared for fix in _install(probe, node))
    )


def _install(probe: Probe, node: CustomNode) -> tuple[str, ...]:
    place = shlex.quote(f"{probe.folder}/custom_nodes/{node.name}")
    return f"git clone {shlex.quote(node.url)} {place}", _requirements(probe.folder, node)


def _requirements(folder: str, node: CustomNode) -> str:
    file = shlex.quote(f"{folder}/custom_nodes/{node.name}/requirements.txt")
    return f"python -m pip install -r {file}  # with ComfyUI's Python, then restart ComfyUI"


__all__ = ["check_nodes"]
