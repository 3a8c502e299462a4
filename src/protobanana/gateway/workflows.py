"""`GET /protobanana/workflows`: what the workflows are called and take, and what is wrong with files of the folder."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Depends
from litellm.proxy.auth.user_api_key_auth import user_api_key_auth

from protobanana.api.provider import library
from protobanana.gateway.config import mode_of
from protobanana.turn.litellm_router import deployments
from protobanana.workflows.form import form_of

_ENDPOINTS = {"image_edit": "/v1/images/edits", "image_generation": "/v1/images/generations"}

router = APIRouter(prefix="/protobanana", dependencies=[Depends(user_api_key_auth)], include_in_schema=False)


@router.get("/workflows")
async def workflows() -> dict[str, Any]:
    """All workflows with their forms, and the problems of files by file name."""
    from litellm.proxy.proxy_server import llm_router  # noqa: PLC0415 - set when the configuration is loaded

    called: dict[str, list[str]] = {}
    for entry in deployments(llm_router):
        called.setdefault(str(entry["litellm_params"].get("model")), []).append(entry["model_name"])
    forms = await asyncio.to_thread(_forms)
    for form in forms:
        form["model_names"] = sorted(set(called.get(f"protobanana/{form['name']}", ())))
    return {"workflows": forms, "problems": dict(library().problems)}


def _forms() -> list[dict[str, Any]]:
    known = library()
    files, problems = known.own(), known.problems
    return [
        form_of(workflow)
        | {
            "endpoint": _ENDPOINTS[mode_of(workflow)],
            "file": files.get(workflow.name),
            "problem": problems.get(files.get(workflow.name, "")),
        }
        for workflow in known.all()
    ]
