"""`protobanana models`: the files that workflows need, and how they get to where ComfyUI looks."""

from protobanana.cli.models.command import app

__all__ = ["app"]
