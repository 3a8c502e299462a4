"""The operator's folder as it lies on disk: which files may be workflows, which version of each, and their names."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from protobanana.workflows.document import NAME

PICTURES = (".png", ".webp", ".jpg", ".jpeg", ".avif")
"""Ends of the files into which ComfyUI writes the workflow that made them."""
_TEXT = ".json"
MAX_TEXT_BYTES = 16 * 1024 * 1024
"""Largest text that is read: the largest workflows known have two megabytes, most of it pictures in notes."""
MAX_PICTURE_BYTES = 64 * 1024 * 1024
RESERVED = frozenset({"chat"})
"""Model names behind which no workflow stands."""

Stamp = tuple[int, int, int, int]
"""What tells one version of a file from the next: nanoseconds of its last write and last change, bytes, inode."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file that may be a workflow. `problem` says why it is not even read."""

    file: str
    name: str
    """What its workflow is called; empty where no name can be made."""
    stamp: Stamp
    problem: str | None = None

    @property
    def written(self) -> float:
        """When it was last written, in Unix seconds."""
        return self.stamp[0] / 1e9


def scan(folder: Path) -> dict[str, Found]:
    """Files of a folder by file name, one of each name; hidden files and folders are no workflows. Raises OSError."""
    inside = os.path.realpath(folder)
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):  # gone since it was listed, or a link in a circle
                if _may_be(entry):
                    found.append(_look(entry, inside))
    return {one.file: one for one in _told_apart(found)}


def name_for(file: str) -> str:
    """The model name of a file: its stem, spaces and other signs as `_`, accents taken off. Empty where letters are
    left that no model name can have.
    """
    name = Path(file).stem
    if not NAME.fullmatch(name):
        plain = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
        if any(sign.isalnum() and not sign.isascii() for sign in plain):
            return ""
        name = re.sub(r"[^A-Za-z0-9._-]+", "_", plain).strip("_.-")
    return name if NAME.fullmatch(name) and name not in RESERVED else ""


def _may_be(entry: os.DirEntry[str]) -> bool:
    return entry.name.lower().endswith((_TEXT, *PICTURES)) and not entry.name.startswith((".", "~")) and entry.is_file()


def _look(entry: os.DirEntry[str], inside: str) -> Found:
    status = entry.stat()
    stamp = (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
    name = name_for(entry.name)
    largest = MAX_TEXT_BYTES if _is_text(entry.name) else MAX_PICTURE_BYTES
    problem = None
    if not name:
        problem = (
            "a workflow's name has only letters A to Z, digits, '.', '_' and '-', and is not 'chat'; rename the file."
        )
    elif status.st_size > largest:
        problem = f"it has {status.st_size} bytes, more than the {largest} that are read."
    elif entry.is_symlink() and os.path.commonpath((inside, os.path.realpath(entry.path))) != inside:
        problem = "it is a link that leads out of the folder; copy the file."
    return Found(entry.name, name, stamp, problem)


def _told_apart(found: Iterable[Found]) -> Iterator[Found]:
    """One file per name: text before a picture, and the name as it stands before one that had to be changed."""
    taken: dict[str, Found] = {}
    for one in sorted(found, key=_precedence):
        first = taken.setdefault(one.name, one) if one.name else one
        if first is one:
            yield one
        elif not _illustrates(one, first):
            reason = f"{first.file} is the workflow of that name, {one.name}; rename one of the two."
            yield Found(one.file, "", one.stamp, reason)


def _precedence(found: Found) -> tuple[bool, bool, str]:
    return not _is_text(found.file), Path(found.file).stem != found.name, found.file


def _illustrates(picture: Found, text: Found) -> bool:
    """Whether a picture lies beside its workflow to show what it makes."""
    return not _is_text(picture.file) and _is_text(text.file) and Path(picture.file).stem == Path(text.file).stem


def _is_text(file: str) -> bool:
    return file.lower().endswith(_TEXT)


__all__ = ["MAX_PICTURE_BYTES", "MAX_TEXT_BYTES", "PICTURES", "RESERVED", "Found", "Stamp", "name_for", "scan"]
