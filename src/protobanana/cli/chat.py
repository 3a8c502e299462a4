"""`protobanana chat`: a conversation in the terminal; pictures go to files."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import typer

from protobanana.cli import console
from protobanana.errors import ProtoBananaError
from protobanana.events import Event, Produced, Text
from protobanana.pictures.fetch import load_bytes
from protobanana.pictures.handles import mint
from protobanana.pictures.image import Image
from protobanana.turn import adoption
from protobanana.turn.request import ROUTED, ImageRequest, Line, Picture
from protobanana.turn.turn import turn
from protobanana.workflows.library import WorkflowLibrary

OWNER = "local"
"""Whose pictures a conversation at the terminal has."""
HELP = "/image FILE attaches a picture, /undo goes back one picture, /save FILE keeps the newest, /quit ends."


@dataclass
class Talk:
    """What has been said and shown; `shown` is oldest first, `attached` waits for the next turn."""

    server: str
    folder: Path
    library: WorkflowLibrary
    shown: list[Picture] = field(default_factory=list)
    attached: list[Picture] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    def events(self, text: str) -> AsyncGenerator[Event]:
        """One turn."""
        pictures = (*self.shown, *self.attached)
        self.lines.append(Line("user", text))
        request = ImageRequest(
            "chat", ROUTED, text, pictures, server=self.server, history=tuple(self.lines), owner=OWNER
        )
        self.shown += [replace(picture, attached=False) for picture in self.attached]
        self.attached = []
        return turn(request, self.library)


def chat(
    folder: Annotated[Path, typer.Option("-d", "--dir", file_okay=False, help="Where pictures are written.")] = Path(),
    engine: Annotated[str | None, typer.Option(help=console.ENGINE_HELP)] = None,
) -> None:
    """Talk about pictures: draw one, change it, go back. Pictures are written to files."""
    with console.plain_errors(), console.comfyui(engine) as server:
        folder.mkdir(parents=True, exist_ok=True)
        console.out.print(f"[dim]{HELP}[/]")
        console.run(_converse(Talk(server, folder, adoption.library())))


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
        talk.attached.append(_picture(await load_bytes(path.read_bytes()), attached=True, note=path.name))
        console.out.print(f"attached {path.name}")
    elif name == "/undo" and talk.shown:
        talk.shown.pop()
        console.out.print(f"back to {(await talk.shown[-1].load()).size}" if talk.shown else "no picture left")
    elif name == "/save" and talk.shown and argument:
        path.write_bytes((await talk.shown[-1].load()).data)
        console.out.print(f"saved {path}")
    else:
        console.out.print(f"[dim]That did not work. {HELP}[/]")


def _picture(image: Image, *, attached: bool, note: str) -> Picture:
    picture = Picture.of(image, attached=attached)
    picture.handle, picture.note = mint(OWNER, image.data), note
    return picture


async def _turn(talk: Talk, text: str) -> None:
    said = ""
    async for event in console.watched(talk.events(text)):
        if isinstance(event, Text):
            said += event.delta
            console.out.print(event.delta, end="", markup=False, highlight=False, soft_wrap=True)
        elif isinstance(event, Produced):
            picture = _picture(event.image, attached=False, note=f"{event.operation}: {event.prompt}"[:120])
            talk.shown.append(picture)
            said += f" [{picture.handle}]"
            path = console.free_name(talk.folder / f"picture-{len(talk.shown)}.png")
            path.write_bytes(event.image.data)
            console.out.print(f"{path}  {event.image.size}", highlight=False, soft_wrap=True)
    console.out.print()
    talk.lines.append(Line("assistant", said))
