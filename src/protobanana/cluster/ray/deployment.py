"""The Serve application: one replica per ComfyUI, with everything that Serve is told to do about it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from ray import serve
from ray.serve.config import ProxyLocation

from protobanana.cluster.ray.connection import DEPLOYMENT, connect, in_service, state_of
from protobanana.cluster.ray.program import check
from protobanana.cluster.ray.replica import Replica
from protobanana.cluster.ray.wire import APPLICATION
from protobanana.comfy.address import Address
from protobanana.errors import SettingsError
from protobanana.settings import get_settings

ONGOING = 2
"""Jobs of a replica at once: one that ComfyUI works on and one behind it, so that it never waits for the network."""
_HEALTH_PERIOD = 2.0
"""Seconds between two questions to each ComfyUI; Serve replaces a replica after three failures."""
_CPUS = 0.1
"""CPUs that Ray sets aside for a replica: it carries bytes, about 10 ms of work for a picture."""
_LOOK = 0.5


@dataclass(frozen=True)
class Plan:
    """What to deploy: ComfyUIs at `engines`, or `replicas` to `most` of them that are started by `command`.

    `gpus` are GPUs that Ray sets aside for each replica; a started ComfyUI sees only those.
    """

    engines: Sequence[str] = ()
    command: str | None = None
    replicas: int = 1
    most: int = 1
    gpus: float = 0.0
    name: str = APPLICATION

    def checked(self) -> Plan:
        """The same, or SettingsError for one that cannot be."""
        if bool(self.engines) == bool(self.command):
            raise SettingsError("Name the ComfyUIs with --engine, or how to start them with --start; one of the two.")
        if len({Address.parse(engine) for engine in self.engines}) < len(self.engines):
            raise SettingsError("The same ComfyUI is named twice; each has one replica.")
        if self.command:
            check(self.command)
        if self.most < self.replicas:
            raise SettingsError("--max-replicas must not be less than --replicas.")
        return self

    @property
    def servers(self) -> int:
        """ComfyUIs at most."""
        return len(self.engines) or self.most


def deploy(plan: Plan, *, wait: float, told: Callable[[int, int], None]) -> tuple[int, int]:
    """Make the application, or change it to the plan: how many ComfyUIs are in service, and how many there will be.

    Waits for all of them, for `wait` seconds at most; `told` hears both numbers. When only addresses or numbers
    change no replica restarts, else replicas are exchanged in turn; either way jobs run to their end. Raises
    SettingsError, ServerUnreachableError.
    """
    built = _built(plan.checked())
    connect()
    # No HTTP: requests come through handles.
    serve.start(proxy_location=ProxyLocation.Disabled)
    serve.run_many([serve.RunTarget(built, name=plan.name, route_prefix=None)], wait_for_applications_running=False)
    wanted, deadline = len(plan.engines) or plan.replicas, time.monotonic() + wait
    while True:
        running, _ = in_service(state_of(plan.name))
        told(running, wanted)
        if running >= wanted or time.monotonic() > deadline:
            return running, wanted
        time.sleep(_LOOK)


def shutdown(name: str) -> None:
    """Take the application out of the cluster once its jobs are done. Raises ServerUnreachableError without one."""
    state_of(name)
    serve.delete(name)


def application(fields: dict[str, Any]) -> serve.Application:
    """What a configuration file of Serve's own names as `import_path`; its `args` are the fields of a `Plan`. Raises
    SettingsError.
    """
    return _built(Plan(**fields).checked())


def _built(plan: Plan) -> serve.Application:
    settings = get_settings()
    options: dict[str, Any] = {
        "user_config": {"engines": list(plan.engines)},
        "max_ongoing_requests": ONGOING,
        "max_queued_requests": settings.queue_limit * plan.servers,
        "health_check_period_s": _HEALTH_PERIOD,
        "health_check_timeout_s": 5 * _HEALTH_PERIOD,
        "graceful_shutdown_timeout_s": settings.comfyui_load_timeout + settings.comfyui_timeout,
        "ray_actor_options": {"num_cpus": _CPUS, "num_gpus": plan.gpus},
    }
    if plan.command and plan.most > plan.replicas:
        options["autoscaling_config"] = {
            "min_replicas": plan.replicas,
            "max_replicas": plan.most,
            "target_ongoing_requests": ONGOING,
        }
    else:
        options["num_replicas"] = len(plan.engines) or plan.replicas
    deployment = serve.deployment()(Replica).options(
        name=DEPLOYMENT,
        # Without a version of ours each deployment is a new one to Serve, and restarts all replicas.
        version=f"{version('protobanana')} {plan.command}",
        _internal=True,
        **options,
    )
    return deployment.bind(plan.command)
