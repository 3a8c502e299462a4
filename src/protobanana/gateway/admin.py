"""Our routes behind LiteLLM's keys: the health of gateway and renderers, the state of the line, and metrics."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from litellm.proxy._types import LitellmUserRoles, UserAPIKeyAuth
from litellm.proxy.auth.user_api_key_auth import user_api_key_auth

from protobanana import telemetry
from protobanana.api.failures import document
from protobanana.cluster import Pool, ServerState, pool_for
from protobanana.comfy import client_for
from protobanana.comfy.address import Address
from protobanana.errors import InvalidRequestError, ProtoBananaError
from protobanana.settings import get_settings

if TYPE_CHECKING:
    from protobanana.cluster.ray.pool import RayPool

PATIENCE = 3.0
"""Seconds in which a healthy ComfyUI says how it is; one that loads a model answers late."""

router = APIRouter(prefix="/protobanana", dependencies=[Depends(user_api_key_auth)], include_in_schema=False)


@router.get("/health")
async def health() -> JSONResponse:
    """Gateway and each ComfyUI apart. 200 while anything can be drawn, 503 when no ComfyUI can be used."""
    states = {
        state.address: (state, bases.get(state.address)) for pool, bases in pools() for state in await pool.look()
    }
    servers = await asyncio.gather(*(_server(state, base) for state, base in states.values()))
    up = sum(server["status"] == "up" for server in servers)
    status = "ok" if up == len(servers) else "degraded" if up else "down"
    gateway = {"status": "up", "version": version("protobanana"), "litellm": version("litellm")}
    about = {"status": status, "gateway": gateway, "comfyui": servers}
    return JSONResponse(about, 200 if up else 503, {"cache-control": "no-store"})


@router.get("/cluster")
async def cluster() -> list[list[dict[str, Any]]]:
    """Each set of servers that share a line, as `ServerState`s."""
    return [[_readable(state) for state in await pool.look()] for pool, _ in pools()]


@router.post("/cluster/{action}")
async def take_out(
    action: Literal["drain", "undrain"],
    address: str,
    caller: UserAPIKeyAuth = Depends(user_api_key_auth),  # noqa: B008 - FastAPI's way
) -> JSONResponse:
    """Send no more jobs to the server at `address`, or send them again; what it has it finishes. For administrators."""
    if caller.user_role != LitellmUserRoles.PROXY_ADMIN:
        return JSONResponse(document(InvalidRequestError("Only an administrator's key may do that.")), 403)
    at = str(Address.parse(address))
    lines = [(pool, {state.address for state in await pool.look()}) for pool, _ in pools()]
    found = [pool for pool, addresses in lines if at in addresses]
    if not found:
        known = ", ".join(sorted({address for _, addresses in lines for address in addresses}))
        return _refused(
            InvalidRequestError(f"'address': no server of this gateway; those are {known}.", param="address")
        )
    for pool in found:
        try:
            (pool.drain if action == "drain" else pool.undrain)(address)
        except InvalidRequestError as error:
            return _refused(error)
    return JSONResponse({"ok": True})


@router.get("/metrics")
async def metrics() -> Response:
    """Everything that is counted, in Prometheus' text format; LiteLLM's own numbers too, where it keeps any."""
    body, content_type = telemetry.exposition(get_settings().metrics_folder)
    return Response(body, media_type=content_type)


def pools() -> list[tuple[Pool | RayPool, dict[str, str]]]:
    """The sets of servers that the configuration names, in its order, each once, with the addresses to call them at:
    those of `ServerState`, which have no credentials, lead to the full ones. Those behind Ray are not called from here.
    """
    from litellm.proxy.proxy_server import llm_router  # noqa: PLC0415 - set when the configuration is loaded

    found: dict[Pool | RayPool, dict[str, str]] = {}
    for entry in (llm_router.model_list if llm_router else None) or []:
        params = entry["litellm_params"]
        if str(params.get("model", "")).startswith("protobanana/"):
            addresses = params.get("api_base") or get_settings().comfyui_base_url
            pool = pool_for(addresses)
            named = addresses.split(",") if isinstance(pool, Pool) else []
            found.setdefault(pool, {str(Address.parse(one)): one for one in named if one.strip()})
    return list(found.items())


def _refused(error: InvalidRequestError) -> JSONResponse:
    return JSONResponse(document(error), error.status)


def _readable(state: ServerState) -> dict[str, Any]:
    return asdict(state) | {"models": None if state.models is None else sorted(state.models)}


async def _server(state: ServerState, base: str | None) -> dict[str, Any]:
    """One ComfyUI: what it says of itself now, and what the line knows of it."""
    about = {"url": state.address, "waiting": state.waiting, "running": state.running}
    if base is None:
        return about | {"status": state.condition} | ({"reason": state.why} if state.why else {})
    client = client_for(base)
    try:
        async with asyncio.timeout(PATIENCE):
            jobs, stats = await asyncio.gather(client.ping(), client.system_stats())
    except TimeoutError:
        return about | {"status": "down", "reason": f"no answer within {PATIENCE:g} s"}
    except ProtoBananaError as error:
        return about | {"status": "down", "reason": error.message}
    if state.condition in ("draining", "stuck"):
        about |= {"reason": state.why} if state.why else {}
    system, devices = stats.get("system") or {}, stats.get("devices") or []
    return about | {
        "status": state.condition if state.condition in ("draining", "stuck") else "up",
        "version": system.get("comfyui_version"),
        "jobs": jobs,
        "devices": [
            {name: device.get(name) for name in ("name", "vram_total", "vram_free")}
            for device in devices
            if isinstance(device, dict)
        ],
    }
