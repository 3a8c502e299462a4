"""`protobanana simulate`."""

from __future__ import annotations

from pathlib import Path

import PIL.Image
import typer
from typer.testing import CliRunner

from protobanana.cli.simulate import simulate

APP = typer.Typer()
APP.command()(simulate)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(APP, [*arguments, "--jobs", "200"])
    assert result.exit_code == 0, result.output
    return result.output


def test_table() -> None:
    """All four policies are in the table, and the same seed prints the same."""
    text = run("--seed", "3")

    assert all(name in text for name in ("protoBanana", "round robin", "least busy", "oracle"))
    assert text == run("--seed", "3") != run("--seed", "4")


def test_greedy_says_whose_waits() -> None:
    """Beside a greedy owner the waits are those of the others."""
    assert "50 jobs of those who asked for one picture each" in run("--shape", "greedy", "--servers", "4")


def test_plot(tmp_path: Path) -> None:
    """The curves go to a PNG of which every policy has its colour."""
    run("--plot", str(tmp_path / "waits.png"))
    with PIL.Image.open(tmp_path / "waits.png") as picture:
        colours = {colour for _, colour in picture.getcolors(2**24) or ()}

    assert {(217, 72, 15), (134, 142, 150), (25, 113, 194), (43, 138, 62)} <= colours


def test_nonsense_is_refused() -> None:
    """A load beyond 1 is refused by name."""
    result = CliRunner().invoke(APP, ["--load", "7"])
    assert result.exit_code == 2
    assert "--load" in result.output
