"""The inputs that a request sets by name, checked against what the ComfyUI that will run them says of its nodes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from protobanana.comfy import client_for
from protobanana.errors import InvalidRequestError, ProtoBananaError
from protobanana.settings import get_settings
from protobanana.workflows.authoring.schema import Catalogue, read_catalogue, recorded
from protobanana.workflows.document import Workflow
from protobanana.workflows.graph import Target
from protobanana.workflows.inputs import PARAM, Plain, Setting, checked, find, settings_of, with_spec

_SECONDS = 3.0
"""In which a ComfyUI must say what a node takes; without an answer the record of its classes counts."""


async def read_inputs(
    given: Mapping[str, object], workflow: Workflow, server: str | None
) -> tuple[dict[str, Plain], dict[Target, Plain]]:
    """Slots by name, and inputs of nodes with their values, each checked for type, range and choices. `server`: where
    the workflow will run, addresses separated by commas. Raises InvalidRequestError.
    """
    if not given:
        return {}, {}
    if not get_settings().open_inputs:
        raise InvalidRequestError("'inputs' are closed on this gateway; its operator can open them.", param=PARAM)
    found = settings_of(workflow, recorded())
    slots: dict[str, Plain] = {}
    inputs: dict[Target, Plain] = {}
    for key, value in given.items():
        if workflow.accepts(key):
            _refuse_batch(key, key)
            slots[key] = await checked_slot(key, value, workflow, server)
            continue
        setting = await _declared(find(key, workflow, found), workflow, server)
        checked_value = checked(setting, value, key, param=PARAM)
        _refuse_batch(key, setting.slot)
        if setting.slot == "seed":
            # As a slot it is counted on from, where several pictures are wanted.
            slots["seed"] = checked_value
        else:
            inputs[setting.target] = checked_value
    return slots, inputs


def _refuse_batch(key: str, slot: str | None) -> None:
    if slot == "batch":
        raise InvalidRequestError(f"'{key}' follows from how many pictures are wanted; set 'n'.", param=PARAM)


async def checked_slot(name: str, value: object, workflow: Workflow, server: str | None) -> Plain:
    """The value of a slot, as far as the input that it fills is known. Raises InvalidRequestError naming the slot."""
    target = workflow.slots[name].to[0]
    setting = next((one for one in settings_of(workflow, recorded()) if one.target == target), None)
    if setting is None:
        node = workflow.graph[target.node]
        setting = Setting(target, name, node["class_type"], None, None, name)
        return value if isinstance(value, str) else checked(setting, value, name, param=name)
    if setting.kind == "image":
        raise InvalidRequestError(f"'{name}' is a picture; send it as one.", param=name)
    return checked(await _declared(setting, workflow, server), value, name, param=name)


async def _declared(setting: Setting, workflow: Workflow, server: str | None) -> Setting:
    """The input as the server declares it, where the record does not know: a class of its own, or files on its disk."""
    if setting.spec is not None and not setting.spec.is_combo:
        return setting
    live = await _ask(setting.class_type, server)
    if live is None:
        return setting
    found = with_spec(setting, live, workflow.graph[setting.target.node]["inputs"])
    # A server that lists no files leaves it to the run to find out.
    return setting if found.spec is not None and found.spec.choices == () else found


async def _ask(class_type: str, server: str | None) -> Catalogue | None:
    for address in (server or get_settings().comfyui_base_url).split(","):
        try:
            async with asyncio.timeout(_SECONDS):
                answer: dict[str, Any] = await client_for(address).object_info(class_type)
        except (ProtoBananaError, TimeoutError):
            continue
        return read_catalogue(answer)
    return None


__all__ = ["checked_slot", "read_inputs"]
