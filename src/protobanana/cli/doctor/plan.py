"""What is to be looked at: which workflows on which servers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from protobanana.cli.doctor.config import GatewayConfig, several
from protobanana.cli.doctor.finding import Finding, ok, problem
from protobanana.cluster.ray.wire import SCHEME
from protobanana.comfy.address import Address
from protobanana.errors import InvalidRequestError, SettingsError, UnknownWorkflowError
from protobanana.operations.base import operations
from protobanana.settings import get_settings
from protobanana.turn.request import ROUTED
from protobanana.workflows.library import WorkflowLibrary, bundled

Wanted = tuple[str, str | None]
"""A workflow's name, and the quality that the alias fixes (None: the workflow's own default)."""


@dataclass
class Plan:
    """Servers with what they must be able to run; `findings` are about the plan itself."""

    servers: dict[Address, list[Wanted]] = field(default_factory=dict)
    applications: set[str] = field(default_factory=set)
    """Ray Serve applications: which ComfyUIs they have is for Ray to say."""
    findings: list[Finding] = field(default_factory=list)

    def add(self, address: str, wanted: Sequence[Wanted]) -> None:
        """Note work for a server; an address that cannot be one is a finding."""
        if address.startswith(SCHEME):
            self.applications.add(address)
            return
        try:
            known = self.servers.setdefault(Address.parse(address), [])
        except SettingsError as error:
            self.findings.append(problem("address", error.message))
            return
        known += [one for one in dict.fromkeys(wanted) if one not in known]


def make_plan(
    library: WorkflowLibrary, config: GatewayConfig | None, servers: Sequence[str], names: Sequence[str]
) -> Plan:
    """Combine what was asked for.

    Workflows: `names`, else those of the configuration, else what the chat model draws with and the operator's own.
    Servers: `servers`, else those of the configuration, else the one of the settings. Raises UnknownWorkflowError for
    an unknown name of the operator's.
    """
    plan = Plan()
    given = [part for server in servers for part in several(server)]
    chosen: list[Wanted] = [(library.get(name).name, None) for name in names]
    if config is not None:
        _of_config(plan, library, config, given, chosen)
        if plan.servers or plan.applications:
            return plan
    elif not chosen:
        chosen = _usual(plan, library)
    for address in given or several(get_settings().comfyui_base_url):
        plan.add(address, chosen)
    return plan


def _of_config(
    plan: Plan, library: WorkflowLibrary, config: GatewayConfig, given: Sequence[str], chosen: list[Wanted]
) -> None:
    ours = [deployment for deployment in config.deployments if deployment.ours]
    if not ours:
        example = "{model_name: image-chat, litellm_params: {model: protobanana/chat}, model_info: {mode: chat}}"
        plan.findings.append(
            problem("models", "No model of the configuration is protoBanana's.", f"model_list: [{example}]")
        )
    for deployment in ours:
        wanted: list[Wanted] = []
        quality = deployment.params.get("quality")
        try:
            if deployment.model == ROUTED:
                wanted = _for_chat(library)
            else:
                workflow = library.get(deployment.model)
                wanted = [(workflow.name, workflow.tier_name(str(quality)) if quality else None)]
        except (UnknownWorkflowError, InvalidRequestError) as error:
            plan.findings.append(problem("models", f"{deployment.alias}: {error.message}"))
        for address in given or deployment.servers:
            plan.add(address, chosen or wanted)


def _for_chat(library: WorkflowLibrary) -> list[Wanted]:
    """The workflow that each operation uses when none is asked for."""
    return [(found[0].name, None) for name in operations() if (found := library.for_operation(name))]


def _usual(plan: Plan, library: WorkflowLibrary) -> list[Wanted]:
    own: list[Wanted] = [(name, None) for name in library.names() if library.get(name) is not bundled().get(name)]
    wanted = list(dict.fromkeys([*_for_chat(library), *own]))
    looked_at = {name for name, _ in wanted}
    others = [name for name in library.names() if name not in looked_at]
    if others:
        plan.findings.append(ok("workflows", f"not looked at, name them with --workflow: {', '.join(others)}"))
    return wanted


__all__ = ["Plan", "Wanted", "make_plan"]
