"""The built wheel, installed elsewhere, is the whole product."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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


def test_the_wheel_draws(tmp_path: Path) -> None:
    """Bundled workflows, recorded schemas, router data and `py.typed` are in it; it draws from a bare folder."""
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=100)
    (wheel,) = tmp_path.glob("*.whl")
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
