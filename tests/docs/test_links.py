"""Links of the documents lead somewhere, and their data can be read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from docs.blocks import PAGES, ROOT, blocks_of

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def anchors_of(page: Path) -> set[str]:
    """The anchors that GitHub and MkDocs make of a page's headings."""
    heads = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", re.sub(r"[`*]", "", head).lower()).strip()) for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links(page: Path) -> None:
    """A link inside the project names a file that is there, and a heading that is in it."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    broken = []
    for target in LINK.findall(text):
        name, _, anchor = target.partition("#")
        if re.match(r"https?://|mailto:", target):
            continue
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (anchor and anchor not in anchors_of(file)):
            broken.append(target)

    assert not broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_data(page: Path) -> None:
    """YAML and JSON in the documents can be read."""
    for block in blocks_of(page):
        if block.language == "json":
            json.loads(block.text)
        elif block.language in ("yaml", "yml"):
            list(yaml.safe_load_all(block.text))
