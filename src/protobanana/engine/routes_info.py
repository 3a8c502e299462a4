"""What the server says about itself: node schemas, model lists, versions, and the websocket door."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from typing import Any

from aiohttp import web

from protobanana.engine.models import FOLDERS, names_in
from protobanana.engine.routes_prompts import to_json
from protobanana.engine.state import STATE

DEVICE = "protoBanana preview engine (CPU)"
_EXPLANATION = (
    "protoBanana's embedded preview engine: it speaks ComfyUI 0.12.1's protocol and runs workflow graphs on the CPU."
    " Model nodes are replaced by a small painter; pictures are previews, not what the models would draw."
)

# Answers that ComfyUI's editor asks for at start-up and that hold nothing here.
_EMPTY: dict[str, Any] = {
    "/embeddings": [],
    "/extensions": [],
    "/settings": {},
    "/users": {"storage": "server", "migrated": False},
    "/i18n": {},
    "/workflow_templates": {},
    "/global_subgraphs": {},
}


async def get_object_info(request: web.Request) -> web.Response:
    """`GET /object_info`: the schema of every installed class."""
    catalogue = request.app[STATE].catalogue
    return to_json({name: catalogue.object_info(name) for name in catalogue.names})


async def get_object_info_of(request: web.Request) -> web.Response:
    """`GET /object_info/{class}`: one schema, `{}` for a class that is not installed."""
    catalogue, name = request.app[STATE].catalogue, request.match_info["name"]
    return to_json({name: catalogue.object_info(name)} if name in catalogue.names else {})


async def get_models(request: web.Request) -> web.Response:
    """`GET /models`: names of the model folders."""
    installed = request.app[STATE].settings.models or {}
    return to_json([*FOLDERS, *(folder for folder in installed if folder not in FOLDERS)])


async def get_models_of(request: web.Request) -> web.Response:
    """`GET /models/{folder}`: file names; 404 for an unknown folder."""
    installed = request.app[STATE].settings.models
    folder = request.match_info["folder"]
    if folder not in FOLDERS and folder not in (installed or ()):
        return web.Response(status=404)
    return to_json(names_in(folder, installed))


async def get_system_stats(_: web.Request) -> web.Response:
    """`GET /system_stats`: versions, memory in bytes, and that this is no genuine ComfyUI."""
    total, free = _memory()
    memory = {"vram_total": total, "vram_free": free, "torch_vram_total": total, "torch_vram_free": free}
    system = {
        "os": sys.platform,
        "ram_total": total,
        "ram_free": free,
        "comfyui_version": "0.12.1",
        "required_frontend_version": "1.37.11",
        "installed_templates_version": "0.8.31",
        "required_templates_version": "0.8.31",
        "python_version": sys.version,
        "pytorch_version": "none",
        "embedded_python": False,
        "argv": ["protobanana", "engine"],
        "protobanana_engine": {"version": version("protobanana"), "preview": True, "about": _EXPLANATION},
    }
    return to_json({"system": system, "devices": [{"name": DEVICE, "type": "cpu", "index": None, **memory}]})


def _memory() -> tuple[int, int]:
    """Total and free main memory in bytes; zeros where the system does not tell."""
    known = getattr(os, "sysconf_names", {})
    if not {"SC_PAGE_SIZE", "SC_PHYS_PAGES", "SC_AVPHYS_PAGES"} <= set(known):
        return 0, 0
    page = os.sysconf("SC_PAGE_SIZE")
    return page * os.sysconf("SC_PHYS_PAGES"), page * os.sysconf("SC_AVPHYS_PAGES")


async def get_features(request: web.Request) -> web.Response:
    """`GET /features`: what the websocket's feature flags say too."""
    return to_json(request.app[STATE].features)


async def get_root(_: web.Request) -> web.Response:
    """`GET /`: what this is, for a person who opens it in a browser."""
    return web.Response(text=f"{_EXPLANATION}\n")


async def get_empty(request: web.Request) -> web.Response:
    """One of the editor's start-up questions."""
    return to_json(_EMPTY[request.path.removeprefix("/api")])


async def get_ws(request: web.Request) -> web.WebSocketResponse:
    """`GET /ws?clientId=`: the websocket."""
    return await request.app[STATE].hub.handle(request)


ROUTES = (
    web.get("/object_info", get_object_info),
    web.get("/object_info/{name}", get_object_info_of),
    web.get("/models", get_models),
    web.get("/models/{folder}", get_models_of),
    web.get("/system_stats", get_system_stats),
    web.get("/features", get_features),
    web.get("/ws", get_ws),
    *(web.get(path, get_empty) for path in _EMPTY),
)
ROOT_ROUTES = (web.get("/", get_root),)

__all__ = ["DEVICE", "ROOT_ROUTES", "ROUTES"]
