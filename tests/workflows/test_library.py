"""The library: bundled documents, the operator's folder, and what happens when files change."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

import protobanana
from protobanana.errors import UnknownWorkflowError, WorkflowError
from protobanana.workflows.library import WorkflowLibrary, bundled


def write(folder: Path, stem: str, *, operation: str = "sketch", seed: int = 0, **header: Any) -> Path:
    """A small document in a folder, its modification time moved on so that a rewrite is noticed on any disk."""
    document = {
        "_protobanana": {"schema": 1, "operation": operation, "outputs": {"image": "1"}, "title": stem, **header},
        "1": {"class_type": "SaveImage", "inputs": {"seed": seed}},
    }
    path = folder / f"{stem}.json"
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(json.dumps(document), encoding="utf-8")
    later = max(path.stat().st_mtime_ns, before + 1_000_000)
    os.utime(path, ns=(later, later))
    return path


def seed_of(library: WorkflowLibrary, name: str) -> int:
    """Which version of a document is in service."""
    seed: int = library.get(name).graph["1"]["inputs"]["seed"]
    return seed


class TestBundled:
    """The documents of the package."""

    def test_without_a_folder_only_bundled_ones_exist(self) -> None:
        """The bundled documents are always there."""
        library = WorkflowLibrary()

        assert library.names() == sorted(bundled())
        assert {"qwen_image_2512", "qwen_image_edit_2511"} <= set(library.names())
        assert library.refresh() is False

    def test_they_load_from_a_zip(self, tmp_path: Path) -> None:
        """The documents are found when the package is imported from an archive."""
        root = Path(protobanana.__file__).parent
        archive = tmp_path / "package.zip"
        with zipfile.ZipFile(archive, "w") as packed:
            for path in root.rglob("*"):
                if path.suffix in {".py", ".json"} and "__pycache__" not in path.parts:
                    packed.write(path, Path("protobanana") / path.relative_to(root))
        script = (
            f"import sys; sys.path.insert(0, {str(archive)!r}); import protobanana.workflows.library as library; "
            "print(library.__file__, len(library.bundled()))"
        )

        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)

        loaded_from, count = done.stdout.split()
        assert loaded_from.startswith(str(archive))
        assert int(count) == len(bundled())


class TestGet:
    """Finding a workflow by name."""

    def test_unknown_name_lists_the_existing_ones(self) -> None:
        """A typo gets a 404 with the closest name and all the others."""
        with pytest.raises(UnknownWorkflowError) as caught:
            WorkflowLibrary().get("qwen_image_2521")

        assert caught.value.status == 404
        assert "Did you mean 'qwen_image_2512'?" in caught.value.message
        assert "qwen_image_edit_2511" in caught.value.message

    @pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "..", "a/b", "a\\b", "", "a\x00", "a" * 5000 + "/"])
    def test_names_cannot_climb_out(self, tmp_path: Path, name: str) -> None:
        """Nothing outside the folder can be named, and such a name is not repeated in the answer."""
        write(tmp_path, "secret")
        inner = tmp_path / "inner"
        inner.mkdir()
        with pytest.raises(UnknownWorkflowError) as caught:
            WorkflowLibrary(inner).get(name)
        assert "of that name" in caught.value.message


class TestFolder:
    """The operator's folder."""

    def test_files_are_added_to_the_bundled_ones(self, tmp_path: Path) -> None:
        """The operator's documents stand beside the bundled ones; other files are ignored."""
        write(tmp_path, "mine")
        (tmp_path / "notes.txt").write_text("no document", encoding="utf-8")
        (tmp_path / ".hidden.json").write_text("no document", encoding="utf-8")
        (tmp_path / "folder.json").mkdir()

        assert set(WorkflowLibrary(tmp_path).names()) == {*bundled(), "mine"}

    def test_same_stem_hides_the_bundled_one_until_it_is_removed(self, tmp_path: Path) -> None:
        """The operator's file wins; when it goes the bundled document is back."""
        path = write(tmp_path, "qwen_image_2512")
        library = WorkflowLibrary(tmp_path)
        assert library.get("qwen_image_2512").title == "qwen_image_2512"

        path.unlink()

        assert library.refresh() is True
        assert library.get("qwen_image_2512") is bundled()["qwen_image_2512"]

    def test_new_changed_and_removed_files_are_noticed(self, tmp_path: Path) -> None:
        """A refresh adds, replaces and removes; without a change it keeps the very same objects."""
        write(tmp_path, "one", seed=1)
        library = WorkflowLibrary(tmp_path)
        first = library.get("one")
        assert library.refresh() is False
        assert library.get("one") is first

        write(tmp_path, "two", seed=2)
        write(tmp_path, "one", seed=3)
        assert library.settle() is True
        assert (seed_of(library, "one"), seed_of(library, "two")) == (3, 2)

        (tmp_path / "one.json").unlink()
        library.refresh()
        with pytest.raises(UnknownWorkflowError):
            library.get("one")

    def test_a_file_that_breaks_keeps_its_old_version(self, tmp_path: Path) -> None:
        """A file broken while running is reported, its last good version serves on until it is repaired."""
        path = write(tmp_path, "one", seed=1)
        library = WorkflowLibrary(tmp_path)

        path.write_text("{ half a doc", encoding="utf-8")
        library.settle()
        assert seed_of(library, "one") == 1
        assert "not valid JSON" in library.problems["one.json"]

        write(tmp_path, "one", seed=2)
        library.settle()
        assert seed_of(library, "one") == 2
        assert library.problems == {}

    def test_a_new_broken_file_is_only_reported(self, tmp_path: Path) -> None:
        """A broken file that never worked adds no workflow and disturbs no other."""
        library = WorkflowLibrary(tmp_path)
        (tmp_path / "bad.json").write_text("{}", encoding="utf-8")
        (tmp_path / "\u732b.json").write_text("{}", encoding="utf-8")
        write(tmp_path, "good")

        library.settle()

        assert library.get("good").name == "good"
        assert "has no `_protobanana` header" in library.problems["bad.json"]
        assert "rename the file" in library.problems["\u732b.json"]

    def test_start_up_refuses_a_broken_file(self, tmp_path: Path) -> None:
        """At start-up the operator is told the file and the slot, not the folder; `strict=False` starts anyway."""
        write(tmp_path, "one", slots={"seed": "1.sede"})
        with pytest.raises(WorkflowError, match=r"one\.json: slot 'seed' points to 1\.sede") as caught:
            WorkflowLibrary(tmp_path)
        assert str(tmp_path) not in caught.value.message

        assert "one.json" in WorkflowLibrary(tmp_path, strict=False).problems

    def test_a_missing_folder_is_told_at_start_up(self, tmp_path: Path) -> None:
        """A folder that is not there is an error of the set-up."""
        with pytest.raises(WorkflowError, match="folder cannot be read"):
            WorkflowLibrary(tmp_path / "gone")

    def test_a_folder_that_goes_away_keeps_what_is_in_service(self, tmp_path: Path) -> None:
        """An unmounted folder is a problem to report, not the end of its workflows."""
        folder = tmp_path / "mounted"
        folder.mkdir()
        write(folder, "one")
        library = WorkflowLibrary(folder)

        folder.rename(tmp_path / "elsewhere")

        assert library.refresh() is False
        assert library.get("one").name == "one"
        assert "." in library.problems


