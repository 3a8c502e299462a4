"""Hooks of MkDocs (`mkdocs.yml`): documents that lie outside of docs/ are pages too, and links to them lead there."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.structure.files import File, Files

BESIDE = {
    "CHANGELOG.md": "project/changelog.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "DECISIONS.md": "explanation/decisions.md",
    "LICENSE": "project/licence.md",
    "SECURITY.md": "project/security.md",
    "app/README.md": "project/space.md",
}
"""Where documents of the repository stand in the site."""
ELSEWHERE = {"README.md": "docs/index.md"}
"""Documents that have a page of their own there."""
PLACES = {file: f"docs/{page}" for file, page in BESIDE.items()} | ELSEWHERE
LINK = re.compile(r"(\]\()([^)#\s:]+)((?:#[^)\s]*)?\))")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages. Their links are rewritten from the repository's places to the site's."""
    for name, page in BESIDE.items():
        text = Path(name).read_text("utf-8")
        if name == "LICENSE":
            text = f"# Licence\n\n```text\n{text}```\n"
        text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
        files.append(File.generated(config, page, content=_relinked(text, name, PLACES[name])))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links of a page in docs/ that lead out of it."""
    place = f"docs/{page.file.src_uri}"
    return markdown if place in PLACES.values() else _relinked(markdown, place, place)


def _relinked(text: str, source: str, place: str) -> str:
    """The text of the repository's file `source`, with links that hold at `place`."""

    def new(match: re.Match[str]) -> str:
        target = os.path.normpath(PurePosixPath(source).parent / match[2])
        meant = PLACES.get(target, target)
        return match[1] + os.path.relpath(meant, PurePosixPath(place).parent) + match[3]

    return LINK.sub(new, text)
