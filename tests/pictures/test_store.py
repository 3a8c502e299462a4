"""The store: what goes in comes out for its owner, for a time, within its room; and never breaks anything."""

from __future__ import annotations

import asyncio
import json
import os
import random
import stat
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import PIL.Image
import pytest

from protobanana.errors import SettingsError
from protobanana.pictures.files import BucketFiles, Files, FolderFiles
from protobanana.pictures.handles import mint
from protobanana.pictures.image import Image
from protobanana.pictures.store import ImageStore, read_token
from support.pictures import png

ME, THEM = "me", "them"
HOUR = 3600.0


def picture(number: int = 0, side: int = 8) -> Image:
    noise = random.Random(number).randbytes(side * side * 3)
    return Image.from_bytes(png(PIL.Image.frombytes("RGB", (side, side), noise)))


def name(image: Image, owner: str = ME) -> str:
    return mint(owner, image.data)


@pytest.fixture(params=["folder", "bucket"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    """A folder, and a bucket of fsspec's own kind."""
    return FolderFiles(tmp_path / "kept") if request.param == "folder" else BucketFiles(f"memory://{uuid.uuid4()}/x")


async def test_a_picture_comes_back_with_its_story(files: Files) -> None:
    """Bytes, note and parent are found by handle and owner, in this process and in another one."""
    image = picture()
    handle = name(image)

    assert await ImageStore(files, 10**7, HOUR).put(image, ME, handle, note="a dot", parent="img_x")
    kept = await ImageStore(files, 10**7, HOUR).get(handle, ME)
    assert kept is not None
    assert (kept.image.data, kept.image.size, kept.record.note, kept.record.parent) == (
        image.data, image.size, "a dot", "img_x",
    )  # fmt: skip


async def test_only_its_owner_gets_it(files: Files) -> None:
    """A handle of somebody else is not resolved, nor can anything be put under it."""
    store, image = ImageStore(files, 10**7, HOUR), picture()
    await store.put(image, ME, name(image))

    assert await store.get(name(image), THEM) is None
    assert await store.get(name(image, THEM), THEM) is None
    assert not await store.put(picture(1), THEM, name(image))
    assert (await store.get(name(image), ME)).image.data == image.data  # type: ignore[union-attr]


@pytest.mark.parametrize("handle", ["", "img_aaaaaaaaaaaaaaaa", "../../etc/passwd", "img_../../../../../etc"])
async def test_made_up_handles(files: Files, handle: str) -> None:
    """What was never given out finds nothing."""
    assert await ImageStore(files, 10**7, HOUR).get(handle, ME) is None


async def test_one_content_is_kept_once(files: Files) -> None:
    """The same picture of two owners lies there once; what is known of it stays when it is put again without."""
    store, image = ImageStore(files, 10**7, HOUR), picture()
    await store.put(image, ME, name(image), note="mine")
    await store.put(image, THEM, name(image, THEM))
    await store.put(image, ME, name(image))

    assert len(list(files.entries("blobs"))) == 1
    assert len(list(files.entries("records"))) == 2
    assert (await store.get(name(image), ME)).record.note == "mine"  # type: ignore[union-attr]


async def test_old_pictures_are_gone(files: Files) -> None:
    """After its time a picture is not found, and swept away."""
    image = picture()
    await ImageStore(files, 10**7, HOUR).put(image, ME, name(image))
    short = ImageStore(files, 10**7, 0.01)
    await asyncio.sleep(0.05)

    assert await short.get(name(image), ME) is None
    await short.sweep()
    assert list(files.entries("blobs")) == []


async def test_use_keeps_a_picture(tmp_path: Path) -> None:
    """A picture that is looked at lives on from then."""
    files, image = FolderFiles(tmp_path), picture()
    store = ImageStore(files, 10**7, HOUR)
    await store.put(image, ME, name(image))
    (record,) = tmp_path.glob("records/*/*")
    said = json.loads(record.read_text())
    record.write_text(json.dumps(said | {"used": time.time() - HOUR / 2}))
    (blob,) = tmp_path.glob("blobs/*/*")
    os.utime(blob, (1, 1))
    await store.get(name(image), ME)

    assert json.loads(record.read_text())["used"] > time.time() - 60
    assert blob.stat().st_mtime > time.time() - 60


async def test_the_least_used_make_room(tmp_path: Path) -> None:
    """Over its limit the store drops what was not used for longest, and keeps the newest."""
    files = FolderFiles(tmp_path)
    images = [picture(number, 64) for number in range(12)]
    most = sum(len(image.data) for image in images) // 2
    store = ImageStore(files, most, HOUR)
    for age, image in enumerate(images):
        await store.put(image, ME, name(image))
        for path in tmp_path.glob("*/*/*"):
            if path.stat().st_mtime > time.time() - 60:
                os.utime(path, (time.time() - 1000 + age, time.time() - 1000 + age))
    held = [await store.get(name(image), ME) is not None for image in images]

    assert sum(entry.size for entry in (*files.entries("blobs"), *files.entries("records"))) <= most
    assert held[-1]
    assert held[0] is False
    assert held == sorted(held)


async def test_a_picture_larger_than_the_store(files: Files) -> None:
    """What can never fit is not kept, and nothing else is lost for it."""
    store, small = ImageStore(files, 3000, HOUR), picture()
    await store.put(small, ME, name(small))
    large = picture(1, 200)

    assert not await store.put(large, ME, name(large))
    assert await store.get(name(small), ME) is not None


async def test_damage_is_noticed(tmp_path: Path) -> None:
    """Bytes that are not what was put in are as good as gone; putting the picture again mends it."""
    store, image = ImageStore(FolderFiles(tmp_path), 10**7, HOUR), picture()
    await store.put(image, ME, name(image))
    (blob,) = tmp_path.glob("blobs/*/*")
    blob.write_bytes(b"cut off")

    assert await store.get(name(image), ME) is None
    await store.put(image, ME, name(image))
    assert await store.get(name(image), ME) is not None


def _full(path: Path) -> None:
    """As on a full disk: the folder's place is taken by something that cannot hold files."""
    path.write_bytes(b"")


@pytest.mark.parametrize("spoil", [_full, lambda path: path.symlink_to("/proc/nowhere")])
async def test_a_place_that_fails_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, spoil: Callable[[Path], None]
) -> None:
    """Nothing can be written: the caller is told no, the log says why, nothing is raised."""
    spoil(tmp_path / "kept")
    store, image = ImageStore(FolderFiles(tmp_path / "kept"), 10**7, HOUR), picture()

    assert not await store.put(image, ME, name(image))
    assert await store.get(name(image), ME) is None
    assert "store of pictures cannot be used" in caplog.text


async def test_files_are_private(tmp_path: Path) -> None:
    """Folder and files are for this user alone; no draft is left."""
    store, image = ImageStore(FolderFiles(tmp_path / "kept"), 10**7, HOUR), picture()
    await store.put(image, ME, name(image))
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "kept").rglob("*") if path.is_file()}

    assert stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o700
    assert modes == {0o600}
    assert not list(tmp_path.rglob(".draft-*"))


