"""What is asked of a gateway, as ordinary clients ask it, and whether the answer is right."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import struct
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp

from protobanana.errors import ServerProtocolError

ENDPOINTS = ("generations", "edits", "chat", "stream", "sse")
FORMATS = ("b64_json", "url")
WITH_FORMATS = ("generations", "edits")
"""Endpoints whose pictures come in either format; the others have a form of their own."""
WORDS = "a lighthouse at dusk"
CHANGE = "make it a foggy morning"
_IMAGES = "/images/generations"
_CHAT = "/chat/completions"
_DATA_URL = re.compile(r"data:image/\w+;base64,([A-Za-z0-9+/=]+)")
_END_CHUNK = 12
"""Bytes of a PNG's last chunk."""


@dataclass(frozen=True)
class Models:
    """The names under which the gateway offers its models."""

    image: str = "protolabs/qwen-image"
    edit: str = "protolabs/qwen-image-edit"
    chat: str = "protolabs/qwen-image-chat"


@dataclass(frozen=True)
class Answer:
    """An answer with its times: seconds until its first byte, and until the picture is there."""

    first: float
    seconds: float
    body: bytes
    picture: bytes | None = None
    """What the answer's address led to."""


@dataclass(frozen=True)
class Client:
    """Asks one gateway. `base` ends in `/v1`; `picture` is a PNG to edit, made a new one for each request."""

    base: str
    key: str
    session: aiohttp.ClientSession
    models: Models
    picture: bytes
    encodings: str = "gzip, deflate"

    async def ask(self, endpoint: str, form: str, number: int, words: str = "") -> Answer:
        """One request to its end. `words` are added to the prompt. Raises ServerProtocolError for a refusal."""
        begun = time.perf_counter()
        path, body = self._request(endpoint, form, number, words)
        headers = {"Authorization": f"Bearer {self.key}", "Accept-Encoding": self.encodings}
        async with self.session.post(f"{self.base}{path}", headers=headers, **body) as response:
            first, content = await _read(response)
        picture = None
        if form == "url":
            _, picture = await self._fetch(json.loads(content)["data"][0]["url"])
        return Answer(first - begun, time.perf_counter() - begun, content, picture)

    async def _fetch(self, address: str) -> tuple[float, bytes]:
        async with self.session.get(address, headers={"Accept-Encoding": self.encodings}) as response:
            return await _read(response)

    def _request(self, endpoint: str, form: str, number: int, words: str) -> tuple[str, dict[str, Any]]:
        prompt = f"{WORDS} {words}".strip()
        if endpoint == "edits":
            fields = aiohttp.FormData()
            fields.add_field("model", self.models.edit)
            fields.add_field("prompt", f"{CHANGE} {words}".strip())
            fields.add_field("response_format", form)
            picture = io.BytesIO(stamped(self.picture, number))
            fields.add_field("image", picture, filename="picture.png", content_type="image/png")
            return "/images/edits", {"data": fields}
        if endpoint == "generations":
            return _IMAGES, {"json": {"model": self.models.image, "prompt": prompt, "response_format": form}}
        if endpoint == "sse":
            return _IMAGES, {"json": {"model": self.models.image, "prompt": prompt, "stream": True}}
        messages = [{"role": "user", "content": f"Draw {prompt}"}]
        return _CHAT, {"json": {"model": self.models.chat, "messages": messages, "stream": endpoint == "stream"}}


async def _read(response: aiohttp.ClientResponse) -> tuple[float, bytes]:
    """When the first byte came, and all of them."""
    first, parts = 0.0, []
    async for part in response.content.iter_any():
        first = first or time.perf_counter()
        parts.append(part)
    content = b"".join(parts)
    if response.status != 200:
        raise ServerProtocolError(f"{response.url.path} answered {response.status}: {content[:300]!r}")
    return first, content


def stamped(png: bytes, number: int) -> bytes:
    """The same picture in other bytes: a text chunk holds the number, so that no upload is ever a known one."""
    data = b"Comment\0" + str(number).encode()
    chunk = struct.pack(">I", len(data)) + b"tEXt" + data + struct.pack(">I", zlib.crc32(b"tEXt" + data))
    return png[:-_END_CHUNK] + chunk + png[-_END_CHUNK:]


def plausible(answer: Answer, picture: bytes | None) -> bool:
    """Whether an answer is long enough to hold the picture; `picture` None: it is not known."""
    if picture is None:
        return bool(answer.picture or answer.body)
    if answer.picture is not None:
        return len(answer.picture) >= len(picture)
    return len(answer.body) >= len(picture) * 4 // 3


def right(answer: Answer, picture: bytes | None) -> bool:
    """Whether the picture in an answer has the pixels of `picture`; None: whether it is a picture at all."""
    given = answer.picture or next(_pictures(answer.body), b"")
    try:
        return bool(pixels(given)) if picture is None else pixels(given) == pixels(picture)
    except OSError:
        return False


def pixels(data: bytes) -> str:
    """Digest of size and RGBA pixels; raises OSError for what is no picture."""
    from PIL import Image  # noqa: PLC0415 - keeps `--help` quick

    with Image.open(io.BytesIO(data)) as image:
        return hashlib.sha256(f"{image.size}".encode() + image.convert("RGBA").tobytes()).hexdigest()


def _pictures(body: bytes) -> Iterator[bytes]:
    """The pictures in a JSON answer or in an event stream, the last ones first: a preview is not the picture."""
    text = body.decode()
    streamed = [line.removeprefix("data:").strip() for line in text.splitlines() if line.startswith("data:")]
    for part in reversed(streamed or [text]):
        for value in _strings(json.loads(part) if part.startswith("{") else None):
            if found := _DATA_URL.search(value):
                yield base64.b64decode(found[1])


def _strings(value: Any, name: str = "") -> Iterator[str]:
    """All texts in a document; that of `b64_json` as a data URL."""
    if isinstance(value, str):
        yield f"data:image/any;base64,{value}" if name == "b64_json" else value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _strings(each, key)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
