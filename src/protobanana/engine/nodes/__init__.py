"""The nodes of the embedded engine, one module per room of ComfyUI's node menu."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from protobanana.engine.nodes.base import REGISTRY, NodeClass


def load_all() -> dict[str, NodeClass]:
    """Import every node module and return the registry they filled: ComfyUI class name -> node."""
    for module in sorted(iter_modules(__path__), key=lambda found: found.name):
        import_module(f"{__name__}.{module.name}")
    return REGISTRY


__all__ = ["load_all"]
