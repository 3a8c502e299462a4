"""Pictures that a call names: earlier ones by their handles, addresses, data URLs, and files of one's own machine."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from protobanana.client.gateway import File, Gateway
from protobanana.client.picture import src_of
from protobanana.errors import ImageTooLargeError, InvalidImageError, InvalidRequestError
from protobanana.pictures.fetch import limits, load_bytes, load_reference
from protobanana.pictures.handles import PATTERN
from protobanana.pictures.image import Image

_REMOTE = re.compile(r"(data:|https?://)", re.IGNORECASE)


@dataclass(frozen=True)
class Sources:
    """Where the pictures of one caller are looked for."""

    gateway: Gateway
    key: str | None
    local: bool
    """Whether files of this machine may be read: only where the caller is the user who sits at it."""

    async def file(self, reference: str, name: str, field: str) -> File:
        """The picture as a file of the form's `field`; `name` is the argument for messages.

        Raises InvalidRequestError and InvalidImageError naming the argument.
        """
        reference = reference.strip()
        if PATTERN.fullmatch(reference):
            return await self._earlier(reference, name, field)
        if _REMOTE.match(reference):
            return await self._kept(reference, field) or _file(field, await load_reference(reference, name=name))
        if not self.local:
            raise InvalidRequestError(
                f"'{name}': use the name of an earlier picture (img_...), an https address or a data: URL; files of "
                "your machine cannot be read from here.",
                param=name,
            )
        return _file(field, await load_bytes(await asyncio.to_thread(_read, reference, name), name=name))

    async def _earlier(self, handle: str, name: str, field: str) -> File:
        about = await self.gateway.about(handle, self.key)
        if not about:
            raise InvalidRequestError(
                f"'{name}': the gateway keeps no picture {handle} of yours; it may have expired. Name a newer one, or "
                "send the picture itself.",
                param=name,
            )
        return await self.gateway.file(field, about)

    async def _kept(self, address: str, field: str) -> File | None:
        """The picture at one of the gateway's own short addresses, which need not be public; None for all others."""
        src = src_of(address)
        answer = await self.gateway.picture(src.removeprefix("images/"), {}) if src != address else None
        if answer is None or answer.status_code != 200:
            return None
        mime = answer.headers["content-type"]
        return field, (f"picture.{mime.removeprefix('image/')}", answer.content, mime)


def _file(field: str, image: Image) -> File:
    return field, (f"picture.{image.format}", image.data, image.mime)


def _read(reference: str, name: str) -> bytes:
    """The bytes of a file of this machine."""
    place = unquote(urlsplit(reference).path) if reference.lower().startswith("file://") else reference
    try:
        path = Path(place).expanduser()
        if not path.is_file():
            raise InvalidImageError(f"'{name}': there is no such file on this machine.", param=name)
        if path.stat().st_size > limits().max_bytes:
            raise ImageTooLargeError(f"'{name}' is larger than {limits().max_bytes / 1e6:.0f} MB.", param=name)
        return path.read_bytes()
    except (OSError, RuntimeError, ValueError):
        raise InvalidImageError(f"'{name}': this file cannot be read.", param=name) from None
