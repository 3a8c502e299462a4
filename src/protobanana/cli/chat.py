"""`protobanana chat`: a conversation in the terminal; pictures go to files."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from protobanana.cli import console
from protobanana.errors import ProtoBananaError
from protobanana.events import Event, Produced, Text
from protobanana.pictures.fetch import load_bytes
from protobanana.pictures.image import Image
from protobanana.settings import get_settings
from protobanana.turn.request import ROUTED, ImageRequest, Picture
from protobanana.turn.turn import turn
from protobanana.workflows.library import WorkflowLibrary

HELP = "/image FILE attaches a picture, /undo goes back one picture, /save FILE keeps the newest, /quit ends."


@dataclass
class Talk:
    """What has been said and shown; `shown` is oldest first, `attached` waits for the next turn."""

    server: str
    folder: Path
    library: WorkflowLibrary
    shown: list[Image] = field(default_factory=list)
    attached: list[Image] = field(default_factory=list)

    def events(self, text: str) -> AsyncGenerator[Event]:
        """One turn."""
        earlier = [Picture.of(image, attached=False) for image in self.shown]
        pictures = (*earlier, *(Picture.of(image) for image in self.attached))
        self.shown += self.attached
        self.attached = []
        return turn(ImageRequest("chat", ROUTED, text, pictures, server=self.server), self.library)


def chat(
    folder: Annotated[Path, typer.Option("-d", "--dir", file_okay=False, help="Where pictures are written.")] = Path(),
    engine: Annotated[str | None, typer.Option(help=console.ENGINE_HELP)] = None,
) -> None:
    """Talk about pictures: draw one, change it, go back. Pictures are written to files."""
    with console.plain_errors(), console.comfyui(engine) as server:
        folder.mkdir(parents=True, exist_ok=True)
        console.out.print(f"[dim]{HELP}[/]")
        console.run(_converse(Talk(server, folder, WorkflowLibrary(get_settings().user_workflows))))


async def _converse(talk: Talk) -> None:
    while True:
        try:
            line = console.out.input("[bold]> [/]").strip()
        except (EOFError, KeyboardInterrupt):
            return
        if line in ("/quit", "/exit", "/q"):
            return
        if not line:
            continue
        try:
            await (_command(talk, line) if line.startswith("/") else _turn(talk, line))
        except ProtoBananaError as error:
            console.out.print(f"[red]{error.message}[/]")


async def _command(talk: Talk, line: str) -> None:
    name, _, argument = line.partition(" ")
    path = Path(argument.strip()).expanduser()
    if name == "/image" and path.is_file():
        talk.attached.append(await load_bytes(path.read_bytes()))
        console.out.print(f"attached {path.name}")
    elif name == "/undo" and talk.shown:
        talk.shown.pop()
        console.out.print(f"back to {talk.shown[-1].size}" if talk.shown else "no picture left")
    elif name == "/save" and talk.shown and argument:
        path.write_bytes(talk.shown[-1].data)
        console.out.print(f"saved {path}")
    else:
        console.out.print(f"[dim]That did not work. {HELP}[/]")


async def _turn(talk: Talk, text: str) -> None:
    async for event in console.watched(talk.events(text)):
        if isinstance(event, Text):
            console.out.print(event.delta)
        elif isinstance(event, Produced):
            talk.shown.append(event.image)
            path = console.free_name(talk.folder / f"picture-{len(talk.shown)}.png")
            path.write_bytes(event.image.data)
            console.out.print(f"{path}  {event.image.size}", highlight=False, soft_wrap=True)
