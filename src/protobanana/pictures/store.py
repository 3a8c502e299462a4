"""Pictures of conversations, kept so that a handle or a short address is enough to find them again.

Contents lie once under their SHA-256; a record per handle says whose it is and what is known of it. Both are bounded by
bytes and age. A store that cannot be used is logged and otherwise nobody's problem: the turn goes on without it.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Generic, Protocol, TypeVar

from protobanana.errors import ImageTooLargeError, InvalidImageError
from protobanana.pictures.attachment import Attachment
from protobanana.pictures.files import BucketFiles, Entry, Files, FolderFiles
from protobanana.pictures.handles import PREFIX, is_ours
from protobanana.pictures.image import Image, Limits
from protobanana.pictures.secret import mac
from protobanana.settings import get_settings

log = logging.getLogger("protobanana")
T = TypeVar("T")

SECONDS = 20.0
"""A place that has not answered after this many seconds counts as unusable."""
_THREADS = 8
_BLOBS, _RECORDS = "blobs", "records"
_REFRESH = 8
"""A record is written again when this fraction of its life has passed since it was last used."""
_SWEEP_BYTES = 20
"""Tidied after this fraction of the limit has been put in, ..."""
_SWEEP_SECONDS = 600.0
"""... and at the first picture after this many seconds."""
_ROOM = 0.9
"""Fraction of the limit that a clean-up leaves."""
_ANY_SIZE = Limits(2**40, 2**40)


@dataclass(frozen=True)
class Record:
    """What is known of a kept picture. `used` is in Unix seconds, `parent` the handle of what it was made from."""

    handle: str
    owner: str
    sha256: str
    note: str = ""
    parent: str = ""
    used: float = 0.0


class Keepable(Protocol):
    """What can be kept: a picture, or another file that a workflow has made."""

    @property
    def data(self) -> bytes:
        """Its bytes."""

    @property
    def sha256(self) -> str:
        """Their digest."""


K_co = TypeVar("K_co", bound=Keepable, covariant=True)


@dataclass(frozen=True)
class Kept(Generic[K_co]):
    """A picture, or another file, that was found again."""

    image: K_co
    record: Record


@dataclass(frozen=True)
class Link:
    """What a signed address says: which picture, and until when (Unix seconds)."""

    handle: str
    expires: int

    @property
    def expired(self) -> bool:
        """Whether its time is over."""
        return self.seconds_left <= 0

    @property
    def seconds_left(self) -> int:
        """Until it expires; 0 or less afterwards."""
        return int(self.expires - time.time())


class ImageStore:
    """Keeps pictures in `files`: at most `most` bytes, each for `seconds` after it was last used."""

    def __init__(self, files: Files, most: int, seconds: float) -> None:
        self._files = files
        self._most = most
        self._seconds = seconds
        self._added = 0
        self._swept = 0.0
        # Threads of its own: a disk that hangs keeps these, and not those that decode pictures.
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="store")

    async def put(self, image: Keepable, owner: str, handle: str, *, note: str = "", parent: str = "") -> bool:
        """Keep a picture of `owner`; whether it is kept now. Putting it again renews it."""
        if not is_ours(handle, owner):
            return False
        kept = await self._outcome(lambda: self._put(image, Record(handle, owner, image.sha256, note, parent)))
        return bool(kept)

    async def get(self, handle: str, owner: str) -> Kept[Image] | None:
        """The picture of that name; None for one of somebody else, an unknown or an expired one."""
        kept = await self._outcome(lambda: self._get(handle, owner)) if is_ours(handle, owner) else None
        return Kept(kept.image, kept.record) if kept and isinstance(kept.image, Image) else None

    async def follow(self, link: Link) -> Kept[Image | Attachment] | None:
        """The picture or file behind a signed address, whoever asks; None when it is gone."""
        return None if link.expired else await self._outcome(lambda: self._get(link.handle, None))

    def token(self, handle: str) -> str:
        """The last part of a picture's short address: 36 characters that work for as long as the store keeps things.
        Rounded to hours, so that the same picture keeps its address for a while.
        """
        expires = (int(time.time() + self._seconds) // 3600 + 1) * 3600
        content = base64.b32decode(handle.removeprefix(PREFIX).upper()) + expires.to_bytes(4, "big")
        return base64.urlsafe_b64encode(content + _seal(content)).decode("ascii")

    async def sweep(self) -> None:
        """Remove what is too old, then the least used until there is room."""
        await self._outcome(self._sweep)

    async def _outcome(self, work: Callable[[], T]) -> T | None:
        """Run blocking work in a thread; a place that fails is logged and yields None."""
        try:
            async with asyncio.timeout(SECONDS):
                return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except TimeoutError:
            log.warning("the store of pictures did not answer within %.0f s", SECONDS)
        except OSError as error:
            log.warning("the store of pictures cannot be used: %s", error.strerror or error)
        return None

    def _put(self, image: Keepable, record: Record) -> bool:
        if len(image.data) > self._most:
            log.warning("a picture of %d bytes is larger than the whole store (PROTOBANANA_STORE_MB)", len(image.data))
            return False
        before = self._record(record.handle)
        if before is not None and before.owner == record.owner:
            record = replace(record, note=record.note or before.note, parent=record.parent or before.parent)
        self._files.refresh(_blob(record.sha256), image.data, self._seconds / _REFRESH)
        self._write(record)
        self._added += len(image.data)
        if self._added * _SWEEP_BYTES >= self._most or time.time() > self._swept + _SWEEP_SECONDS:
            self._sweep()
        return True

    def _get(self, handle: str, owner: str | None) -> Kept[Image | Attachment] | None:
        record = self._record(handle)
        if record is None or owner not in (None, record.owner) or record.used < time.time() - self._seconds:
            return None
        data = self._files.read(_blob(record.sha256))
        if data is None or hashlib.sha256(data).hexdigest() != record.sha256:
            return None
        image: Image | Attachment
        try:
            image = Image.from_bytes(data, limits=_ANY_SIZE)
        except (InvalidImageError, ImageTooLargeError):
            image = Attachment(data)
        if record.used < time.time() - self._seconds / _REFRESH:
            self._files.refresh(_blob(record.sha256), data, self._seconds / _REFRESH)
            self._write(record)
        return Kept(image, record)

    def _record(self, handle: str) -> Record | None:
        data = self._files.read(_record(handle))
        try:
            return Record(**json.loads(data)) if data else None
        except (ValueError, TypeError):
            return None  # written by another version, or damaged

    def _write(self, record: Record) -> None:
        data = json.dumps(asdict(replace(record, used=time.time())), ensure_ascii=False)
        self._files.write(_record(record.handle), data.encode("utf-8", "replace"))

    def _sweep(self) -> None:
        self._added, self._swept = 0, time.time()
        oldest = time.time() - self._seconds
        kept: list[Entry] = []
        for entry in (*self._files.entries(_BLOBS), *self._files.entries(_RECORDS)):
            if entry.used < oldest:
                self._files.remove(entry.name)
            else:
                kept.append(entry)
        total = sum(entry.size for entry in kept)
        if total <= self._most:
            return
        for entry in sorted(kept, key=lambda entry: entry.used):
            if total <= self._most * _ROOM:
                break
            self._files.remove(entry.name)
            total -= entry.size


def read_token(token: str) -> Link | None:
    """What a token says, expired ones included; None for one that was not signed here."""
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    content, seal = raw[:14], raw[14:]
    if len(raw) != 27 or not hmac.compare_digest(_seal(content), seal):
        return None
    return Link(PREFIX + base64.b32encode(content[:10]).decode("ascii").lower(), int.from_bytes(content[10:], "big"))


@lru_cache(maxsize=1)
def image_store() -> ImageStore | None:
    """The store of the settings; None when it is off, or this user has no folder. Raises SettingsError for an address
    that no driver is installed for.
    """
    settings = get_settings()
    place, folder = settings.store or "", settings.store_folder
    mac("ready")  # a secret that lies in a file is read now, not while requests wait
    if "://" in place and not place.startswith("file://"):
        files: Files = BucketFiles(place)
    elif folder is not None:
        files = FolderFiles(folder)
    else:
        return None
    return ImageStore(files, int(settings.store_mb * 1024 * 1024), settings.store_hours * 3600)


def _seal(content: bytes) -> bytes:
    return mac("link", content)[:13]


def _blob(sha256: str) -> str:
    return f"{_BLOBS}/{sha256[:2]}/{sha256}"


def _record(handle: str) -> str:
    name = mac("record", handle.encode()).hex()[:32]
    return f"{_RECORDS}/{name[:2]}/{name}.json"
