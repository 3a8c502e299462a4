"""Reading files with `/view`, writing them with `/upload/image` and `/upload/mask`."""

from __future__ import annotations

import asyncio
import io
import json
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from protobanana.engine import pictures
from protobanana.engine.files import KINDS, FileStore, split_annotation
from protobanana.engine.middleware import trouble
from protobanana.engine.routes_prompts import to_json
from protobanana.engine.state import STATE

# Served as plain bytes, so that an uploaded page never runs in the browser of whoever looks at it.
_ACTIVE_TYPES = {"text/html", "text/html-sandboxed", "application/xhtml+xml", "text/javascript", "text/css"}


async def get_view(request: web.Request) -> web.StreamResponse:
    """`GET /view?filename=&subfolder=&type=&preview=&channel=`: a file, or a picture re-encoded."""
    found = _find(request.app[STATE].files, request.query)
    if isinstance(found, int):
        return web.Response(status=found)
    headers = {"Content-Disposition": f'filename="{found.name}"'}
    channel = request.query.get("channel", "rgba")
    if wanted := request.query.get("preview"):
        body, mime = await asyncio.to_thread(pictures.preview, found, wanted, request.query.get("channel", ""))
        return web.Response(body=body, content_type=mime, headers=headers)
    if channel in ("rgb", "a"):
        encode = pictures.colours if channel == "rgb" else pictures.alpha
        return web.Response(body=await asyncio.to_thread(encode, found), content_type="image/png", headers=headers)
    mime = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
    headers["Content-Type"] = "application/octet-stream" if mime in _ACTIVE_TYPES else mime
    if (content := request.app[STATE].files.in_memory.get(found)) is not None:
        return web.Response(body=content, headers=headers)
    return web.FileResponse(found, headers=headers)


def _find(files: FileStore, query: Mapping[str, str], default_kind: str = "output") -> Path | int:
    """The file a query or reference names, or the status that says why there is none."""
    if "filename" not in query:
        return 404
    name, kind = split_annotation(query["filename"], query.get("type", default_kind))
    if not name or name.startswith("/") or ".." in name or kind not in KINDS:
        return 400
    folder = files.inside(kind, query.get("subfolder", ""))
    if folder is None:
        return 403
    path = folder / Path(name).name
    return path if path.is_file() else 404


async def post_image(request: web.Request) -> web.Response:
    """`POST /upload/image` (multipart): store a file; answer with the name it got."""
    form = await request.post()
    upload = form.get("image")
    if not isinstance(upload, web.FileField):
        return web.Response(status=400) if upload is None else trouble()
    return await _store(request, form, upload.filename, upload.file)


async def post_mask(request: web.Request) -> web.Response:
    """`POST /upload/mask`: the picture of `original_ref` with the alpha of `image`; nothing when there is none."""
    form = await request.post()
    upload = form.get("image")
    if not isinstance(upload, web.FileField):
        return web.Response(status=400) if upload is None else trouble()
    original = _find(request.app[STATE].files, json.loads(str(form["original_ref"])))
    if isinstance(original, int):
        if original != 404:
            return web.Response(status=original)
        return _stored(upload.filename, form)
    combined = await asyncio.to_thread(pictures.with_alpha_of, original, upload.file)
    return await _store(request, form, upload.filename, io.BytesIO(combined))


async def _store(request: web.Request, form: Mapping[str, Any], name: str, content: Any) -> web.Response:
    files = request.app[STATE].files
    name_given = await asyncio.to_thread(
        files.store_upload,
        content,
        name,
        form.get("type", "input"),
        form.get("subfolder", ""),
        overwrite=form.get("overwrite") in ("true", "1"),
    )
    return web.Response(status=400) if name_given is None else _stored(name_given, form)


def _stored(name: str, form: Mapping[str, Any]) -> web.Response:
    return to_json({"name": name, "subfolder": form.get("subfolder", ""), "type": form.get("type", "input")})


async def get_files(request: web.Request) -> web.Response:
    """`GET /internal/files/{kind}`: names of the files in a folder, newest first; 400 for an unknown folder."""
    kind = request.match_info["kind"]
    if kind not in KINDS:
        return web.Response(status=400)
    folder = request.app[STATE].files.folder(kind)
    paths = sorted((path for path in folder.iterdir() if path.is_file()), key=lambda path: -path.stat().st_mtime)
    return to_json([path.name for path in paths])


ROUTES = (
    web.get("/view", get_view),
    web.post("/upload/image", post_image),
    web.post("/upload/mask", post_mask),
)
INTERNAL_ROUTES = (web.get("/internal/files/{kind}", get_files),)

__all__ = ["INTERNAL_ROUTES", "ROUTES"]
