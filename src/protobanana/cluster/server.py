"""What is known of one ComfyUI: whether it can be used, what it has loaded, what it works on."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from protobanana.cluster.estimates import Estimates, Models

if TYPE_CHECKING:
    from protobanana.cluster.line import Ticket

Health: TypeAlias = Literal["up", "down", "stuck"]
DEPTH = 32
"""Jobs at most in one ComfyUI at once."""
AHEAD = 0.25
"""Seconds of work at most that a server may have when it gets more: what is decided late is decided well."""


@dataclass(eq=False)
class Server:
    """`key` tells servers apart. All times are in seconds of the caller's clock."""

    key: Hashable
    estimates: Estimates = field(default_factory=Estimates)
    health: Health = "up"
    why: str = ""
    """What is wrong, where something is."""
    draining: bool = False
    occupied: bool = False
    """Whether a job that was given up still runs there: nothing new would start before it ends."""
    loaded: Models | None = None
    """Models of the job that was sent there last; None: never used, or restarted."""
    jobs: dict[Ticket, float] = field(default_factory=dict)
    """Jobs of ours in it, first sent first, and the seconds that each will hardly exceed (infinite: unknown)."""
    free_at: float = 0.0
    """When it will have done what it has."""

    @property
    def usable(self) -> bool:
        """Whether new jobs may ever be sent there as things are."""
        return self.health == "up" and not self.draining

    @property
    def open(self) -> bool:
        """Whether it gets a job now: it has none, or so little that it would idle while the next one travels."""
        if not self.usable or self.occupied:
            return False
        return not self.jobs or (len(self.jobs) < DEPTH and sum(self.jobs.values()) < AHEAD)
