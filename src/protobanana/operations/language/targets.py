"""What a phrase is about: the background, the whole picture, the scene it shows, a person, a part of it, or nothing."""

from __future__ import annotations

from collections.abc import Sequence

from protobanana.operations.language.tokens import Token

BACKGROUND, PICTURE, SCENE, PERSON, PART, NEW, NOTHING = (
    *("background", "picture", "scene", "person", "part", "new", "nothing"),
)
_DET = ("det.definite", "det.indefinite")
_QUALITY = ("adj.color", "adj.look", "adj.comparative", "adj.transparent", "skip.filler")
_MANNER = ("adj.style", "adj.moment")
_AFTER_NOUN = ("link.of", "link.on", "link.with", "link.to", "link.from", "link.cut", "link.and", "link.instead")


def bare(tokens: Sequence[Token]) -> list[Token]:
    """Without politeness and marks at both ends."""
    first, last = 0, len(tokens)
    while first < last and _idle(tokens[first]):
        first += 1
    while last > first and _idle(tokens[last - 1], at_end=True):
        last -= 1
    return list(tokens[first:last])


def _idle(token: Token, *, at_end: bool = False) -> bool:
    if token.kind == "mark":
        return True
    if not token.has("skip.polite"):
        return False
    return not token.has("side.right", "side.left") or not at_end


def noun_chunk(tokens: Sequence[Token]) -> list[Token]:
    """The first noun phrase up to a preposition, conjunction or mark; "colour of the ..." is looked through."""
    chunk: list[Token] = []
    for token in tokens:
        if token.word == "-" and chunk:
            chunk.append(token)
            continue
        if token.kind == "mark" or token.has("link.cut") or (token.word in _RELATIVES and _named(chunk)):
            if chunk:
                break
            continue
        determiner = token.has(*_DET) and not (_named(chunk) and token.has("link.of", "link.on", "link.from"))
        if token.has(*_AFTER_NOUN) and not token.has("side.left", "side.right") and not determiner:
            if _only_attribute(chunk) and token.has("link.of"):
                chunk = []
                continue
            if chunk:
                break
            continue
        if token.has("adj.act") and token.word.endswith("ing") and any(not other.tags for other in chunk):
            break
        chunk.append(token)
    return chunk


_RELATIVES = frozenset(
    ["that", "who", "which", "whose", "que", "qui", "she", "he", "they", "we", "i", "you", "she's", "he's"]
)


def _named(chunk: Sequence[Token]) -> bool:
    return any(not token.has(*_DET) for token in chunk)


def _only_attribute(chunk: Sequence[Token]) -> bool:
    content = [token for token in chunk if not token.has(*_DET)]
    return bool(content) and all(token.has("noun.color") for token in content)


def target(tokens: Sequence[Token]) -> str:
    """What the phrase names; see the constants of this module."""
    words = bare(tokens)
    if not words:
        return NOTHING
    chunk = noun_chunk(words)
    if not chunk or all(token.kind == "number" or token.has("unit.px", "unit.percent") for token in chunk):
        return NOTHING
    first = chunk[0]
    content = [token for token in chunk if not token.has(*_DET) or token.has("pronoun.it", "pronoun.person")]
    if first.has("pronoun.it") and not _determines(first, chunk):
        following = words[len(chunk) : len(chunk) + 1]
        hung = " " in first.word and any(token.has("link.on") and token.word != "by" for token in following)
        return PART if hung and _belongs_to_part(words, chunk) else PICTURE
    if first.has("pronoun.person") and not _determines(first, chunk):
        return PERSON
    if any(token.has("noun.background") for token in chunk):
        return _background_or_part(chunk)
    bare_clitic = len(chunk) > 1 and first.has("pronoun.clitic") and chunk[1].has(*_QUALITY, "link.to")
    if not content or (bare_clitic and not any(token.kind == "word" and not token.tags for token in chunk[2:])):
        return PICTURE if first.has("pronoun.clitic") else NOTHING
    named = [token for token in content if not token.has(*_QUALITY, *_DET)]
    if named and all(token.has(*_MANNER) for token in named) and not first.has("det.definite"):
        rest = words[len(chunk) :]
        return NEW if first.has("det.indefinite") and rest and rest[0].has("link.of") else NOTHING
    if named and named[-1].has("noun.scene") and not _belongs_to_part(words, chunk):
        return SCENE
    if named and named[-1].has("noun.picture") and first.has("det.indefinite") and not first.has("det.definite"):
        return NEW
    if named and named[-1].has("noun.picture") and not _belongs_to_part(words, chunk):
        return PICTURE
    if not named and not any(token.has("det.definite") for token in chunk):
        return NOTHING
    return NEW if first.has("det.indefinite") and not first.has("det.definite") else PART


def _determines(first: Token, chunk: Sequence[Token]) -> bool:
    """Whether a pronoun is a determiner: "her dress" against "her smile", "this car" against "this darker"."""
    if not first.has("det.definite") or len(chunk) < 2:
        return False
    following = chunk[1]
    if following.has("adj.act"):
        return len(chunk) > 2 and chunk[2].has("adj.color")
    if following.has("noun.color", "noun.text", "noun.mass", "noun.scene"):
        return True
    if following.has("adj.act", "adj.comparative", "adj.size", "det.indefinite", "unit.percent", "side.all"):
        return False
    described = following.has("adj.color", "adj.look", "skip.filler", "adj.style", "adj.moment", "link.like")
    if described:
        return any(
            not token.has("adj.color", "adj.look", "skip.filler", "adj.comparative", "adj.style", "skip.polite")
            for token in chunk[2:]
        )
    return following.kind in {"word", "cjk"}


def _background_or_part(chunk: Sequence[Token]) -> str:
    """The background itself, unless it only describes another noun ("the background people")."""
    at = next(index for index, token in enumerate(chunk) if token.has("noun.background"))
    for token in chunk[at + 1 :]:
        if token.has("noun.color", "noun.scene", "noun.picture"):
            return SCENE if token.has("noun.scene") and not token.has("noun.color") else BACKGROUND
        if token.kind == "word" and not token.tags and token.word not in _PARTICLES:
            return PART
        if token.has("noun.text", "noun.plural", "noun.mass", "noun.of"):
            return PART
    return BACKGROUND


_PARTICLES = frozenset({"out", "off", "away", "altogether", "raus", "heraus"})


def _belongs_to_part(words: Sequence[Token], chunk: Sequence[Token]) -> bool:
    """Whether "the shadow of the cat", "the picture on the wall" or "her expression" names a part after all."""
    rest = words[len(chunk) :]
    if not rest or not rest[0].has("link.of", "link.on"):
        return False
    owner = noun_chunk(rest[1:])
    return bool(owner) and not any(token.has("pronoun.it", "noun.picture", "noun.scene") for token in owner)
