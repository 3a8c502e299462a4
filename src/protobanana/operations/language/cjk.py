"""Chinese and Japanese clauses as commands: the object before or after the verb, the result at its own marker."""

from __future__ import annotations

from collections.abc import Sequence

from protobanana.operations.language.clauses import Clause, verb_of
from protobanana.operations.language.commands import Command
from protobanana.operations.language.targets import (
    BACKGROUND,
    NOTHING,
    PART,
    PERSON,
    PICTURE,
    SCENE,
)
from protobanana.operations.language.tokens import Token

_CHANGES = ("change", "replace", "make", "turn", "recolor", "put")


def command(clause: Clause) -> Command:
    """Read a clause written without spaces."""
    tokens = _bare(clause.tokens)
    marker = _find(tokens, "mark.result")
    holder = _find(tokens, "mark.object")
    if holder is not None and tokens[holder].word in _BEFORE:
        return _chinese(clause, tokens, holder)
    if holder is not None or (marker is not None and clause.verb in _CHANGES):
        return _japanese(clause, tokens, holder, marker)
    at = next((index for index, token in enumerate(tokens) if verb_of(token) == clause.verb and clause.verb), None)
    if at is None:
        return Command(clause, clause.verb, tuple(tokens), (), target(tokens))
    before, after = _bare(tokens[:at]), _bare(tokens[at + 1 :])
    if clause.verb in _CHANGES and after and not before and clause.spoken[-1:] in _INTO:
        return Command(clause, clause.verb, (), tuple(after), PICTURE)
    if clause.verb in _CHANGES and before and after:
        return Command(clause, clause.verb, tuple(_owner(before)), tuple(after), target(before))
    inner = next((index for index, token in enumerate(after) if index and verb_of(token)), None)
    if clause.verb == "make" and inner is not None and not before:
        subject, result = _parts(after[:inner]), _bare(after[inner + 1 :])
        return Command(clause, verb_of(after[inner]), tuple(_owner(subject)), tuple(result), target(subject))
    subject = _parts(after or before)
    return Command(clause, clause.verb, tuple(subject), (), target(subject))


_INTO = frozenset("成为為作")
_BEFORE = frozenset("把将将")


def _chinese(clause: Clause, tokens: list[Token], holder: int) -> Command:
    """Object, verb, result: "把领带换成蓝色的领带"."""
    rest = tokens[holder + 1 :]
    verbs = [index for index, token in enumerate(rest) if index and verb_of(token)]
    at = next((index for index in verbs if rest[index].word == clause.spoken), next(iter(verbs), None))
    if at is None:
        return Command(clause, clause.verb, tuple(rest), (), target(rest))
    subject, result = _parts(rest[:at]), _bare(rest[at + 1 :])
    verb = verb_of(rest[at])
    return Command(clause, verb, tuple(_owner(subject)), tuple(result), target(subject))


def _japanese(clause: Clause, tokens: list[Token], holder: int | None, marker: int | None) -> Command:
    """Object を, result に, verb: "帽子を王冠に変えて"."""
    at = holder if holder is not None else _find(tokens, "mark.topic")
    subject = _parts(tokens[:at]) if at is not None else []
    rest = tokens[(at + 1) if at is not None else 0 :]
    end = next((index for index, token in enumerate(rest) if verb_of(token)), len(rest))
    result = _bare(rest[:end])
    while result and result[-1].has("mark.result"):
        result = _bare(result[:-1])
    verb = clause.verb or ("make" if result else "")
    if not subject and result:
        subject, result = result, []
    return Command(clause, verb, tuple(_owner(subject)), tuple(result), target(subject))


def _owner(tokens: Sequence[Token]) -> list[Token]:
    """The car of "汽车的颜色"."""
    words = list(tokens)
    while words and words[-1].has("noun.color"):
        words.pop()
        while words and words[-1].has("link.of"):
            words.pop()
    return words or list(tokens)


def _find(tokens: Sequence[Token], tag: str) -> int | None:
    return next((index for index, token in enumerate(tokens) if token.has(tag)), None)


def _bare(tokens: Sequence[Token]) -> list[Token]:
    first, last = 0, len(tokens)
    while first < last and (tokens[first].has("skip.polite", "mark.topic") or tokens[first].kind == "mark"):
        first += 1
    while last > first and (tokens[last - 1].has("skip.polite", "skip.tail") or tokens[last - 1].kind == "mark"):
        last -= 1
    return list(tokens[first:last])


def target(tokens: Sequence[Token]) -> str:
    """What the phrase is about; its head is its last noun."""
    words = [token for token in tokens if not token.has("skip.polite", "skip.tail")]
    if not words:
        return NOTHING
    words = _trim_picture(words)
    if not words:
        return PICTURE
    head = words[-1]
    if head.has("noun.color") and len(words) > 1:
        inner = _owner(words)
        return target(inner) if inner != words else SCENE
    if head.has("noun.background"):
        return BACKGROUND
    if head.has("pronoun.it", "noun.picture"):
        return PART if len(words) > 1 and words[-2].has("mark.inside") else PICTURE
    if head.has("pronoun.person") and len(words) == 1:
        return PERSON
    if head.has("noun.scene", "noun.color"):
        return SCENE
    if all(
        token.has("adj.color", "adj.comparative", "adj.style", "adj.moment", "adj.look", "adj.transparent")
        for token in words
    ):
        return NOTHING
    return PART


def _parts(tokens: Sequence[Token]) -> list[Token]:
    """A phrase without "in the picture", unless that is all there is."""
    words = _bare(tokens)
    return _trim_picture(words) or words


def _trim_picture(words: list[Token]) -> list[Token]:
    """Without "in the picture", "of this photo" before the noun."""
    at = 0
    while at < len(words) and words[at].has("noun.picture", "pronoun.it"):
        at += 1
        while at < len(words) and words[at].has("link.of", "link.on", "mark.topic"):
            at += 1
    return words[at:]
