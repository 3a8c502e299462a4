"""Turns that want no picture, and short helpful answers to them in the user's language."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources

from protobanana.operations.base import Turn
from protobanana.operations.language.clauses import Clause, verb_of
from protobanana.operations.language.commands import Command
from protobanana.operations.language.facts import needs_picture
from protobanana.operations.language.reading import Reading, read
from protobanana.operations.language.tokens import Token

_IDLE = (
    "chat.topic",
    "chat.ok",
    "chat.praise",
    "chat.thanks",
    "chat.greeting",
    "chat.bye",
    "skip.polite",
    "skip.filler",
    "link.and",
    "link.cut",
    "chat.tail",
)
_AGAIN = ("verb.again", "skip.polite", "link.cut")
_FEW = 3
"""Words of a turn like "hmm a bit more"."""
_KINDS = ("about", "thanks", "bye", "greeting", "praise", "ok")


def chats(turn: Turn) -> bool:
    """Whether the turn wants words, not a picture."""
    reading = read(turn.text)
    if not any(token.kind in {"word", "cjk", "number", "quote"} for token in reading.tokens):
        return not turn.has_mask and turn.n_refs < 2
    if not turn.has_image and needs_picture(reading):
        return True
    moods = [_mood(reading, command, turn) for command in reading.commands]
    if "picture" in moods:
        return False
    return "talk" in moods


def _mood(reading: Reading, command: Command, turn: Turn) -> str:
    """`talk`, `picture`, or `open` for a clause that could be either and leaves it to the others."""
    clause = command.clause
    words = [token for token in clause.tokens if token.kind != "mark"]
    if not words:
        return "open"
    if any(token.has("verb.anew") for token in words):
        return "picture"
    if any(token.has("verb.again") for token in words) and all(token.has(*_AGAIN) for token in words):
        return "picture"
    if turn.has_image and any(token.has("number.more", "number.less") for token in words) and len(words) <= _FEW:
        return "picture"
    if all(token.has(*_IDLE, "chat.about") for token in words) and any(_smalltalk(token) for token in words):
        return (
            "open"
            if any(token.has("adj.color", "adj.comparative") and not _smalltalk(token) for token in words)
            else "talk"
        )
    if _asks(clause, words, turn) or _talks(command, words):
        return "talk"
    if command.verb or len(reading.commands) == 1:
        return "picture"
    return "open" if len(words) <= 3 and not _visible(words) else "picture"


def _talks(command: Command, words: Sequence[Token]) -> bool:
    """Whether a clause is a remark, a pleasantry or a request for words."""
    clause = command.clause
    if command.verb == "talk":
        return True
    if command.verb in {"draw", "want"} and any(token.has("chat.topic") for token in command.object[:5]):
        return True
    unseen = not command.verb and not _visible(words[1:])
    if not command.verb and _dismisses(words[-1]) and not _visible(words[:-1]):
        return True
    if words[0].has("chat.about") and len(words) <= 3:
        return True
    if words[0].has("chat.remark") and unseen and len(words) > 1:
        return True
    if not command.verb and _thanks_for(words):
        return True
    pleasant = words[0].has("chat.thanks", "chat.praise", "chat.bye") and unseen and _paused(clause)
    return pleasant or _about_oneself(command, words)


def _thanks_for(words: Sequence[Token]) -> bool:
    """Whether nothing but pleasantries comes before "thanks for ..."."""
    for index, token in enumerate(words):
        if token.has("chat.thanks") and index and not _visible(words[index:]):
            return True
        if not token.has(*_IDLE):
            return False
    return False


def _smalltalk(token: Token) -> bool:
    return any(tag.startswith("chat.") for tag in token.tags) or token.has("skip.polite")


def _dismisses(last: Token) -> bool:
    """Whether the turn ends in a laugh or in "ignore that"."""
    return last.has("chat.laugh") or (last.has("chat.ok") and " " in last.word and not last.has("link.rest"))


def _paused(clause: Clause) -> bool:
    """Whether something other than an unknown noun follows the pleasantry ("thanks, ..." against "thank you card")."""
    following = clause.tokens[1:2]
    return not following or following[0].kind == "mark" or bool(following[0].tags)


def _visible(words: Sequence[Token]) -> bool:
    return any(
        tag.startswith(("adj.", "side.", "grow.", "noun.", "transparent", "link.no"))
        for token in words
        for tag in token.tags
    )


def _asks(clause: Clause, words: Sequence[Token], turn: Turn) -> bool:
    """A question for information, unless it politely asks for a picture ("can you draw ...?", "what about blue?")."""
    if _beyond_pictures(clause, words):
        return True
    start = 0
    while (
        start < len(words) - 1
        and words[start].has("chat.greeting", "chat.thanks", "chat.praise", "link.and", "chat.ok")
        and not (words[start].has("ask.what", "ask.yesno", "ask.offer"))
    ):
        start += 1
    first = words[start]
    if first.kind == "cjk" and any(token.has("ask.what") for token in words):
        final = words[-1].has("ask.tail", "ask.what", "skip.tail", "skip.polite")
        return clause.asks or final or first.has("ask.what") or clause.verb in {"", "talk"}
    if (
        clause.asks
        and any(token.has("ask.what") for token in words[start : start + 3])
        and not first.has("ask.offer", "ask.ability")
    ):
        return True
    if first.has("ask.offer") and len(words) > start + 1:
        return False
    if first.has("ask.ability"):
        return _general(words[start + 1 :], turn)
    if first.word == "how" and len(words) > start + 1 and words[start + 1].has("det.definite", "det.indefinite"):
        return clause.asks
    if first.has("ask.you"):
        return clause.asks and clause.verb in {"", "talk"}
    if first.word in _RELATIVE and not clause.asks:
        return False
    if first.has("ask.what", "ask.how"):
        return clause.asks or not clause.verb or first.has("ask.how") or len(words) > 2
    if first.has("ask.yesno"):
        return clause.asks or len(words) > 2
    return any(token.has("ask.tail") for token in words[-2:])


def _beyond_pictures(clause: Clause, words: Sequence[Token]) -> bool:
    """Whether it asks for what is done with files or for other media: "can i save this?", "can you make videos?"."""
    asking = clause.asks or words[0].has("ask.ability", "ask.what", "ask.yesno", "ask.offer")
    if not asking or any(token.has("adj.transparent", "link.no") for token in words):
        return False
    if any(token.has("ask.file") for token in words):
        return True
    return any(
        token.has("ask.media") and (verb_of(before) or before.has("det.indefinite", "link.to"))
        for before, token in itertools.pairwise(words)
    )


_RELATIVE = frozenset({"que"})
"""Question words that also begin a wish ("que sonría")."""


def _general(words: Sequence[Token], turn: Turn) -> bool:
    """Whether it is about abilities, not about this picture: "can you draw?", "can you remove backgrounds"."""
    words = [token for token in words if not token.has("skip.polite")]
    if len(words) <= 1:
        return not (turn.has_image and words and " " in words[0].word)
    plain = not any(
        token.has("det.definite", "det.indefinite", "pronoun.it", "pronoun.person") or token.kind == "number"
        for token in words
    )
    return plain and len(words) <= 3 and not turn.has_image


def _about_oneself(command: Command, words: Sequence[Token]) -> bool:
    first = next((token for token in words if not token.has("skip.polite")), words[0])
    if command.verb in {"want", "draw"} or not first.has("chat.self"):
        return False
    if any(a.has("det.indefinite") and b.has("noun.picture", "noun.artefact") for a, b in itertools.pairwise(words)):
        return any(token.has("verb.have") for token in words)
    return not command.verb or command.verb not in {"remove", "replace", "extend", "cutout", "zoomout"}


@lru_cache(maxsize=1)
def _replies() -> dict[str, dict[str, str]]:
    path = resources.files("protobanana.turn") / "replies.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def reply(turn: Turn) -> str:
    """A short answer in the language of the turn."""
    reading = read(turn.text)
    replies = _replies().get(reading.language) or _replies()["en"]
    if not turn.has_image and needs_picture(reading):
        return replies["missing"]
    for kind in _KINDS:
        if any(token.has(f"chat.{kind}") for token in reading.tokens):
            return replies[kind]
    asked = any(command.clause.asks or command.verb == "talk" for command in reading.commands)
    return replies["question" if asked else "about"]
