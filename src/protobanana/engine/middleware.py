"""What happens around every request: faults asked for, the Origin check, and ComfyUI's answers to nonsense."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web

from protobanana.engine.settings import Faults
from protobanana.engine.state import STATE
from protobanana.errors import ProtoBananaError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# What reading a malformed request raises: bad JSON, a missing key, the wrong type, an unwritable name.
_NONSENSE = (ValueError, TypeError, LookupError, AttributeError, OSError, RecursionError, ProtoBananaError)


def trouble() -> web.Response:
    """ComfyUI's answer to everything it did not expect: status 500, text, and the connection closes."""
    response = web.Response(status=500, text="500 Internal Server Error\n\nServer got itself in trouble")
    response.force_close()
    return response


@web.middleware
async def answer_nonsense(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Malformed requests get 500 text; unknown paths, and GET where only POST exists, get 404 without a body."""
    try:
        return await handler(request)
    except ConnectionError:
        raise
    except _NONSENSE:
        return trouble()
    except web.HTTPNotFound:
        return web.Response(status=404)
    except web.HTTPMethodNotAllowed as error:
        return (
            web.Response(status=404) if request.method in ("GET", "HEAD") else web.Response(text=error.text, status=405)
        )


@web.middleware
async def check_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A page of another site must not drive a ComfyUI on loopback: Origin and Host must then name the same place."""
    origin = urlsplit(request.headers.get("Origin", "")).netloc.lower()
    host = request.host.lower()
    if origin and origin != host and _is_loopback(host):
        return web.Response(status=403)
    if request.method == "OPTIONS":
        return web.Response()
    return await handler(request)


def _is_loopback(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


@web.middleware
async def commit_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Break what the settings say is broken."""
    faults = request.app[STATE].settings.faults
    if faults.delay:
        await asyncio.sleep(faults.delay)
    path = request.path.removeprefix("/api")
    if broken := _broken_answer(faults, path):
        return broken
    response = await handler(request)
    if _covers(faults.lose_answers_on, path) and request.transport is not None:
        request.transport.close()
    return response


def _broken_answer(faults: Faults, path: str) -> web.Response | None:
    if _covers(faults.http_500_on, path):
        return trouble()
    if _covers(faults.garbage_json_on, path):
        return web.Response(text='{"exec_info": {"queue_rem', content_type="application/json")
    if _covers(faults.html_on, path):
        page = "<html><body><h1>502 Bad Gateway</h1></body></html>"
        return web.Response(status=502, text=page, content_type="text/html")
    return None


def _covers(paths: set[str], path: str) -> bool:
    return any(path == each or path.startswith(f"{each}/") for each in paths)


MIDDLEWARES = (commit_faults, check_origin, answer_nonsense)

__all__ = ["MIDDLEWARES", "trouble"]
