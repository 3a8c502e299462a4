"""`protobanana demo`: what `make demo` runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx
import PIL.Image


def demo(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "protobanana", "demo", *words],
        capture_output=True,
        text=True,
        timeout=110,
        cwd=folder,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
            "COLUMNS": "200",
            "PROTOBANANA_STORE": str(folder / "store"),
        },
    )

    assert done.returncode == 0, done.stderr
    return done.stdout


def alive(url: str) -> bool:
    try:
        return httpx.get(f"{url.removesuffix('/v1')}/health/liveliness", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def test_twice_in_a_row_and_then_stopped(tmp_path: Path) -> None:
    """It draws, says where everything is, leaves one gateway running, and ends it when told to."""
    first = demo(tmp_path)
    url = json.loads((tmp_path / "demo" / "gateway.json").read_text("utf-8"))["url"]
    again = demo(tmp_path)
    newer = json.loads((tmp_path / "demo" / "gateway.json").read_text("utf-8"))["url"]
    try:
        picture = PIL.Image.open(tmp_path / "demo" / "picture.png")
        picture.load()

        assert url in first
        assert newer in again
        assert f"{newer.removesuffix('/v1')}/studio#key=" in again
        assert "protolabs/qwen-image-chat" in again
        assert min(picture.size) > 500
        assert alive(newer)
    finally:
        stopped = demo(tmp_path, "--stop")

    assert newer in stopped
    assert "No gateway" in demo(tmp_path, "--stop")
    assert not alive(newer)
    assert not alive(url)
