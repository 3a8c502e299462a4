"""What a check has found out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is. A `problem` keeps something from working, a `warning` will bite some day."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """One sentence about one thing. `server` is an address without credentials; both it and `workflow` may be empty.

    `fixes` are commands or lines of configuration, to be used as they stand. `pull` is the ComfyUI folder where the
    workflow's model files are to go, empty where none are missing: one command pulls those of all workflows.
    """

    level: Level
    check: str
    message: str
    fixes: tuple[str, ...] = ()
    server: str = ""
    workflow: str = ""
    pull: str = ""


def ok(check: str, message: str) -> Finding:
    """All is well."""
    return Finding(Level.OK, check, message)


def warning(check: str, message: str, *fixes: str) -> Finding:
    """It works, but not as it could."""
    return Finding(Level.WARNING, check, message, fixes)


def problem(check: str, message: str, *fixes: str) -> Finding:
    """It does not work."""
    return Finding(Level.PROBLEM, check, message, fixes)


def gigabytes(size: float) -> str:
    """Bytes as people say them: `20.4 GB`, `512 MB`."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


__all__ = ["Finding", "Level", "gigabytes", "ok", "problem", "warning"]
