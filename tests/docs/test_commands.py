"""What the documents tell a reader to type does what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.blocks import PAGES, ROOT, blocks_of
from docs.reader import Reader

RUN = {"sh", "python", "console", "output"}
READ = {"json", "yaml"}
DRAWN = {"text", "mermaid"}
"""Diagrams, and files of other programs."""
EXCEPTED = 4
"""Blocks that no test runs. Another one needs a reason that a reader of this line agrees with."""
ALL = [block for page in PAGES for block in blocks_of(page)]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.timeout(400)
@pytest.mark.parametrize("page", sorted({block.page for block in ALL if block.language in RUN}), ids=name_of)
def test_a_page_can_be_followed(page: Path, reader: Reader) -> None:
    """Every command and program of a page, in order and in one folder, ends well, but for what a remark excepts."""
    before = True
    for block in blocks_of(page):
        if block.language == "output" and not before:
            continue  # of what was not run
        before = not block.not_run
        if before and (block.language in RUN or block.file):
            reader.follow(block)


def test_every_block_says_what_it_is() -> None:
    """A block is run, read, or a drawing, by its language; others must say why they are not run."""
    known = RUN | READ | DRAWN

    assert not [f"{block} {block.language!r}" for block in ALL if block.language not in known and not block.not_run]
    assert not [str(block) for block in ALL if not block.language]


def test_exceptions_are_few_and_true() -> None:
    """No more blocks are excepted than were agreed to; where another test is said to run one, it is there."""
    excepted = [(block, re.findall(r"tests/[\w/.]+", block.not_run)) for block in ALL if block.not_run]
    never = [f"{block} {block.not_run}" for block, tests in excepted if not tests]

    assert len(never) <= EXCEPTED, "\n".join(never)
    assert not [name for _, tests in excepted for name in tests if not (ROOT / name).exists()]
