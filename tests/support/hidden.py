"""An environment in which some packages are not installed."""

from __future__ import annotations

import os
from pathlib import Path

_BLOCKER = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if any((name + ".").startswith(hidden + ".") for hidden in {names!r}):
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Hidden())
"""


def hiding(folder: Path, *packages: str) -> dict[str, str]:
    """The environment of a Python program that does not find `packages`; it writes into `folder`."""
    (folder / "sitecustomize.py").write_text(_BLOCKER.format(names=list(packages)), "utf-8")
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
