"""One ComfyUI, looked at once: everything the checks of that server read."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from protobanana.comfy.address import Address
from protobanana.comfy.transport import Transport
from protobanana.comfy.types import ClientOptions
from protobanana.errors import ProtoBananaError, ServerProtocolError, ServerUnreachableError
from protobanana.workflows.authoring.schema import Catalogue, read_catalogue

PATIENCE = 45.0
"""Seconds for all questions to one server; a ComfyUI that loads a model answers late, but it answers."""
OPTIONS = ClientOptions(connect_timeout=5.0, request_timeout=20.0)
FOLDER = "DIR"
"""Stands in advice for ComfyUI's folder where the server does not tell it."""


@dataclass(frozen=True)
class Probe:
    """What a server said: `/system_stats`, `/features` (empty where it has none), `/object_info`."""

    stats: Mapping[str, Any]
    features: Mapping[str, Any] = field(repr=False)
    object_info: Mapping[str, Any] = field(repr=False)

    @cached_property
    def catalogue(self) -> Catalogue:
        """Its node classes; the choices of their inputs list the model files that are there."""
        return read_catalogue(self.object_info)

    @property
    def system(self) -> Mapping[str, Any]:
        """Versions and main memory."""
        found = self.stats.get("system")
        return found if isinstance(found, Mapping) else {}

    @property
    def devices(self) -> list[Mapping[str, Any]]:
        """What it computes on; memory in bytes."""
        found = self.stats.get("devices")
        return [device for device in found if isinstance(device, Mapping)] if isinstance(found, list) else []

    @property
    def version(self) -> str:
        """As it says, empty where it does not."""
        return str(self.system.get("comfyui_version") or "")

    @property
    def argv(self) -> list[str]:
        """The command line it was started with; empty where it does not tell."""
        found = self.system.get("argv")
        return list(map(str, found)) if isinstance(found, list) else []

    @property
    def preview_engine(self) -> bool:
        """Whether it is our embedded engine and no ComfyUI."""
        return "protobanana_engine" in self.system

    @property
    def folder(self) -> str:
        """ComfyUI's folder on its own machine, `DIR` where it is not known."""
        arguments = self.argv
        if "--base-directory" in arguments[:-1]:
            return arguments[arguments.index("--base-directory") + 1]
        script = arguments[0] if arguments else ""
        kind = PureWindowsPath if "\\" in script else PurePosixPath
        path = kind(script)
        return str(path.parent) if path.is_absolute() and path.name == "main.py" else FOLDER


def numbers(version: str) -> tuple[int, ...]:
    """The first three numbers of a version, for comparing: `v0.12.1-4-gabc` is (0, 12, 1)."""
    return tuple(map(int, re.findall(r"\d+", version)[:3]))


async def look(address: Address) -> Probe:
    """Ask a server everything; raises ServerUnreachableError or ServerProtocolError within `PATIENCE`."""
    transport = Transport(address, OPTIONS)
    try:
        async with asyncio.timeout(PATIENCE):
            stats = await transport.document("system_stats")
            info = await transport.document("object_info")
            features = await transport.get("features")
            read = Probe(stats, _optional(features.ok, features.json), info)
            _readable(read)
            return read
    except TimeoutError:
        raise ServerUnreachableError(f"ComfyUI at {address} did not answer within {PATIENCE:g} s.") from None
    finally:
        await transport.close()


def _optional(there: bool, read: Any) -> Mapping[str, Any]:
    try:
        return dict(read()) if there else {}
    except ProtoBananaError:
        return {}


def _readable(probe: Probe) -> None:
    if not probe.system or not probe.object_info:
        raise ServerProtocolError("What answers there is not ComfyUI: /system_stats or /object_info says nothing.")
    try:
        _ = probe.catalogue
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ServerProtocolError("What answers there is not ComfyUI: its /object_info cannot be read.") from None


__all__ = ["FOLDER", "Probe", "look", "numbers"]
