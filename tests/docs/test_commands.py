"""What the documents tell a reader to type does what they say: README, tutorials and how-tos, against a gateway."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import PIL.Image
import pytest

from docs.blocks import PAGES, ROOT, blocks_of
from protobanana.engine import EngineSettings, EngineThread
from support.gateways import KEY, Gateway, serve, stop
from support.pictures import png

TRIED = [page for page in PAGES if page.name == "README.md" or page.parent.name in ("tutorial", "how-to")]
SAID = {"http://127.0.0.1:4000": "{url}", "sk-protobanana": KEY}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """The gateway of `make demo`, at another port."""
    with EngineThread(EngineSettings()) as engine:
        running = serve(tmp_path_factory.mktemp("docs"), engine)
        yield running
        stop(running)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("page", TRIED, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_can_be_followed(page: Path, gateway: Gateway, tmp_path: Path) -> None:
    """Every command and program of a page, in order and in one folder, ends well, but for what a remark excepts."""
    photo = PIL.Image.new("RGB", (256, 256), "white")
    photo.paste("red", (80, 80, 176, 176))
    for name in ("photo.png", "person.png", "hat.png"):
        (tmp_path / name).write_bytes(png(photo))
    hole = PIL.Image.new("RGBA", (256, 256), "white")
    hole.paste((0, 0, 0, 0), (64, 64, 192, 192))
    (tmp_path / "mask.png").write_bytes(png(hole))
    (tmp_path / ".venv").symlink_to(sys.prefix)
    program = ""
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    for block in blocks_of(page):
        if not block.runs or block.language not in ("sh", "python"):
            continue
        text = block.text
        for said, meant in SAID.items():
            text = text.replace(said, meant.format(url=gateway.url))
        if block.language == "python":
            # A page's blocks go on from each other.
            program += text
            command = [sys.executable, "-W", "ignore", "-c", program]
        else:
            command = ["bash", "-euo", "pipefail", "-c", text]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)

        assert done.returncode == 0, f"{page.name}:{block.line}\n{done.stdout[-1500:]}\n{done.stderr[-1500:]}"
        assert '"error"' not in done.stdout, f"{page.name}:{block.line}\n{done.stdout[:1500]}"
