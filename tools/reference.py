"""The generated parts of the reference: request fields, errors and commands, from the code itself."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from pydantic import BaseModel

from protobanana import errors
from protobanana.api.options import ACCEPTED_WITHOUT_EFFECT, CHAT_FIELDS, Options
from protobanana.cli.app import app
from protobanana.operations.base import Operation, operations

SOURCE = Path(__file__).parent.parent / "src" / "protobanana"

CLIENTS = {"cli", "client", "mcp", "ui"}
"""Rooms of the gateway's own clients: their errors never leave the gateway."""
MEANINGS = {
    "n": "How many pictures. With a `seed`, picture k has seed + k.",
    "size": "`auto`, `WIDTHxHEIGHT` in pixels (the answer has exactly that size), or a ratio such as `16:9`.",
    "quality": "`low` is the 4-step tier where the workflow has one, `auto` the workflow's own. `standard` is "
    "`medium`; `hd`, `xhigh` and `max` are `high`.",
    "background": "`transparent` cuts the subject out; needs png or webp.",
    "output_format": "Format of the answer's bytes; `jpg` is understood.",
    "output_compression": "Quality in percent, for webp and jpeg.",
    "response_format": "`url`: a short address under `protobanana serve`, else a `data:` URL. Image endpoints only.",
    "seed": "The same seed and words give the same picture. Unset: a new one for each request, told in the answer.",
    "negative_prompt": "What to keep out of the picture, at most 32000 characters. Unset: the workflow's own.",
    "image_output": "Chat: how the picture arrives, see [The chat model](../chat.md#how-a-picture-arrives).",
    "return_mask": "Region edit: the region that was found comes along.",
    "stream": "Image endpoints: an event stream; `protobanana serve` only.",
    "partial_images": "Rough frames per picture while it is drawn, in a stream.",
    "inputs": "Values of the workflow's nodes by `title.input` or `id.input`; in a form as JSON text. At most 500.",
}


VALUES = {
    "size": "`auto`, `1024x1024`, `16:9`, ...",
    "quality": "`auto`, `low`, `medium`, `high`, `standard`, `hd`, `xhigh`, `max`",
    "seed": "0 to 2^64 - 1",
}
"""Where the schema says less than the validator takes."""


def table(heads: list[str], rows: Iterator[list[str]]) -> str:
    """A Markdown table; pipes in cells are escaped."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def request_fields() -> str:
    """Every option of an image request, with what its validator takes."""
    schema = Options.model_json_schema()["properties"]

    def rows() -> Iterator[list[str]]:
        for name, field in Options.model_fields.items():
            default = field.get_default(call_default_factory=True)
            shown = "" if default is None else f"`{default}`".lower() if isinstance(default, bool) else f"`{default}`"
            values = VALUES.get(name) or _values(schema[name])
            yield [f"`{name}`", values, shown, "yes" if name in CHAT_FIELDS else "", MEANINGS[name]]

    ignored = ", ".join(f"`{name}`" for name in sorted(ACCEPTED_WITHOUT_EFFECT))
    return (
        table(["field", "values", "default", "in a chat", "meaning"], rows()) + f"\nTaken, without effect: {ignored}.\n"
    )


def operation_fields() -> str:
    """The fields that single operations add."""

    def rows() -> Iterator[list[str]]:
        shared = set(Operation.model_fields)
        for name, kind in sorted(operations().items()):
            schema = kind.model_json_schema()["properties"]
            for field, about in kind.model_fields.items():
                if field not in shared:
                    shown = "" if about.default in (None, "") or about.is_required() else f"`{about.default}`"
                    yield [f"`{name}`", f"`{field}`", _values(schema[field]), shown, _line(about.description)]

    return table(["operation", "field", "values", "default", "meaning"], rows())


def _values(schema: dict[str, Any]) -> str:
    """A JSON schema's type, choices and range in words."""
    parts = [part for part in schema.get("anyOf", [schema]) if part.get("type") != "null"]
    return " or ".join(_value(part) for part in parts)


def _value(part: dict[str, Any]) -> str:
    if "enum" in part:
        return ", ".join(f"`{choice}`" for choice in part["enum"])
    low, high = part.get("minimum"), part.get("maximum")
    kind = {"string": "text", "boolean": "true, false", "integer": "integer", "array": "list"}.get(
        part.get("type", "value"), part.get("type", "value")
    )
    return f"{low} to {high}" if low is not None and high is not None else kind


def _line(text: str | None) -> str:
    return " ".join((text or "").split())


def errors_table() -> str:
    """Every class of errors.py with what a client sees of it."""

    def rows() -> Iterator[list[str]]:
        for name, kind in vars(errors).items():
            if not isinstance(kind, type) or not issubclass(kind, errors.ProtoBananaError) or kind.code is None:
                continue
            about = _line(inspect.getdoc(kind))
            yield [
                str(kind.status),
                f"`{kind.type}`",
                f"`{kind.code}`",
                f"`{name}`",
                about,
                f"{kind.pause:g} s" if kind.pause else "",
            ]

    return table(["status", "type", "code", "class", "meaning", "`Retry-After`"], rows())


def codes_table() -> str:
    """Codes that single places give in place of their class's own."""

    def found() -> Iterator[tuple[str, str]]:
        for path in sorted(SOURCE.rglob("*.py")):
            if path.relative_to(SOURCE).parts[0] in CLIENTS:
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in vars(errors):
                    for word in node.keywords:
                        if word.arg == "code" and isinstance(word.value, ast.Constant) and word.value.value:
                            yield node.func.id, str(word.value.value)

    def rows() -> Iterator[list[str]]:
        for name, code in sorted(set(found())):
            yield [f"`{code}`", str(vars(errors)[name].status), f"`{name}`"]

    return table(["code", "status", "class"], rows())


def commands() -> str:
    """Every command with its arguments and options."""
    root = typer.main.get_command(app)
    return "\n".join(_command(words, command) for words, command in _walk(["protobanana"], root))


def _walk(words: list[str], command: Any) -> Iterator[tuple[list[str], Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield words, command
    for name, child in (children or {}).items():
        yield from _walk([*words, name], child)


def _command(words: list[str], command: Any) -> str:
    def rows() -> Iterator[list[str]]:
        for param in command.params:
            shown = ", ".join(f"`{name}`" for name in [*param.opts, *param.secondary_opts])
            if param.param_type_name == "argument":
                shown = f"`{param.name.upper()}`"
            default = param.default
            plain = isinstance(default, (str, int, float, Path)) and not isinstance(default, bool) and default != ""
            ending = "required" if param.required else f"`{default}`" if plain else ""
            yield [shown, _line(getattr(param, "help", "")), ending]

    about = (command.help or "").split("\f")[0].strip()
    text = f"### `{' '.join(words)}`\n\n{about}\n"
    return text + ("\n" + table(["argument", "meaning", "default"], rows()) if command.params else "")


def model_rows(parts: list[tuple[str, type[BaseModel]]]) -> Iterator[list[str]]:
    """Fields of pydantic classes under prefixes, with description and default."""
    for prefix, part in parts:
        for name, field in part.model_fields.items():
            default: Any = "required" if field.is_required() else "" if field.default is None else field.default
            shown = default if isinstance(default, (str, int, bool)) else ""
            yield [f"`{prefix}{field.alias or name}`", field.description or "", str(shown)]
