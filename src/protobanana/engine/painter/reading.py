"""Reading a prompt: tokens become clauses with noun phrases, so that each colour stays with its thing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from protobanana.engine.painter.lexicon import Token, tokens
from protobanana.engine.painter.vocabulary import ACCESSORIES

_NOUNS = {"noun", "background", "scene"}
_NO_NOUN = re.compile(r".*(ing|ly|ed|ous|ful|ive|ical|less|est|ish)$")
_BREAKS = set(".;!?。；！？\n")


@dataclass
class Phrase:
    """A noun with what is said about it.

    `kind` is noun, background, scene, it, text or unknown. `side` is 1 behind the `to` of a change. `colours` stand
    with the noun, `becomes` after it ("the circle blue"). `place` is a point in 0..1 x 0..1, `link` the preposition
    in front.
    """

    noun: str
    kind: str
    colours: list[str] = field(default_factory=list)
    becomes: list[str] = field(default_factory=list)
    size: float = 1.0
    count: int = 1
    place: tuple[float, float] | None = None
    link: str = ""
    definite: bool = False
    side: int = 0
    written: str = ""


@dataclass
class Clause:
    """One thing that is said. `loose` are colours without a noun: (colour, preposition, side)."""

    verb: str = ""
    phrases: list[Phrase] = field(default_factory=list)
    loose: list[tuple[str, str, int]] = field(default_factory=list)
    moods: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    place: tuple[float, float] | None = None

    @property
    def blank(self) -> bool:
        """Whether nothing was said."""
        return not (self.verb or self.phrases or self.loose or self.moods or self.styles or self.place)


def read(text: str) -> list[Clause]:
    """The clauses of a prompt. A clause without a verb continues the one before it."""
    clauses: list[Clause] = []
    for group in _grouped(tokens(text)):
        clause = _Reader(group).clause()
        if clause.blank:
            continue
        if clauses and not clause.verb and clauses[-1].verb:
            _continue(clauses[-1], clause)
        else:
            clauses.append(clause)
    return clauses


def _grouped(words: list[Token]) -> list[list[Token]]:
    """Tokens cut at punctuation, and in front of a second verb."""
    groups: list[list[Token]] = [[]]
    for word in words:
        ends = word.role == "punctuation" and (word.value in _BREAKS or word.value in ",:，：、")
        second = word.role == "verb" and any(other.role == "verb" for other in groups[-1])
        if ends or second:
            groups.append([])
        if not ends:
            groups[-1].append(word)
    return groups


def _continue(clause: Clause, more: Clause) -> None:
    side = max((phrase.side for phrase in clause.phrases), default=0)
    clause.phrases += [replace(phrase, side=max(side, phrase.side)) for phrase in more.phrases]
    clause.loose += [(colour, link, max(side, where)) for colour, link, where in more.loose]
    clause.moods += more.moods
    clause.styles += more.styles
    clause.place = clause.place or more.place


class _Reader:
    """Walks the tokens of one clause, collecting adjectives until their noun comes (or binding them to the last)."""

    def __init__(self, words: list[Token]) -> None:
        self.words = words
        self.result = Clause()
        self.pending = Phrase("", "")
        self.shade: list[str] = []
        self.unknown = ""
        self.side = 0
        self.last: Phrase | None = None
        self.adjacent = False

    def clause(self) -> Clause:
        """The clause."""
        for word in self.words:
            handler = getattr(self, f"_{word.role}", None)
            if handler is not None:
                handler(word)
        self._flush()
        return self.result

    def _flush(self) -> None:
        """An adjective without a noun behind it belongs to the noun in front, or stands alone."""
        if self.unknown and not _NO_NOUN.match(self.unknown):
            self._name(self.unknown, "unknown", self.unknown)
        self.unknown = ""
        for colour in self.pending.colours:
            if self.last is not None and self.pending.link in {"", "in", "to"} and self.pending.link != "on":
                self.last.becomes.append(colour)
                if self.pending.link == "to" or self.side > self.last.side:
                    self.result.loose.append((colour, self.pending.link, self.side))
                    self.last.becomes.pop()
            else:
                self.result.loose.append((colour, self.pending.link, self.side))
        self.pending = Phrase("", "", side=self.side)
        self.shade = []
        self.adjacent = False

    def _name(self, noun: str, kind: str, written: str) -> None:
        phrase = replace(self.pending, noun=noun, kind=kind, side=self.side, written=written)
        self.result.phrases.append(phrase)
        self.last = phrase
        self.pending = Phrase("", "", side=self.side)
        self.unknown = ""
        self.shade = []
        self.adjacent = True

    def _colour(self, word: Token) -> None:
        name = " ".join([*self.shade, word.value])
        self.shade = []
        if word.word.follows and self.last is not None and self.adjacent:
            self.last.colours.append(name)
        else:
            self.pending.colours.append(name)
            self.adjacent = False

    def _modifier(self, word: Token) -> None:
        if word.word.follows and self.last is not None and self.last.colours:
            self.last.colours[-1] = f"{word.value} {self.last.colours[-1].split()[-1]}"
        else:
            self.shade = [word.value]

    def _size(self, word: Token) -> None:
        target = self.last if word.word.follows and self.last is not None and self.adjacent else self.pending
        target.size = float(word.value)

    def _count(self, word: Token) -> None:
        self.pending.count = max(1, min(12, int(word.value)))
        self.adjacent = False

    def _place(self, word: Token) -> None:
        x, y = (float(part) for part in word.value.split(","))
        busy = self.pending.colours or self.pending.count > 1
        if self.last is not None and not busy:
            self.last.place = (x, y) if self.last.place is None else _corner(self.last.place, (x, y))
        else:
            self.pending.place = (x, y)
        self.result.place = self.result.place or (x, y)
        self.pending.link = ""

    def _article(self, word: Token) -> None:
        self._flush_keeping_link()
        if word.value == "it":
            self.pending.definite = True
            self._name("it", "it", word.text)
            self.adjacent = False
        else:
            self.pending.definite = word.value == "the"

    def _flush_keeping_link(self) -> None:
        link = self.pending.link
        place = self.pending.place
        if self.pending.colours or self.unknown:
            self._flush()
            link = ""
        self.pending = Phrase("", "", link=link, place=place, side=self.side)
        self.adjacent = False

    def _link(self, word: Token) -> None:
        joins_colours = word.value == "and" or (word.value == "of" and not word.text.isascii())
        if joins_colours and self.pending.colours and not self.unknown:
            return
        if word.value == "of" and self.last is None and self.unknown:
            self.unknown = ""
        self._flush()
        changing = any(other.role == "verb" and other.value == "change" for other in self.words)
        if word.value == "to" or (word.value == "with" and changing and not self.side and self.last is not None):
            self.side = 1
        self.pending = Phrase("", "", link=word.value, side=self.side)

    def _noun(self, word: Token) -> None:
        plural_count = 3 if word.word.plural and self.pending.count == 1 else self.pending.count
        if self.adjacent and self.last is not None and not word.word.follows and self.words_touch(word):
            previous = self.result.phrases.pop()
            self.pending = replace(previous, becomes=[])
            plural_count = 3 if word.word.plural and previous.count == 1 else previous.count
        self.pending.count = plural_count
        self._name(word.value, "noun", word.text)

    def words_touch(self, word: Token) -> bool:
        """Whether the noun directly follows another one, as in `beach house` (but not as in `give the cat glasses`)."""
        place = next(index for index, other in enumerate(self.words) if other is word)
        before = self.words[place - 1] if place else None
        if before is None or before.role not in _NOUNS or not (word.text.isascii() and before.text.isascii()):
            return False
        return word.value not in ACCESSORIES or before.value in ACCESSORIES

    def _scene(self, word: Token) -> None:
        self._name(word.value, "scene", word.text)

    def _background(self, word: Token) -> None:
        if self.adjacent and self.last is not None and self.last.kind == "scene" and not word.word.follows:
            return
        self._name("background", "background", word.text)

    def _mood(self, word: Token) -> None:
        self.result.moods.append(word.value)

    def _style(self, word: Token) -> None:
        self.result.styles.append(word.value)
        self.pending.colours = []

    def _verb(self, word: Token) -> None:
        if not any(char >= "\u3040" for char in word.text):
            self._flush()
        else:
            self._flush()
            if self.result.phrases and word.value == "change":
                self.side = 1
        self.result.verb = self.result.verb or word.value

    def _owner(self, _word: Token) -> None:
        """`the cat's hat`: the hat is meant, as definite as its owner."""
        if self.last is not None and self.result.phrases and self.result.phrases[-1] is self.last:
            owner = self.result.phrases.pop()
            self.pending = Phrase("", "", link=owner.link, definite=owner.definite, side=self.side)
        self.last = None
        self.unknown = ""
        self.adjacent = False

    def _lead(self, word: Token) -> None:
        self.adjacent = False

    def _text(self, word: Token) -> None:
        self._name(word.value, "text", word.value)

    def _unknown(self, word: Token) -> None:
        if self.adjacent and self.last is not None:
            return
        self.unknown = word.value


def _corner(one: tuple[float, float], two: tuple[float, float]) -> tuple[float, float]:
    """Two places said of one thing, as in `top left`: each gives the side it is about."""
    x = two[0] if two[0] != 0.5 else one[0]
    y = two[1] if two[1] != 0.5 else one[1]
    return (x, y)
