"""The fenced blocks of the documents, and the remarks before them.

`<!-- not run: REASON -->` excepts a block. `<!-- keeps running: WORDS -->`: its last command does not end, and prints
WORDS when it is ready. `<!-- file: PATH -->`: it is that file's content.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
AT_THE_TOP = ("README", "SECURITY", "CONTRIBUTING", "CHANGELOG", "DECISIONS", "app/README")
PAGES = [*(ROOT / f"{name}.md" for name in AT_THE_TOP), *sorted((ROOT / "docs").rglob("*.md"))]
REMARK = re.compile(r"\s*<!-- (not run|keeps running|file): (.+) -->\s*$")


@dataclass(frozen=True)
class Block:
    """`language` as after the fence, `line` counted from 1; the last three hold what a remark says, else nothing."""

    page: Path
    line: int
    language: str
    text: str
    not_run: str = ""
    keeps_running: str = ""
    file: str = ""

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks_of(page: Path) -> list[Block]:
    """All fenced blocks of a page, in order; those within a list without the list's indentation."""
    found, lines, number = [], page.read_text("utf-8").splitlines(), 0
    while number < len(lines):
        if lines[number].lstrip().startswith("```"):
            end = next(n for n in range(number + 1, len(lines)) if lines[n].strip() == "```")
            before = next((line for line in reversed(lines[:number]) if line.strip()), "")
            said = {match[1].replace(" ", "_"): match[2] for match in [REMARK.match(before)] if match}
            text = textwrap.dedent("\n".join(lines[number + 1 : end]) + "\n")
            found.append(Block(page, number + 1, lines[number].strip("` "), text, **said))
            number = end
        number += 1
    return found
