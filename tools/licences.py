"""The generated tables of licences: what is bundled, what is depended on, what the workflows' models are under."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from reference import table

from protobanana.workflows.library import WorkflowLibrary

ROOT = Path(__file__).parent.parent
CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}
WORDS = {"Apache 2.0": "Apache-2.0", "3-Clause BSD License": "BSD-3-Clause", "MIT License": "MIT"}
PERMISSIVE = {
    "0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CNRI-Python", "ISC", "MIT", "MIT-0",
    "MIT-CMU", "PSF-2.0", "Unlicense", "ZPL-2.1", "Zlib",
}  # fmt: skip


def licence_of(package: str) -> str:
    """What an installed package says of its licence, as SPDX writes it where it can be told."""
    about = metadata(package)
    if expression := about.get("License-Expression"):
        return expression
    if kinds := [line.split(" :: ")[-1] for line in about.get_all("Classifier") or [] if line.startswith("License ::")]:
        return " or ".join(CLASSIFIERS.get(kind, kind) for kind in kinds)
    words = str(about.get("License") or "not said").splitlines()[0]
    return WORDS.get(words, words)


def bundled() -> str:
    """The files of the repository, by REUSE.toml."""
    notes = tomllib.loads((ROOT / "REUSE.toml").read_text("utf-8"))["annotations"]

    def rows() -> Iterator[list[str]]:
        for note in notes:
            paths = [note["path"]] if isinstance(note["path"], str) else note["path"]
            files = "all others" if paths == ["**"] else ", ".join(f"`{path}`" for path in paths)
            yield [files, note["SPDX-License-Identifier"], note["SPDX-FileCopyrightText"]]

    return table(["files", "licence", "copyright"], rows())


def dependencies() -> str:
    """The packages that pyproject.toml names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted: dict[str, list[str]] = defaultdict(list)
    for extra, lines in {"": project["dependencies"], **project["optional-dependencies"]}.items():
        for name in dict.fromkeys(canonicalize_name(Requirement(line).name) for line in lines):
            if name != canonicalize_name(project["name"]):
                wanted[name].append(f"`[{extra}]`" if extra else "always")

    def rows() -> Iterator[list[str]]:
        for name, extras in sorted(wanted.items()):
            yield [f"`{name}`", ", ".join(extras), licence_of(name)]

    return table(["package", "installed", "licence"], rows())


def obligations() -> str:
    """What the image installs, directly or not, under terms that ask for more than a notice."""
    names = re.findall(r"^([\w.-]+)==", (ROOT / "deploy" / "requirements.lock").read_text("utf-8"), re.MULTILINE)

    def rows() -> Iterator[list[str]]:
        for name in sorted(set(names)):
            try:
                licence = licence_of(name)
            except PackageNotFoundError:
                continue  # of another platform
            parts = re.split(r" AND | OR | or |[()]+", licence)
            if not PERMISSIVE.issuperset(filter(None, map(str.strip, parts))):
                yield [f"`{name}`", licence]

    return table(["package", "licence"], rows())


def models() -> str:
    """The terms of the weights, by the workflows' headers."""
    library, users = WorkflowLibrary(None), defaultdict(list)
    for name in library.names():
        terms = library.get(name).header.license
        if terms is None:
            raise SystemExit(f"{name}: its header says no licence")
        users[(terms.name, terms.commercial, terms.url or "", terms.note or "")].append(f"`{name}`")

    def rows() -> Iterator[list[str]]:
        for (name, commercial, url, note), workflows in sorted(users.items()):
            yield [", ".join(workflows), f"[{name}]({url})" if url else name, "yes" if commercial else "**no**", note]

    return table(["workflows", "licence of the weights", "commercial use", "note"], rows())
