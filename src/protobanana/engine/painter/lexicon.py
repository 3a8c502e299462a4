"""From written words to meanings: one dictionary built from the word tables, and a tokeniser over it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from protobanana.engine.painter import vocabulary

_CJK = "\u3040-\u30ff\u3400-\u9fff"
_OWNER = "\u2019s"
_PIECE = re.compile(rf"{_OWNER}|[{_CJK}]+|[^\W_]+|[.,;:!?、。，；：！？\n]")
_QUOTED = re.compile(
    '"([^"\n]{1,120})"|“([^”\n]{1,120})”|«\\s*([^»\n]{1,120}?)\\s*»|「([^」\n]{1,120})」|『([^』\n]{1,120})』'
    "|(?<!\\w)['\u2018]([^'\u2019\n]{1,120})['\u2019](?!\\w)|„([^“”\n]{1,120})[“”]"
)
_ELISION = re.compile(r"\b(l|d|qu|s|n|j|m|c)['\u2019]", re.IGNORECASE)
_POSSESSIVE = re.compile(r"(\w)['\u2019]s\b")
_IRREGULAR = {
    "mouse": "mice", "goose": "geese", "sheep": "sheep", "leaf": "leaves", "knife": "knives", "wolf": "wolves",
    "fish": "fish", "foot": "feet",
}  # fmt: skip
_PLURAL_PEOPLE = {"people", "men", "women", "children"}


@dataclass(frozen=True)
class Word:
    """A known word. `follows` marks adjectives of Romance languages, which stand after their noun."""

    role: str
    value: str
    follows: bool = False
    plural: bool = False


@dataclass(frozen=True)
class Token:
    """A word as it was written, with its meaning; role `unknown` where there is none, `stop` for punctuation."""

    text: str
    word: Word

    @property
    def role(self) -> str:
        """What kind of word it is."""
        return self.word.role

    @property
    def value(self) -> str:
        """Its meaning."""
        return self.word.value


def fold(text: str) -> str:
    """Case and Latin accents removed; other scripts are left alone."""
    kept: list[str] = []
    for char in unicodedata.normalize("NFKD", text.casefold()):
        if unicodedata.combining(char) and kept and kept[-1] < "\u0250":
            continue
        kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))


def _forms(written: str, role: str, language: int) -> list[tuple[str, bool]]:
    """The word and the forms derived from it, each with whether it is a plural."""
    forms = [(written, written in _PLURAL_PEOPLE)]
    if language == 3:
        return forms
    if language == 2 and len(written) < 4 and role == "noun":
        return forms
    if language == 2:
        endings = ("e", "en", "er", "es", "em") if role == "colour" else ("e", "n", "en", "er", "s")
        return forms + [(written + ending, role == "noun") for ending in endings]
    if role == "noun" or (language == 1 and role in {"colour", "size", "modifier"}):
        ending = "es" if re.search(r"(s|x|ch|sh|[^aeiouy]o)$", written) else "s"
        plural = written[:-1] + "ies" if re.search(r"[^aeiou]y$", written) and language == 0 else written + ending
        forms += [(_IRREGULAR.get(written, plural), role == "noun")]
        if language == 1:
            forms += [(written + "es", role == "noun")]
    return forms


_NUMBERED = {"place", "size"}


@cache
def dictionary() -> dict[tuple[str, ...], Word]:
    """Every known word, as the tuple of its parts. English wins where languages collide."""
    known: dict[tuple[str, ...], Word] = {}
    for language in range(4):
        for role in vocabulary.ROLES:
            for head, groups in vocabulary.rows(role):
                name, *rest = head.split()
                meaning = rest[0] if role in _NUMBERED else name
                own = (name,) if language == 0 and role != "count" else ()
                for written in own + groups[language]:
                    for form, plural in _forms(written, role, language):
                        _enter(known, form, Word(role, meaning, language == 1, plural))
    for line in vocabulary.lines("stop"):
        for word in line.split():
            _enter(known, word, Word("stop", ""))
    return known


def _enter(known: dict[tuple[str, ...], Word], written: str, word: Word) -> None:
    folded = fold(written)
    parts = tuple(part for part in re.split(r"[-'\u2019&]", folded) if part) or (folded,)
    known.setdefault(parts, word)


@cache
def _longest() -> int:
    return max(len(parts) for parts in dictionary())


def _cjk_words(run: str) -> list[Token]:
    """A run without spaces, cut by the longest known words; what is left over is one unknown word."""
    tokens: list[Token] = []
    unknown = ""
    place = 0
    while place < len(run):
        for length in range(min(8, len(run) - place), 0, -1):
            found = dictionary().get((run[place : place + length],))
            if found:
                break
        else:
            unknown += run[place]
            place += 1
            continue
        if unknown:
            tokens.append(Token(unknown, Word("unknown", unknown)))
            unknown = ""
        tokens.append(Token(run[place : place + length], found))
        place += length
    if unknown:
        tokens.append(Token(unknown, Word("unknown", unknown)))
    return tokens


def tokens(text: str) -> list[Token]:
    """The words of a prompt. Quoted text becomes one token of role `text`, kept as written."""
    result: list[Token] = []
    place = 0
    for quote in _QUOTED.finditer(text):
        result += _words(text[place : quote.start()])
        inner = next(group for group in quote.groups() if group is not None)
        result.append(Token(inner, Word("text", inner)))
        place = quote.end()
    return result + _words(text[place:])


def _words(text: str) -> list[Token]:
    text = _POSSESSIVE.sub(rf"\1 {_OWNER} ", _ELISION.sub(" ", text))
    pieces = [piece.group() for piece in _PIECE.finditer(text)]
    result: list[Token] = []
    place = 0
    while place < len(pieces):
        piece = pieces[place]
        if re.match(rf"[{_CJK}]", piece):
            result += _cjk_words(fold(piece))
            place += 1
            continue
        for length in range(min(_longest(), len(pieces) - place), 0, -1):
            found = dictionary().get(tuple(fold(part) for part in pieces[place : place + length]))
            if found:
                result.append(Token(" ".join(pieces[place : place + length]), found))
                place += length
                break
        else:
            result.append(Token(piece, _guess(piece)))
            place += 1
    return result


def _guess(piece: str) -> Word:
    if piece == _OWNER:
        return Word("owner", "")
    if re.fullmatch(r"\W", piece):
        return Word("punctuation", piece)
    if piece.isdecimal():
        return Word("count", str(int(piece))) if len(piece) < 3 and int(piece) <= 20 else Word("stop", "")
    return Word("unknown", fold(piece))
