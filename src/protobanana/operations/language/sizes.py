"""The size that the words ask for: exact pixels, a ratio, or a format such as "phone wallpaper"."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from protobanana.operations.language.formats import data, format_ratio
from protobanana.operations.language.reading import Reading

SMALLEST, LARGEST = 64, 16_384
"""Sides in pixels below or above which two numbers are no picture size (a 4x4 truck)."""


@dataclass(frozen=True, slots=True)
class Shape:
    """`ratio` is width over height; `width` and `height` are set where pixels were named."""

    ratio: float | None = None
    width: int | None = None
    height: int | None = None
    standard: bool = False
    """Whether a screen standard such as "4k" was named, which speaks of detail more than of shape."""

    def size(self) -> tuple[int | None, int | None]:
        """Pixels to draw: as named, else the native size closest to the ratio."""
        if self.width or self.height:
            return self.width, self.height
        if self.ratio is None:
            return None, None
        wanted = math.log(self.ratio)
        width, height = min(data()["native"], key=lambda size: abs(math.log(size[0] / size[1]) - wanted))
        return width, height


@lru_cache(maxsize=64)
def read_shape(reading: Reading) -> Shape | None:
    """What the whole text says about the size of the picture; None when nothing."""
    text = reading.folded
    exact = _exact(text)
    if exact is not None:
        return exact
    named = _ratio(text) or format_ratio(reading)
    screen = _screen(text, formatted=named is not None)
    if screen is not None:
        width, height = screen
        if named and named < 1:
            width, height = height, width
        return Shape(width / height, width, height, standard=True)
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
    wide, high = (_one(text, pattern) for pattern in patterns)
    if wide and high:
        return Shape(wide / high, wide, high)
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
    r"(?<![\d.:/])(\d{1,2})\s?(?::|/|x|to|by|zu|a|sur|比|対)\s?(\d{1,2})"
    r"(?![\d:]|[.,]\d|\s?(?:am|pm|a\.m|p\.m|uhr|grid|o'clock|in the (?:morning|afternoon|evening)))"
)
_ASKED = re.compile(r"(?:ratio|aspect|--ar|format|verhaltnis|proporcion|比例|比率|アスペクト)\D{0,12}$")
_CLOCK = re.compile(
    r"(?:\bat|\bshow\w*|\btime|\bclock|\bsays|\buhr|\bscore|\bwon|\bjohn|\bum|\blas|\bagainst|\breads|\bgrid)\W{0,3}$"
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
    r"(?:wallpaper|hintergrund|fondo de pantalla|fond d'ecran|壁纸|壁紙|\bin|\bat|\bto|\ben|\bauf|\bmit|\ba|\bit"
    r"|\bsize|\bresolution|分辨率|解像度|到)\W{0,3}(?:a\s|true\s|full\s|native\s)?$"
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
                or formatted
                or _RESOLUTION.match(after)
                or (name != "hd" and _AT.search(text[max(0, at - 20) : at]))
            ):
                return width, height
    return None
