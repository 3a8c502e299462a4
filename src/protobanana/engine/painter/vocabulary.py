"""The word lists of `words/`, and what the painter knows about some of the things in them."""

from __future__ import annotations

from functools import cache
from importlib import resources

ROLES = (
    "colour", "modifier", "background", "scene", "noun", "mood", "style", "place", "size", "count", "link", "article",
    "verb", "lead",
)  # fmt: skip
"""Kinds of words, in the order in which they win when a word is in two lists."""


@cache
def lines(role: str) -> tuple[str, ...]:
    """The rows of one word list."""
    text = resources.files("protobanana.engine.painter").joinpath("words", f"{role}.txt").read_text(encoding="utf-8")
    return tuple(text.splitlines())


@cache
def rows(role: str) -> tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]:
    """Each row as its meaning (with any number behind the name) and the words of the four language groups."""
    result = []
    for line in lines(role):
        head, *groups = line.split("|")
        groups += [""] * (4 - len(groups))
        result.append((head.strip(), tuple(tuple(group.split()) for group in groups)))
    return tuple(result)


ACCESSORIES = {
    "hat": "head", "top-hat": "head", "bowler": "head", "crown": "head", "glasses": "eyes", "scarf": "neck",
    "tie": "neck", "bow-tie": "neck",
}  # fmt: skip
"""Things that are worn, and where."""

SKY = {"sun", "moon", "cloud", "rainbow", "lightning", "bird", "airplane", "helicopter", "balloon", "kite", "planet",
       "star", "rocket", "butterfly", "bee", "snowflake", "owl", "crescent"}  # fmt: skip
"""Things that belong into the upper part of a scene."""
