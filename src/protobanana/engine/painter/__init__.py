"""The painter: it stands in for diffusion models.

It draws what the conditioning says, starts edits from the picture that the conditioning carries, and depends on
nothing but its arguments: the same job gives the same picture on every machine.
"""

from __future__ import annotations

from protobanana.engine.painter.job import Job, paint

__all__ = ["Job", "paint"]
