"""The operation that the words of a turn mean, without an LLM: the strongest claim wins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from protobanana.operations.base import Turn, operations
from protobanana.turn.smalltalk import chats

CHAT = "chat"
"""No picture is wanted; words answer."""


@dataclass(frozen=True)
class Decision:
    """An operation's name, or `CHAT`, and the parameters that the words carry."""

    operation: str
    params: Mapping[str, Any] = field(default_factory=dict)


def route(turn: Turn) -> Decision:
    """Ask every operation how sure it is; talk goes before pictures when nothing is asked to be drawn."""
    if chats(turn):
        return Decision(CHAT)
    best = max(operations().values(), key=lambda operation: operation.claims(turn))
    return Decision(best.name, best.read(turn))
