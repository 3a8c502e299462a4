"""The built wheel, installed elsewhere, is the whole product."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import protobanana

ROOT = Path(__file__).parent.parent
SCRIPT = """
import protobanana, pathlib
assert "site" in pathlib.Path(protobanana.__file__).parts, protobanana.__file__
from protobanana.workflows.library import WorkflowLibrary
print(len(WorkflowLibrary(None).names()))
from protobanana.cli import main
import sys
sys.argv = ["protobanana", "generate", "a red square", "-o", "out.png", "--size", "256x256", "--quality", "low"]
main()
"""


PACKAGE = ROOT / "src" / "protobanana"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source package."""
    return build(tmp_path_factory.mktemp("built"), 1_700_000_000)


def build(folder: Path, epoch: int) -> Path:
    """Build both, as `make wheel` does, at a given time."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(epoch)}
    subprocess.run(command, check=True, capture_output=True, timeout=100, env=environment)
    return folder


def digests(folder: Path) -> dict[str, str]:
    """The checksum of every file."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_building_again_gives_the_same(built: Path, tmp_path: Path) -> None:
    """Wheel and source package are the same bytes when they are built a second time."""
    again = digests(build(tmp_path, 1_700_000_000))

    assert len(again) == 2
    assert again == digests(built)


def test_everything_is_in_it(built: Path) -> None:
    """The wheel has every file of the package and nothing else; the source package has all of them, too."""
    (wheel,), (source,) = built.glob("*.whl"), built.glob("*.tar.gz")
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    ours = {
        f"protobanana/{path.relative_to(PACKAGE).as_posix()}"
        for path in PACKAGE.rglob("*") if path.is_file() and path.suffix != ".pyc"
    }  # fmt: skip
    with tarfile.open(source) as archive:
        sources = {name.partition("/")[2] for name in archive.getnames()}

    assert inside == ours
    assert {"protobanana/py.typed", "protobanana/workflows/bundled/qwen_image_2512.json"} <= inside
    assert any(name.startswith("protobanana/ui/static/") for name in inside)
    assert {f"src/{name}" for name in inside} <= sources
    assert {"LICENSE", "README.md", "CHANGELOG.md", "requirements.lock", "pyproject.toml", "Makefile"} <= sources


def test_it_says_what_it_is(built: Path) -> None:
    """The version is the package's own, which `--version` prints; the licence is an SPDX expression with its text."""
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (description,) = [name for name in names if name.endswith(".dist-info/METADATA")]
        about = Parser().parsestr(archive.read(description).decode())
    printed = subprocess.run([sys.executable, "-m", "protobanana", "--version"], capture_output=True, text=True)

    assert printed.stdout.strip() == about["Version"] == protobanana.__version__
    assert about["License-Expression"] == "Apache-2.0"
    assert any(re.search(r"\.dist-info/licenses/LICENSE$", name) for name in names)


def test_the_wheel_draws(built: Path, tmp_path: Path) -> None:
    """Bundled workflows, recorded schemas, router data and `py.typed` are in it; it draws from a bare folder."""
    (wheel,) = built.glob("*.whl")
    site = tmp_path / "site"
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(site),
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True, timeout=100)
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(site)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=90
    )

    assert done.returncode == 0, done.stderr
    assert int(done.stdout.splitlines()[0]) >= 13
    assert (tmp_path / "out.png").stat().st_size > 500
    assert (site / "protobanana" / "py.typed").exists()
