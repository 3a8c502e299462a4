"""What the readers of all pages share: two ComfyUIs, a gateway before them, a hub with small model files."""

from __future__ import annotations

import os
import re
import shutil
import sys
import sysconfig
import time
import venv
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import PIL.Image
import pytest

from docs.blocks import ROOT
from docs.reader import GATEWAY, Reader
from protobanana.engine import EngineSettings, EngineThread
from protobanana.workflows.library import WorkflowLibrary
from support.commands import TEMPLATES
from support.gateways import free_port, start, stop
from support.hub import Hub
from support.pictures import png

FIRST = "http://127.0.0.1:8188"


@pytest.fixture(scope="session")
def addresses(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What the documents call things, and where they are here. The gateway has the key of `make demo`'s."""
    with EngineThread(EngineSettings()) as first, EngineThread(EngineSettings()) as second, _hub() as hub:
        command = [sys.executable, "-m", "protobanana", "serve", "--port", "0"]
        for engine in (first, second):
            command += ["--engine", engine.url]
        gateway = start(command, None, tmp_path_factory.mktemp("gateway"), first)
        yield {
            GATEWAY: gateway.url,
            "--port 4000": f"--port {free_port()}",
            FIRST: first.url,
            "http://gpu1:8188": first.url,
            "http://gpu2:8188": second.url,
            "https://huggingface.co": hub.url,
            "git clone <this repository> protobanana": f"cp -a {checkout} protobanana",
        }
        stop(gateway)


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository as it is cloned, as far as pages use it."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("pyproject.toml", "requirements.lock", "README.md", "LICENSE", "Makefile"):
        shutil.copy2(ROOT / name, folder)
    for name in ("src", "deploy"):
        shutil.copytree(ROOT / name, folder / name)  # with what is compiled: it saves each program a second
    return folder


@pytest.fixture
def reader(addresses: dict[str, str], checkout: Path, tmp_path: Path) -> Iterator[Reader]:
    """Somebody in a folder of their own with the project installed, and with the files that the pages speak of."""
    folder = tmp_path / "protobanana"
    shutil.copytree(checkout, folder)
    _user_files(folder)
    (tmp_path / "comfy" / "ComfyUI" / "models").mkdir(parents=True)
    installed = _installed(folder / ".venv")
    elsewhere = [place for place in os.environ["PATH"].split(os.pathsep) if Path(place) != Path(sys.executable).parent]
    environment = {
        "PATH": os.pathsep.join([str(installed / "bin"), *elsewhere]),
        "HOME": str(tmp_path),
        "STATE": str(tmp_path / ".state"),
        "COLUMNS": "200",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "HF_ENDPOINT": addresses["https://huggingface.co"],
        "MAKEFLAGS": f"VENV={installed}",
        # What a page installs is built, and its needs are looked for among the packages that are here.
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip reads it as the value of `build isolation`
        "PIP_REQUIRE_VIRTUALENV": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    one = Reader(folder, environment, dict(addresses))
    yield one
    one.leave()


def _installed(folder: Path) -> Path:
    """An environment of its own that sees the packages of this one: nothing that a page does there reaches them."""
    venv.create(folder)
    inside = sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)})
    here = f"import site, sys; sys.path.insert(0, {str(folder.parent / 'src')!r})"
    Path(inside, "packages.pth").write_text(f"{here}; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    for script in entry_points(group="console_scripts"):
        if script.name in ("protobanana", "litellm", "pip"):
            program = folder / "bin" / script.name
            lines = [f"#!{folder}/bin/python", f"import {script.module} as program", f"program.{script.attr}()"]
            program.write_text("\n".join(lines))
            program.chmod(0o755)
    # What `make` leaves when it has installed something, younger than the locks are whenever they are copied.
    for name in set(re.findall(r"\$\(VENV\)/(\.\w+)", (ROOT / "Makefile").read_text("utf-8"))):
        (folder / name).touch()
        os.utime(folder / name, (time.time() + 3600,) * 2)
    return folder


def _hub() -> Hub:
    """Every model file of every bundled workflow, some bytes each."""
    library, files = WorkflowLibrary(None), {}
    for name in library.names():
        head = library.get(name).header
        for model in [*head.models, *(model for tier in head.tiers.values() for model in tier.models)]:
            files[f"{model.repo}/{model.path}"] = b"weights of " + model.name.encode()
    return Hub(files=files)


def _user_files(folder: Path) -> None:
    """Photos, a mask, and workflows as ComfyUI's editor saved them."""
    photo = PIL.Image.new("RGB", (256, 256), "white")
    photo.paste("red", (80, 80, 176, 176))
    for name in ("photo", "person", "hat", "a"):
        (folder / f"{name}.png").write_bytes(png(photo))
    hole = PIL.Image.new("RGBA", (256, 256), "white")
    hole.paste((0, 0, 0, 0), (64, 64, 192, 192))
    (folder / "mask.png").write_bytes(png(hole))
    for name, template in (("my_flow", "image_qwen_Image_2512"), ("my_edit", "image_qwen_image_edit_2511")):
        shutil.copy(TEMPLATES / f"{template}.editor.json", folder / f"{name}.json")
