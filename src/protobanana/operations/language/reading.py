"""What the words say, read once per turn and shared by all operations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from protobanana.operations.language import cjk, commands
from protobanana.operations.language.clauses import clause, sentences, split
from protobanana.operations.language.commands import Command
from protobanana.operations.language.lexicon import language_of, lexicon
from protobanana.operations.language.targets import PART, target
from protobanana.operations.language.tokens import Token, cap, fold, tokenise

_REMEMBERED = 64


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A text, folded and tagged, and its commands in order ("keep the rest" and the like left out)."""

    text: str
    folded: str
    language: str
    tokens: tuple[Token, ...]
    commands: tuple[Command, ...]

    def mentions(self, *tags: str) -> bool:
        """Whether any word carries one of the tags."""
        return any(not token.tags.isdisjoint(tags) for token in self.tokens)

    def count(self, *tags: str) -> int:
        """How many words carry one of the tags."""
        return sum(token.has(*tags) for token in self.tokens)

    def quote(self, tokens: tuple[Token, ...]) -> str:
        """The words as they were written."""
        return self.text[tokens[0].start : tokens[-1].end].strip() if tokens else ""


@lru_cache(maxsize=_REMEMBERED)
def read(text: str) -> Reading:
    """Read a text of any length; the cost is bounded by the part of it that is looked at."""
    text = cap(text)
    folded = fold(text)
    raw = tokenise(folded)
    language = language_of(folded, raw)
    words = lexicon(language)
    tokens = words.tag(raw)
    build = cjk.command if language in {"zh", "ja"} else commands.command
    found = [build(clause(part, words, asks=asks)) for run, asks in sentences(tokens) for part in split(run)]
    kept = [command for command in found if command.verb != "keep"]
    return Reading(text, folded, language, tuple(tokens), tuple(_resolved(kept)))


def _before_remark(words: tuple[Token, ...]) -> tuple[Token, ...]:
    """What is spoken of in "his tie is ugly"."""
    ends = (at for at, token in enumerate(words) if token.has("ask.yesno", "link.remark", "verb.move"))
    return words[: next(ends, len(words))]


def _resolved(found: list[Command]) -> list[Command]:
    """Commands with pronouns joined to what they mean: "the bag: make it leather"."""
    joined: list[Command] = []
    for command in found:
        last = joined[-1] if joined else None
        if last is not None and not last.verb and last.target == PART and last.object[0].has("det.definite"):
            pronoun = len(command.object) == 1 and command.object[0].has("pronoun.it", "pronoun.person")
            named = _before_remark(last.object)
            if command.verb and pronoun and named and target(named) == PART:
                joined[-1] = replace(command, object=named, target=PART)
                continue
        joined.append(command)
    return joined
