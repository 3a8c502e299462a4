"""`protobanana workflows ...` and `protobanana smoke`: what an author of workflows runs."""

from __future__ import annotations

import typer

from protobanana.cli.workflows.adopt import adopt
from protobanana.cli.workflows.check import check
from protobanana.cli.workflows.config import config
from protobanana.cli.workflows.convert import convert
from protobanana.cli.workflows.diff import diff
from protobanana.cli.workflows.export import export
from protobanana.cli.workflows.listing import listing
from protobanana.cli.workflows.run import run
from protobanana.cli.workflows.show import show
from protobanana.cli.workflows.smoke import smoke

app = typer.Typer(help="Adopt, look at, check, run and compare workflows.", no_args_is_help=True)
app.command("list")(listing)
for _command in (show, adopt, convert, export, check, run, diff, config):
    app.command()(_command)

__all__ = ["app", "smoke"]
