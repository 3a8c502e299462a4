"""`protobanana models` as a program of its own, against a stand-in of the Hugging Face hub."""

from __future__ import annotations

import errno
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from protobanana.cli.models.place import put
from support.hub import Hub
from support.program import run

GRAPH = {
    "1": {"class_type": "UNETLoader", "inputs": {"unet_name": "big.safetensors", "weight_dtype": "default"}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}},
}
BIG, LORA, VAE = b"big" * 400_000, b"lora" * 1000, b"vae" * 1000


def document(folder: Path, name: str, models: list[dict[str, Any]], **header: Any) -> None:
    """A workflow of the operator's own with these model files."""
    head = {"schema": 1, "operation": "generate", "outputs": {"image": "9"}, "models": models} | header
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps({"_protobanana": head} | GRAPH), "utf-8")


def model(folder: str, name: str, repo: str = "owner/repo", path: str | None = None, **more: Any) -> dict[str, Any]:
    return {"folder": folder, "name": name, "repo": repo, "path": path or f"files/{name}"} | more


class Place:
    """A home with two workflows that share a file, a ComfyUI folder, and a hub that has everything."""

    def __init__(self, home: Path, hub: Hub) -> None:
        self.home, self.hub, self.comfyui = home, hub, home / "ComfyUI"
        (self.comfyui / "models").mkdir(parents=True)
        hub.files = {
            "owner/repo/files/big.safetensors": BIG,
            "owner/repo/files/fast.safetensors": LORA,
            "other/vae/files/vae.safetensors": VAE,
        }
        fast = {"title": "Fast", "models": [model("loras", "fast.safetensors")]}
        big = model("diffusion_models", "big.safetensors", size=1_200_000)
        mit = {"name": "MIT", "commercial": True}
        document(home / "w", "one", [big], tiers={"low": fast}, license=mit)
        document(home / "w", "two", [big, model("vae", "sub/vae.safetensors", "other/vae", "files/vae.safetensors")])

    def run(self, *words: str, status: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        """The command, with the hub's address and a cache of its own."""
        own = {"HF_ENDPOINT": self.hub.url, "HF_HOME": str(self.home / "hf")}
        folder = str(self.home / "w")
        return run(
            self.home, "models", *words, status=status, **own | {"PROTOBANANA_WORKFLOWS_DIR": folder} | environment
        )

    def pull(self, *words: str, status: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        """`pull` into the ComfyUI folder."""
        return self.run("pull", *words, "--comfyui-dir", str(self.comfyui), status=status, **environment)

    def models(self) -> dict[str, bytes]:
        """What ComfyUI would find."""
        root = self.comfyui / "models"
        return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}

    def cached(self) -> list[Path]:
        """Files of the hub's cache."""
        return [path for path in (self.home / "hf").rglob("blobs/*") if path.is_file()]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Hub() as hub:
        yield Place(tmp_path, hub)


def test_files_are_cached_and_linked(place: Place) -> None:
    """Files of two workflows lie where ComfyUI looks, as links into the hub's cache; shared ones came once."""
    said = place.pull("one", "two").stdout

    assert place.models() == {
        "diffusion_models/big.safetensors": BIG, "loras/fast.safetensors": LORA, "vae/sub/vae.safetensors": VAE
    }  # fmt: skip
    assert all(path.is_symlink() for path in (place.comfyui / "models").rglob("*.safetensors"))
    assert len(place.hub.downloads("owner/repo/files/big.safetensors")) == 1
    assert "diffusion_models/big.safetensors" in said


def test_a_second_pull_downloads_nothing(place: Place) -> None:
    """What is there stays, and another ComfyUI is served from the cache."""
    place.pull("two")
    before = len(place.hub.downloads())
    said = place.pull("two").stdout
    other = place.home / "Other"
    place.run("pull", "two", "--target", str(other))

    assert len(place.hub.downloads()) == before
    assert "0.0 MB to download" in said
    assert (other / "diffusion_models" / "big.safetensors").read_bytes() == BIG


def test_only_a_tier(place: Place) -> None:
    """--tier leaves the files of other qualities out."""
    place.pull("one", "--tier", "medium")

    assert set(place.models()) == {"diffusion_models/big.safetensors"}


def test_a_dry_run_says_everything_and_does_nothing(place: Place) -> None:
    """Files, sizes, licences, the total and what is there already; no byte is fetched, no folder made."""
    place.pull("one", "--tier", "medium")
    before = len(place.hub.downloads())
    said = place.pull("one", "two", "--dry-run").stdout

    assert re.search(r"diffusion_models/big\.safetensors.*1\.2 MB.*there.*MIT", said)
    assert re.search(r"vae/sub/vae\.safetensors.*to download.*not stated", said)
    assert "1.2 MB in all, 0.0 MB to download" in said
    assert len(place.hub.downloads()) == before
    assert set(place.models()) == {"diffusion_models/big.safetensors"}


def test_a_dry_run_needs_no_folder(place: Place) -> None:
    """Sizes can be looked up before there is a ComfyUI; a pull cannot do without one."""
    said = place.run("pull", "two", "--dry-run").stdout
    refused = place.run("pull", "two", status=1).stderr

    assert "to download" in said
    assert "--comfyui-dir" in refused
    assert not place.cached()


def test_a_cut_connection_is_resumed(place: Place) -> None:
    """After a break the download goes on from where it was."""
    data = bytes(range(256)) * 47_000
    place.hub.files["owner/repo/files/big.safetensors"] = data
    place.hub.cuts["owner/repo/files/big.safetensors"] = 11_000_000
    place.pull("two")
    first, second = place.hub.downloads("owner/repo/files/big.safetensors")

    assert first.start == 0
    assert second.start >= 10_000_000
    assert place.models()["diffusion_models/big.safetensors"] == data


def test_a_full_disk_is_noticed_before_anything_is_fetched(place: Place) -> None:
    """More than the cache's disk holds is refused with both numbers."""
    place.hub.announced["other/vae/files/vae.safetensors"] = 10**16
    said = place.pull("two", status=1).stderr

    assert "10000000.0 GB are needed" in said
    assert "HF_HOME" in said
    assert not place.hub.downloads()
    assert place.models() == {}


def test_a_gated_repository(place: Place) -> None:
    """Without access the page of the licence is named and nothing is fetched; with a token that has it, it works."""
    place.hub.gated = {"other/vae"}
    refused = place.pull("two", status=1).stderr
    wrong = place.pull("two", "--token-from-env", status=1, HF_TOKEN="hf_other").stderr
    silent = place.pull("two", status=1, HF_TOKEN="hf_accepted").stderr

    assert "https://huggingface.co/other/vae" in refused
    assert "--token-from-env" in refused
    assert "no access yet" in wrong
    assert "--token-from-env" in silent
    assert not place.hub.downloads()
    assert {one.authorization for one in place.hub.requests} == {None, "Bearer hf_other"}

    place.pull("two", "--token-from-env", HF_TOKEN="hf_accepted")

    assert place.models()["vae/sub/vae.safetensors"] == VAE


def test_a_token_that_is_not_there(place: Place) -> None:
    """--token-from-env without a token is told, not ignored."""
    assert "HF_TOKEN" in place.pull("two", "--token-from-env", status=1).stderr


def test_a_different_file_at_the_place_is_refused(place: Place) -> None:
    """It is named, kept as it is, and nothing is fetched."""
    mine = place.comfyui / "models" / "vae" / "sub" / "vae.safetensors"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    said = place.pull("two", status=1).stderr

    assert str(mine) in said.replace("\n", "")
    assert mine.read_bytes() == b"mine"
    assert not place.hub.downloads()


def test_a_file_of_the_right_size_is_left_alone(place: Place) -> None:
    """What somebody has put there by hand counts."""
    mine = place.comfyui / "models" / "vae" / "sub" / "vae.safetensors"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"m" * len(VAE))
    place.pull("two")

    assert mine.read_bytes() == b"m" * len(VAE)
    assert not place.hub.downloads("other/vae/files/vae.safetensors")


