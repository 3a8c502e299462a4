"""The fenced blocks of the documents."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
NOT_RUN = re.compile(r"<!-- not run: \S")


@dataclass(frozen=True)
class Block:
    """`language` as after the fence; `runs`: no remark before it says why it cannot be run here."""

    page: Path
    line: int
    language: str
    text: str
    runs: bool


def blocks_of(page: Path) -> list[Block]:
    """All fenced blocks of a page, in order."""
    found, lines, number = [], page.read_text("utf-8").splitlines(), 0
    while number < len(lines):
        if lines[number].lstrip().startswith("```"):
            end = next(n for n in range(number + 1, len(lines)) if lines[n].strip() == "```")
            before = next((line for line in reversed(lines[:number]) if line.strip()), "")
            text = "\n".join(lines[number + 1 : end]) + "\n"
            found.append(Block(page, number + 1, lines[number].strip("` "), text, not NOT_RUN.match(before)))
            number = end
        number += 1
    return found
