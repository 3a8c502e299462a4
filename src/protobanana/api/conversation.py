"""From a chat's messages to its words, and to the pictures of the whole conversation under their names."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from protobanana.api.references import Reference, Shown, mentions, split
from protobanana.errors import AskBackError, InvalidImageError, InvalidRequestError
from protobanana.pictures.fetch import load_reference
from protobanana.pictures.image import Image
from protobanana.pictures.store import ImageStore
from protobanana.turn.housekeeping import unwrap
from protobanana.turn.request import Line, Picture

Author = Literal["user", "assistant"]
_BOILERPLATE = re.compile(r"<attached_files>.*?</attached_files>", re.DOTALL | re.IGNORECASE)
_PICTURE_PARTS = frozenset({"image_url", "input_image"})
_TEXT_PARTS = frozenset({"text", "input_text", "output_text"})
_ROLES: Mapping[str, Literal["system", "user", "assistant"]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
}
MASK_PART = "mask"
"""`"name": "mask"` on a picture part makes it the mask of the turn."""


@dataclass(frozen=True)
class Conversation:
    """The words of the last user turn; every picture as often as it was shown, oldest first; the mask of the last turn,
    where there is one; and all messages as words.
    """

    text: str
    pictures: tuple[Picture, ...]
    mask: Picture | None = None
    history: tuple[Line, ...] = ()


def read(messages: Sequence[Mapping[str, Any]], owner: str = "", store: ImageStore | None = None) -> Conversation:
    """Read a chat. Nothing is decoded, fetched or looked up here; pictures load when they are needed.

    A picture keeps the handle in its alt text where that was given to `owner`, so that it is found in `store` when its
    bytes are not in the message; every other picture gets a fresh handle. Raises InvalidRequestError naming `messages`
    when there is no user turn or a part has an unknown form.
    """
    if not isinstance(messages, Sequence) or isinstance(messages, str):
        raise InvalidRequestError("'messages' must be a list of messages.", param="messages")
    last = max((n for n, message in enumerate(messages) if _role(message, n) == "user"), default=None)
    if last is None:
        raise InvalidRequestError("'messages' has no message of the user.", param="messages")
    reader = _Reader(owner, store)
    for number, message in enumerate(messages[: last + 1]):
        reader.read(message, number, attached=number == last)
    return Conversation(unwrap(reader.text), tuple(reader.pictures), reader.mask, tuple(reader.history))


def last_words(messages: Sequence[Mapping[str, Any]]) -> str:
    """The last user message as it was sent, pictures and templates left in; empty when there is none."""
    for message in reversed(messages):
        if isinstance(message, Mapping) and message.get("role") == "user":
            content = message.get("content")
            if isinstance(content, str):
                return content
            parts = content if isinstance(content, list) else []
            return "\n".join(str(part.get("text") or "") for part in parts if isinstance(part, Mapping))
    return ""


def _role(message: object, number: int) -> str:
    if not isinstance(message, Mapping):
        raise InvalidRequestError(f"'messages[{number}]' must be an object with role and content.", param="messages")
    return str(message.get("role", ""))


class _Reader:
    """What has been read of a conversation so far."""

    def __init__(self, owner: str, store: ImageStore | None) -> None:
        self.text = ""
        self.pictures: list[Picture] = []
        self.mask: Picture | None = None
        self.history: list[Line] = []
        self._owner = owner
        self._store = store
        self._bytes: dict[str, Reference] = {}
        """Where in the messages the bytes of a picture are, for the places that only name it."""

    def read(self, message: Mapping[str, Any], number: int, *, attached: bool) -> None:
        """Take in one message; `attached` says that it is the last user turn."""
        role = _ROLES.get(_role(message, number))
        if role == "system":
            self.history.append(Line(role, _system(message.get("content"))))
        if role not in ("user", "assistant"):
            return
        words: list[str] = []
        told: list[str] = []
        found: list[tuple[str, Shown]] = []
        for part in _parts(message, number):
            words.append("".join(piece if isinstance(piece, str) else piece.words for piece in part))
            told.append("".join(self._told(piece, found) for piece in part))
        for handle, shown in _distinct(found, each=role == "user"):
            picture = self._picture(handle, shown, role, attached=attached and shown.reference is not None)
            if not shown.is_mask:
                self.pictures.append(picture)
            elif attached:
                self.mask = picture
        self.history.append(Line(role, _plain(told)))
        if attached:
            self.text = _plain(words)

    def _told(self, piece: str | Shown, found: list[tuple[str, Shown]]) -> str:
        """A piece as words, a picture as its handle; pictures are noted in `found`."""
        if isinstance(piece, str):
            return piece
        handle = piece.handle(self._owner)
        if not handle:
            return piece.words
        found.append((handle, piece))
        if piece.reference and piece.reference.has_bytes and piece.reference.handle(self._owner) == handle:
            self._bytes.setdefault(handle, piece.reference)
        return piece.words if piece.spoken else f"[{'mask' if piece.is_mask else handle}]"

    def _picture(self, handle: str, shown: Shown, author: Author, *, attached: bool) -> Picture:
        async def load() -> Image:
            return await self._load(handle, shown.reference, attached=attached)

        return Picture(load, attached=attached, author=author, handle=handle, note=shown.note)

    async def _load(self, handle: str, reference: Reference | None, *, attached: bool) -> Image:
        """The bytes in a message when they are the ones of that name, else the store's, else whatever is there: a
        client may have cut the bytes off, or have made others of them.

        Raises AskBackError for an earlier picture that is nowhere any more, InvalidImageError for one just sent.
        """
        if source := self._bytes.get(handle):
            reference = source
        elif self._store and (kept := await self._store.get(handle, self._owner)):
            return kept.image
        try:
            if reference and not reference.linked():
                image = await load_reference(reference.value)
                if not attached:
                    await asyncio.to_thread(image.check)  # cut off bytes may begin well
                return image
        except InvalidImageError:
            if attached:
                raise
        raise AskBackError(
            f"The picture {handle} is not kept here any more. Attach it once more, or say which other one you mean.",
            param="messages",
        )


def _distinct(found: Sequence[tuple[str, Shown]], *, each: bool) -> Iterator[tuple[str, Shown]]:
    """The pictures of one message. Those named in a sentence come first, so that the newest is one that was shown. A
    name beside the picture is no second picture, and neither is a second copy, unless `each` counts.
    """
    placed = {handle for handle, shown in found if shown.reference}
    seen = set()
    for handle, shown in sorted(found, key=lambda pair: not pair[1].spoken):
        repeated = handle in seen or (shown.reference is None and handle in placed)
        if not repeated or (each and shown.reference):
            seen.add(handle)
            yield handle, shown


def _plain(parts: Sequence[str]) -> str:
    return _BOILERPLATE.sub("", "\n".join(part for part in parts if part)).strip()


def _system(content: object) -> str:
    """The words of a system message, in whatever form; pictures in it are no pictures of the conversation."""
    parts = content if isinstance(content, list) else [{"text": content}]
    texts = [part.get("text") for part in parts if isinstance(part, Mapping)]
    return _plain(
        ["".join(piece for piece in split(text) if isinstance(piece, str)) for text in texts if isinstance(text, str)]
    )


def _parts(message: Mapping[str, Any], number: int) -> Iterator[list[str | Shown]]:
    """Words and pictures of one message, part by part, in the order they stand."""
    content = message.get("content")
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
    if not isinstance(parts, Sequence):
        raise InvalidRequestError(f"'messages[{number}].content' must be text or a list of parts.", param="messages")
    for place, part in enumerate(parts):
        yield _part(part, f"messages[{number}].content[{place}]")
    # An answer may be sent back as it was received.
    images = message.get("images") or []
    if not isinstance(images, list):
        raise InvalidRequestError(f"'messages[{number}].images' must be a list of pictures.", param="messages")
    for image in images:
        yield [_shown(image, f"messages[{number}].images")]


def _part(part: object, where: str) -> list[str | Shown]:
    kind = part.get("type") if isinstance(part, Mapping) else None
    if not isinstance(part, Mapping) or not isinstance(kind, str):
        raise InvalidRequestError(f"'{where}' must be an object with a type.", param="messages")
    if kind in _PICTURE_PARTS:
        return [_shown(part, where)]
    if kind not in _TEXT_PARTS:
        raise InvalidRequestError(
            f"'{where}' has type '{kind[:40]}', which is not understood here; use text or image_url.", param="messages"
        )
    if not isinstance(part.get("text"), str):
        raise InvalidRequestError(f"'{where}.text' must be text.", param="messages")
    pieces: list[str | Shown] = []
    for piece in split(part["text"]):
        pieces += mentions(piece) if isinstance(piece, str) else [piece]
    return pieces


def _shown(part: object, where: str) -> Shown:
    """The address in `{"image_url": {"url": ...}}` or `{"image_url": "..."}`."""
    value = part.get("image_url") if isinstance(part, Mapping) else None
    url = value.get("url") if isinstance(value, Mapping) else value
    if not isinstance(part, Mapping) or not isinstance(url, str):
        raise InvalidRequestError(f"'{where}.image_url.url' must be a data: URL or an address.", param="messages")
    name = part.get("name") or (value.get("name") if isinstance(value, Mapping) else None)
    return Shown("", Reference.of(url), is_mask=name == MASK_PART)