def test_a_link_that_leads_nowhere_is_replaced(place: Place) -> None:
    """After the cache was cleared, a pull mends the links."""
    place.pull("two")
    for path in place.cached():
        path.unlink()
    place.pull("two")

    assert place.models()["vae/sub/vae.safetensors"] == VAE


def test_a_transfer_of_the_wrong_size_leaves_nothing(place: Place) -> None:
    """A file that is shorter than the hub said is not linked."""
    place.hub.announced["other/vae/files/vae.safetensors"] = len(VAE) + 5
    said = place.pull("two", status=1).stderr

    assert "files/vae.safetensors" in said
    assert "vae/sub/vae.safetensors" not in place.models()


@pytest.mark.parametrize("missing", ["other/vae/files/vae.safetensors", "owner/repo/files/big.safetensors"])
def test_a_file_that_the_hub_does_not_have(place: Place, missing: str) -> None:
    """A file or repository that is gone is named before anything is fetched."""
    del place.hub.files[missing]

    assert missing in place.pull("two", status=1).stderr.replace("\n", "")
    assert not place.hub.downloads()


def test_a_hub_that_does_not_answer(place: Place) -> None:
    """One sentence that says which file and why."""
    said = place.pull("two", status=1, HF_ENDPOINT="http://127.0.0.1:9").stderr

    assert "the hub does not answer" in said