async def test_a_link_reads_one_picture_until_it_expires(files: Files) -> None:
    """A signed address names its picture and its end; a changed one names nothing."""
    store, image = ImageStore(files, 10**7, HOUR), picture()
    handle = name(image)
    await store.put(image, ME, handle)
    token = store.token(handle)
    link = read_token(token)

    assert len(token) == 36
    assert link is not None
    assert (link.handle, link.expired) == (handle, False)
    assert HOUR <= link.seconds_left <= 2 * HOUR
    assert (await store.follow(link)).image.data == image.data  # type: ignore[union-attr]
    for place in range(36):
        assert read_token(token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]) is None
    assert read_token("") is None
    assert read_token("ä" * 36) is None


async def test_many_writers_at_once(tmp_path: Path) -> None:
    """Several stores over one folder put, read and sweep the same pictures without harm."""
    stores = [ImageStore(FolderFiles(tmp_path), 10**6, HOUR) for _ in range(4)]
    images = [picture(number) for number in range(10)]
    done = await asyncio.gather(
        *(store.put(image, ME, name(image)) for store in stores for image in images),
        *(store.sweep() for store in stores),
    )
    found = [await stores[0].get(name(image), ME) for image in images]

    assert all(done[: len(stores) * len(images)])
    assert all(found)


def test_the_secret_survives_the_process(tmp_path: Path) -> None:
    """Names are the same in the next process; the generated secret is for this user alone, and made only once."""
    script = "from protobanana.pictures.handles import mint; print(mint('me', b'content'))"
    environment = {**os.environ, "PROTOBANANA_STORE": str(tmp_path / "kept")}
    started = [
        subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    said = {process.communicate(timeout=60)[0] for process in started}

    assert len(said) == 1
    assert stat.S_IMODE((tmp_path / "kept" / "secret").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["secret"]


@pytest.mark.parametrize("url", ["nosuch://bucket/prefix"])
def test_an_address_without_a_driver(url: str) -> None:
    """What fsspec does not know is refused with the variable's name."""
    with pytest.raises(SettingsError, match="PROTOBANANA_STORE"):
        BucketFiles(url)
