"""Places in ComfyUI's models folder, and how a cached file gets there."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path, PurePosixPath
from typing import Literal

from protobanana.errors import SettingsError, WorkflowError

Way = Literal["linked", "hard-linked", "copied"]


def models_folder(comfyui: Path | None, target: Path | None) -> Path | None:
    """The folder with `loras`, `vae` and so on; None when none was named. Raises SettingsError."""
    if comfyui is not None and target is not None:
        raise SettingsError("--comfyui-dir and --target: give one of them.")
    if target is not None:
        return target.expanduser().absolute()
    if comfyui is None:
        return None
    found = comfyui.expanduser().absolute()
    if not (found / "models").is_dir():
        raise SettingsError(f"--comfyui-dir {comfyui}: there is no folder `models`; is it ComfyUI's?")
    return found / "models"


def place_of(models: Path, folder: str, name: str) -> Path:
    """Where a file belongs. Raises WorkflowError for a document that points outside of the folder."""
    parts = (*_parts(folder), *_parts(name))
    if any(part in ("", ".", "..") or ":" in part for part in parts):
        raise WorkflowError(f"models: {folder}/{name} is no place inside ComfyUI's models folder.")
    return models.joinpath(*parts)


def _parts(path: str) -> tuple[str, ...]:
    pure = PurePosixPath(path.replace("\\", "/"))
    return ("",) if pure.is_absolute() or not pure.parts else pure.parts


def is_there(place: Path, size: int | None) -> bool:
    """Whether the file of that size (bytes, None: any) lies there. Raises SettingsError for a different one.

    A link that leads nowhere any more counts as nothing.
    """
    try:
        found = place.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return False
    if not place.is_file() or (size is not None and found != size):
        raise SettingsError(f"{place}: something else lies there ({found} bytes, not {size}); move it away first.")
    return True


def put(source: Path, place: Path) -> Way:
    """Make `place` show the cached file: a link, a hard link where links are impossible, a copy where both are.

    Raises SettingsError when the folder cannot be written.
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_symlink():
            place.unlink()  # it leads nowhere: is_there has looked
        return _link(source, place)
    except OSError as error:
        raise SettingsError(f"{place}: {error.strerror or error}.") from None


def _link(source: Path, place: Path) -> Way:
    with contextlib.suppress(OSError, NotImplementedError):
        place.symlink_to(source)
        return "linked"
    real = source.resolve()
    with contextlib.suppress(OSError, NotImplementedError):
        place.hardlink_to(real)
        return "hard-linked"
    _copy(real, place)
    return "copied"


def _copy(source: Path, place: Path) -> None:
    """All of it or nothing under the name."""
    free = shutil.disk_usage(place.parent).free
    if source.stat().st_size > free:
        raise SettingsError(f"{place}: links are impossible there, and there is no room for a copy.")
    draft = place.with_name(f".{place.name}.draft")
    try:
        shutil.copyfile(source, draft)
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)


__all__ = ["is_there", "models_folder", "place_of", "put"]
