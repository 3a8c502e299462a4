"""The author's commands, in this process or as a program of their own, and files for them."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import PIL.Image
import PIL.PngImagePlugin
from click.testing import Result
from typer.testing import CliRunner

from protobanana.cli.app import app

TEMPLATES = Path(__file__).parent.parent / "data" / "templates"


def invoke(*words: str | Path, status: int = 0, text: str | bytes | None = None) -> Result:
    """A command in this process; nobody sits at its standard input."""
    done = CliRunner().invoke(app, [*map(str, words)], input=text)

    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    assert done.exit_code == status, done.output
    return done


def program(folder: Path, *words: str | Path, status: int = 0, **environment: str) -> tuple[str, str]:
    """A command as a program in `folder`: what it writes on standard output and on standard error."""
    bare = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "COLUMNS": "200", "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable, "-m", "protobanana", *map(str, words)],
        capture_output=True, text=True, timeout=90, cwd=folder, stdin=subprocess.DEVNULL, env=bare | environment,
    )  # fmt: skip

    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout, done.stderr


def plain(text: str) -> str:
    """Without the lines of tables and the breaks within their cells."""
    return " ".join("".join(" " if sign in "│┃\n" else sign for sign in text).split())


def written(path: Path, document: Mapping[str, Any]) -> Path:
    """A JSON file."""
    path.write_text(json.dumps(document), "utf-8")
    return path


def api(name: str) -> dict[str, Any]:
    """The API graph of an official template, as ComfyUI's own frontend makes it."""
    found: dict[str, Any] = json.loads((TEMPLATES / f"{name}.api.json").read_text("utf-8"))
    return found


def picture(kind: str, **texts: str) -> bytes:
    """A picture with a workflow in it, as ComfyUI saves it: `prompt` the graph, `workflow` the editor's file."""
    image, out = PIL.Image.new("RGB", (32, 32), "teal"), io.BytesIO()
    if kind == "PNG":
        info = PIL.PngImagePlugin.PngInfo()
        for key, text in texts.items():
            info.add_text(key, text)
        image.save(out, kind, pnginfo=info)
    else:
        exif = image.getexif()
        for number, (key, text) in enumerate(texts.items()):
            exif[0x0110 - number] = f"{key}:{text}"
        image.save(out, kind, exif=exif)
    return out.getvalue()
