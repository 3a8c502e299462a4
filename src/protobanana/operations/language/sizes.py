"""The size that the words ask for: exact pixels, a ratio, or a format such as "phone wallpaper"."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from protobanana.operations.language.lexicon import Lexicon
from protobanana.operations.language.reading import Reading
from protobanana.operations.language.tokens import Token, tokenise

SMALLEST, LARGEST = 64, 16_384
"""Sides in pixels below or above which two numbers are no picture size (a 4x4 truck)."""


@dataclass(frozen=True, slots=True)
class Shape:
    """`ratio` is width over height; `width` and `height` are set where pixels were named."""

    ratio: float | None = None
    width: int | None = None
    height: int | None = None

    def size(self) -> tuple[int | None, int | None]:
        """Pixels to draw: as named, else the native size closest to the ratio."""
        if self.width or self.height:
            return self.width, self.height
        if self.ratio is None:
            return None, None
        wanted = math.log(self.ratio)
        width, height = min(data()["native"], key=lambda size: abs(math.log(size[0] / size[1]) - wanted))
        return width, height


@lru_cache(maxsize=1)
def data() -> dict[str, Any]:
    """The data file of formats."""
    path = resources.files("protobanana.operations.language") / "words" / "formats.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _formats() -> Lexicon:
    return Lexicon([{key: data()[key] for key in ("sure", "head", "orientation")}])


def ratio_of(text: str) -> float:
    """ "16:9" as a number."""
    width, height = text.split(":")
    return int(width) / int(height)


def read_shape(reading: Reading) -> Shape | None:
    """What the whole text says about the size of the picture; None when nothing."""
    text = reading.folded
    exact = _exact(text)
    if exact is not None:
        return exact
    named = _ratio(text) or _format(reading)
    screen = _screen(text, formatted=named is not None)
    if screen is not None:
        width, height = screen
        return Shape(height / width, height, width) if named and named < 1 else Shape(width / height, width, height)
    return None if named is None else Shape(named)


_BY = r"(?:x|\*|by|mal|por|par|乘以|乘|かける|fois)"
_PX = r"(?:\s*(?:px|pixels?|pixel|像素|ピクセル|píxeles|pixeles))?"
_NO_UNIT = r"(?!\d|[.,]\d|\s*(?:cm|mm|m|km|ft|feet|inch|inches|in\b|meters?|metres?|years?|grid|\"))"
_PAIR = re.compile(rf"(?<![\d.,])(\d{{2,5}}){_PX}\s*{_BY}\s*(\d{{2,5}}){_NO_UNIT}")
_WIDE = r"(?:wide|in width|width|breit|breite|de ancho|ancho|anchura|de large|large|de largeur|largeur|宽度|宽|幅|横)"
_HIGH = r"(?:tall|high|in height|height|hoch|hohe|de alto|alto|altura|de haut|haut|de hauteur|hauteur|高度|高さ|高|縦)"
_IS = r"\s*(?:of|:|=|is|von|de|为|是|が|は)?\s*"
_NUMBER_WIDE = re.compile(rf"(?<![\d.,])(\d{{2,5}}){_PX}\s*{_WIDE}(?![a-z])")
_NUMBER_HIGH = re.compile(rf"(?<![\d.,])(\d{{2,5}}){_PX}\s*{_HIGH}(?![a-z])")
_WIDE_NUMBER = re.compile(rf"(?<![a-z]){_WIDE}{_IS}(\d{{2,5}})(?!\d)")
_HIGH_NUMBER = re.compile(rf"(?<![a-z]){_HIGH}{_IS}(\d{{2,5}})(?!\d)")
_SIDE_WORD = re.compile(rf"(?<![a-z])(?:{_WIDE}|{_HIGH})(?![a-z])")
_ANY_NUMBER = re.compile(r"\d{2,5}")
_SQUARED = re.compile(
    rf"(?<![\d.,])(\d{{3,5}}){_PX}\s*(?:square|quadrat|cuadrad|carre|正方形|见方|四方)"
    rf"|(?:square|quadrat\w*|cuadrad\w|carree?|正方形)\s*(?:of|at|von|de|,|の)?\s*(\d{{3,5}})(?!\d)"
)


def _exact(text: str) -> Shape | None:
    for match in _PAIR.finditer(text):
        width, height = int(match[1]), int(match[2])
        if min(width, height) >= SMALLEST and max(width, height) <= LARGEST:
            return Shape(width / height, width, height)
    word, number = _SIDE_WORD.search(text), _ANY_NUMBER.search(text)
    word_first = word is not None and number is not None and word.start() < number.start()
    patterns = (_WIDE_NUMBER, _HIGH_NUMBER) if word_first else (_NUMBER_WIDE, _NUMBER_HIGH)
    width, height = (_one(text, pattern) for pattern in patterns)
    if width and height:
        return Shape(width / height, width, height)
    squared = _SQUARED.search(text)
    if squared is not None:
        side = int(squared[1] or squared[2])
        return Shape(1.0, side, side) if SMALLEST <= side <= LARGEST else None
    return None


def _one(text: str, pattern: re.Pattern[str]) -> int | None:
    match = pattern.search(text)
    return int(match[1]) if match is not None and SMALLEST <= int(match[1]) <= LARGEST else None


_KNOWN = frozenset(
    [
        "1:1",
        "2:1",
        "1:2",
        "3:1",
        "1:3",
        "3:2",
        "2:3",
        "4:3",
        "3:4",
        "5:4",
        "4:5",
        "16:9",
        "9:16",
        "16:10",
        "10:16",
        "21:9",
        "9:21",
        "32:9",
        "18:9",
        "9:18",
        "7:5",
        "5:7",
        "9:19",
        "19:9",
        "20:9",
        "9:20",
    ]
)
_RATIO = re.compile(
    r"(?<![\d.:/])(\d{1,2})\s?(?::|/|x|to|by|zu|a|sur|比|対)\s?(\d{1,2})(?![\d:]|[.,]\d|\s?(?:am|pm|uhr|grid))"
)
_ASKED = re.compile(r"(?:ratio|aspect|--ar|format|verhaltnis|proporcion|比例|比率|アスペクト)\D{0,12}$")
_CLOCK = re.compile(
    r"(?:\bat|\bshow\w*|\btime|\bclock|\bsays|\buhr|\bscore|\bwon|\bjohn|\bum|\blas|\bto|\bagainst|\breads|\bgrid)\W{0,3}$"
)
_LOOSE = ("to", "by", "zu", "a", "sur", "/", "x")


def _ratio(text: str) -> float | None:
    for match in _RATIO.finditer(text):
        width, height = int(match[1]), int(match[2])
        if not width or not height:
            continue
        before = text[max(0, match.start() - 40) : match.start()]
        asked = _ASKED.search(before) is not None or re.match(
            r"\s*(?:aspect|ratio|format|比例|比率)", text[match.end() :]
        )
        known = f"{width}:{height}" in _KNOWN
        between = text[match.end(1) : match.start(2)].strip()
        loose = between in _LOOSE and (width, height) not in {(16, 9), (9, 16), (21, 9)}
        if asked or (known and not loose and (not _CLOCK.search(before) or max(width, height) == 16)):
            return width / height
    return None


_RESOLUTION = re.compile(
    r"^\W*(?:wallpaper|resolution|res\b|image|picture|photo\b|size|version|desktop|screen|auflosung|bild\b|hintergrund|resolucion|imagen|"
    r"fondo|resolution|fond d|image|分辨率|壁纸|图片|画质的|解像度|壁紙|画像|サイズ|background)"
)
_AT = re.compile(
    r"(?:\bin|\bat|\bto|\ben|\bauf|\bmit|\ba|\bsize|\bresolution|分辨率|解像度|到)\W{0,3}(?:a\s|true\s|full\s|native\s)?$"
)


def _screen(text: str, *, formatted: bool) -> tuple[int, int] | None:
    for kind in ("screen", "hype"):
        for name, (width, height) in data()[kind].items():
            at = text.find(name)
            if at < 0 or (at and text[at - 1].isascii() and text[at - 1].isalnum()):
                continue
            after = text[at + len(name) :]
            if after[:1].isascii() and after[:1].isalnum():
                continue
            if (
                kind == "screen"
                or _RESOLUTION.match(after)
                or (name != "hd" and _AT.search(text[max(0, at - 20) : at]))
            ):
                return width, height
    return None


def _format(reading: Reading) -> float | None:
    tokens = _formats().tag(tokenise(reading.folded))
    tagged = {token.start: token for token in reading.tokens}
    foreign = data()["foreign"].get(reading.language, ())
    for index, token in enumerate(tokens):
        if token.word.replace(" ", "") in foreign or _spelt_apart(token):
            continue
        for tag in token.tags:
            kind, _, ratio = tag.partition(".")
            if kind in _JUDGES and _JUDGES[kind](tokens, index, tagged):
                return ratio_of(ratio)
    return None


def _spelt_apart(token: Token) -> bool:
    """ "a 4x4" is not A4."""
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
    if _in_cjk(tokens[index]):
        return True
    return not _is_shown(tokens, index, tagged) or _shape_word(tokens, index + 1) or _in(tokens, index)


def _head(tokens: Sequence[Token], index: int, tagged: dict[int, Token]) -> bool:
    if _in_cjk(tokens[index]):
        return all(not tagged.get(token.start, token).has("mark.inside") for token in tokens[:index][-3:]) and not any(
            tagged.get(token.start, token).has("mark.inside") for token in tokens[index + 1 :][:2]
        )
    if _is_shown(tokens, index, tagged):
        return _shape_word(tokens, index + 1)
    before = sum(token.kind == "word" for token in tokens[:index])
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    known = following is not None and tagged.get(following.start, following).tags
    closed = following is None or bool(known) or following.kind != "word" or following.word.endswith(("ing", "ed"))
    return before <= 9 and (closed or following is None or following.word in _GOES_ON)


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
    r"artwork|illustration|video|logo|icon|render|graphic|tile|thumbnail|avatar|resolution|cover|post|story|bild|ausrichtung|imagen|foto|orientacion|formato|图|构图|画幅|比例|の?画像|の?構図|の?写真|で|の?イラスト|版|格式|の?フォーマット|format)"
)
_INTO = frozenset(["in", "as", "im", "en", "als", "como"])


def _shape_word(tokens: Sequence[Token], at: int) -> bool:
    rest = "".join(token.word for token in tokens[at : at + 4])
    return bool(rest) and _SHAPES.match(rest) is not None


def _in(tokens: Sequence[Token], index: int) -> bool:
    """ "in portrait" at the end of a phrase."""
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    return index > 0 and tokens[index - 1].word in _INTO and (following is None or following.kind == "mark")


def _orientation(tokens: Sequence[Token], index: int, tagged: dict[int, Token]) -> bool:
    """Orientation words that come with "format", "in ...", a picture word, or alone between commas."""
    token = tokens[index]
    before = tokens[index - 1] if index else None
    announced = before is not None and _SHAPES.match(before.word) is not None and before.word.startswith("format")
    if _in_cjk(token) or " " in token.word or token.word in _ALWAYS or announced:
        return True
    if token.word in _GENRES and _genre(tokens, index):
        return False
    if _shape_word(tokens, index + 1):
        return (before is not None and before.word in _INTO) or not _is_shown(tokens, index, tagged)
    after = tokens[index + 1] if index + 1 < len(tokens) else None
    alone_after = (
        after is None or (after.kind in {"mark", "number"}) or tagged.get(after.start, after).has("skip.polite")
    )
    if before is None or before.kind == "mark":
        return alone_after and token.word != "wide"
    words = tagged.get(before.start, before)
    if not alone_after or token.word == "wide":
        return False
    return before.word in _INTO or (
        words.has("pronoun.it", "skip.filler", "link.to") and not words.has("det.indefinite")
    )


_ALWAYS = frozenset(["hochformat", "querformat", "hochkant", "apaisado", "apaisada"])
_GENRES = frozenset({"portrait", "landscape"})
_GENRE = re.compile(
    r"(?:painting|photography|photographer|photo(?:graph)?s?of|architect|artist|shotof|paint|gardener|photo(?:graph)?$|lens|studio)"
)


def _genre(tokens: Sequence[Token], index: int) -> bool:
    """ "portrait of", "landscape painting": what is shown, not the shape."""
    rest = "".join(token.word for token in tokens[index + 1 : index + 3])
    return rest.startswith(("of", "with")) or _GENRE.match(rest) is not None


def _in_cjk(token: Token) -> bool:
    return token.kind == "cjk"


_JUDGES = {"sure": _sure, "head": _head, "orientation": _orientation}
