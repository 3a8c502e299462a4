"""The programs of the documents' pages about other people's packages, run as they stand, with these packages."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
import yaml

from clients import installs
from clients.programs import HERE
from docs.blocks import ROOT, blocks_of
from support.gateways import KEY, Gateway
from support.pictures import close_to, mean, opened

pytestmark = pytest.mark.clients

RED, BLUE = (217, 32, 38), (36, 86, 213)
MIDDLE = (0.45, 0.45, 0.55, 0.55)
PATIENCE = 100
"""Seconds for a page: a bound for what hangs."""


@pytest.fixture
def folder(pictures: dict[str, str], tmp_path: Path) -> Path:
    """Where the reader works, with the two files that the pages speak of."""
    shutil.copy(pictures["picture"], tmp_path / "photo.png")
    shutil.copy(pictures["mask"], tmp_path / "mask.png")
    return tmp_path


def followed(page: str, language: str, program: list[str], folder: Path, gateway: Gateway) -> str:
    """What the programs of a page print, one after the other as in one file."""
    blocks = blocks_of(ROOT / "docs" / page)
    text = "\n".join(block.text for block in blocks if block.language == language)
    file = folder / "program.mjs"
    file.write_text(text.replace("http://127.0.0.1:4000", gateway.url).replace("sk-protobanana", KEY), "utf-8")
    own = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    done = subprocess.run(
        [*program, file.name], cwd=folder, env=own, capture_output=True, text=True, timeout=PATIENCE
    )  # fmt: skip

    assert text
    assert done.returncode == 0, f"{page}\n{done.stdout[-1000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def colour(file: Path) -> object:
    """What the middle of a picture shows."""
    return mean(opened(file.read_bytes()), MIDDLE)


def test_vercel(folder: Path, gateway: Gateway) -> None:
    """The page's square is red, then blue; its conversation shows steps, a picture and an edit of that very picture."""
    (folder / "node_modules").symlink_to(installs.node() / "node_modules")
    printed = followed("how-to/vercel-ai-sdk.md", "js", ["node"], folder, gateway)
    (drawn,) = re.findall(r"!\[(img_\w+) generate:", printed)

    assert close_to(colour(folder / "square.png"), RED)
    assert close_to(colour(folder / "blue.png"), BLUE)
    assert re.search(r"\d+/\d+", printed)
    assert re.findall(r"edit of (img_\w+):", printed) == [drawn]


def test_openai_in_node(folder: Path, gateway: Gateway) -> None:
    """The overview's program leaves two rough frames and a red square."""
    (folder / "node_modules").symlink_to(installs.node() / "node_modules")
    followed("clients.md", "js", ["node"], folder, gateway)
    rough = [opened(file.read_bytes()) for file in folder.glob("rough*")]

    assert close_to(colour(folder / "square.png"), RED)
    assert len(rough) == 2


def test_langchain(folder: Path, gateway: Gateway) -> None:
    """The page's square is blue; steps, an address, a picture within a mask and a tool's address are printed."""
    python = installs.python("langchain", HERE / "python" / "langchain.txt")
    printed = followed("how-to/langchain.md", "python", [str(python)], folder, gateway)

    assert close_to(colour(folder / "square.png"), BLUE)
    assert re.search(r"\d+/\d+", printed)
    assert re.search(r"inpaint of img_\w+: make the square green", printed)
    assert len(re.findall(rf"{re.escape(gateway.url)}/images/\S+", printed)) == 3


def test_librechat(gateway: Gateway) -> None:
    """A request as LibreChat makes it with the page's configuration shows the picture by an address."""
    (block,) = (one.text for one in blocks_of(ROOT / "docs/how-to/librechat.md") if one.language == "yaml")
    (endpoint,) = yaml.safe_load(block)["endpoints"]["custom"]
    stream = gateway.client().chat.completions.create(
        model=endpoint["models"]["default"][0],
        messages=[{"role": "user", "content": "draw a red square on white"}],
        stream=True,
        # What it sends to every custom endpoint.
        temperature=1, top_p=1, presence_penalty=0, frequency_penalty=0, user="6560a1b2c3d4e5f6a7b8c9d0",
        extra_body=endpoint["addParams"],
    )  # fmt: skip
    text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    (address,) = re.findall(rf"!\[img_[^\]]*\]\(({re.escape(gateway.url)}/images/[^)]+)\)", text)

    assert close_to(mean(opened(httpx.get(address).content), MIDDLE), RED)
