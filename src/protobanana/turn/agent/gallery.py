"""The pictures of a conversation as an LLM sees them: numbered, named, described in few words, never as bytes."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from protobanana.errors import InvalidRequestError, ProtoBananaError
from protobanana.events import Produced
from protobanana.pictures.handles import mint
from protobanana.turn.request import ImageRequest, Picture

MAX_NOTE = 120
"""Characters of a picture's description that the LLM gets to see."""
MAX_TEXT = 4500
"""Characters of the whole list."""
_NEWEST = frozenset({"", "newest", "latest", "last", "current", "this", "it"})
_NUMBER = re.compile(r"(?:no\.?|number|image|picture|img)?[ _]?#?(\d{1,4})", re.IGNORECASE)
_SIZE_AT_END = re.compile(r", \d+x\d+\Z")
_SHORTEST = 8
"""Characters of a handle, `img_` included, that are enough where no other picture begins with them."""
_LISTED_IN_ERRORS = 12


@dataclass
class Entry:
    """A picture of the conversation under its number, 1 for the oldest."""

    number: int
    handle: str
    picture: Picture
    attached: bool
    size: str = ""

    def line(self, *, current: bool, described: bool = True) -> str:
        """The entry as one line of text."""
        facts = ["uploaded by the user" if self.picture.author == "user" else "drawn by you", self.size]
        facts += ["sent with this message" if self.attached else "", "CURRENT" if current else ""]
        note = f": {quoted(self.picture.note)}" if described and self.picture.note else ""
        return f"{self.number}. {self.handle}, {', '.join(filter(None, facts))}{note}"


class Gallery:
    """All pictures in the order in which they first appeared. The current one is the one shown or sent last."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._current: Entry | None = None

    @classmethod
    async def of(cls, request: ImageRequest) -> Gallery:
        """The gallery of a request. Only pictures of this turn and the newest are opened, for their size; one that
        cannot be opened stays in the list, and fails when it is used.
        """
        gallery = cls()
        for picture in request.pictures:
            gallery._append(await _handle(picture, request.owner), picture)
        wanted = [entry for entry in gallery if entry.attached or entry is gallery.current]
        for entry, size in zip(wanted, await asyncio.gather(*map(_size, wanted)), strict=True):
            entry.size = size
        return gallery

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    @property
    def current(self) -> Entry | None:
        """The picture that "it" means when nothing else is said."""
        return self._current

    def add(self, produced: Produced) -> Entry:
        """A picture that was just made or shown becomes the current one."""
        picture = Picture.of(produced.image, attached=False)
        picture.handle, picture.author, picture.note = produced.handle, "assistant", note(produced)
        entry = self._append(produced.handle, picture)
        entry.size = produced.image.size
        return entry

    def find(self, reference: object) -> Entry:
        """The picture that an LLM means by a handle, the beginning of one, a number, or "newest".

        Only pictures of this conversation can be found. Raises InvalidRequestError naming the ones there are.
        """
        spoken = str(reference if reference is not None else "").strip().strip("[]<>`'\"()").lower()
        if spoken in _NEWEST and self._current:
            return self._current
        if spoken in self._entries:
            return self._entries[spoken]
        entries = list(self)
        number = _NUMBER.fullmatch(spoken)
        if number and 1 <= int(number[1]) <= len(entries):
            return entries[int(number[1]) - 1]
        close = [entry for entry in entries if entry.handle.startswith(spoken)]
        if len(spoken) >= _SHORTEST and len(close) == 1:
            return close[0]
        known = ", ".join(f"{entry.number}. {entry.handle}" for entry in entries[-_LISTED_IN_ERRORS:])
        raise InvalidRequestError(
            f"There is no picture {quoted(spoken, 40)}. "
            + (f"There are: {known}." if known else "There are none yet."),
            param="image",
        )

    def text(self) -> str:
        """The list for the LLM. Descriptions of older pictures, then older pictures, are left out for brevity."""
        entries = list(self)
        if not entries:
            return "No pictures yet."
        room = MAX_TEXT
        lines: list[str] = []
        for entry in reversed(entries):
            full = entry.line(current=entry is self._current)
            brief = entry.line(current=entry is self._current, described=False)
            # The older half of the room is for names alone: they must stay sayable when descriptions no longer fit.
            line = full if room > MAX_TEXT // 2 or entry is self._current else brief
            if len(line) > room:
                lines.append(f"({entry.number} older pictures, by number)")
                break
            room -= len(line) + 1
            lines.append(line)
        return "\n".join(reversed(lines))

    def _append(self, handle: str, picture: Picture) -> Entry:
        known = self._entries.get(handle)
        if known is None:
            known = self._entries[handle] = Entry(len(self._entries) + 1, handle, picture, picture.attached)
        known.attached = known.attached or picture.attached
        known.picture.note = known.picture.note or picture.note
        self._current = known
        return known


def note(made: Produced) -> str:
    """What is worth knowing of a picture that was made: how, of which pictures, and by which words. One that is shown
    again, which no workflow drew, keeps the story that it carries in place of a prompt.
    """
    if not made.workflow and made.prompt:
        return _SIZE_AT_END.sub("", made.prompt)
    how = made.operation.replace("_", " ") + (f" of {', '.join(made.parents)}" if made.parents else "")
    seed = f" (seed {made.seed})" if made.seed is not None else ""
    return f"{how}: {_cut(made.prompt, MAX_NOTE)}{seed}" if made.prompt else how + seed


def quoted(text: str, most: int = MAX_NOTE) -> str:
    """Words of somebody else as data: one line, in quotes, of limited length, without what could look like markup."""
    plain = "".join(character if character.isprintable() else " " for character in text[: 4 * most])
    return json.dumps(_cut(" ".join(plain.translate(_MARKUP).split()), most), ensure_ascii=False)


_MARKUP = str.maketrans("<>{}[]`|", "        ")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


async def _handle(picture: Picture, owner: str) -> str:
    """The picture's name; one that came without gets the name of its content."""
    if not picture.handle:
        try:
            picture.handle = mint(owner, (await picture.load()).data)
        except ProtoBananaError:
            picture.handle = mint(owner, str(id(picture)))  # it can be listed, and says what is wrong when it is used
    return picture.handle


async def _size(entry: Entry) -> str:
    try:
        return (await entry.picture.load()).size
    except ProtoBananaError:
        return "cannot be opened"


def handles_of(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Their names, in order."""
    return tuple(entry.handle for entry in entries)
