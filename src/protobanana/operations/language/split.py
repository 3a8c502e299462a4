"""The part to change and what shall be there afterwards, as phrases: "the man's tie" and "a red tie"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from protobanana.operations.language.commands import SAYS, Command
from protobanana.operations.language.lexicon import lexicon
from protobanana.operations.language.reading import Reading
from protobanana.operations.language.targets import bare, noun_chunk
from protobanana.operations.language.tokens import Token

_LINKS = ("link.from", "link.of", "link.on")
_QUALITY = ("adj.color", "adj.look", "adj.comparative", "skip.filler")
_CJK = ("zh", "ja")


@dataclass(frozen=True, slots=True)
class Split:
    """`region` names what is there now, `result` what shall be seen in its place."""

    region: str
    result: str


def split(reading: Reading, command: Command) -> Split | None:
    """Phrases of a command about a part of the picture; None when it names no part."""
    words = _without_picture(bare(command.object))
    if not words:
        return None
    named, words = words, _looked_through(words)
    recoloured = command.verb == "recolor" or named != words
    settings = lexicon(reading.language).settings
    region = _nominative(reading.quote(tuple(words)), settings)
    if command.verb in {"remove", "cutout"}:
        return Split(region, _uncovered(reading, command, settings))
    return Split(region, _result(reading, command, words, settings, recoloured=recoloured))


def _nominative(phrase: str, settings: dict[str, Any]) -> str:
    """Without what the words around it did to it: "del coche" is "el coche", "the car's" is "the car"."""
    for prefix, plain in settings.get("nominative", {}).items():
        if phrase.lower().startswith(prefix):
            phrase = plain + phrase[len(prefix) :]
            break
    return phrase.removesuffix("'s").removesuffix("’s")


def _without_picture(words: Sequence[Token]) -> list[Token]:
    """Drop "from the picture", "in this photo" at the end, and "of the picture"; "only" in front."""
    words = list(words)
    while len(words) > 1 and words[0].has("link.only"):
        words = words[1:]
    if len(words) > 1 and words[-1].has("pronoun.it") and " " in words[-1].word and not words[-2].has(*_LINKS):
        return bare(words[:-1])
    for linked in (2, 3):
        if words[-1].kind == "cjk" and words[-2:-1] and words[-2].has("mark.inside"):
            break
        if len(words) > linked and words[-1].has("pronoun.it", "noun.picture") and words[-linked].has(*_LINKS):
            return bare(words[:-linked])
    return words


def _looked_through(words: Sequence[Token]) -> list[Token]:
    """The thing itself: the car of "the colour of the car" and "the car's colour", her hair of "her hair colour"."""
    words = list(words)
    at = next((index for index, token in enumerate(words) if token.has("noun.color")), None)
    if at is None or len(words) < 2:
        return words
    if at + 1 < len(words) and all(token.has("det.definite", "det.indefinite") for token in words[:at]):
        rest = words[at + 1 :]
        while rest and rest[0].has("link.of") and not rest[0].has("det.definite"):
            rest = rest[1:]
        return rest or words
    kept = words[:at]
    return kept or words


def _uncovered(reading: Reading, command: Command, settings: dict[str, Any]) -> str:
    """What a removed thing leaves: the thing it was on when that is named, else the background."""
    words = bare(command.object)
    for index, token in enumerate(words):
        if token.word in _OFF and index and index + 1 < len(words):
            rest = bare(words[index + 1 :])
            if rest and not rest[-1].has("pronoun.it", "noun.picture", "noun.background", "side.left", "side.right"):
                return reading.quote(tuple(rest))
    return str(settings.get("uncovered", "the background"))


_OFF = frozenset({"from", "off", "off of", "von", "vom", "aus"})


def _result(
    reading: Reading, command: Command, region: Sequence[Token], settings: dict[str, Any], *, recoloured: bool
) -> str:
    words = bare(command.result)
    while len(words) > 1 and words[-1].word in settings.get("closing", ()):
        words = bare(words[:-1])
    while len(words) > 1 and (words[0].word in _COPULAS or words[0].has("noun.color")):
        words = bare(words[1:])
    noun = _head(region, settings, cjk=reading.language in _CJK)
    if not words:
        quality = settings.get("touched", {}).get(command.clause.spoken) or settings.get("different", "different")
        return _phrase(quality, "", noun, region[0].word, reading)
    merged = command.verb != "replace" and (len(words) > 2 or recoloured)
    if command.verb != "replace" and len(words) > 1 and reading.language == "en" and _ends_in_color(words):
        shade = words[1:] if words[0].has("det.indefinite") else words
        return _phrase(reading.quote(tuple(shade)), "", noun, region[0].word, reading)
    if (
        merged
        and len(words) > 1
        and words[0].has("det.indefinite")
        and all(token.has(*_QUALITY) for token in words[1:])
    ):
        words = words[1:]
    if len(words) > 1 and words[0].word in SAYS:
        return _phrase("", f"that says {reading.quote(tuple(words[1:]))}", noun, region[0].word, reading)
    described, tail = _described(words)
    if words[0].word == "like" and reading.language == "en":
        return _phrase("", f"that looks {reading.quote(tuple(words))}", noun, region[0].word, reading)
    if recoloured and not described and not words[0].has("det.indefinite", "det.definite") and words[0].kind != "quote":
        described, tail = words, []
    if not described:
        return _one(reading, words, noun)
    return _phrase(reading.quote(tuple(described)), reading.quote(tuple(tail)), noun, region[0].word, reading)


def _ends_in_color(words: Sequence[Token]) -> bool:
    """Whether it is a colour of several words, "a soft sage green", and not "a traffic light"."""
    return words[-1].has("adj.color") and not words[-1].has("skip.filler", "noun.scene")


_COPULAS = frozenset(
    {"look", "looks", "appear", "become", "be", "to", "into", "turn", "seem", "all", "completely", "totally"}
    | {"entirely", "fully", "of", "de", "en", "in"}
)


def _described(words: Sequence[Token]) -> tuple[list[Token], list[Token]]:
    """The adjectives of a predicate and what follows ("red", "with white dots"); no adjectives for a noun phrase."""
    end = 0
    while end < len(words) and (words[end].has(*_QUALITY) or (end and words[end].has("link.and"))):
        end += 1
    while end and words[end - 1].has("link.and"):
        end -= 1
    if end == len(words) or (end and words[end].has("link.with", "link.like")):
        return list(words[:end]), list(words[end:])
    return [], list(words)


_ONE = re.compile(r"\bones?\b", re.IGNORECASE)


def _one(reading: Reading, words: Sequence[Token], noun: Sequence[Token]) -> str:
    """A noun phrase as it stands, "a red one" and "uno rojo" filled in."""
    if noun and (len(words) > 1 or " " in words[0].word) and reading.language not in _CJK:
        name = reading.quote(tuple(noun))
        phrase = reading.quote(tuple(words))
        filled = _ONE.sub(name, phrase, count=1) if reading.language == "en" else phrase
        if filled != phrase:
            complete = words[-1].word.endswith("ones") or words[0].has("det.indefinite", "det.definite", "verb.again")
            return filled if complete else f"a {filled}"
        first, rest = words[0], words[1:] or words
        stands_in = first.has("det.indefinite") and reading.language != "en" and first.word != "des"
        if stands_in and all(token.has("adj.color", "adj.look", "skip.filler") for token in rest):
            settings = lexicon(reading.language).settings
            article, quality = reading.quote((first,)), reading.quote(tuple(rest))
            article = str(settings.get("short_articles", {}).get(article.lower(), article))
            order = (article, name, quality) if settings.get("noun_first") else (article, quality, name)
            return " ".join(order)
    return reading.quote(tuple(words))


def _head(region: Sequence[Token], settings: dict[str, Any], *, cjk: bool) -> list[Token]:
    """The noun of the region, without determiner, owner and adjectives."""
    if cjk:
        at = max((index for index, token in enumerate(region) if token.has("link.of")), default=-1)
        return list(region[at + 1 :])
    owner = max((index for index, token in enumerate(region[:-1]) if token.has("possessive")), default=-1)
    chunk = noun_chunk(region[owner + 1 :]) or list(region)
    chunk = [token for token in chunk if token.has("noun.one") or not token.has(*_DETERMINERS)] or chunk[-1:]
    if settings.get("noun_first"):
        return chunk[:1]
    nouns = [token for token in chunk[:-1] if not token.has(*_ADJECTIVES)]
    nouns += [token for token in chunk[-1:] if not nouns or not token.has(*_ADJECTIVES[:4])]
    if len(chunk) > 2 and chunk[-2].word == "-":
        return chunk[-3:]
    return nouns[-2:] if len(nouns) <= 2 else nouns[-1:]


_DETERMINERS = ("det.definite", "det.indefinite", "pronoun.person", "skip.polite")
_ADJECTIVES = (
    "adj.color",
    "adj.look",
    "adj.size",
    "adj.comparative",
    "side.left",
    "side.right",
    "side.top",
    "side.bottom",
)


def _phrase(quality: str, tail: str, noun: Sequence[Token], first: str, reading: Reading) -> str:
    """A noun phrase of the region's noun and its new quality, in the order of the language."""
    settings = lexicon(reading.language).settings
    name = reading.quote(tuple(noun)).removesuffix("'s").removesuffix("’s")
    if reading.language in _CJK:
        return f"{_attributive(quality, reading.language, settings)}{name}{tail}"
    article = str(settings.get("articles", {}).get(first, ""))
    if reading.language == "en":
        article = _english_article(quality, noun)
    plural = bool(noun) and noun[-1].has("noun.plural", "noun.mass") and first != "des"
    if reading.language == "de":
        article = "" if plural else article
        name = name.removesuffix("s") if first == "des" else name
        quality = _german(quality.lower(), article, first)
    quality = _feminine(quality, settings) if article in {"una", "une", "unas"} else quality
    quality = _plural(quality, settings) if article in settings.get("plural_articles", ()) else quality
    words = (article, name, quality, tail) if settings.get("noun_first") else (article, quality, name, tail)
    return " ".join(word for word in words if word)


