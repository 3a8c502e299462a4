"""Our routes behind LiteLLM's keys: the health of gateway and renderers, and metrics."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from litellm.proxy.auth.user_api_key_auth import user_api_key_auth

from protobanana import telemetry
from protobanana.comfy import client_for
from protobanana.comfy.address import Address
from protobanana.errors import ProtoBananaError
from protobanana.settings import get_settings

PATIENCE = 3.0
"""Seconds in which a healthy ComfyUI says how it is; one that loads a model answers late."""

router = APIRouter(prefix="/protobanana", dependencies=[Depends(user_api_key_auth)], include_in_schema=False)


@router.get("/health")
async def health() -> JSONResponse:
    """Gateway and each ComfyUI apart. 200 while anything can be drawn, 503 when no ComfyUI answers."""
    servers = await asyncio.gather(*map(_server, addresses()))
    up = sum(server["status"] == "up" for server in servers)
    status = "ok" if up == len(servers) else "degraded" if up else "down"
    gateway = {"status": "up", "version": version("protobanana"), "litellm": version("litellm")}
    document = {"status": status, "gateway": gateway, "comfyui": servers}
    return JSONResponse(document, 200 if up else 503, {"cache-control": "no-store"})


@router.get("/metrics")
async def metrics() -> Response:
    """Everything that is counted, in Prometheus' text format; LiteLLM's own numbers too, where it keeps any."""
    body, content_type = telemetry.exposition()
    return Response(body, media_type=content_type)


def addresses() -> list[str]:
    """Addresses of all ComfyUIs that the configuration names, in its order, each once."""
    from litellm.proxy.proxy_server import llm_router  # noqa: PLC0415 - set when the configuration is loaded

    found: dict[Address, str] = {}
    for entry in (llm_router.model_list if llm_router else None) or []:
        params = entry["litellm_params"]
        if str(params.get("model", "")).startswith("protobanana/"):
            base = params.get("api_base") or get_settings().comfyui_base_url
            found.setdefault(Address.parse(base), base)
    return list(found.values())


async def _server(base: str) -> dict[str, Any]:
    client = client_for(base)
    about = {"url": str(client.address)}
    try:
        async with asyncio.timeout(PATIENCE):
            waiting, stats = await asyncio.gather(client.ping(), client.system_stats())
    except TimeoutError:
        return about | {"status": "down", "reason": f"no answer within {PATIENCE:g} s"}
    except ProtoBananaError as error:
        return about | {"status": "down", "reason": error.message}
    system, devices = stats.get("system") or {}, stats.get("devices") or []
    return about | {
        "status": "up",
        "version": system.get("comfyui_version"),
        "jobs": waiting,
        "devices": [
            {name: device.get(name) for name in ("name", "vram_total", "vram_free")}
            for device in devices
            if isinstance(device, dict)
        ],
    }
