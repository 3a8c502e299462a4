"""The command line as a program of its own, with an environment that holds nothing of the tester's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import typer
from protobanana.cli import comfyui, models
from protobanana.cli.doctor import doctor
app = typer.Typer(pretty_exceptions_enable=False)
app.command()(doctor)
app.add_typer(models.app, name="models")
app.add_typer(comfyui.app, name="comfyui")
app(prog_name="protobanana")
"""


def program(*words: str) -> list[str]:
    """The command line of `protobanana WORDS`."""
    return [sys.executable, "-c", _PROGRAM, *words]


def run(
    home: Path, *words: str, status: int = 0, text: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run `protobanana WORDS` in `home`; fails the test on another exit status, or a traceback."""
    done = subprocess.run(
        program(*words),
        capture_output=True, text=True, timeout=90, cwd=home, input=text,
        env={"PATH": "/usr/bin:/bin", "HOME": str(home), "COLUMNS": "200", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
        | environment,
    )  # fmt: skip

    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done
