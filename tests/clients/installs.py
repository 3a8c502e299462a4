"""Other people's packages, in exactly the versions that are written down here, installed once into .clients/."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".clients"
HERE = Path(__file__).parent
MINUTES = 20
"""For one installation: a bound for a network that hangs."""


def node() -> Path:
    """A folder whose `node_modules` holds what node/package-lock.json names."""
    lock = HERE / "node" / "package-lock.json"
    place = FOLDER / "node"
    if not _done(place, lock):
        for name in ("package.json", "package-lock.json"):
            shutil.copy2(HERE / "node" / name, place)
        _run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], place)
        shutil.copy2(lock, place / "done")
    for program in (HERE / "node").glob("*.mjs"):
        shutil.copy2(program, place)
    return place


def python(name: str, requirements: Path) -> Path:
    """The interpreter of an environment with these requirements."""
    place = FOLDER / name
    interpreter = place / "bin" / "python"
    if not _done(place, requirements):
        _run([sys.executable, "-m", "venv", "--clear", str(place)], FOLDER)
        _run([str(interpreter), "-m", "pip", "install", "--quiet", "-r", str(requirements)], FOLDER)
        shutil.copy2(requirements, place / "done")
    return interpreter


def _done(place: Path, wanted: Path) -> bool:
    place.mkdir(parents=True, exist_ok=True)
    done = place / "done"
    return done.is_file() and done.read_bytes() == wanted.read_bytes()


def _run(command: Sequence[str], place: Path) -> None:
    """One installation at a time, for there may be several test processes."""
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=MINUTES * 60)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
