"""The images' recipes, as far as they can be judged without building them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

IMAGES = ["Dockerfile", "comfyui/Dockerfile"]
PINNED = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)


def instructions(path: Path) -> list[tuple[str, str]]:
    """Instructions and their arguments, lines joined, remarks left out."""
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in joined.splitlines() if line.strip()]


@pytest.mark.parametrize("image", IMAGES)
def test_what_is_copied_is_there_and_sent(deploy: Path, root: Path, image: str) -> None:
    """Each source of a COPY exists and is let through to the builder, which is sent nothing else."""
    ignored = (deploy / f"{image}.dockerignore").read_text("utf-8").splitlines()
    copied = {
        source for word, rest in instructions(deploy / image) if word == "COPY" and "--from" not in rest
        for source in shlex.split(rest)[:-1]
    }  # fmt: skip

    assert copied
    assert copied == {line[1:] for line in ignored if line.startswith("!")}
    assert "*" in ignored
    assert all((root / source).exists() for source in copied)


@pytest.mark.parametrize("image", IMAGES)
def test_nothing_runs_as_root(deploy: Path, image: str) -> None:
    """Each stage that can be a product ends as a numbered user without rights, and no secret is asked for."""
    user, users = "0", []
    for word, rest in [*instructions(deploy / image), ("FROM", "")]:
        if word == "USER":
            user = rest
        if word == "CMD":
            assert user == "10001:10001"
        if word == "FROM":
            users.append(user)

    assert users[-1] == "10001:10001"
    assert not [rest for word, rest in instructions(deploy / image) if re.search(r"(?i)password|token|sk-\w", rest)]


def test_targets_of_the_services_exist(deploy: Path) -> None:
    """Both targets that compose.yaml and .env.example name are stages, and the plain one is the default."""
    stages = [rest.split(" AS ") for word, rest in instructions(deploy / "Dockerfile") if word == "FROM"]
    named = re.findall(
        r"gateway(?:-with-database)?(?=\}|$)", (deploy / ".env.example").read_text("utf-8"), re.MULTILINE
    )
    target = yaml.safe_load((deploy / "compose.yaml").read_text("utf-8"))["services"]["gateway"]["build"]["target"]

    assert {*named, re.findall(r":-([\w-]+)", target)[0]} <= {stage[1] for stage in stages if len(stage) > 1}
    assert stages[-1] == ["gateway"]


def test_the_image_has_what_is_tested(deploy: Path, root: Path) -> None:
    """Its lock names the very versions and hashes of the lock that the tests run with, or leaves packages out."""
    ours = (deploy / "requirements.lock").read_text("utf-8")
    tested = (root / "requirements.lock").read_text("utf-8")
    versions, known = dict(PINNED.findall(ours)), dict(PINNED.findall(tested))

    assert {"litellm", "aiohttp", "s3fs", "hatchling"} <= versions.keys()
    assert {name: (version, known.get(name)) for name, version in versions.items() if known.get(name) != version} == {}
    assert set(re.findall(r"--hash=(\S+)", ours)) <= set(re.findall(r"--hash=(\S+)", tested))


def test_the_product_alone(deploy: Path) -> None:
    """What only tests need is not in the image."""
    names = dict(PINNED.findall((deploy / "requirements.lock").read_text("utf-8"))).keys()

    assert not {"pytest", "mypy", "ruff", "playwright", "hypothesis", "mkdocs-material"} & names
