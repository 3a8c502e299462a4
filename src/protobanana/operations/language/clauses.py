"""A text as clauses, each with at most one command, found by word position rather than by the whole sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from protobanana.operations.language.lexicon import Lexicon
from protobanana.operations.language.tokens import Token

_ENDS = frozenset(".!?;。！？；\n…")
_PAUSES = frozenset(",，、:：-")
_CERTAIN = frozenset(
    "verb." + name
    for name in ("remove", "replace", "change", "make", "add", "extend", "put", "give", "zoomout", "cutout", "keep")
)
_SKIPPED = ("skip.polite",)


@dataclass(frozen=True, slots=True)
class Clause:
    """Words between two ends. `verb` is the command's class without its prefix ("" when there is none)."""

    tokens: tuple[Token, ...]
    verb: str = ""
    spoken: str = ""
    """The verb as it was written, folded."""
    before: tuple[Token, ...] = ()
    after: tuple[Token, ...] = ()
    asks: bool = False
    """Whether it ends in a question mark."""


def verb_of(token: Token) -> str:
    """The command class of a token ("" for none); a word of several classes counts as its first by rank."""
    for name in _RANKED:
        if f"verb.{name}" in token.tags:
            return name
    return ""


_RANKED = (
    *("cutout", "zoomout", "remove", "replace", "combine", "extend", "add", "recolor", "touch", "effect", "change"),
    *("turn", "give", "put", "make", "draw", "keep", "write", "talk", "use", "move", "again", "want"),
)


def sentences(tokens: Sequence[Token]) -> Iterator[tuple[list[Token], bool]]:
    """Token runs between sentence ends, with whether a question mark ended them."""
    run: list[Token] = []
    for token in tokens:
        if token.kind == "mark" and token.word in _ENDS:
            if run:
                yield run, token.word in "?？"
            run = []
        else:
            run.append(token)
    if run:
        yield run, False


_SHORTEST_CLOSED = 2
"""Words before a verb at the end of a clause ("den Hintergrund entfernen, ...")."""


def split(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Clauses of a sentence: a pause or a conjunction followed by another command starts a new one."""
    run: list[Token] = []
    for position, token in enumerate(tokens):
        joint = (token.kind == "mark" and token.word in _PAUSES) or token.has("link.and")
        closed = token.kind == "mark" and len(run) > _SHORTEST_CLOSED and bool(run[-1].tags & _CERTAIN)
        if joint and run and (closed or _command_follows(tokens, position + 1)):
            yield run
            run = []
            if not token.has("skip.polite"):
                continue
        run.append(token)
    if run:
        yield run


_OBJECTS = ("det.definite", "det.indefinite", "pronoun.it", "pronoun.person", "noun.background", "verb.again")


def _command_follows(tokens: Sequence[Token], position: int) -> bool:
    while position < len(tokens) and tokens[position].has(*_SKIPPED, "link.and", "verb.want"):
        position += 1
    if position >= len(tokens):
        return False
    token = tokens[position]
    if token.tags & _CERTAIN or "link.cut" in token.tags:
        return True
    if not verb_of(token) and not token.has("pair"):
        return False
    following = tokens[position + 1] if position + 1 < len(tokens) else None
    return following is not None and (following.kind in {"quote", "cjk", "number"} or following.has(*_OBJECTS))


def clause(tokens: Sequence[Token], lexicon: Lexicon, *, asks: bool) -> Clause:
    """Find the command of a clause: at its start, else in the places where each language puts it."""
    all_tokens = tuple(tokens)
    paired = _paired(all_tokens, lexicon)
    if paired is not None:
        verb, spoken, before, after = paired
        return Clause(all_tokens, verb, spoken, before, after, asks)
    start = _first_meaningful(all_tokens)
    found = _position(all_tokens, start, lexicon)
    if found is None:
        return Clause(all_tokens, asks=asks)
    verb = verb_of(all_tokens[found]) or _participle(all_tokens[found])
    before, after = all_tokens[start:found], all_tokens[found + 1 :]
    if before and before[0].has("pair"):
        before = before[1:]
    gone = next((at for at, token in enumerate(after) if at and token.has("participle.remove")), None)
    if gone is not None and verb in _LEADING:
        verb, after = "remove", after[:gone]
    return Clause(all_tokens, verb, all_tokens[found].word, before, after, asks)


_LEADING = frozenset({"use", "make", "move", "put", "effect", "give"})
"""Verbs that a participle turns into a removal: "take that bird out of the picture"."""


def _first_meaningful(tokens: Sequence[Token]) -> int:
    position = 0
    while position < len(tokens):
        token = tokens[position]
        skipped = token.has(*_SKIPPED, "link.and", "ask.offer") or token.kind == "mark"
        if not skipped or (verb_of(token) and not token.has(*_SKIPPED)):
            break
        position += 1
    return position


def _position(tokens: Sequence[Token], start: int, lexicon: Lexicon) -> int | None:
    """Where the command is: first, last (verb-final languages and participles), or anywhere if nothing else can be."""
    if start >= len(tokens):
        return None
    if verb_of(tokens[start]):
        return start
    if lexicon.settings.get("free_order"):
        places = [at for at in range(start, len(tokens)) if verb_of(tokens[at])]
        strong = [at for at in places if tokens[at].tags & _CERTAIN]
        if strong or places:
            return (strong or places)[0]
    last = len(tokens) - 1
    while last > start and (tokens[last].has(*_SKIPPED) or tokens[last].kind == "mark"):
        last -= 1
    if _participle(tokens[last]) or (lexicon.settings.get("verb_final") and verb_of(tokens[last])):
        return last
    known = tokens[start].has("det.definite", "noun.background", "pronoun.it")
    for at in range(start, len(tokens)):
        gone = known and tokens[at].has("participle.remove")
        if gone or (lexicon.settings.get("verb_final") and tokens[at].tags & _CERTAIN):
            return at
    return None


def _participle(token: Token) -> str:
    return next((tag.partition(".")[2] for tag in sorted(token.tags) if tag.startswith("participle.")), "")


def _paired(
    tokens: tuple[Token, ...], lexicon: Lexicon
) -> tuple[str, str, tuple[Token, ...], tuple[Token, ...]] | None:
    """Separable verbs: "cut the dog out", "schneide den Hund aus"."""
    start = _first_meaningful(tokens)
    for first in range(start, min(start + 3, len(tokens))):
        word = tokens[first].word
        particles = dict(lexicon.particles(word))
        for second in range(first + 1, len(tokens) if particles else 0):
            particle = tokens[second].word
            if particle not in particles:
                continue
            inner, rest = tokens[first + 1 : second], tokens[second + 1 :]
            if inner and rest and (rest[0].has("det.definite") or " " in particle):
                rest = tokens[second:]
            return particles[particle].removeprefix("verb."), f"{word} {particle}", (), inner + rest
    return None
