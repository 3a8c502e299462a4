"""Facts about a turn that more than one operation asks for."""

from __future__ import annotations

import itertools

from protobanana.operations.language.commands import Command
from protobanana.operations.language.formats import shape_words
from protobanana.operations.language.reading import Reading
from protobanana.operations.language.sizes import read_shape
from protobanana.operations.language.targets import BACKGROUND, NEW, NOTHING, PART, PERSON, PICTURE, SCENE

ADDS = ("add", "put", "give", "use", "draw", "want", "make", "write")
_SHAPING = (
    "link.to",
    "link.no",
    "det.definite",
    "det.indefinite",
    "skip.polite",
    "pronoun.it",
    "noun.picture",
    "link.cut",
)
_PLACES = ("link.on", "link.of", "link.with", "link.from", "link.to")


def transparent(command: Command) -> bool:
    """Whether it asks for transparency of the picture or its background rather than of a thing in it."""
    if not command.mentions("adj.transparent"):
        return False
    if command.mentions("noun.background", "noun.subject", "noun.file") or command.target in {
        PICTURE,
        NOTHING,
        BACKGROUND,
    }:
        return True
    tokens = command.clause.tokens
    if any(b.has("adj.transparent") and a.has("link.on") for a, b in itertools.pairwise(tokens)):
        return True
    return command.mentions("noun.picture") and command.target not in {PART, PERSON}


def without_background(command: Command) -> bool:
    """Whether it says "no background", "without the background"."""
    tokens = command.clause.tokens
    for index, token in enumerate(tokens):
        near = tokens[max(0, index - 1) : index] if token.kind == "cjk" else ()
        if token.has("link.no") and any(
            other.has("noun.background") for other in (*near, *tokens[index + 1 : index + 3])
        ):
            return True
    return False


def replaces_background(reading: Reading) -> bool:
    """Whether something is to be put where the background was ("remove the background and add a beach")."""
    for place, command in enumerate(reading.commands):
        if command.mentions("adj.transparent"):
            continue
        if command.verb in {"replace", "change", "turn", "make", "put", "add", "use", "give"} and (
            command.target == BACKGROUND or place
        ):
            return True
        if command.verb in {"remove", "cutout"} and any(
            token.has("link.with", "link.instead") and index for index, token in enumerate(command.clause.after)
        ):
            return command.target == BACKGROUND and command.verb == "remove"
    return False


def only_shape(reading: Reading, command: Command) -> bool:
    """Whether the command is about nothing but the shape of the whole picture ("make it 16:9", "square please")."""
    shape = read_shape(reading)
    if command.target not in {PICTURE, NOTHING, PART, SCENE, NEW} or shape is None or shape.standard:
        return False
    if command.target == NEW and command.verb:
        return refers(command) and not any(token.kind == "word" and not token.tags for token in command.object)
    if command.target == PART and command.object and command.object[0].has("det.definite"):
        return all(
            token.word in shape_words("about") or token.has("noun.picture", "link.of") for token in command.object[1:]
        )
    others = [other for other in reading.commands if other is not command and not _forbids(other)]
    return not others or command.target in {PICTURE, NOTHING}


def _forbids(command: Command) -> bool:
    """Whether it only says what not to do ("don't crop")."""
    return bool(command.clause.tokens) and command.clause.tokens[0].has("link.cut") and not command.verb


def refers(command: Command) -> bool:
    """Whether it speaks of what is already in the picture ("draw him older", "a hat on her", "a version of this")."""
    tokens = command.clause.tokens
    for index, token in enumerate(tokens):
        if not token.has("pronoun.it", "pronoun.person") or token.has("pronoun.self"):
            continue
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        before = tokens[index - 1] if index else None
        if token.has("pronoun.same"):
            return True
        if command.object and token.start == command.object[0].start:
            return True
        placed = before is not None and before.has(*_PLACES)
        ends = following is None or following.kind == "mark" or not (following.kind == "word" and not following.tags)
        if placed and (ends or token.has("pronoun.this")):
            return True
    return False


def needs_picture(reading: Reading) -> bool:
    """Whether the words can only mean a picture that is already there ("make it darker", "extend to the left")."""
    if not reading.commands:
        return False
    for command in reading.commands:
        if command.verb in _ON_PICTURES and command.target == PICTURE and not command.mentions("verb.draw"):
            continue
        if command.verb in {"extend", "zoomout"} and command.target != NEW:
            continue
        if command.verb == "combine" and command.mentions("noun.several", "noun.picture", "noun.reference"):
            continue
        if command.verb in _ON_PARTS and command.target in {PERSON, PART} and command.mentions("det.definite"):
            continue
        return False
    return True


_ON_PICTURES = frozenset(
    {"remove", "replace", "change", "turn", "make", "extend", "effect", "touch", "recolor", "zoomout"}
)
_ON_PARTS = frozenset({"remove", "replace", "recolor"})
