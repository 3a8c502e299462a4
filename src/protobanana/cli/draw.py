"""One command per operation, derived from the operation's fields: `protobanana generate`, `protobanana edit`, ..."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from pydantic.fields import FieldInfo

from protobanana.cli import console
from protobanana.errors import InvalidImageError, InvalidRequestError
from protobanana.events import Attached, Produced, Text
from protobanana.operations.base import Operation
from protobanana.pictures.fetch import load_bytes
from protobanana.turn import adoption
from protobanana.turn.request import ImageRequest, Picture, Wishes
from protobanana.turn.turn import turn
from protobanana.workflows.library import WorkflowLibrary

FORMATS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}
WISHES = ("n", "seed", "quality", "negative_prompt", "width", "height")
HIDDEN = {"prompt", *WISHES, "images"}


def command_for(kind: type[Operation]) -> Callable[..., None]:
    """The function behind `protobanana <operation>`; typer reads its signature."""

    def command(**given: Any) -> None:
        with console.plain_errors():
            _draw(kind, given)

    parameters = [*_arguments(kind), *_common(), *_own(kind)]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # typer reads it
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    command.__doc__ = inspect.getdoc(kind)
    return command


def _arguments(kind: type[Operation]) -> list[inspect.Parameter]:
    words = typer.Argument(help="What to draw or to change, in plain words.", show_default=False)
    prompt = _parameter("prompt", Annotated[str, words], inspect.Parameter.empty if kind.needs_prompt else "")
    if not kind.max_images:
        return [prompt]
    about = "The picture to start from." if kind.min_images == 1 else "The pictures, in order."
    images = typer.Argument(help=about, exists=True, dir_okay=False, readable=True, show_default=False)
    if kind.max_images == kind.min_images == 1:
        return [_parameter("image", Annotated[Path, images]), prompt]
    return [_parameter("image", Annotated[list[Path], images]), prompt]


def _common() -> list[inspect.Parameter]:
    def option(name: str, type_: Any, default: Any, text: str, *flags: str, **more: Any) -> inspect.Parameter:
        return _parameter(name, Annotated[type_, typer.Option(*flags, help=text, **more)], default)

    file = {"exists": True, "dir_okay": False}
    return [
        option("out", Path, Path("out.png"), "File to write: .png, .jpg or .webp.", "-o", "--out"),
        option("n", int, 1, "How many variants.", "-n", min=1, max=10),
        option("size", str | None, None, "WIDTHxHEIGHT in pixels, or a ratio such as 16:9."),
        option("quality", str | None, None, "low (fast), medium or high."),
        option("seed", int | None, None, "Same seed and words, same picture.", min=0),
        option("negative_prompt", str | None, None, "What to keep out of the picture."),
        option("transparent", bool, False, "Cut the subject out.", "--transparent"),
        option("mask", Path | None, None, "Where to change: transparent or white there.", **file),
        option("workflow", str | None, None, "A workflow by name, in place of the default."),
        option("engine", str | None, None, console.ENGINE_HELP),
    ]


def _own(kind: type[Operation]) -> list[inspect.Parameter]:
    """Options for the fields that only this operation has, and for the region it finds."""
    about = typer.Option("--return-mask", help="Write the region that was found beside the picture.")
    region = [_parameter("return_mask", Annotated[bool, about], False)] if "mask" in kind.extra_outputs else []
    return region + [
        _parameter(name, Annotated[_plain_type(field), typer.Option(help=field.description)], None)
        for name, field in kind.model_fields.items()
        if name not in HIDDEN
    ]


def _plain_type(field: FieldInfo) -> Any:
    """The field's type as the command line can take it: its first plain type, optional."""
    members = typing.get_args(field.annotation) if _is_union(field.annotation) else (field.annotation,)
    for member in members:
        if member in (int, float, str, bool):
            return member | None
        if typing.get_origin(member) is Literal:
            return str | None
    return str | None


def _is_union(annotation: Any) -> bool:
    return typing.get_origin(annotation) in (typing.Union, types.UnionType)


def _parameter(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _draw(kind: type[Operation], given: dict[str, Any]) -> None:
    library = adoption.library()
    format_ = FORMATS.get(given["out"].suffix.lower())
    if format_ is None:
        raise InvalidImageError(f"--out {given['out'].name}: end it in {', '.join(FORMATS)}.")
    workflow = given["workflow"] or _default(kind, library)
    with console.comfyui(given["engine"]) as server:
        console.run(_render(kind, given, workflow, server, library, format_))


def _default(kind: type[Operation], library: WorkflowLibrary) -> str:
    able = library.for_operation(kind.name)
    if not able:
        raise InvalidRequestError(f"No workflow for '{kind.name}' is installed.")
    return able[0].name


async def _render(
    kind: type[Operation], given: dict[str, Any], workflow: str, server: str, library: WorkflowLibrary, format_: str
) -> None:
    from protobanana.api.options import parse  # noqa: PLC0415 - the door's validation, without the door

    fields = {"n": given["n"], "size": given["size"], "quality": given["quality"], "seed": given["seed"],
              "negative_prompt": given["negative_prompt"], "output_format": format_,
              "background": "transparent" if given["transparent"] else None}  # fmt: skip
    own = {name: given[name] for name in kind.model_fields if name not in HIDDEN and given.get(name) is not None}
    wishes: Wishes = parse({**fields, **own}).wishes()
    files = given.get("image") or []
    pictures = [await _picture(path, "image") for path in (files if isinstance(files, list) else [files])]
    mask = await _picture(given["mask"], "mask") if given["mask"] else None
    endpoint: Literal["edits", "generations"] = "edits" if pictures else "generations"
    request = ImageRequest(endpoint, workflow, given["prompt"], tuple(pictures), mask, wishes, server=server)
    count = 0
    async for event in console.watched(turn(request, library)):
        if isinstance(event, Text):
            console.out.print(event.delta)
        elif isinstance(event, Attached):
            path = given["out"].with_suffix(f".{event.file.format}")
            path.write_bytes(event.file.data)
            console.out.print(f"{path}  {event.file.mime}", highlight=False, soft_wrap=True)
        elif isinstance(event, Produced):
            count += 1
            path = given["out"] if count == 1 else given["out"].with_stem(f"{given['out'].stem}-{count}")
            path.write_bytes(event.image.data)
            seed = "" if event.seed is None else f", seed {event.seed}"
            console.out.print(f"{path}  {event.image.size}{seed}", highlight=False, soft_wrap=True)
            if given.get("return_mask") and event.mask:
                beside = path.with_stem(f"{path.stem}-mask").with_suffix(f".{event.mask.format}")
                beside.write_bytes(event.mask.data)
                console.out.print(f"{beside}  region", highlight=False, soft_wrap=True)


async def _picture(path: Path, name: str) -> Picture:
    return Picture.of(await load_bytes(path.read_bytes(), name=name))