def test_files_that_a_node_pack_fetches(place: Place) -> None:
    """They are mentioned, and left to the pack."""
    document(place.home / "w", "cut", [model("RMBG", "cut.safetensors", fetched_by="Some-Pack")])
    said = place.pull("cut").stdout

    assert "Some-Pack fetches it" in said
    assert not place.hub.requests


@pytest.mark.parametrize(
    ("folder", "name"),
    [("../..", "x.safetensors"), ("vae", "../../x"), ("/etc", "x"), ("vae", "C:\\x"), ("vae", "a\\..\\..\\x")],
)
def test_a_document_cannot_write_elsewhere(place: Place, folder: str, name: str) -> None:
    """A place outside of the models folder is refused."""
    place.hub.files["owner/repo/x"] = b"x"
    document(place.home / "w", "evil", [model(folder, name, path="x")])

    assert "no place inside" in place.pull("evil", status=1).stderr
    assert not place.hub.downloads()


def test_two_sources_for_one_place(place: Place) -> None:
    """Equal files from two repositories are one; different ones are refused with both names."""
    place.hub.files["second/repo/files/big.safetensors"] = BIG
    document(place.home / "w", "three", [model("diffusion_models", "big.safetensors", "second/repo")])
    place.pull("one", "three")

    assert len(place.hub.downloads("second/repo/files/big.safetensors")) == 0

    place.hub.files["second/repo/files/big.safetensors"] = BIG + b"!"
    said = place.run("pull", "one", "three", "--target", str(place.home / "m"), status=1).stderr

    assert "owner/repo and second/repo" in said.replace("\n", " ")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("pull", "nothing"), "no workflow"),
        (("pull", "one", "--tier", "best"), "no quality"),
        (("pull", "one", "--comfyui-dir", "/nowhere"), "ComfyUI"),
        (("pull", "one", "--comfyui-dir", ".", "--target", "."), "one of them"),
    ],
)
def test_mistakes_are_told_in_a_line(place: Place, words: tuple[str, ...], named: str) -> None:
    """Status 1 and the name of what was wrong."""
    assert named in place.run(*words, status=1).stderr


def test_a_folder_that_cannot_be_written(place: Place) -> None:
    """The place is named."""
    (place.comfyui / "models" / "vae").write_text("no folder", "utf-8")

    assert "ComfyUI/models/vae" in place.pull("two", status=1).stderr.replace("\n", "")


class Unlinkable(type(Path())):  # type: ignore[misc]  # the class of this system's paths
    """A path of a file system that knows no symbolic links, and no hard links either where `hard` is off."""

    hard = True

    def symlink_to(self, target: Any, target_is_directory: bool = False) -> None:
        """As FAT answers."""
        raise PermissionError(errno.EPERM, "Operation not permitted")

    def hardlink_to(self, target: Any) -> None:
        """As FAT answers."""
        if not self.hard:
            raise PermissionError(errno.EPERM, "Operation not permitted")
        super().hardlink_to(target)


class Fat(Unlinkable):
    """A path of a file system without any links."""

    hard = False


@pytest.mark.parametrize(("kind", "way"), [(Path, "linked"), (Unlinkable, "hard-linked"), (Fat, "copied")])
def test_without_symbolic_links(tmp_path: Path, kind: type[Path], way: str) -> None:
    """A hard link stands in for a link, a copy for a hard link; nothing else is left in the folder."""
    source, folder = tmp_path / "blob", kind(tmp_path / "models" / "vae")
    source.write_bytes(VAE)

    assert put(source, folder / "v.safetensors") == way
    assert (folder / "v.safetensors").read_bytes() == VAE
    assert [path.name for path in folder.iterdir()] == ["v.safetensors"]


def test_the_list(place: Place) -> None:
    """Every file with place, size, source, licence and the workflows that want it."""
    said = place.run("list", "one", "two").stdout

    assert re.search(r"diffusion_models/big\.safetensors.*about 1\.2 MB.*owner/repo.*MIT", said)
    assert "one, two" in said
    assert "qwen_image_2512" in place.run("list").stdout
