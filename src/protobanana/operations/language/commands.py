"""A clause as a command: what is done, to what, and what shall be there afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from protobanana.operations.language.clauses import Clause, verb_of
from protobanana.operations.language.targets import NEW, NOTHING, PART, PICTURE, bare, target
from protobanana.operations.language.tokens import Token

_PREDICATE = ("adj.color", "adj.look", "adj.comparative", "adj.size", "adj.act", "adj.transparent", "skip.filler")
_SEPARATORS = {"replace": ("link.with", "link.to"), "change": ("link.to", "link.with"), "turn": ("link.to",)}
_QUALITIES = ("make", "turn", "recolor", "change", "want", "keep", "draw", "give", "effect", "touch", "use", "put")


@dataclass(frozen=True, slots=True)
class Command:
    """`verb` is "" for a bare phrase; `result` is what comes after "to", "with" or a verb like "make"."""

    clause: Clause
    verb: str
    object: tuple[Token, ...]
    result: tuple[Token, ...]
    target: str

    def mentions(self, *tags: str) -> bool:
        """Whether any word of the clause carries one of the tags."""
        return any(not token.tags.isdisjoint(tags) for token in self.clause.tokens)

    def results_in(self, *tags: str) -> bool:
        """Whether any word of the result carries one of the tags."""
        return any(not token.tags.isdisjoint(tags) for token in self.result)


def trimmed(tokens: Sequence[Token]) -> list[Token]:
    """Up to the first word that starts a side remark ("but keep ...", "please", ", the rest stays")."""
    words = bare(tokens)
    for index, token in enumerate(words):
        if token.has("skip.polite") and index + 1 < len(words) and words[index + 1].has("adj.color", "adj.look"):
            continue
        if index and token.has("link.cut") and not token.has("adj.color"):
            return bare(words[:index])
    return words


def command(clause: Clause) -> Command:
    """Read a clause of a language written with spaces."""
    if not clause.verb:
        return _statement(clause)
    verb = clause.verb
    words = _uncontrasted(trimmed(clause.after) or _subject(clause.before))
    if verb == "make" and words and _carries_object(clause) and not words[0].has("det.definite", "det.indefinite"):
        return Command(clause, verb, (), tuple(words), PICTURE)
    if clause.before and clause.after and bare(clause.before) and _only_remarks(clause.after):
        words = trimmed(clause.before)
    if verb == "want" and words and words[0].has("verb.draw"):
        return Command(clause, "draw", tuple(words[1:]), (), target(words[1:]))
    if verb == "want" or (verb == "draw" and words and words[0].has("det.definite") and words[-1].has("adj.color")):
        return _wish(clause, words)
    be = next((index for index, token in enumerate(words) if token.has("verb.be")), 0)
    if verb == "make" and 0 < be < len(words) - 1:
        return Command(clause, verb, tuple(bare(words[:be])), tuple(bare(words[be + 1 :])), target(words[:be]))
    swapped = _instead(words)
    if swapped is not None and verb != "remove":
        return Command(clause, "replace", tuple(swapped[0]), tuple(swapped[1]), target(swapped[0]))
    if verb in _SEPARATORS:
        if words and words[0].has("link.to") and not words[0].has("det.definite"):
            return Command(clause, verb, (), tuple(bare(words[1:])), PICTURE)
        divided = _at_separator(words, _SEPARATORS[verb])
        if divided is not None:
            return Command(clause, verb, *_without_from(*divided), target(divided[0]))
    if verb in _QUALITIES:
        subject, predicate = at_predicate(words)
        return Command(clause, verb, tuple(subject), tuple(predicate), target(subject))
    return Command(clause, verb, tuple(words), (), target(words))


def _carries_object(clause: Clause) -> bool:
    """Whether the pronoun hangs on the verb: "hazla más ancha"."""
    return any(token.word == clause.spoken and token.has("pronoun.it") for token in clause.tokens)


def _uncontrasted(words: list[Token]) -> list[Token]:
    """Without "instead of red" at the end, which only says how it is now."""
    for index, token in enumerate(words):
        if index and token.has("link.instead"):
            rest = words[index + 1 :]
            if rest and all(word.has("adj.color", "adj.look", "skip.filler") for word in rest):
                return words[:index]
    return words


def _subject(before: Sequence[Token]) -> list[Token]:
    """What comes before a participle, without "can ... be"."""
    words = trimmed(before)
    while len(words) > 1 and words[0].has("ask.aux", "ask.yesno"):
        words = bare(words[1:])
    while len(words) > 1 and words[-1].has("verb.be"):
        words = bare(words[:-1])
    return words


def _only_remarks(tokens: Sequence[Token]) -> bool:
    return all(
        token.kind == "mark" or token.has("skip.polite", "link.cut", "link.from", "pronoun.it") for token in tokens
    )


def _statement(clause: Clause) -> Command:
    """No command word: "the tie should be red", "a crown instead of the hat", or just a phrase."""
    words = trimmed(clause.tokens)
    arrow = next((index for index, token in enumerate(words) if token.word in _ARROWS), 0)
    subject, result = bare(words[:arrow]), bare(words[arrow + 1 :])
    if subject and result:
        return Command(clause, "replace", tuple(subject), tuple(result), target(subject))
    while len(words) > 2 and words[0].has("ask.aux"):
        words = bare(words[1:])
    for index, token in enumerate(words):
        if token.has("verb.be") and 0 < index < len(words) - 1:
            subject = bare(words[:index])
            return Command(clause, "make", tuple(subject), tuple(bare(words[index + 1 :])), target(subject))
    swapped = _instead(words)
    if swapped is not None:
        return Command(clause, "replace", tuple(swapped[0]), tuple(swapped[1]), target(swapped[0]))
    subject, predicate = at_predicate([token for token in words if not token.has("skip.polite")])
    described = predicate and all(token.has("adj.color", "adj.look", "skip.filler") for token in predicate)
    remark = any(token.has("link.remark", "ask.yesno", "verb.be") for token in words)
    if described and not remark and subject[0].has("det.definite") and target(subject) == PART and len(words) <= _SHORT:
        return Command(clause, "make", tuple(subject), tuple(predicate), PART)
    if _is_without(clause.tokens):
        words = [token for token in words if not token.has("link.no")]
        return Command(clause, "remove", tuple(words), (), target(words))
    return Command(clause, "", tuple(words), (), target(words))


def _is_without(tokens: Sequence[Token]) -> bool:
    """Whether the clause is "without the hat" or "no people": a removal in two or three words."""
    if len(tokens) < 2 or len(tokens) > 4 or not tokens[0].has("link.no") or tokens[1].kind == "mark":
        return False
    return target(tokens[1:]) == PART and not tokens[1].has("chat.ok", "chat.thanks", "skip.polite")


def _instead(words: Sequence[Token]) -> tuple[list[Token], list[Token]] | None:
    """Region and result of "a crown instead of the hat"."""
    for index, token in enumerate(words):
        if token.has("link.instead") and 0 < index < len(words) - 1 and not token.has("skip.polite"):
            there = next((at for at, word in enumerate(words[:index]) if at and word.has("det.indefinite")), 0)
            receiver = words[0].has("det.definite", "pronoun.person")
            if receiver and any(word.has("link.on") for word in words[1:index]):
                return None
            return bare(words[index + 1 :]), bare(words[there if receiver else 0 : index])
    return None


def _wish(clause: Clause, words: Sequence[Token]) -> Command:
    """A wish: "I want the tie red" is like "make the tie red"; "I want a red tie" asks for something new."""
    for index, token in enumerate(words):
        if token.has("verb.be") and 0 < index < len(words) - 1:
            subject = bare(words[:index])
            if subject and subject[0].has("det.definite") and target(subject) == PART:
                return Command(clause, "make", tuple(subject), tuple(bare(words[index + 1 :])), PART)
            words = [*words[:index], *words[index + 1 :]]
            break
    if len(words) > 1 and words[-1].has("participle.remove"):
        subject = bare(words[:-1])
        return Command(clause, "remove", tuple(subject), (), target(subject))
    aim = target(words)
    if aim in {NEW, NOTHING}:
        return Command(clause, "want", tuple(words), (), aim)
    subject, predicate = at_predicate(words)
    if not predicate and len(words) > 2 and words[-2].word in _IN and words[-1].has("adj.color", "adj.look"):
        subject, predicate = bare(words[:-2]), [words[-1]]
    verb = "make" if predicate else "want"
    return Command(clause, verb, tuple(subject), tuple(predicate), target(subject))


def _at_separator(words: Sequence[Token], links: tuple[str, ...]) -> tuple[list[Token], list[Token]] | None:
    for link in links:
        places = [
            index
            for index, token in enumerate(words)
            if token.has(link) and 0 < index < len(words) - 1 and not _is_place(words, index)
        ]
        if places:
            at = places[0]
            return bare(words[:at]), bare(words[at + 1 :])
    return None


def _is_place(words: Sequence[Token], index: int) -> bool:
    """Whether it is like "to the left", a place and not a result."""
    following = words[index + 1]
    after = words[index + 2] if index + 2 < len(words) else None
    if following.has("det.definite") and after is not None:
        return after.has("side.left", "side.right", "side.top", "side.bottom") and not after.has("adj.color")
    return following.has("side.left", "side.right") and after is None


def _without_from(subject: list[Token], result: list[Token]) -> tuple[tuple[Token, ...], tuple[Token, ...]]:
    """Without "from red" of "the car from red to blue", which says nothing about the region."""
    for index, token in enumerate(subject):
        following = subject[index + 1] if index + 1 < len(subject) else None
        if not index or token.word not in _FROM or following is None:
            continue
        material = token.word == "from" and index + 2 == len(subject) and not following.has("side.left", "side.right")
        if material or following.has("adj.color", "adj.look"):
            return tuple(bare(subject[:index])), tuple(result)
    return tuple(subject), tuple(result)


_SHORT = 6
"""Words of a bare phrase that may be a change ("the hat red please") rather than a description."""
_IN = frozenset({"in", "en", "de"})
_IS = frozenset({"is", "are", "was", "were"})
_ARROWS = frozenset({">", "→", "⇒", "➜"})
_FROM = frozenset({"from", "von", "de", "du"})


def at_predicate(words: Sequence[Token]) -> tuple[list[Token], list[Token]]:
    """Divide "the man's tie red" where the noun phrase ends; the second part is empty when there is no predicate."""
    words = list(words)
    position = 0
    if len(words) > 1 and words[0].has("pronoun.clitic") and words[1].has("link.to"):
        return words[:1], bare(words[2:])
    while position < len(words) and words[position].has("det.definite", "det.indefinite", "pronoun.it"):
        position += 1
        if words[position - 1].has("pronoun.it", "pronoun.person") and target(words) != PART:
            return words[:position], bare(words[position:])
    if words and words[0].has("pronoun.person") and target(words) != PART:
        return words[:1], bare(words[1:])
    if (
        position
        and words[0].has("pronoun.clitic")
        and (position == len(words) or words[position].has(*_PREDICATE, "link.to"))
    ):
        return words[:1], bare(words[1:])
    start = position
    while position < len(words) and _describes(words[position]) and position + 1 < len(words):
        position += 1
        if not any(not _describes(token) for token in words[position:]) and position > start:
            return words[: start + 1], words[start + 1 :]
    return _after_noun(words, position)


def _describes(token: Token) -> bool:
    if token.has("adj.color", "adj.look"):
        return True
    return token.has(*_PREDICATE) and not token.has("noun.mass", "noun.background", "noun.text")


def _after_noun(words: list[Token], noun: int) -> tuple[list[Token], list[Token]]:
    position = noun + 1
    while position < len(words):
        token, last = words[position], words[position - 1]
        linked = last.has("link.on", "link.of", "link.from", "link.with", "link.and", "det.definite", "possessive")
        linked = (linked and not last.has("pronoun.person")) or (last.word in _IS and token.has("adj.act"))
        if token.word in SAYS:
            return words[:position], words[position:]
        if token.word in _IN and position + 1 < len(words) and all(map(_describes, words[position + 1 :])):
            return words[:position], words[position + 1 :]
        if token.has("link.to", "link.like") and not token.has("link.on"):
            return words[:position], bare(words[position + (0 if token.has("link.like") else 1) :])
        named = token.kind in {"number", "quote"} and position == len(words) - 1 and last.kind != "mark"
        if not linked and (named or token.has("det.indefinite", "number.double")):
            return words[:position], words[position:]
        if not linked and _describes(token) and _all_predicate(words[position:]):
            return words[:position], words[position:]
        position += 1
    return words, []


SAYS = frozenset({"say", "says", "read", "reads", "saying"})
"""Verbs before the text of a sign."""


def _all_predicate(tokens: Sequence[Token]) -> bool:
    """Whether no further noun follows its adjectives, so that "red" in "the door red handle" is not a predicate."""
    for index, token in enumerate(tokens):
        if token.has("link.with", "link.and", "link.like", "link.on", "link.to") and index:
            return True
        if token.has("adj.act") and not token.has("adj.color", "adj.look"):
            return True
        if not _describes(token) and token.kind not in {"mark", "number"}:
            return bool(index) and token.has("det.indefinite")
    return True


def first_verb(tokens: Sequence[Token]) -> str:
    """The first command class among tokens, "" for none."""
    return next((verb for verb in map(verb_of, tokens) if verb), "")
