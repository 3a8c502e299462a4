"""The command line: `protobanana --help`."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Entry point of the `protobanana` program."""
    from protobanana.cli.app import app  # noqa: PLC0415 - importing the package stays cheap

    app()
