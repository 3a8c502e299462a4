"""`GET /protobanana/operations`: what can be asked for, with the parameters as JSON schemas.

It describes the program and nothing of its owner's, so it needs no key, as LiteLLM's own `/openapi.json` needs none.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from protobanana.operations.base import Operation, operations

router = APIRouter(prefix="/protobanana", include_in_schema=False)


@router.get("/operations")
async def described() -> dict[str, Any]:
    """All operations, and the names of the parameters that they have in common."""
    return {"common": list(Operation.model_fields), "operations": [_described(kind) for kind in operations().values()]}


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
