"""Runs the end-to-end tests with several versions of LiteLLM, each in an environment of its own under .matrix/.

`python tools/matrix.py` takes the oldest version that pyproject.toml allows and the newest one that can be installed;
`python tools/matrix.py 1.106.2 1.108.3 -- tests/e2e/test_chat.py` takes those, and only these tests. Needs uv.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / ".matrix"
NEWEST = "newest"
EXTRAS = "proxy,tracing,models"
TESTS = ["tests/e2e", "tests/gateway"]


def main(words: list[str]) -> int:
    """Test every version, then print what each said; status 1 if one has failed."""
    at = words.index("--") if "--" in words else len(words)
    results = [tested(version, words[at + 1 :] or TESTS) for version in words[:at] or [oldest(), NEWEST]]
    for version, passed, said in results:
        print(f"litellm {version}: {'ok' if passed else 'FAILED'}, {said}")
    return 0 if all(passed for _, passed, _ in results) else 1


def oldest() -> str:
    """The lowest version that pyproject.toml allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    found = re.search(r"litellm\[proxy\]>=([\d.]+)", " ".join(project["optional-dependencies"]["proxy"]))
    if found is None:
        sys.exit("pyproject.toml names no lowest version of litellm[proxy]")
    return found[1]


def tested(version: str, tests: list[str]) -> tuple[str, bool, str]:
    """The version that was installed, whether its tests have passed, and pytest's last line."""
    python = environment(version)
    if python is None:
        return version, False, "it cannot be installed"
    installed = run(python, "-c", "from importlib.metadata import version; print(version('litellm'))").stdout.strip()
    print(f"litellm {installed}: {' '.join(tests)}", flush=True)
    done = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)
    print(done.stdout, flush=True)
    return installed, done.returncode == 0, done.stdout.strip().splitlines()[-1]


def environment(version: str) -> str | None:
    """The interpreter of an environment with this version of LiteLLM and this checkout; None where none can be had."""
    folder = FOLDER / version
    python = str(folder / "bin" / "python")
    FOLDER.mkdir(exist_ok=True)
    chosen = []
    if version != NEWEST:
        # It may be older than what pyproject.toml allows: that is how the bound is found.
        override = FOLDER / f"{version}.txt"
        override.write_text(f"litellm[proxy]=={version}", "utf-8")
        chosen = ["--override", str(override)]
    made = run(
        sys.executable, "-m", "uv", "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(folder)
    )
    installed = run(
        sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", python, "--upgrade-package", "litellm",
        *chosen, "--editable", f".[{EXTRAS}]", "--group", "dev",
    )  # fmt: skip
    return None if made.returncode or installed.returncode else python


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """A program, in the repository; what it says on standard error is seen at once."""
    return subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 - our own words


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
