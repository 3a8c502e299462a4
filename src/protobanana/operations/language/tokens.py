"""Text to tokens. Offsets always point into the text as the user wrote it, so that phrases are quoted verbatim."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

HEAD, TAIL = 4000, 1000
"""Characters read from the front and from the end of a text; nobody hides a command in the middle of a novel."""

_SAME = {"’": "'", "‘": "'", "´": "'", "`": "'", "×": "x", "✕": "x", "–": "-", "—": "-", "‑": "-", "‐": "-", "ß": "s"}


class _Fold(dict[int, str]):
    """Lower case, no accents, no full-width forms; every character maps to exactly one, so offsets survive."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        folded = _SAME.get(char) or unicodedata.normalize("NFKC", char)
        folded = folded.lower()
        if folded and folded[0].isalpha():
            base = unicodedata.normalize("NFD", folded)[0]
            folded = base if base.isascii() else folded
        self[code] = folded if len(folded) == 1 else char
        return self[code]


_FOLD = _Fold()

_CJK = "\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(
    r"""
    (?P<quote>"[^"\n]{0,300}"|“[^”\n]{0,300}”|„[^“”\n]{0,300}[“”]|«[^»\n]{0,300}»|「[^」\n]{0,300}」|『[^』\n]{0,300}』
        |(?<!\w)'[^'\n]{1,80}'(?!\w))
    |(?P<number>\d+(?:[.,]\d+)?)
    |(?P<word>(?<![a-z])(?:[ldjmtscn]|qu)'(?=[a-z])|[a-zœæ]+s'(?=\s+[a-z])|[a-zœæ]+(?:'[a-z]+)?)
    |(?P<cjk>["""
    + _CJK
    + r"""])
    |(?P<mark>[^\s\w]|\w)
    """,
    re.VERBOSE,
)


@dataclass(slots=True)
class Token:
    """A word, number, quotation, CJK character or mark; or several of them that mean one thing together.

    `start` and `end` are offsets into the original text; `kind` is `word`, `number`, `cjk`, `quote` or `mark`.
    """

    word: str
    start: int
    end: int
    kind: str
    tags: frozenset[str] = frozenset()

    def has(self, *tags: str) -> bool:
        """Whether it carries any of the tags."""
        return not self.tags.isdisjoint(tags)


def fold(text: str) -> str:
    """Lower case without accents and full-width forms, of the same length as `text`."""
    return text.translate(_FOLD)


def cap(text: str) -> str:
    """The part of a long text that is read: its beginning and its end."""
    return text if len(text) <= HEAD + TAIL else f"{text[:HEAD]}\n{text[-TAIL:]}"


def tokenise(folded: str) -> list[Token]:
    """Tokens of a folded text."""
    return [
        Token(match.group(), match.start(), match.end(), match.lastgroup or "mark") for match in _TOKEN.finditer(folded)
    ]


def is_cjk(text: str) -> bool:
    """Whether there is any Chinese or Japanese character."""
    return re.search(f"[{_CJK}]", text) is not None


def has_kana(text: str) -> bool:
    """Whether there is any hiragana or katakana, that is, whether the text is Japanese."""
    return re.search("[\u3040-\u30ff]", text) is not None
