"""The embedded ComfyUI-compatible engine: runs workflow graphs on the CPU, without models or GPU."""

from __future__ import annotations

from protobanana.engine.app import Engine
from protobanana.engine.settings import EngineSettings, Faults
from protobanana.engine.thread import EngineThread, run

__all__ = ["Engine", "EngineSettings", "EngineThread", "Faults", "run"]
