"""What the author of a file should know of its conversion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NoteKind = Literal["repaired", "dropped", "suspicious", "unknown"]
"""Put right; left out; worth a look; a class that the schemas do not have."""


@dataclass(frozen=True, slots=True)
class Note:
    """One remark. `node` is the id in the API graph, `title` the node's title."""

    kind: NoteKind
    message: str
    node: str
    title: str

    def __str__(self) -> str:
        return f"{self.kind}: node {self.node} ({self.title}): {self.message}"


__all__ = ["Note", "NoteKind"]
