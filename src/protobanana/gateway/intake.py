"""`POST /protobanana/workflows`: put a workflow file into the operator's folder, from where it is served at once.

A workflow is a program for ComfyUI, so this is for keys of an administrator (the master key) only. A file that cannot
be used is taken out again, and the answer says why.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from fastapi import APIRouter, Depends, UploadFile
from fastapi.responses import JSONResponse
from litellm.proxy._types import LitellmUserRoles, UserAPIKeyAuth
from litellm.proxy.auth.user_api_key_auth import user_api_key_auth

from protobanana.api.failures import document
from protobanana.api.provider import library
from protobanana.errors import InvalidRequestError
from protobanana.settings import get_settings
from protobanana.workflows.folder import name_for

MOST = 20_000_000
"""Bytes of a workflow file; the largest known ones have a tenth of it."""
READING_SECONDS = 30.0

router = APIRouter(prefix="/protobanana", include_in_schema=False)


@router.post("/workflows")
async def take(
    file: UploadFile,
    caller: UserAPIKeyAuth = Depends(user_api_key_auth),  # noqa: B008 - FastAPI's way
) -> JSONResponse:
    """Save a workflow (API format, with or without our header, or the editor's), the field `file` of a form, under its
    file name; the answer says by which name it is called.
    """
    if caller.user_role != LitellmUserRoles.PROXY_ADMIN:
        return _refused(403, "Only an administrator's key may add workflows.")
    folder, stem = get_settings().user_workflows, name_for(Path(file.filename or "").name)
    if folder is None:
        return _refused(409, "Start the gateway with PROTOBANANA_WORKFLOWS_DIR=FOLDER to add workflows to it.")
    if not stem or not str(file.filename).lower().endswith(".json"):
        return _refused(400, "The file's name must have letters or digits, and end in .json.")
    if stem in library().names():
        return _refused(409, f"There is a workflow '{stem}' already; choose another name.")
    data = await file.read(MOST + 1)
    if len(data) > MOST:
        return _refused(413, f"A workflow file may have {MOST // 1_000_000} MB.")
    problem = await asyncio.to_thread(_put, folder / f"{stem}.json", data)
    return _refused(400, problem) if problem else JSONResponse({"name": stem}, 201)


def _put(file: Path, data: bytes) -> str:
    """Write the file and have it read; what is wrong with it, empty when nothing is. Blocking."""
    known = library()
    try:
        # Under another name first: a half-written file must never be read.
        partial = file.with_name(f".{file.name}")
        partial.write_bytes(data)
        partial.replace(file)
    except OSError as error:
        return f"The folder of workflows cannot be written to: {error.strerror}."
    known.settle(READING_SECONDS)
    problem = "" if file.stem in known.names() else known.problems.get(file.name, "It could not be read in time.")
    if problem:
        file.unlink(missing_ok=True)
        known.settle(READING_SECONDS)
    return problem


def _refused(status: int, words: str) -> JSONResponse:
    return JSONResponse(document(InvalidRequestError(words)), status)
