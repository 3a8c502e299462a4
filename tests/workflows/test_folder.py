"""The folder on disk: which files may be workflows, and what they are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from protobanana.workflows.folder import name_for, scan


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("my_flow.json", "my_flow"),
        ("a-b.c.json", "a-b.c"),
        ("My Flow (v2).json", "My_Flow_v2"),
        ("Café.png", "Cafe"),
        ("..hidden..json", "hidden"),
        ("a/../b.json", "b"),
        ("x" * 200 + ".json", "x" * 200),
        ("chat.json", ""),
        ("猫.json", ""),
        ("猫 two.json", ""),
        ("!!!.json", ""),
        ("\n.json", ""),
    ],
)
def test_names(file: str, name: str) -> None:
    """A name is made where one can be made without loss of letters; the others have none."""
    assert name_for(file) == name


def test_one_file_per_name(tmp_path: Path) -> None:
    """The file that needs no change wins a name, the other is told; a picture beside its workflow is no rival."""
    for file in ("a b.json", "a_b.json", "a_b.png", "c.png", "notes.txt", ".hidden.json"):
        (tmp_path / file).write_bytes(b"x")

    found = scan(tmp_path)

    assert {file: one.name for file, one in found.items()} == {"a_b.json": "a_b", "a b.json": "", "c.png": "c"}
    assert "a_b.json is the workflow of that name" in str(found["a b.json"].problem)


def test_links(tmp_path: Path) -> None:
    """A link within the folder is followed, one that leads out is told, one in a circle is passed over."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "data").mkdir()
    (folder / "data" / "one.json").write_bytes(b"{}")
    (tmp_path / "two.json").write_bytes(b"{}")
    (folder / "one.json").symlink_to(Path("data") / "one.json")
    (folder / "two.json").symlink_to(tmp_path / "two.json")
    (folder / "three.json").symlink_to(folder / "three.json")

    found = scan(folder)

    assert set(found) == {"one.json", "two.json"}
    assert found["one.json"].problem is None
    assert "out of the folder" in str(found["two.json"].problem)
