"""The documents as a site."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from docs.blocks import ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built strictly: a link or an anchor that leads nowhere ends it."""
    folder = tmp_path_factory.mktemp("site")
    program = Path(sys.executable).with_name("mkdocs")
    done = subprocess.run(
        [program, "build", "--quiet", "--strict", "--site-dir", folder], cwd=ROOT, capture_output=True, text=True,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, timeout=100,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("index.html", "protoBanana"),
        ("explanation/decisions/index.html", "Handles prove themselves"),
        ("project/changelog/index.html", "0.1.0"),
        ("project/contributing/index.html", "A new operation"),
        ("project/licence/index.html", "Apache License"),
        ("project/security/index.html", "A workflow document is code"),
        ("reference/licences/index.html", "CC-BY-NC-4.0"),
    ],
)
def test_a_document_is_a_page(site: Path, page: str, words: str) -> None:
    """Documents beside docs/ are pages too, with what they say in the repository."""
    assert words in (site / page).read_text("utf-8")


def test_links_between_them_are_the_sites(site: Path) -> None:
    """A link to a document of the repository leads to its page."""
    text = (site / "explanation" / "architecture" / "index.html").read_text("utf-8")

    assert 'href="../decisions/"' in text
    assert ".md" not in text


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    """A reader without the internet sees the same pages: no font, script, style or picture of another host."""
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        for sign in ('<script src="http', '<link rel="stylesheet" href="http', '<img src="http', 'src="//'):
            assert sign not in text, page
