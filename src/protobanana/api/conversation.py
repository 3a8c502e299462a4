"""From a chat's messages to the words of the last turn and the pictures of the whole conversation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from protobanana.errors import InvalidRequestError
from protobanana.pictures.fetch import load_reference
from protobanana.turn.housekeeping import unwrap
from protobanana.turn.request import Picture

Author = Literal["user", "assistant"]
_MARKDOWN = re.compile(r"!\[(?P<alt>[^\]\n]{0,2000})\]\((?=(?P<data>data:image/)|https?://)")
_BOILERPLATE = re.compile(r"<attached_files>.*?</attached_files>", re.DOTALL | re.IGNORECASE)
_PICTURE_PARTS = frozenset({"image_url", "input_image"})
_TEXT_PARTS = frozenset({"text", "input_text"})
MASK_PART = "mask"
"""`"name": "mask"` on a picture part makes it the mask of the turn."""


@dataclass(frozen=True)
class Conversation:
    """The words of the last user turn; every picture, oldest first; the mask of the last turn, where there is one."""

    text: str
    pictures: tuple[Picture, ...]
    mask: Picture | None = None


@dataclass(frozen=True)
class _Found:
    reference: str
    is_mask: bool = False


def read(messages: Sequence[Mapping[str, Any]]) -> Conversation:
    """Read a chat. Nothing is decoded or fetched here; pictures load when they are needed.

    Raises InvalidRequestError naming `messages` when there is no user turn or a part has an unknown form.
    """
    if not isinstance(messages, Sequence) or isinstance(messages, str):
        raise InvalidRequestError("'messages' must be a list of messages.", param="messages")
    last = max((n for n, message in enumerate(messages) if _role(message, n) == "user"), default=None)
    if last is None:
        raise InvalidRequestError("'messages' has no message of the user.", param="messages")
    pictures: list[Picture] = []
    mask = None
    text = ""
    for number, message in enumerate(messages[: last + 1]):
        role = _role(message, number)
        if role not in ("user", "assistant"):
            continue
        words, found = _content(message, number)
        for picture in found:
            loaded = _picture(picture.reference, attached=number == last, author=role)  # type: ignore[arg-type]  # narrowed above
            if not picture.is_mask:
                pictures.append(loaded)
            elif number == last:
                mask = loaded
        if number == last:
            text = unwrap(words)
    return Conversation(text, tuple(pictures), mask)


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


def _picture(reference: str, *, attached: bool, author: Author) -> Picture:
    return Picture(lambda: load_reference(reference), attached=attached, author=author)


def _content(message: Mapping[str, Any], number: int) -> tuple[str, list[_Found]]:
    """Words and picture references of one message, in the order they stand."""
    content = message.get("content")
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
    if not isinstance(parts, Sequence):
        raise InvalidRequestError(f"'messages[{number}].content' must be text or a list of parts.", param="messages")
    words: list[str] = []
    found: list[_Found] = []
    for place, part in enumerate(parts):
        _part(part, f"messages[{number}].content[{place}]", words, found)
    # An answer may be sent back as it was received.
    found.extend(_reference(image, f"messages[{number}].images") for image in message.get("images") or [])
    return _BOILERPLATE.sub("", "\n".join(words)).strip(), found


def _part(part: object, where: str, words: list[str], found: list[_Found]) -> None:
    kind = part.get("type") if isinstance(part, Mapping) else None
    if not isinstance(part, Mapping) or not isinstance(kind, str):
        raise InvalidRequestError(f"'{where}' must be an object with a type.", param="messages")
    if kind in _TEXT_PARTS and isinstance(part.get("text"), str):
        text, references = split_markdown(part["text"])
        words.append(text)
        found.extend(map(_Found, references))
    elif kind in _PICTURE_PARTS:
        found.append(_reference(part, where))
    elif kind in _TEXT_PARTS:
        raise InvalidRequestError(f"'{where}.text' must be text.", param="messages")
    else:
        raise InvalidRequestError(
            f"'{where}' has type '{kind[:40]}', which is not understood here; use text or image_url.", param="messages"
        )


def _reference(part: object, where: str) -> _Found:
    """The address in `{"image_url": {"url": ...}}` or `{"image_url": "..."}`."""
    value = part.get("image_url") if isinstance(part, Mapping) else None
    url = value.get("url") if isinstance(value, Mapping) else value
    if not isinstance(part, Mapping) or not isinstance(url, str):
        raise InvalidRequestError(f"'{where}.image_url.url' must be a data: URL or an address.", param="messages")
    name = part.get("name") or (value.get("name") if isinstance(value, Mapping) else None)
    return _Found(url, is_mask=name == MASK_PART)


def split_markdown(text: str) -> tuple[str, list[str]]:
    """Take markdown pictures out of a text: the text without them, and their addresses.

    Linear in the length of the text, whatever megabytes of base64 are in it.
    """
    kept: list[str] = []
    references: list[str] = []
    position = 0
    for start, end, reference in _markdown_pictures(text):
        kept.append(text[position:start])
        references.append(reference)
        position = end
    kept.append(text[position:])
    return "".join(kept), references


def _markdown_pictures(text: str) -> Iterator[tuple[int, int, str]]:
    position = 0
    while match := _MARKDOWN.search(text, position):
        end = text.find(")", match.end())
        if end < 0:
            return
        address = text[match.end() : end].split(' "', 1)[0].strip()
        yield match.start(), end + 1, address
        position = end + 1
