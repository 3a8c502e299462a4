"""What the author's commands write: JSON for people to read and compare, in files that are not overwritten unasked."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import typer

from protobanana.errors import WorkflowError

_WIDTH = 110
FORCE_HELP = "Overwrite a file that is there already."


def pretty(value: Any, indent: int = 0) -> str:
    """JSON in which whatever fits stands on one line."""
    flat = json.dumps(value, ensure_ascii=False)
    if indent + len(flat) <= _WIDTH or not isinstance(value, dict | list) or not value:
        return flat
    inner = " " * (indent + 2)
    if isinstance(value, list):
        parts = [f"{inner}{pretty(item, indent + 2)}" for item in value]
        return "[\n" + ",\n".join(parts) + f"\n{' ' * indent}]"
    parts = [f"{inner}{json.dumps(key, ensure_ascii=False)}: {pretty(item, indent + 2)}" for key, item in value.items()]
    return "{\n" + ",\n".join(parts) + f"\n{' ' * indent}}}"


def encoded(value: Any) -> bytes:
    """A file of it. Halves of characters, which JSON can hold and UTF-8 cannot, stay escaped.

    Raises WorkflowError for what is nested deeper than any value of a node.
    """
    try:
        return f"{pretty(value)}\n".encode()
    except UnicodeEncodeError:
        return f"{json.dumps(value, indent=2)}\n".encode()
    except RecursionError:
        raise WorkflowError("A value in it is nested too deeply.") from None


def print_json(value: Any) -> None:
    """Standard output gets the JSON and nothing else, in UTF-8 whatever the terminal is set to."""
    sys.stdout.flush()
    sys.stdout.buffer.write(encoded(value))
    sys.stdout.buffer.flush()


def check_free(path: Path, *, force: bool) -> None:
    """Ask before a file is replaced. Raises WorkflowError where nobody is there to be asked, or the answer is no."""
    if force or not path.exists():
        return
    if sys.stdin.isatty() and typer.confirm(f"{path} is there already. Replace it?"):
        return
    raise WorkflowError(f"{path} is there already, and stays as it is; --force overwrites it.")


def write(path: Path, data: bytes) -> None:
    """Write a whole file or none: a gateway may be reading the folder. Raises WorkflowError when it cannot be."""
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise WorkflowError(f"{path}: it cannot be written: {error.strerror}.") from None


__all__ = ["FORCE_HELP", "check_free", "encoded", "pretty", "print_json", "write"]
