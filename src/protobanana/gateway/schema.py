"""`GET /protobanana/operations`: what can be asked for, with the parameters as JSON schemas.

It describes the program and nothing of its owner's, so it needs no key, as LiteLLM's own `/openapi.json` needs none;
which workflows there are is told behind one.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from litellm.proxy.auth.user_api_key_auth import user_api_key_auth

from protobanana.api.provider import library
from protobanana.operations.base import Operation, operations

router = APIRouter(prefix="/protobanana", include_in_schema=False)


@router.get("/operations")
async def described() -> dict[str, Any]:
    """All operations, and the names of the parameters that they have in common."""
    return {"common": list(Operation.model_fields), "operations": [_described(kind) for kind in operations().values()]}


@router.get("/operations/workflows", dependencies=[Depends(user_api_key_auth)])
async def able() -> dict[str, list[str]]:
    """The workflows of each operation, its default first."""
    return {name: [workflow.name for workflow in library().for_operation(name)] for name in operations()}


def _described(kind: type[Operation]) -> dict[str, Any]:
    return {
        "name": kind.name,
        "title": kind.title(),
        "description": " ".join((kind.__doc__ or "").split()),
        "images": {"min": kind.min_images, "max": kind.max_images},
        "mask": kind.needs_mask,
        "prompt": kind.needs_prompt,
        "transparent": kind.makes_alpha,
        "returns": list(kind.extra_outputs),
        "examples": list(kind.examples),
        "schema": kind.model_json_schema(),
    }
