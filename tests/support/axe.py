"""axe-core, the accessibility rules, from npm: fetched once, and kept in a folder."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

VERSION = "4.14.1"


def axe_source(folder: Path) -> str:
    """The script of axe-core; fails with the reason where npm cannot bring it."""
    script = folder / f"axe-{VERSION}.js"
    if not script.exists():
        assert shutil.which("npm"), "the accessibility tests need npm: apt-get install npm"
        done = subprocess.run(
            ["npm", "pack", "--silent", f"axe-core@{VERSION}"], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"npm could not fetch axe-core {VERSION}: {done.stderr.strip()}"
        with tarfile.open(folder / done.stdout.split()[-1]) as package:
            found = package.extractfile("package/axe.min.js")
            assert found, "axe-core's package has no axe.min.js"
            script.write_bytes(found.read())
    return script.read_text("utf-8")


def serious(page: Page, source: str) -> list[str]:
    """What axe finds on the page that is serious or critical, rule and place; but for Gradio's own upload button."""
    page.evaluate(source)
    found: list[dict[str, Any]] = page.evaluate(
        "axe.run({exclude: [['.upload-container']]}, {resultTypes: ['violations']})"
    )["violations"]
    return [
        f"{one['id']}: {node['html'][:160]}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