class TestForOperation:
    """Which workflows serve an operation, and in which order."""

    def test_default_comes_first_the_rest_by_name(self, tmp_path: Path) -> None:
        """The document marked as default leads, whatever its name."""
        for stem in ("b", "a", "c"):
            write(tmp_path, stem, default=stem == "c")

        assert [each.name for each in WorkflowLibrary(tmp_path).for_operation("sketch")] == ["c", "a", "b"]

    def test_several_operations(self, tmp_path: Path) -> None:
        """A document serves every operation it lists; an unknown operation has none."""
        document = write(tmp_path, "a")
        document.write_text(document.read_text().replace('"sketch"', '["sketch", "paint"]'), encoding="utf-8")
        library = WorkflowLibrary(tmp_path)

        assert [each.name for each in library.for_operation("paint")] == ["a"]
        assert library.for_operation("juggle") == []

    def test_the_operators_default_beats_the_bundled_one(self, tmp_path: Path) -> None:
        """A file of the folder marked as default replaces the bundled default."""
        write(tmp_path, "zebra", operation="generate", default=True)
        write(tmp_path, "ant", operation="generate")
        names = [each.name for each in WorkflowLibrary(tmp_path).for_operation("generate")]

        assert names[:2] == ["zebra", "qwen_image_2512"]

    def test_hiding_the_bundled_default_keeps_its_rank(self, tmp_path: Path) -> None:
        """A file with the default's stem is the default without saying so."""
        write(tmp_path, "qwen_image_2512", operation="generate")
        write(tmp_path, "ant", operation="generate")

        assert WorkflowLibrary(tmp_path).for_operation("generate")[0].title == "qwen_image_2512"

    def test_two_defaults_of_the_folder_are_a_problem(self, tmp_path: Path) -> None:
        """Two files that claim the same operation are named; while running the first by name leads."""
        write(tmp_path, "a", default=True)
        library = WorkflowLibrary(tmp_path)
        write(tmp_path, "b", default=True)
        library.settle()

        assert library.for_operation("sketch")[0].name == "a"
        assert "a.json is the default for 'sketch' already" in library.problems["b.json"]
        with pytest.raises(WorkflowError, match="already"):
            WorkflowLibrary(tmp_path)
