"""Named bytes at a place: a folder of this machine, or whatever fsspec opens (S3, GCS, Azure, ...). All calls block."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from protobanana.errors import SettingsError
from protobanana.pictures.secret import private_folder

DRAFT = ".draft-"
_DRAFT_SECONDS = 3600.0
_TIME_KEYS = ("LastModified", "last_modified", "mtime", "updated", "modified", "created")


@dataclass(frozen=True)
class Entry:
    """A file: its name below the root (`blobs/ab/...`), bytes, and when it was written or refreshed (Unix seconds)."""

    name: str
    size: int
    used: float


class Files(Protocol):
    """Where a store keeps its files. Every method raises OSError when the place cannot be used."""

    def read(self, name: str) -> bytes | None:
        """The bytes, None where there are none."""

    def write(self, name: str, data: bytes) -> None:
        """Put all of `data` or nothing under `name`."""

    def refresh(self, name: str, data: bytes, fresh: float) -> None:
        """As `write`, for bytes that `name` stands for; they need not be sent again within `fresh` seconds."""

    def entries(self, folder: str) -> Iterator[Entry]:
        """All files below a folder of the root, two levels deep."""

    def remove(self, name: str) -> None:
        """Delete; what is not there is no error."""


class FolderFiles:
    """Files below a folder that only this user can enter; safe with several processes."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, name: str) -> bytes | None:
        """The bytes, None where there are none."""
        try:
            return (self._root / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, data: bytes) -> None:
        """Write beside the place and rename: nobody ever sees half a file."""
        path = self._root / name
        private_folder(self._root)
        private_folder(path.parent)
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=DRAFT)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(draft).replace(path)
        except OSError:
            Path(draft).unlink(missing_ok=True)
            raise

    def refresh(self, name: str, data: bytes, fresh: float) -> None:
        """Mark a file as used now, or write it; a cut-off one is replaced."""
        del fresh
        path = self._root / name
        try:
            if path.stat().st_size == len(data):
                os.utime(path)
                return
        except FileNotFoundError:
            pass
        self.write(name, data)

    def entries(self, folder: str) -> Iterator[Entry]:
        """All files below a folder, and drafts that nobody finished."""
        for path in (self._root / folder).glob("*/*"):
            with contextlib.suppress(FileNotFoundError):
                found = path.stat()
                if not path.name.startswith(DRAFT) or found.st_mtime < time.time() - _DRAFT_SECONDS:
                    yield Entry(path.relative_to(self._root).as_posix(), found.st_size, found.st_mtime)

    def remove(self, name: str) -> None:
        """Delete; what is not there is no error."""
        (self._root / name).unlink(missing_ok=True)


class BucketFiles:
    """Files below an fsspec URL. A bucket writes whole objects, so nothing is ever half there."""

    def __init__(self, url: str) -> None:
        try:
            import fsspec  # type: ignore[import-untyped]  # noqa: PLC0415 - of the extra `store`; it has no types

            self._fs, self._root = fsspec.core.url_to_fs(url, use_listings_cache=False)
        except ImportError:
            scheme = url.partition("://")[0]
            raise SettingsError(
                f"PROTOBANANA_STORE: '{scheme}' needs fsspec and its driver (pip install 'protobanana[store]')."
            ) from None
        except ValueError as error:
            raise SettingsError(f"PROTOBANANA_STORE: {error}.") from None

    def read(self, name: str) -> bytes | None:
        """The bytes, None where there are none."""
        with _Mapped():
            try:
                return bytes(self._fs.cat_file(self._path(name)))
            except FileNotFoundError:
                return None

    def write(self, name: str, data: bytes) -> None:
        """Put the object."""
        with _Mapped():
            self._fs.makedirs(self._path(name).rpartition("/")[0], exist_ok=True)
            self._fs.pipe_file(self._path(name), data)

    def refresh(self, name: str, data: bytes, fresh: float) -> None:
        """Put the object unless a recent one is there."""
        with _Mapped():
            try:
                info = self._fs.info(self._path(name))
            except FileNotFoundError:
                info = None
        if info is None or info.get("size") != len(data) or self._used(info) < time.time() - fresh:
            self.write(name, data)

    def entries(self, folder: str) -> Iterator[Entry]:
        """All objects below a folder of the prefix."""
        with _Mapped():
            found = self._fs.find(self._path(folder), detail=True)
        for path, info in found.items():
            yield Entry(path[len(self._root) :].lstrip("/"), int(info.get("size") or 0), self._used(info))

    def remove(self, name: str) -> None:
        """Delete; what is not there is no error."""
        with _Mapped(), contextlib.suppress(FileNotFoundError):
            self._fs.rm_file(self._path(name))

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    def _used(self, info: dict[str, Any]) -> float:
        """Unix seconds of an object's last change, by whichever name its driver gives it; now when it has none."""
        value = next((info[key] for key in _TIME_KEYS if info.get(key) is not None), None)
        if isinstance(value, str):
            with contextlib.suppress(ValueError):
                value = datetime.fromisoformat(value)
        if isinstance(value, datetime):
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
        return float(value) if isinstance(value, int | float) else time.time()


class _Mapped:
    """Whatever a driver raises becomes OSError: each has classes of its SDK, not to be named without importing it."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception) and not isinstance(error, OSError):
            raise OSError(f"{type(error).__name__}: {error}") from error
