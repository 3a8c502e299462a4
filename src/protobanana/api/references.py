"""Pictures in the text of messages: where they stand, where they are said to lie, and the names they carry.

Megabytes of base64 are never copied here: a reference is a place in the text it was found in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from protobanana.api import links
from protobanana.pictures.handles import PATTERN, is_ours, mint
from protobanana.pictures.store import read_token

MAX_NOTE = 300
_MARKDOWN = re.compile(r"!\[(?P<alt>[^\[\]\n]{0,2000}+)\]\(")
_ADDRESS = re.compile(r"data:image/|https?://|/api/v1/files/|/images/", re.IGNORECASE)
_TITLE = re.compile(r"""\s+["'][^"'\n]{0,500}["']\s{0,9}\)""")
_DATA = "data:"
_MENTION = re.compile(
    r"\[(?P<caption>img_[a-z2-7]{16})(?P<note>[ :,][^\[\]\n]{0,400})?\](?!\()"
    r"|(?<![\w/])(?P<bare>img_[a-z2-7]{16})(?!\w)"
)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{36}")


@dataclass(frozen=True, eq=False)
class Reference:
    """An address: `text[start:end]`."""

    text: str
    start: int = 0
    end: int = -1

    @classmethod
    def of(cls, address: str) -> Reference:
        """A whole string."""
        return cls(address, 0, len(address))

    @property
    def value(self) -> str:
        """The address itself; a copy, megabytes perhaps."""
        return self.text[self.start : self.end]

    @property
    def has_bytes(self) -> bool:
        """Whether the picture itself is here, not only its address."""
        return self.text[self.start : self.start + len(_DATA)].lower() == _DATA

    def handle(self, owner: str) -> str:
        """A name for what is referred to."""
        return mint(owner, self.text, self.start, self.end)

    def linked(self) -> str:
        """The handle in a short address of ours, expired or not; empty for every other address."""
        if self.has_bytes or self.end - self.start > 2000:
            return ""
        try:
            folder, _, token = urlsplit(self.value).path.rpartition("/")
        except ValueError:
            return ""
        link = read_token(token) if f"{folder}/".endswith(links.PATH) and _TOKEN.fullmatch(token) else None
        return link.handle if link else ""


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture in a text: what its alt text says, and where it lies; without an address only its name is there."""

    alt: str
    reference: Reference | None = None
    words: str = ""
    """The words that name it, where it stands in the text by name alone."""
    spoken: bool = False
    """Whether it is only named in a sentence, not shown."""
    is_mask: bool = False

    def handle(self, owner: str) -> str:
        """The handle that is said for it, when it was given to `owner`; else a fresh one for the address, if any."""
        match = PATTERN.match(self.alt)
        said = match[0] if match else (self.reference.linked() if self.reference else "")
        if is_ours(said, owner):
            return said
        return self.reference.handle(owner) if self.reference else ""

    @property
    def note(self) -> str:
        """What the alt text says beside the handle."""
        match = PATTERN.match(self.alt)
        return self.alt[match.end() if match else 0 :].strip(" :,-–—·")[:MAX_NOTE]


def split(text: str) -> Iterator[str | Shown]:
    """The words of a text and the pictures in it, in order. Linear in its length."""
    position = 0
    while match := _MARKDOWN.search(text, position):
        found = _at(text, match)
        if found is None:
            yield from _words(text, position, match.end())
            position = match.end()
            continue
        shown, end = found
        yield from _words(text, position, match.start())
        yield shown
        position = end
    yield from _words(text, position, len(text))


def _at(text: str, match: re.Match[str]) -> tuple[Shown, int] | None:
    """The markdown picture that begins with `match` and where it ends; None when it is none of ours to read."""
    start, alt = match.end(), match["alt"].strip()
    if not _ADDRESS.match(text, start) and not PATTERN.match(alt):
        return None
    end = _stop(text, start)
    if end < len(text) and text[end] == ")":
        stop, after = end, end + 1
    elif (title := _TITLE.match(text, end)) is not None:
        stop, after = end, title.end()
    else:  # a history that was cut to fit ends within an address
        line = text.find("\n", start, end)
        stop = after = line if line >= 0 else end
    return Shown(alt, Reference(text, start, stop) if stop > start else None), after


def _stop(text: str, start: int) -> int:
    """Where the first `)` or space is, or the text ends. In growing steps: nothing far behind is looked at."""
    step = 256
    while start < len(text):
        places = [n for n in (text.find(")", start, start + step), text.find(" ", start, start + step)) if n >= 0]
        if places:
            return min(places)
        start, step = start + step, 2 * step
    return len(text)


def _words(text: str, start: int, end: int) -> Iterator[str | Shown]:
    if start < end:
        yield text[start:end]


def mentions(words: str) -> Iterator[str | Shown]:
    """The words, and the handles among them: a caption `[img_... note]` shows a picture, a bare one names it."""
    position = 0
    for match in _MENTION.finditer(words):
        if match.start() > position:
            yield words[position : match.start()]
        caption = match["caption"]
        alt = f"{caption}{match['note'] or ''}" if caption else match["bare"]
        yield Shown(alt, words=match[0], spoken=not caption)
        position = match.end()
    if position < len(words):
        yield words[position:]
