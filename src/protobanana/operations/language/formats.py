"""Words for the shape of a picture ("phone wallpaper", "in portrait"), told from things that only sound like one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from typing import Any

from protobanana.operations.language.lexicon import Lexicon
from protobanana.operations.language.reading import Reading
from protobanana.operations.language.tokens import Token, tokenise


@lru_cache(maxsize=1)
def data() -> dict[str, Any]:
    """The data file of formats."""
    path = resources.files("protobanana.operations.language") / "words" / "formats.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _formats() -> Lexicon:
    return Lexicon([{key: data()[key] for key in ("sure", "head", "orientation")}])


@lru_cache(maxsize=2)
def shape_words(kind: str = "company") -> frozenset[str]:
    """Words that go with shapes and say nothing else, or (`about`) that name what a shape is: "aspect ratio"."""
    return frozenset(data()[kind].split())


def ratio_of(text: str) -> float:
    """A ratio such as "16:9" as a number."""
    width, height = text.split(":")
    return int(width) / int(height)


def format_ratio(reading: Reading) -> float | None:
    """Width over height of the format or orientation the words name; None when they name none."""
    tokens = _formats().tag(tokenise(reading.folded))
    tagged = {token.start: token for token in reading.tokens}
    foreign = data()["foreign"].get(reading.language, ())
    found: dict[str, float] = {}
    for index, token in enumerate(tokens):
        if token.word.replace(" ", "") in foreign or _spelt_apart(token):
            continue
        for tag in token.tags:
            kind, _, ratio = tag.partition(".")
            if kind in _JUDGES and _JUDGES[kind](tokens, index, tagged):
                found.setdefault(kind, ratio_of(ratio))
    named = found.get("sure") or found.get("head")
    turned = found.get("orientation")
    if named is None or turned is None:
        return named or turned
    return 1 / named if (named - 1) * (turned - 1) < 0 else named


def _spelt_apart(token: Token) -> bool:
    """Whether it is the "a 4" of "a 4x4", which is not A4."""
    return token.word in {"a 4", "a 3", "a 5"} and token.end - token.start > 2


_INSIDE = ("link.on", "link.with", "link.from", "link.of")
_SHOWN = re.compile(r"(?:holding|holds|reading|wearing|near|beside|hanging|showing|shows|carrying|of)$")


def _is_shown(tokens: Sequence[Token], index: int, tagged: dict[int, Token]) -> bool:
    """Whether the format is a thing in the picture ("a man holding a business card") rather than its shape."""
    at = index - 1
    while at >= 0:
        token = tokens[at]
        words = tagged.get(token.start, token)
        if token.kind == "mark" and token.word in ".!?;\n,:。，、！？(-":
            return False
        if words.has("verb.draw", "verb.want", "verb.make", "verb.extend"):
            return False
        if token.word in _MEANT:
            return False
        if words.has(*_INSIDE) or _SHOWN.search(token.word):
            return True
        at -= 1
    return False


_MEANT = frozenset(["as", "for", "als", "fur", "como", "para", "comme", "pour", "für", "to", "into", "作为", "用"])


def _sure(tokens: Sequence[Token], index: int, tagged: dict[int, Token]) -> bool:
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    if following is not None and (following.word in _LIES or following.word == "-"):
        return False
    if index and tokens[index - 1].word in _ARTICLES and following is not None and following.word == "de":
        return " " in tokens[index].word
    if _in_cjk(tokens[index]) or "format" in tokens[index].word or (index and tokens[index - 1].word in _INTO):
        return True
    return not _is_shown(tokens, index, tagged) or _shape_word(tokens, index + 1) or _in(tokens, index)


def _head(tokens: Sequence[Token], index: int, tagged: dict[int, Token]) -> bool:
    if _in_cjk(tokens[index]):
        return all(not tagged.get(token.start, token).has("mark.inside") for token in tokens[:index][-3:]) and not any(
            tagged.get(token.start, token).has("mark.inside") for token in tokens[index + 1 :][:2]
        )
    listed = index > 2 and tokens[index - 1].word in _ARTICLES and tokens[index - 2].word in {"and", "und", "y", "et"}
    if index and tokens[index - 1].word in _STYLES:
        return False
    if listed or _is_shown(tokens, index, tagged):
        return _shape_word(tokens, index + 1)
    before = sum(token.kind == "word" for token in tokens[:index])
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    if following is not None and following.word == "-":
        return False
    known = following is not None and tagged.get(following.start, following).tags
    closed = following is None or bool(known) or following.kind != "word" or following.word.endswith(("ing", "ed"))
    return before <= 9 and (closed or following is None or following.word in _GOES_ON)


_STYLES = frozenset({"style", "styled", "stil", "estilo", "look"})
_GOES_ON = frozenset(
    [
        "design",
        "that",
        "which",
        "saying",
        "titled",
        "about",
        "announcing",
        "for",
        "fur",
        "para",
        "pour",
        "de",
        "mit",
        "con",
        "avec",
        "que",
        "qui",
        "die",
        "das",
        "der",
    ]
)
_SHAPES = re.compile(
    r"(?:format|orient|mode|aspect|ratio|size|version|layout|image|picture|photo|pic|wallpaper|banner|crop|canvas|shape|composition|frame|poster|dimension|"
    r"artwork|illustration|video|logo|icon|render|graphic|tile|thumbnail|avatar|resolution|cover|post|story|sticker|design|label|badge|pattern|card|flyer|meme|portrait|collage|bild|ausrichtung|imagen|foto|retrato|dibujo|dessin|affiche|cartel|orientacion|formato|图|构图|画幅|比例|の?画像|の?構図|の?写真|で|の?イラスト|版|格式|の?フォーマット|format)"
)
_INTO = frozenset(["in", "as", "im", "en", "als", "como"])


_LIES = frozenset({"lying", "hanging", "standing", "leaning"})
_ARTICLES = frozenset({"a", "an", "ein", "eine", "einen", "un", "una", "une"})


def _shape_word(tokens: Sequence[Token], at: int) -> bool:
    rest = "".join(token.word for token in tokens[at : at + 4])
    return bool(rest) and _SHAPES.match(rest) is not None


def _in(tokens: Sequence[Token], index: int) -> bool:
    """Whether it is like "in portrait" at the end of a phrase."""
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    return index > 0 and tokens[index - 1].word in _INTO and (following is None or following.kind == "mark")


def _orientation(tokens: Sequence[Token], index: int, tagged: dict[int, Token]) -> bool:
    """Orientation words that come with "format", "in ...", a picture word, or alone between commas."""
    token = tokens[index]
    before = tokens[index - 1] if index else None
    if before is not None and (before.word in {"as", "so", "times", "px", "pixels"} or before.kind == "number"):
        return before.word == "as" and token.word not in {"tall", "wide"}
    announced = before is not None and _SHAPES.match(before.word) is not None and before.word.startswith("format")
    if _in_cjk(token) or " " in token.word or token.word in _ALWAYS or announced:
        return True
    if before is not None and token.word in _FOLLOWING and _SHAPES.match(before.word):
        return True
    if token.word in _GENRES and _genre(tokens, index):
        return False
    if _shape_word(tokens, index + 1):
        return (before is not None and before.word in _INTO) or not _is_shown(tokens, index, tagged)
    after = tokens[index + 1] if index + 1 < len(tokens) else None
    alone_after = (
        after is None
        or after.kind in {"mark", "number"}
        or after.word in _HOW
        or tagged.get(after.start, after).has("skip.polite")
    )
    if before is not None and before.word in _KNOWN and token.word in _GENRES:
        return False
    if before is None or before.kind == "mark":
        return alone_after and token.word != "wide"
    words = tagged.get(before.start, before)
    if not alone_after or token.word == "wide":
        return False
    if before.word in _ARTICLES and index > 1:
        before = tokens[index - 2]
        words = tagged.get(before.start, before)
        return words.has("pronoun.it", "link.to")
    return before.word in _INTO or (
        words.has("pronoun.it", "skip.filler", "link.to") and not words.has("det.indefinite")
    )


_KNOWN = frozenset({"the", "this", "my", "his", "her", "our", "your"})
_HOW = frozenset({"by", "so", "without", "using", "but"})
_ALWAYS = frozenset(["hochformat", "querformat", "hochkant", "apaisado", "apaisada"])
_FOLLOWING = frozenset({"vertical", "verticale", "horizontal", "horizontale"})
_GENRES = frozenset({"portrait", "landscape"})
_GENRE = re.compile(
    r"(?:painting|photography|photographer|photo(?:graph)?s?of|architect|artist|shotof|paint|gardener|photo(?:graph)?$|lens|studio)"
)


def _genre(tokens: Sequence[Token], index: int) -> bool:
    """Whether it is what is shown, not the shape: "portrait of", "landscape painting"."""
    rest = "".join(token.word for token in tokens[index + 1 : index + 3])
    return rest.startswith(("of", "with")) or _GENRE.match(rest) is not None


def _in_cjk(token: Token) -> bool:
    return token.kind == "cjk"


_JUDGES = {"sure": _sure, "head": _head, "orientation": _orientation}
