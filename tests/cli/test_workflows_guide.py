"""The author's guide: every command that it shows works as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import PIL.Image

from protobanana.engine import EngineSettings, EngineThread
from support.commands import TEMPLATES
from support.pictures import png

GUIDE = Path(__file__).parent.parent.parent / "docs" / "workflows.md"
SHELL = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def shown() -> list[str]:
    """The author's commands, in the order in which the guide shows them."""
    return [
        line.strip()
        for block in SHELL.findall(GUIDE.read_text("utf-8"))
        for line in block.splitlines()
        if line.strip().startswith(("protobanana workflows", "protobanana smoke"))
    ]


def test_the_guide_can_be_typed(tmp_path: Path) -> None:
    """In a folder with the files that the guide speaks of, each of its commands ends with status 0."""
    (tmp_path / "workflows").mkdir()
    for name, template in (("my_flow", "image_qwen_Image_2512"), ("my_edit", "image_qwen_image_edit_2511")):
        (tmp_path / f"{name}.json").write_bytes((TEMPLATES / f"{template}.editor.json").read_bytes())
    (tmp_path / "a.png").write_bytes(png(PIL.Image.new("RGB", (256, 192), "red")))
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}/usr/bin{os.pathsep}/bin",
        "HOME": str(tmp_path),
        "PROTOBANANA_WORKFLOWS_DIR": str(tmp_path / "workflows"),
        "PROTOBANANA_STORE": "off",
    }
    commands = shown()
    with EngineThread(EngineSettings()) as engine:
        for command in commands:
            done = subprocess.run(
                command.replace("http://127.0.0.1:8188", engine.url), shell=True, cwd=tmp_path, env=environment,
                capture_output=True, text=True, timeout=90, stdin=subprocess.DEVNULL,
            )  # fmt: skip
            assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"

    assert len(commands) >= 10
    assert {"adopt", "show", "run", "check", "convert", "export", "diff", "config"} <= {
        command.split()[2] for command in commands
    }
    with PIL.Image.open(tmp_path / "poster.png") as made:
        assert made.size == (512, 512)
