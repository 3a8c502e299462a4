"""The input, output and temp folders of an engine, with ComfyUI's naming rules. Safe to use from any thread."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import IO

from protobanana.errors import InvalidRequestError

KINDS = ("input", "output", "temp")


class MissingFileError(InvalidRequestError, FileNotFoundError):
    """No such file, or a name that leads out of its folder."""


class FileStore:
    """Three folders below `root`. A name never leads out of its folder, through `..` or absolute paths either."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.in_memory: dict[Path, bytes] = {}
        """What some files hold, to be read without the disk."""
        for kind in KINDS:
            self.folder(kind).mkdir(parents=True, exist_ok=True)

    def folder(self, kind: str) -> Path:
        """The folder of a kind; MissingFileError for an unknown kind."""
        if kind not in KINDS:
            raise MissingFileError(f"no folder {kind!r}: choose one of {', '.join(KINDS)}")
        return self.root / kind

    def inside(self, kind: str, *parts: str) -> Path | None:
        """The path of a name in a folder, None when it would lead out of it."""
        base = self.folder(kind)
        path = base.joinpath(*parts).resolve()
        return path if path.is_relative_to(base) else None

    def names(self, kind: str) -> list[str]:
        """Names of the files directly in a folder, sorted; those in subfolders are not listed, as in ComfyUI."""
        return sorted(path.name for path in self.folder(kind).iterdir() if path.is_file())

    def read_path(self, annotated_name: str) -> Path:
        """The existing file behind `sub/name.png`, `name.png [temp]` or `name.png [output]`; the default is input."""
        name, kind = split_annotation(annotated_name, "input")
        path = self.inside(kind, name)
        if path is None or not path.is_file():
            raise MissingFileError(f"Invalid image file: {annotated_name}")
        return path

    def save_path(self, prefix: str, kind: str, width: int, height: int, extension: str) -> tuple[Path, str, str]:
        """Reserve the next free `<prefix>_00001_.<extension>`: its path, file name and subfolder.

        `prefix` may contain `/`, `%width%`, `%height%`, `%year%`, `%month%`, `%day%`, `%hour%`, `%minute%`, `%second%`.
        """
        subfolder, _, stem = _fill(prefix, width, height).rpartition("/")
        folder = self.inside(kind, subfolder)
        if folder is None:
            raise InvalidRequestError(f"Saving outside the {kind} folder is not allowed: {prefix}")
        folder.mkdir(parents=True, exist_ok=True)
        filename = f"{stem}_{_last_counter(folder, stem) + 1:05}_.{extension.removeprefix('.')}"
        path = folder / filename
        path.touch(exist_ok=False)
        return path, filename, subfolder

    def store_upload(self, content: IO[bytes], name: str, kind: str, subfolder: str, *, overwrite: bool) -> str | None:
        """Write an upload; the name it got (`name (1).png` when another picture has the name), None if it escapes.

        The same bytes under the same name are not written again. OSError when the name cannot be a file.
        """
        folder = self.inside(kind, subfolder)
        path = self.inside(kind, subfolder, name)
        if folder is None or path is None or not path.is_relative_to(folder):
            return None
        folder.mkdir(parents=True, exist_ok=True)
        data = content.read()
        if not overwrite:
            original, count = path, 0
            while path.exists():
                if path.read_bytes() == data:
                    return path.relative_to(folder).as_posix()
                count += 1
                path = original.with_name(f"{original.stem} ({count}){original.suffix}")
        path.write_bytes(data)
        return path.relative_to(folder).as_posix()

    def wipe_temp(self) -> None:
        """Empty the temp folder, as a restart does."""
        shutil.rmtree(self.folder("temp"), ignore_errors=True)
        self.folder("temp").mkdir(parents=True, exist_ok=True)


def split_annotation(name: str, default: str) -> tuple[str, str]:
    """Split `name.png [temp]` into the name and its folder; `default` when it has no annotation."""
    for kind in KINDS:
        if name.endswith(f"[{kind}]"):
            return name.removesuffix(f"[{kind}]").rstrip(), kind
    return name, default


def _fill(prefix: str, width: int, height: int) -> str:
    if "%" not in prefix:
        return prefix
    now = time.localtime()
    values = {
        "width": str(width),
        "height": str(height),
        "year": str(now.tm_year),
        "month": f"{now.tm_mon:02}",
        "day": f"{now.tm_mday:02}",
        "hour": f"{now.tm_hour:02}",
        "minute": f"{now.tm_min:02}",
        "second": f"{now.tm_sec:02}",
    }
    for key, value in values.items():
        prefix = prefix.replace(f"%{key}%", value)
    return prefix


def _last_counter(folder: Path, stem: str) -> int:
    counters = (
        path.name[len(stem) + 1 :].partition("_")[0]
        for path in folder.iterdir()
        if path.name.lower().startswith(f"{stem.lower()}_")
    )
    return max((int(counter) for counter in counters if counter.isdecimal()), default=0)


__all__ = ["KINDS", "FileStore", "MissingFileError", "split_annotation"]
