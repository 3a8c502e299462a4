"""The command: plans, looks at everything at once, reports."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from yarl import URL

from protobanana.cli import console
from protobanana.cli.doctor.agent import check_agent
from protobanana.cli.doctor.application import check_application
from protobanana.cli.doctor.config import GatewayConfig, read_config
from protobanana.cli.doctor.files import check_files
from protobanana.cli.doctor.finding import Finding, Level, problem
from protobanana.cli.doctor.gateway import check_gateway, check_packages
from protobanana.cli.doctor.licences import check_licence
from protobanana.cli.doctor.machine import check_flags, check_memory, check_version
from protobanana.cli.doctor.nodes import check_nodes
from protobanana.cli.doctor.places import check_store, check_workflows
from protobanana.cli.doctor.plan import Wanted, make_plan
from protobanana.cli.doctor.probe import look
from protobanana.cli.doctor.report import as_json, print_report, scrubbed, worst
from protobanana.comfy.address import Address
from protobanana.errors import ServerProtocolError, ServerUnreachableError
from protobanana.settings import get_settings
from protobanana.turn import adoption
from protobanana.workflows.library import WorkflowLibrary


def doctor(
    config: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A LiteLLM config.yaml; its models are looked at.")
    ] = None,
    comfyui: Annotated[
        list[str] | None,
        typer.Option(
            help="Address of a ComfyUI; may be repeated. Default: those of the config, else COMFYUI_BASE_URL."
        ),
    ] = None,
    workflow: Annotated[
        list[str] | None,
        typer.Option(
            help="Only this workflow; may be repeated. Default: those of the config, else what chat draws with."
        ),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Write the report as JSON.")] = False,
) -> None:
    """Look at ComfyUI, models, gateway, language model and store. Status 1 when something does not work."""
    with console.plain_errors():
        settings = get_settings()
        read = read_config(config) if config else None
        library = adoption.library(strict=False)
        findings = console.run(_examine(library, read, comfyui or [], workflow or []))
        known = (settings.agent_key, settings.secret, settings.gateway_key, URL(settings.store or "").password)
        findings = scrubbed(findings, [*filter(None, known), *(read.secrets if read else ())])
        if json_:
            typer.echo(as_json(findings))
        else:
            print_report(findings, console.out)
        raise typer.Exit(1 if worst(findings) is Level.PROBLEM else 0)


async def _examine(
    library: WorkflowLibrary, config: GatewayConfig | None, servers: list[str], names: list[str]
) -> list[Finding]:
    """Every check, everything that takes time at once. The gateway's findings come first, then server by server."""
    plan = make_plan(library, config, servers, names)
    visits = [_visit(address, wanted, library) for address, wanted in plan.servers.items()]
    visits += [check_application(address) for address in sorted(plan.applications)]
    agent, store, *visited = await asyncio.gather(check_agent(config), check_store(), *visits)
    here = [*check_packages(), *(check_gateway(config) if config else ()), *agent, *store]
    here += [*check_workflows(library), *plan.findings]
    return [*here, *(finding for findings in visited for finding in findings)]


async def _visit(address: Address, wanted: list[Wanted], library: WorkflowLibrary) -> list[Finding]:
    """One server with the workflows that it must be able to run."""
    about = str(address)
    try:
        probe = await look(address)
    except (ServerUnreachableError, ServerProtocolError) as error:
        fix = "protobanana comfyui start" if isinstance(error, ServerUnreachableError) else ""
        return [replace(problem("reachable", error.message, *filter(None, [fix])), server=about)]
    workflows = {name: library.get(name) for name, _ in wanted}.values()
    found = [*check_version(probe), *check_memory(probe, workflows), *check_flags(probe, workflows)]
    for name, quality in wanted:
        document = library.get(name)
        of_workflow = (*check_nodes(document, probe), *check_files(document, probe, quality), *check_licence(document))
        found += _about(of_workflow, name)
    return [replace(finding, server=about) for finding in dict.fromkeys(found)]


def _about(findings: Iterable[Finding], workflow: str) -> Iterator[Finding]:
    return (replace(finding, workflow=workflow) for finding in findings)


__all__ = ["doctor"]
