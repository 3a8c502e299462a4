"""`protobanana workflows run`: one run of a workflow, with any of its inputs set."""

from __future__ import annotations

import mimetypes
import tempfile
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from protobanana.api.options import Options, parse
from protobanana.cli import console
from protobanana.cli.workflows import sources
from protobanana.errors import InvalidRequestError, WorkflowError
from protobanana.events import Attached, Event, Produced, Text
from protobanana.pictures.fetch import load_bytes
from protobanana.pictures.image import Image
from protobanana.settings import get_settings
from protobanana.turn.adoption import Adopter
from protobanana.turn.request import ImageRequest, Picture
from protobanana.turn.turn import turn
from protobanana.workflows.document import Workflow
from protobanana.workflows.library import WorkflowLibrary

PROMPT = "prompt"
_FORMATS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}
_SET_HELP = (
    "NAME=VALUE, repeatable: `prompt`, a slot (`steps=8`), an option of a request (`size=1024x768`, `n=2`), or any "
    "input (`KSampler.sampler_name=euler`, `3.denoise=0.6`). `workflows show` lists them."
)
_OUT_HELP = "File; its end decides the pictures' format, films and sounds have their own. Default: NAME.png, numbered."
_PICTURE: dict[str, Any] = {"exists": True, "dir_okay": False, "readable": True}


def run(
    name: Annotated[str, typer.Argument(help=sources.NAME_HELP)],
    set_: Annotated[list[str] | None, typer.Option("--set", "-s", metavar="NAME=VALUE", help=_SET_HELP)] = None,
    image: Annotated[
        list[Path] | None, typer.Option("--image", "-i", help="A picture; repeat it in order.", **_PICTURE)
    ] = None,
    mask: Annotated[
        Path | None, typer.Option("--mask", help="Where to change: transparent or white there.", **_PICTURE)
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help=_OUT_HELP, dir_okay=False)] = None,
    engine: Annotated[str | None, typer.Option(help=console.ENGINE_HELP)] = None,
) -> None:
    """Run a workflow once and say where the results are. What is not set stays as its author drew it."""
    with console.plain_errors():
        given = _given(set_ or [])
        if out and out.suffix.lower() not in _FORMATS and not _is_film(out):
            raise InvalidRequestError(f"--out {out.name}: end it in {', '.join(_FORMATS)}.")
        with console.comfyui(engine) as server, _library(name, server) as library:
            workflow = library.get(next(iter(library.own())) if sources.is_file(name) else name)
            console.run(_run(workflow, library, given, (image or [], mask), out, server))


def _given(pairs: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name.strip():
            raise InvalidRequestError(f"--set {pair}: write NAME=VALUE, such as steps=8 or prompt='a red house'.")
        found[name.strip()] = value
    return found


def _is_film(path: Path) -> bool:
    return (mimetypes.guess_type(path.name)[0] or "").startswith(("video/", "audio/"))


@contextmanager
def _library(given: str, server: str) -> Iterator[WorkflowLibrary]:
    """The workflows with which a request is answered; a file is served as it would be from the folder."""
    adopt = Adopter(lambda: [server])
    if not sources.is_file(given):
        yield WorkflowLibrary(get_settings().user_workflows, strict=False, adopt=adopt)
        return
    source = sources.read(given)
    with tempfile.TemporaryDirectory(prefix="protobanana-") as folder:
        (Path(folder) / source.file).write_bytes(source.data)
        library = WorkflowLibrary(Path(folder), strict=False, adopt=adopt)
        if not library.own():
            raise WorkflowError(
                " ".join(library.problems.values()) or f"{source.file}: its end is that of no workflow."
            )
        yield library


async def _run(
    workflow: Workflow,
    library: WorkflowLibrary,
    given: Mapping[str, str],
    files: tuple[list[Path], Path | None],
    out: Path | None,
    server: str,
) -> None:
    if PROMPT in given and not (workflow.accepts(PROMPT) or workflow.header.operations):
        raise InvalidRequestError(
            f"{workflow.name} has no use for a prompt; it has: {', '.join(workflow.slots) or 'none'}."
        )
    request = await _request(workflow, given, files, out)
    events = turn(replace(request, server=server), library)
    results = 0
    async for line in _results(console.watched(events), out, workflow.name):
        results += 1
        console.out.print(line, markup=False, highlight=False, soft_wrap=True)
    if not results:
        raise WorkflowError(f"{workflow.name} ran, and gave nothing.")


async def _request(
    workflow: Workflow, given: Mapping[str, str], files: tuple[list[Path], Path | None], out: Path | None
) -> ImageRequest:
    options = {name: value for name, value in given.items() if name in Options.model_fields}
    inputs = {name: value for name, value in given.items() if name not in (*options, PROMPT)}
    format_ = _FORMATS.get(out.suffix.lower() if out else ".png", "png")
    wishes = parse({"output_format": format_, **options, "inputs": inputs}).wishes()
    pictures = tuple([Picture.of(await _load(path)) for path in files[0]])
    mask = Picture.of(await _load(files[1])) if files[1] else None
    text = given[PROMPT] if PROMPT in given else _own_words(workflow)
    return ImageRequest("edits" if pictures else "generations", workflow.name, text, pictures, mask, wishes)


def _own_words(workflow: Workflow) -> str:
    """The prompt that the author has drawn."""
    wiring = workflow.slots.get(PROMPT)
    value = workflow.graph[wiring.to[0].node]["inputs"].get(wiring.to[0].input) if wiring else None
    return value if isinstance(value, str) else ""


async def _load(path: Path) -> Image:
    return await load_bytes(path.read_bytes(), name=path.name)


async def _results(events: AsyncGenerator[Event], out: Path | None, name: str) -> AsyncGenerator[str]:
    """Write what comes, and say where it is. A name that nobody has chosen takes the place of no file."""
    wanted = out or Path(f"{name}.png")
    taken: set[Path] = set()

    def place(suffix: str, output: str = "") -> Path:
        path = stem = wanted.with_name(f"{wanted.stem}{f'-{output}' if output else ''}{suffix}")
        number = 1
        while path in taken or (out is None and path.exists()):
            number += 1
            path = stem.with_stem(f"{stem.stem}-{number}")
        taken.add(path)
        return path

    async for event in events:
        if isinstance(event, Text):
            yield event.delta.strip()
        elif isinstance(event, Produced):
            own = _FORMATS.get(wanted.suffix.lower()) == event.image.format
            path = place(wanted.suffix if own else f".{event.image.format}", event.output)
            path.write_bytes(event.image.data)
            seed = "" if event.seed is None else f", seed {event.seed}"
            yield f"{path}  {event.image.size}{seed}"
        elif isinstance(event, Attached):
            path = place(f".{event.file.format}")
            path.write_bytes(event.file.data)
            yield f"{path}  {event.file.mime}, {len(event.file.data)} bytes"


__all__ = ["run"]
