"""The folders and their naming rules."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protobanana.engine.files import FileStore, MissingFileError, split_annotation
from protobanana.errors import InvalidRequestError


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    """An empty store."""
    return FileStore(tmp_path / "root")


def upload(files: FileStore, name: str, data: bytes, subfolder: str = "", *, overwrite: bool = False) -> str | None:
    """Store an upload in the input folder."""
    return files.store_upload(io.BytesIO(data), name, "input", subfolder, overwrite=overwrite)


def test_counters(files: FileStore) -> None:
    """Each prefix counts on from the highest number on disk, reserved names included."""
    names = [files.save_path(prefix, "output", 8, 8, "png")[1] for prefix in ("a", "a", "b", "a")]
    (files.folder("output") / "a_00041_.png").touch()

    assert names == ["a_00001_.png", "a_00002_.png", "b_00001_.png", "a_00003_.png"]
    assert files.save_path("a", "output", 8, 8, "png")[1] == "a_00042_.png"


def test_prefix_patterns(files: FileStore) -> None:
    """Folders, sizes and dates are filled in; unknown patterns stay."""
    path, name, subfolder = files.save_path("s/%width%x%height%/p_%year%_%x%", "temp", 64, 48, "png")

    assert subfolder == "s/64x48"
    assert re.fullmatch(r"p_\d{4}_%x%_00001_\.png", name)
    assert path == files.folder("temp") / subfolder / name


@pytest.mark.parametrize("prefix", ["", "sub/"])
def test_empty_stem(files: FileStore, prefix: str) -> None:
    """A prefix without a file part still stays in its folder."""
    path, name, subfolder = files.save_path(prefix, "output", 8, 8, "png")

    assert (name, subfolder) == ("_00001_.png", prefix.rstrip("/"))
    assert path.is_relative_to(files.folder("output"))


@pytest.mark.parametrize("prefix", ["../x", "a/../../x", "/tmp/x"])
def test_prefix_cannot_escape(files: FileStore, prefix: str) -> None:
    """Saving outside the folder is refused."""
    with pytest.raises(InvalidRequestError, match="not allowed"):
        files.save_path(prefix, "output", 8, 8, "png")


def test_upload_names(files: FileStore) -> None:
    """The same bytes keep the name; other bytes get a number, unless they may overwrite."""
    assert upload(files, "up.png", b"one") == "up.png"
    assert upload(files, "up.png", b"one") == "up.png"
    assert upload(files, "up.png", b"two") == "up (1).png"
    assert upload(files, "up.png", b"two") == "up (1).png"
    assert upload(files, "up.png", b"two", overwrite=True) == "up.png"
    assert upload(files, "up.png", b"three") == "up (2).png"
    assert files.names("input") == ["up (1).png", "up (2).png", "up.png"]


def test_upload_places(files: FileStore) -> None:
    """Subfolders are made; a folder inside the name has to exist."""
    assert upload(files, "a.png", b"x", "sub/./one/") == "a.png"
    assert upload(files, "one/b.png", b"x", "sub") == "one/b.png"
    with pytest.raises(FileNotFoundError):
        upload(files, "new/c.png", b"x")
    with pytest.raises(IsADirectoryError):
        upload(files, "", b"x", overwrite=True)
    with pytest.raises(OSError, match="too long"):
        upload(files, "n" * 300, b"x")


@given(st.lists(st.sampled_from(["..", ".", "a", "/", "b.png", "//", "..\\"]), max_size=6).map("/".join))
def test_nothing_leads_out(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    """Whatever a name is made of, it means a path inside its folder or none."""
    files = FileStore(tmp_path_factory.getbasetemp() / "store")
    path = files.inside("input", name)

    assert path is None or path.is_relative_to(files.folder("input"))


def test_symlinks_do_not_lead_out(files: FileStore, tmp_path: Path) -> None:
    """A link inside the folder to a place outside is not followed."""
    (tmp_path / "secret").touch()
    (files.folder("input") / "link").symlink_to(tmp_path / "secret")

    assert files.inside("input", "link") is None


def test_annotated_names(files: FileStore) -> None:
    """A name may say its folder; plain names are inputs."""
    (files.folder("temp") / "a.png").touch()

    assert files.read_path("a.png [temp]") == files.folder("temp") / "a.png"
    assert split_annotation("x [output]", "input") == ("x", "output")
    assert split_annotation("x [other]", "input") == ("x [other]", "input")


@pytest.mark.parametrize("name", ["a.png", "../a.png", "", "a.png [output]", "/etc/passwd"])
def test_missing_files(files: FileStore, name: str) -> None:
    """What is not there, or not inside, is a FileNotFoundError of ours."""
    with pytest.raises(MissingFileError):
        files.read_path(name)
    with pytest.raises(FileNotFoundError):
        files.read_path(name)


def test_wipe_temp(files: FileStore) -> None:
    """Temp is emptied, the rest stays."""
    for kind in ("input", "output", "temp"):
        (files.folder(kind) / "a").touch()
    files.wipe_temp()

    assert [files.names(kind) for kind in ("input", "output", "temp")] == [["a"], ["a"], []]


def test_unknown_folder(files: FileStore) -> None:
    """A kind that does not exist is named with the choices."""
    with pytest.raises(MissingFileError, match="input, output, temp"):
        files.folder("bogus")