def _attributive(quality: str, language: str, settings: dict[str, Any]) -> str:
    """A quality as it stands before its noun: 赤く becomes 赤い, 暗一点 becomes 更暗的."""
    if language == "zh":
        for ending in ("一点", "一些", "点"):
            if quality.endswith(ending) and len(quality) > len(ending):
                return f"更{quality.removesuffix(ending).removeprefix('更')}的"
        return quality
    quality = str(settings.get("attributive", {}).get(quality, quality))
    if quality.endswith("く"):
        return quality.removesuffix("く") + "い"
    if quality.endswith("に"):
        return quality.removesuffix("に") + "な"
    return quality if quality.endswith(("い", "な", "の", "た")) else quality + "の"


def _english_article(quality: str, noun: Sequence[Token]) -> str:
    if not noun:
        return ""
    head, word = noun[-1], noun[-1].word
    plural = word.endswith("s") and not word.endswith(("ss", "us", "is", "'s")) and not head.has("noun.singular")
    if plural or head.has("noun.plural", "noun.mass"):
        return ""
    return "an" if quality[:1].lower() in set("aeio") or quality.lower().startswith(("ul", "un", "ug")) else "a"


def _feminine(adjective: str, settings: dict[str, Any]) -> str:
    """The feminine form: "rojo" to "roja", "vert" to "verte"."""
    special = settings.get("feminine", {})
    if adjective in special:
        return str(special[adjective])
    for masculine, feminine in settings.get("feminine_endings", {}).items():
        if adjective.endswith(masculine) and " " not in adjective:
            return adjective.removesuffix(masculine) + str(feminine)
    return adjective


def _plural(adjective: str, settings: dict[str, Any]) -> str:
    """The plural form: "verde" to "verdes", "azul" to "azules"."""
    if " " in adjective or adjective.endswith(("s", "x")) or adjective in settings.get("invariable", ()):
        return adjective
    return adjective + ("s" if adjective[-1] in "aeiouáéíóú" else str(settings["plural_ending"]))


def _german(adjective: str, article: str, first: str) -> str:
    """Adjective endings after "ein" and "eine" in the nominative and accusative."""
    ending = "er" if first == "der" else {"eine": "e", "ein": "es", "einen": "en"}.get(article, "e")
    if " " in adjective or adjective.endswith((ending, "lila", "rosa", "orange", "beige", "pink")):
        return adjective
    return adjective.removesuffix("e") + ending
