"""`/protobanana/pictures`: put a picture into the gateway's store, so that a short name stands for it from then on, and
ask what a name stands for. For clients that hold a conversation's pictures by name and not by megabytes.
"""

from __future__ import annotations

import hashlib
from typing import Any

from fastapi import APIRouter, Depends, Request, UploadFile
from fastapi.responses import JSONResponse
from litellm.proxy._types import UserAPIKeyAuth
from litellm.proxy.auth.user_api_key_auth import user_api_key_auth

from protobanana.api import links
from protobanana.api.call import LOCAL
from protobanana.api.failures import document
from protobanana.api.showing import UPLOADED
from protobanana.errors import InvalidRequestError, ProtoBananaError
from protobanana.pictures.fetch import load_bytes
from protobanana.pictures.handles import mint
from protobanana.pictures.image import Image
from protobanana.pictures.store import Record, image_store

router = APIRouter(prefix="/protobanana/pictures", include_in_schema=False)


@router.post("")
async def keep(request: Request, file: UploadFile, caller: UserAPIKeyAuth = Depends(user_api_key_auth)) -> JSONResponse:  # noqa: B008 - FastAPI's way
    """Keep a picture, the field `file` of a form. 501 where this gateway keeps none."""
    store = image_store()
    if store is None:
        return _refused(
            InvalidRequestError("This gateway keeps no pictures (PROTOBANANA_STORE=off).", code="no_store"), 501
        )
    try:
        image = await load_bytes(await file.read(), name="file")
    except ProtoBananaError as error:
        return _refused(error)
    owner = _owner(request, caller)
    handle = mint(owner, image.data)
    if not await store.put(image, owner, handle, note=UPLOADED):
        return _refused(
            InvalidRequestError("The store of this gateway does not take pictures now.", code="no_store"), 501
        )
    return JSONResponse(_about(Record(handle, owner, image.sha256, UPLOADED), image, store.token(handle)))


@router.get("/{handle}")
async def about(handle: str, request: Request, caller: UserAPIKeyAuth = Depends(user_api_key_auth)) -> JSONResponse:  # noqa: B008 - as above
    """What is known of a picture of the caller's; 404 for one of somebody else, or that is not kept any more."""
    store = image_store()
    kept = await store.get(handle, _owner(request, caller)) if store else None
    if store is None or kept is None:
        return _refused(InvalidRequestError("There is no such picture.", param="handle", code="not_found"), 404)
    return JSONResponse(_about(kept.record, kept.image, store.token(handle)))


def _about(record: Record, image: Image, token: str) -> dict[str, Any]:
    return {
        "id": record.handle,
        "path": f"{links.PATH}{token}",
        "size": image.size,
        "format": image.format,
        "note": record.note,
        "parent": record.parent or None,
    }


def _owner(request: Request, caller: UserAPIKeyAuth) -> str:
    """The owner that calls of a model with this key have, see `Call.owner`."""
    key, person = caller.api_key or "", request.headers.get("x-openwebui-user-id", "")
    return hashlib.sha256(f"{key}\n{person}".encode()).hexdigest()[:32] if key or person else LOCAL


def _refused(error: ProtoBananaError, status: int | None = None) -> JSONResponse:
    return JSONResponse(document(error), status or error.status)
