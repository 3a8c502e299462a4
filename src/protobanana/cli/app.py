"""All commands in one place."""

from __future__ import annotations

from typing import Annotated

import typer

from protobanana.cli import chat, cluster, comfyui, demo, draw, mcp, models, serve, simulate, ui, words, workflows
from protobanana.cli.bench.command import bench
from protobanana.cli.doctor import doctor
from protobanana.cli.workflows.config import whole
from protobanana.operations.base import operations

app = typer.Typer(
    name="protobanana",
    help="ComfyUI workflows as OpenAI models. Try `protobanana generate`, then `protobanana serve`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        from protobanana import __version__  # noqa: PLC0415 - looked up only when asked for

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version


app.command()(serve.serve)
app.command()(serve.engine)
app.command("config")(whole)
app.command()(ui.ui)
app.command()(mcp.mcp)
app.command()(chat.chat)
app.command()(demo.demo)
app.command()(workflows.smoke)
app.command()(simulate.simulate)
app.command()(bench)
app.command()(doctor)
app.command()(words.route)
app.add_typer(workflows.app, name="workflows")
app.add_typer(cluster.app, name="cluster")
app.add_typer(models.app, name="models")
app.add_typer(comfyui.app, name="comfyui")
app.add_typer(words.evaluations, name="eval")
for _kind in operations().values():
    app.command(_kind.name.replace("_", "-"), rich_help_panel="Pictures")(draw.command_for(_kind))
