"""What a text-to-image prompt asks for: a background and things with their attributes."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from protobanana.engine.painter import colours, lexicon, reading
from protobanana.engine.painter.colours import RGB
from protobanana.engine.painter.pictograms import is_drawable
from protobanana.engine.painter.vocabulary import ACCESSORIES

_MOST_THINGS = 7
_PURE = {"noun", "scene", "article", "colour", "modifier", "size", "count", "link"}


@dataclass(frozen=True)
class Thing:
    """Something to draw. `relation` says how it stands to the thing before it (`on`, `left-of`, `worn`, ...)."""

    noun: str
    colour: RGB | None = None
    accent: RGB | None = None
    size: float = 1.0
    count: int = 1
    place: tuple[float, float] | None = None
    relation: str = ""
    label: str = ""


@dataclass(frozen=True)
class Scene:
    """A whole picture in words. `ground` is a plain background colour, `backdrop` a painted one by name."""

    things: tuple[Thing, ...] = ()
    ground: RGB | None = None
    backdrop: str = ""
    tint: RGB | None = None
    moods: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    texts: tuple[tuple[str, RGB | None, tuple[float, float] | None], ...] = ()


@dataclass
class _Banned:
    """What the negative prompt rules out."""

    things: set[tuple[str, str]] = field(default_factory=set)
    colours: tuple[RGB, ...] = ()


def dice_for(*parts: object) -> random.Random:
    """Randomness that depends on nothing but the arguments, on every machine."""
    digest = hashlib.sha256("\x1f".join(repr(part) for part in parts).encode()).digest()
    return random.Random(int.from_bytes(digest[:8], "big"))  # noqa: S311 - pictures, not secrets


def banned_colours(negative: str) -> tuple[RGB, ...]:
    """Colours that the negative prompt names on their own."""
    return _banned(negative).colours


def _banned(negative: str) -> _Banned:
    """Things and colours of a negative prompt; quality talk such as `bad hands` rules out no hand."""
    result = _Banned()
    groups: list[list[lexicon.Token]] = [[]]
    for token in lexicon.tokens(negative):
        if token.role == "punctuation":
            groups.append([])
        else:
            groups[-1].append(token)
    for group in groups:
        if not group or any(token.role not in _PURE for token in group):
            continue
        shades = [token.value for token in group if token.role == "colour"]
        nouns = [token.value for token in group if token.role in {"noun", "scene"}]
        result.things |= {(noun, shade) for noun in nouns for shade in shades or [""]}
        if not nouns:
            result.colours += tuple(colours.named(shade) for shade in shades)
    return result


def read_scene(text: str, negative: str = "") -> Scene:
    """The scene a prompt describes, without what the negative prompt names."""
    banned = _banned(negative)
    clauses = [clause for clause in reading.read(text) if clause.verb not in {"remove", "keep"}]
    phrases = [phrase for clause in clauses for phrase in clause.phrases if phrase.link != "without"]
    loose = [(colour, link) for clause in clauses for colour, link, _ in clause.loose]
    phrases, loose = _shared_out(phrases, loose)
    ground, backdrop, tint = _surroundings(phrases, loose, banned)
    return Scene(
        things=_things(phrases, banned),
        ground=ground,
        backdrop=backdrop,
        tint=tint,
        moods=_unique(mood for clause in clauses for mood in clause.moods),
        styles=_unique(style for clause in clauses for style in clause.styles),
        texts=tuple(
            (phrase.noun, colours.named(phrase.colours[0]) if phrase.colours else None, phrase.place)
            for phrase in phrases
            if phrase.kind == "text"
        ),
    )


def _shared_out(
    phrases: list[reading.Phrase], loose: list[tuple[str, str]]
) -> tuple[list[reading.Phrase], list[tuple[str, str]]]:
    """`three balloons: red, blue and yellow` are three things with a colour each."""
    several = [phrase for phrase in phrases if phrase.count > 1 and not phrase.colours]
    if len(several) != 1 or len(loose) != several[0].count:
        return phrases, loose
    place = phrases.index(several[0])
    each = [replace(several[0], count=1, colours=[colour]) for colour, _ in loose]
    return [*phrases[:place], *each, *phrases[place + 1 :]], []


def _unique(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def _surroundings(
    phrases: list[reading.Phrase], loose: list[tuple[str, str]], banned: _Banned
) -> tuple[RGB | None, str, RGB | None]:
    """Plain ground colour, backdrop name, and the colour that was named with the backdrop."""
    ground: RGB | None = None
    backdrop, tint = "", None
    for phrase in phrases:
        shade = (phrase.colours or phrase.becomes)[:1]
        if phrase.kind == "background" and shade:
            ground = colours.named(shade[0])
        elif phrase.kind == "background" and phrase.written.casefold() in {"field", "campo", "champ", "feld"}:
            backdrop = backdrop or "meadow"
        elif phrase.kind == "scene" and not backdrop and (phrase.noun, "") not in banned.things:
            backdrop = phrase.noun
            tint = colours.named(shade[0]) if shade else None
    if ground is None:
        behind = [colour for colour, link in loose if link in {"on", "against", "above", "in"}]
        alone = [colour for colour, _ in loose] if not any(phrase.kind == "noun" for phrase in phrases) else []
        named = behind or alone
        ground = colours.named(named[0]) if named and not backdrop else None
    return ground, backdrop, tint


def _things(phrases: list[reading.Phrase], banned: _Banned) -> tuple[Thing, ...]:
    things: list[Thing] = []
    known = sum(phrase.kind == "noun" for phrase in phrases)
    for phrase in phrases:
        shades = phrase.colours + phrase.becomes
        if phrase.kind == "unknown" and (known >= 3 or len(things) >= 4):
            continue
        if phrase.kind not in {"noun", "unknown"} or len(things) >= _MOST_THINGS:
            continue
        if {(phrase.noun, shade) for shade in ["", *shades]} & banned.things:
            continue
        things.append(
            replace(thing_of(phrase), count=phrase.count, place=phrase.place, relation=_relation(phrase, things))
        )
    return _dressed(things)


def thing_of(phrase: reading.Phrase) -> Thing:
    """One thing as its phrase describes it; an unknown noun is a card with its name on it."""
    shades = [colours.named(shade) for shade in [*phrase.colours, *phrase.becomes][:2]]
    colour, accent = [*shades, None, None][:2]
    known = is_drawable(phrase.noun)
    return Thing(phrase.noun if known else "card", colour, accent, phrase.size, label="" if known else phrase.noun)


def _relation(phrase: reading.Phrase, before: list[Thing]) -> str:
    if not before:
        return ""
    bearer = next((thing.noun for thing in reversed(before) if thing.relation != "worn"), "")
    if phrase.noun in ACCESSORIES and phrase.link in {"with", "in", "and", ""} and wears(bearer):
        return "worn"
    return phrase.link


def _dressed(things: list[Thing]) -> tuple[Thing, ...]:
    """`a hat on a cat` is a cat wearing a hat."""
    for index in range(1, len(things)):
        first, second = things[index - 1], things[index]
        if (
            first.noun in ACCESSORIES
            and first.relation != "worn"
            and second.relation in {"on", "of"}
            and wears(second.noun)
        ):
            worn = Thing(first.noun, first.colour, first.accent, first.size, 1, None, "worn")
            bearer = Thing(second.noun, second.colour, second.accent, second.size, second.count, second.place)
            things[index - 1 : index + 1] = [bearer, worn]
    return tuple(things)


ANCHORS = {
    "cat": ((0.5, 0.19, 0.46), (0.5, 0.36, 0.5), (0.5, 0.66, 0.34)),
    "dog": ((0.5, 0.13, 0.46), (0.5, 0.31, 0.48), (0.5, 0.68, 0.36)),
    "rabbit": ((0.5, 0.33, 0.36), (0.5, 0.47, 0.38), (0.5, 0.72, 0.34)),
    "bear": ((0.5, 0.12, 0.46), (0.5, 0.33, 0.46), (0.5, 0.64, 0.36)),
    "fox": ((0.5, 0.2, 0.4), (0.5, 0.37, 0.44), (0.5, 0.72, 0.3)),
    "lion": ((0.5, 0.13, 0.44), (0.5, 0.38, 0.42), (0.5, 0.72, 0.36)),
    "pig": ((0.5, 0.15, 0.46), (0.5, 0.33, 0.46), (0.5, 0.68, 0.36)),
    "frog": ((0.5, 0.2, 0.5), (0.5, 0.22, 0.56), (0.5, 0.66, 0.36)),
    "bird": ((0.72, 0.22, 0.26), (0.78, 0.33, 0.24), (0.66, 0.52, 0.22)),
    "duck": ((0.67, 0.18, 0.3), (0.72, 0.29, 0.28), (0.62, 0.5, 0.24)),
    "owl": ((0.5, 0.16, 0.46), (0.5, 0.36, 0.54), (0.5, 0.56, 0.34)),
    "penguin": ((0.5, 0.15, 0.4), (0.5, 0.3, 0.36), (0.5, 0.5, 0.34)),
    "chicken": ((0.68, 0.15, 0.28), (0.72, 0.28, 0.24), (0.66, 0.5, 0.24)),
    "person": ((0.5, 0.08, 0.28), (0.5, 0.195, 0.22), (0.5, 0.4, 0.22)),
    "face": ((0.5, 0.1, 0.66), (0.5, 0.4, 0.68), (0.5, 0.94, 0.4)),
    "robot": ((0.5, 0.15, 0.48), (0.5, 0.29, 0.44), (0.5, 0.54, 0.32)),
    "snowman": ((0.5, 0.11, 0.26), (0.5, 0.17, 0.22), (0.5, 0.31, 0.28)),
    "ghost": ((0.5, 0.1, 0.5), (0.5, 0.4, 0.5), (0.5, 0.66, 0.36)),
    "alien": ((0.5, 0.16, 0.46), (0.5, 0.41, 0.6), (0.5, 0.72, 0.3)),
    "skull": ((0.5, 0.1, 0.6), (0.5, 0.43, 0.6), (0.5, 0.9, 0.36)),
    "horse": ((0.8, 0.14, 0.24), (0.85, 0.23, 0.22), (0.7, 0.5, 0.22)),
    "dinosaur": ((0.78, 0.12, 0.28), (0.78, 0.19, 0.24), (0.66, 0.44, 0.22)),
    "elephant": ((0.76, 0.2, 0.32), (0.8, 0.33, 0.24), (0.74, 0.58, 0.26)),
}
"""Head top, eyes and neck of each wearer: x, y and width in units of its drawing."""


def wears(noun: str) -> bool:
    """Whether a thing has a head to put a hat on."""
    return noun in ANCHORS
