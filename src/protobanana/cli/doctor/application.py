"""A Ray Serve application: whether it is there, and which of its ComfyUIs are in service."""

from __future__ import annotations

from dataclasses import replace

from protobanana.cli.doctor.finding import Finding, ok, problem, warning
from protobanana.cluster import pool_for
from protobanana.errors import SettingsError


async def check_application(address: str) -> list[Finding]:
    """What Ray says of it. Nodes and models are on machines that may be out of reach from here."""
    try:
        states = await pool_for(address).look()
    except SettingsError as error:
        return [replace(problem("ray", error.message), server=address)]
    up = sum(state.condition == "up" for state in states)
    said = f"{up} of {len(states)} ComfyUIs in service"
    found = [warning("ray", f"{state.address}: {state.why}") for state in states if state.condition != "up" and up]
    found += [
        ok("ray", f"{said}; for their nodes and models: protobanana doctor --comfyui ADDRESS")
        if up
        else problem("ray", " ".join(dict.fromkeys(state.why for state in states)))
    ]
    return [replace(finding, server=address) for finding in found]


__all__ = ["check_application"]
