"""This process's membership in a Ray cluster, and handles to Serve applications."""

from __future__ import annotations

import logging
import threading
from typing import Any

import ray
from ray import serve
from ray.exceptions import RayError
from ray.serve.exceptions import RayServeException
from ray.serve.handle import DeploymentHandle
from ray.serve.schema import ApplicationStatusOverview

from protobanana.errors import ServerUnreachableError

DEPLOYMENT = "comfyui"
"""Name of the one deployment of an application: Ray's metrics and logs carry it."""
UNREACHABLE = "ray_unreachable"
"""Code of the errors that say that the cluster or the application is not there."""
_lock = threading.Lock()
logging.getLogger("ray.serve").setLevel(logging.WARNING)  # it greets at every turn


def connect() -> None:
    """Join the cluster that RAY_ADDRESS names, else the one on this machine; blocks for about a second.

    A member needs Ray's own process on its machine (`ray start --address=HEAD:6379 --num-cpus=0`). Raises
    ServerUnreachableError.
    """
    with _lock:
        if ray.is_initialized():
            return
        try:
            ray.init(address="auto", namespace="serve", log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, RuntimeError, RayError) as error:
            raise ServerUnreachableError(
                f"No Ray cluster can be joined from here: {str(error).splitlines()[0]} "
                "Start one with `ray start --head`, join one with `ray start --address=HEAD:6379`; where it has a "
                "token, set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN.",
                code=UNREACHABLE,
            ) from error


def handle_of(application: str) -> DeploymentHandle[Any]:
    """The way in to an application; blocks. Raises ServerUnreachableError where it is not deployed."""
    connect()
    try:
        return serve.get_app_handle(application)
    except (RayServeException, RayError) as error:
        raise _absent(application) from error


def state_of(application: str) -> ApplicationStatusOverview:
    """What Serve says of an application; blocks. Raises ServerUnreachableError where it is not deployed."""
    connect()
    try:
        known = serve.status().applications
    except (RayServeException, RayError) as error:
        raise ServerUnreachableError("Ray Serve does not answer.", code=UNREACHABLE) from error
    if application not in known:
        raise _absent(application)
    return known[application]


def in_service(overview: ApplicationStatusOverview) -> tuple[int, int]:
    """How many replicas answer, and how many there are."""
    counts = {
        str(state): number for each in overview.deployments.values() for state, number in each.replica_states.items()
    }
    return counts.get("RUNNING", 0), sum(counts.values())


def _absent(application: str) -> ServerUnreachableError:
    return ServerUnreachableError(
        f"There is no Serve application '{application}' in the Ray cluster; `protobanana cluster deploy` makes one.",
        code=UNREACHABLE,
    )
