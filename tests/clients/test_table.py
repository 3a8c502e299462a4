"""The table of docs/clients.md says what the tests of the clients show, no more and no less."""

from __future__ import annotations

import re
from collections.abc import Collection

from clients.programs import HERE, PROGRAMS, STEPS
from docs.blocks import ROOT

OPEN_WEBUI = {
    "models": "test_draw_and_change",
    "generate": "test_another_model_draws_and_edits",
    "several": "test_two_pictures_of_the_users",
    "streamed": "test_draw_and_change",
    "progress": "test_progress",
    "refused": "test_nobody_draws",
    "stop": "test_stop",
}
"""What Open WebUI can do, and the test in a browser that does it."""
NOT_TRIED = ("LibreChat", "n8n")


def rows() -> dict[str, list[str]]:
    """The cells of the page's first table by their first one."""
    table = re.search(r"(?:^\|.*\n)+", (ROOT / "docs/clients.md").read_text("utf-8"), re.MULTILINE)
    assert table
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table[0].splitlines()]
    return {first: rest for first, *rest in cells if not first.startswith("-")}


def able(steps: Collection[str]) -> list[str]:
    return ["yes" if step in steps else "-" for step in STEPS]


def test_the_table() -> None:
    """One row for each client, with `yes` where a test does it, and `-` where none can."""
    programs = {program.name: able(program.steps) for program in PROGRAMS}
    others = {name: ["not tried"] * len(STEPS) for name in NOT_TRIED}

    assert rows() == {"client": list(STEPS.values())} | programs | {"Open WebUI": able(OPEN_WEBUI)} | others


def test_open_webui_is_tested() -> None:
    """The tests that Open WebUI's cells rest on are there."""
    source = "".join(file.read_text("utf-8") for file in (HERE / "open_webui").glob("test_*.py"))

    assert set(OPEN_WEBUI.values()) <= set(re.findall(r"^def (test_\w+)", source, re.MULTILINE))
    assert set(OPEN_WEBUI) <= set(STEPS)
