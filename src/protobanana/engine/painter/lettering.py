"""Letters: fitted into a box, and the small mark that says which engine painted."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from PIL import Image as Pil
from PIL import ImageDraw, ImageFont

from protobanana.engine.painter import colours
from protobanana.engine.painter.colours import RGB
from protobanana.engine.values import Array, Picture

MARK = "preview engine"
_MARK_FROM = 128
_PLATE = (448, 80)
"""Width and height at which the mark is lettered, before it is brought to size."""
_FINE = 4
"""Points per pixel, each way, at which it is placed."""
_WIDE_FONTS = (
    "NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "NotoSansSC-Regular.otf", "wqy-microhei.ttc",
    "msyh.ttc", "PingFang.ttc", "Hiragino Sans GB.ttc", "arialuni.ttf", "DejaVuSans-Bold.ttf",
)  # fmt: skip
"""Fonts that may be installed and cover more than Latin; the first one found serves."""


@cache
def _font(size: int, *, wide: bool) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    for name in _WIDE_FONTS if wide else ():
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)


def _font_for(text: str, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return _font(max(4, size), wide=any(ord(char) > 0x24F for char in text))


def _lines(text: str, box_ratio: float) -> str:
    """The text broken into as many lines as fill a box of that width-to-height ratio best."""
    words = text.split()
    if len(words) < 2:
        return text
    longest = max(8.0, (len(text) * box_ratio * 2) ** 0.5)
    lines, line = [], ""
    for word in words:
        if line and len(line) + len(word) + 1 > longest:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return "\n".join([*lines, line])


def letter(brush: ImageDraw.ImageDraw, text: str, box: tuple[float, float, float, float], side: int, fill: RGB) -> None:
    """Write `text` as large as it fits into `box` (x0, y0, x1, y1 in units of `side`), centred."""
    width, height = (box[2] - box[0]) * side, (box[3] - box[1]) * side
    shown = _lines(text, width / max(1.0, height))
    size = int(height)
    left, top, right, bottom = brush.multiline_textbbox((0, 0), shown, font=_font_for(text, size), align="center")
    size = max(4, int(size * min(1.0, width / max(1, right - left), height / max(1, bottom - top))))
    centre = ((box[0] + box[2]) / 2 * side, (box[1] + box[3]) / 2 * side)
    brush.multiline_text(centre, shown, colours.levels(fill), font=_font_for(text, size), anchor="mm", align="center")


def stamp(text: str, width: int, height: int, *, wrap: bool = True) -> Array:
    """The text as coverage: float32 `[height, width]` in 0..1, as large as it fits."""
    sheet = Pil.new("L", (width, height))
    brush = ImageDraw.Draw(sheet)
    shown = _lines(text, width / height) if wrap else text
    size = height
    left, top, right, bottom = brush.multiline_textbbox((0, 0), shown, font=_font_for(text, size), align="center")
    size = max(4, int(size * min(1.0, width / max(1, right - left), height / max(1, bottom - top))))
    brush.multiline_text((width / 2, height / 2), shown, 255, font=_font_for(text, size), anchor="mm", align="center")
    return np.asarray(sheet, dtype=np.float32) / np.float32(255)


def marked(picture: Picture) -> Picture:
    """The picture with the engine's name, small and faint, in the bottom right corner (not below 128 pixels)."""
    height, width = picture.shape[:2]
    if min(height, width) < _MARK_FROM:
        return picture
    high = max(9.0, min(height, width) * 0.02)
    x, y = width - 7.5 * high, height - 1.5 * high
    left, top = math.floor(x), math.floor(y)
    coverage = _placed(high, x - left, y - top)
    result = picture.copy()
    region = result[top : top + coverage.shape[0], left : left + coverage.shape[1]]
    tone = np.float32(1.0 if float(region.mean()) < 0.5 else 0.0)
    region += (tone - region) * (coverage[: region.shape[0], : region.shape[1], None] * np.float32(0.4))
    return result


def _placed(high: float, x: float, y: float) -> Array:
    """The mark's coverage, seven times `high` pixels wide, its corner at (x, y) of a pixel.

    Exactly in proportion to the picture: on one that was marked, enlarged or reduced, and painted on again, the marks
    lie one on the other.
    """
    plate = Pil.fromarray((stamp(MARK, *_PLATE, wrap=False) * 255).astype(np.uint8))
    step = _PLATE[0] / (7 * high)
    size = (math.ceil(x + _PLATE[0] / step) * _FINE, math.ceil(y + _PLATE[1] / step) * _FINE)
    grid = (step / _FINE, 0, -x * step, 0, step / _FINE, -y * step)
    placed = plate.transform(size, Pil.Transform.AFFINE, grid, Pil.Resampling.BILINEAR).reduce(_FINE)
    return np.asarray(placed, dtype=np.float32) / np.float32(255)
