"""What the forge reads: workflows, templates, updates, citation."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

FILES = {
    ".github/workflows/ci.yml": "vendor.github-workflows",
    ".github/dependabot.yml": "vendor.dependabot",
    ".github/ISSUE_TEMPLATE/config.yml": "vendor.github-issue-config",
    ".github/ISSUE_TEMPLATE/bug.yml": "vendor.github-issue-forms",
    ".github/ISSUE_TEMPLATE/workflow.yml": "vendor.github-issue-forms",
    ".github/ISSUE_TEMPLATE/idea.yml": "vendor.github-issue-forms",
    "CITATION.cff": "vendor.citation-file-format",
}


@pytest.mark.parametrize("path", FILES)
def test_the_schema_allows_it(root: Path, path: str) -> None:
    """Each file fits the schema of its kind."""
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", FILES[path], str(root / path)]
    done = subprocess.run(check, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout


def test_nothing_is_left_out(root: Path) -> None:
    """Every YAML file of the forge is in the table above."""
    found = {str(path.relative_to(root)) for path in (root / ".github").rglob("*.y*ml")}

    assert found == {path for path in FILES if path.startswith(".github")}


def test_the_forge_runs_what_we_run(root: Path) -> None:
    """The workflow's tests are `.ci/run`, and every make target that it calls exists."""
    steps = [
        step.get("run", "")
        for job in yaml.safe_load((root / ".github/workflows/ci.yml").read_text("utf-8"))["jobs"].values()
        for step in job["steps"]
    ]
    targets = set(re.findall(r"^([\w-]+):", (root / "Makefile").read_text("utf-8"), re.MULTILINE))
    called = {target for step in steps for line in re.findall(r"\bmake ([\w -]+)", step) for target in line.split()}

    assert ".ci/run" in "\n".join(steps)
    assert called
    assert called <= targets


def test_every_action_is_pinned_and_may_only_read(root: Path) -> None:
    """Actions have a version, and the token of a run cannot write."""
    workflow = yaml.safe_load((root / ".github/workflows/ci.yml").read_text("utf-8"))
    used = [step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step]

    assert workflow["permissions"] == {"contents": "read"}
    assert all(re.fullmatch(r"[\w/-]+@v\d+", action) for action in used)
    assert all(job["timeout-minutes"] for job in workflow["jobs"].values())


def test_versions_agree(root: Path) -> None:
    """The citation and the chart speak of the package's own version."""
    version = re.search(r'^version = "([^"]+)"', (root / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert version
    release = re.sub(r"\.dev\d+$", "", version[1])

    assert yaml.safe_load((root / "CITATION.cff").read_text("utf-8"))["version"] == release
    assert yaml.safe_load((root / "deploy/chart/Chart.yaml").read_text("utf-8"))["appVersion"] == release
