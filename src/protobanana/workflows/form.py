"""A workflow as plain data, for whoever draws a form of it or lists what can be set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from protobanana.workflows.authoring.schema import Catalogue, recorded
from protobanana.workflows.document import Workflow
from protobanana.workflows.graph import Target
from protobanana.workflows.header import STANDARD_TIERS
from protobanana.workflows.inputs import Setting, labels, settings_of
from protobanana.workflows.wiring import SlotWiring, picture_number


def form_of(workflow: Workflow, schemas: Catalogue | None = None) -> dict[str, Any]:
    """Everything that a request may set, with types, defaults and ranges. `schemas`: of the ComfyUI that will run it,
    None for the recorded ones.

    `slots` are set by their names beside the prompt, `inputs` by theirs in the field `inputs`.
    """
    header = workflow.header
    found = {setting.target: setting for setting in settings_of(workflow, schemas or recorded())}
    free = [setting for setting in found.values() if setting.kind != "image"]
    names = labels(free)
    return {
        "name": workflow.name,
        "title": workflow.title,
        "description": header.description,
        "operations": list(header.operations),
        "license": header.license.model_dump() if header.license else None,
        "models": [model.model_dump() for model in header.models],
        "pictures": {"min": workflow.min_images, "max": workflow.max_images},
        "qualities": list(dict.fromkeys((*STANDARD_TIERS, *workflow.tiers))),
        "default_quality": header.default_tier,
        "sizes": [f"{width}x{height}" for width, height in header.sizes],
        "limits": header.limits.model_dump(exclude_none=True),
        "outputs": list(header.outputs),
        "slots": {name: _slot(name, wiring, found) for name, wiring in workflow.slots.items()},
        "inputs": {
            names[setting.target]: {"node": setting.target.node, **_filled_by(setting), **setting.described()}
            for setting in free
        },
    }


def _slot(name: str, wiring: SlotWiring, found: Mapping[Target, Setting]) -> dict[str, Any]:
    setting = found.get(wiring.to[0])
    about = setting.described() if setting else {}
    if picture_number(name) is not None or name == "mask":
        about = {"type": "image"}
    return {**about, "required": wiring.required, "fills": [str(target) for target in wiring.to]}


def _filled_by(setting: Setting) -> dict[str, str]:
    return {"slot": setting.slot} if setting.slot else {}


__all__ = ["form_of"]
