"""How far a picture shall grow beyond its edges, in pixels, from words like "extend left 256px" or "make it 16:9"."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from protobanana.operations.language.reading import Reading
from protobanana.operations.language.sizes import Shape, read_shape
from protobanana.operations.language.tokens import Token

DEFAULT = 0.25
"""Share of the picture's own width or height added to a side when nothing else is said."""
GENEROUS = 0.5
"""The same for "a lot more"."""
_SIDES = ("left", "top", "right", "bottom")
_PLURAL = {"horizontal": ("left", "right"), "vertical": ("top", "bottom"), "all": _SIDES, "each": _SIDES}
_WORDS = {
    "half": 1 / 2, "third": 1 / 3, "two_thirds": 2 / 3, "quarter": 1 / 4, "three_quarters": 3 / 4, "fifth": 1 / 5,
    "tenth": 1 / 10,
}  # fmt: skip
_TIMES = {"double": 2.0, "triple": 3.0, "quadruple": 4.0}
_COUNTS = {
    "ten": 10, "twenty": 20, "twenty_five": 25, "thirty": 30, "forty": 40, "fifty": 50, "hundred": 100,
    "two_hundred": 200, "three_hundred": 300, "four_hundred": 400, "five_hundred": 500, "thousand": 1000,
}  # fmt: skip
_LEAST_PIXELS = 8
"""A bare number below this is no amount of pixels."""
_LEAST_TOTAL = 256
"""A number of pixels below this is no side to reach."""
_MOST_TIMES = 10


@dataclass(frozen=True, slots=True)
class Pads:
    """Pixels to add on each side."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0


@dataclass(frozen=True, slots=True)
class Quantity:
    """`kind` is `px`, `share` (of the side's own dimension), `times` (of the whole dimension, 2 doubles it) or `total`
    (pixels that the whole dimension shall have afterwards).
    """

    kind: str
    value: float


@dataclass(slots=True)
class _Group:
    quantity: Quantity | None
    sides: list[str]
    grows: list[str]


@lru_cache(maxsize=64)
def quantities(reading: Reading) -> list[tuple[int, Quantity]]:
    """Amounts with the index of their token, in order; numbers of a ratio or a target size are not amounts."""
    found: list[tuple[int, Quantity]] = []
    tokens = reading.tokens
    index = 0
    while index < len(tokens):
        quantity, used = _quantity(tokens, index)
        if quantity is not None:
            found.append((index, _aimed(quantity, tokens, index, index + used)))
        index += used
    return found


def _aimed(quantity: Quantity, tokens: Sequence[Token], start: int, end: int) -> Quantity:
    """Pixels to reach rather than to add: "widen to 1536", "2000 px wide"."""
    if quantity.kind != "px" or quantity.value < _LEAST_TOTAL:
        return quantity
    announced = start and tokens[start - 1].has("link.to") and not tokens[start - 1].has("link.from")
    measured = end < len(tokens) and tokens[end].has("unit.dimension")
    return Quantity("total", quantity.value) if announced or measured else quantity


def _quantity(tokens: Sequence[Token], index: int) -> tuple[Quantity | None, int]:
    """The amount that begins at a token, and how many tokens it takes."""
    token = tokens[index]
    names = [tag.removeprefix("number.") for tag in token.tags if tag.startswith("number.")]
    for name in names:
        if name in _WORDS:
            return Quantity("share", _WORDS[name]), 1
        if name in _TIMES:
            return Quantity("times", _TIMES[name]), 1
    value = next((float(_COUNTS[name]) for name in names if name in _COUNTS), None)
    if token.has("unit.length") and index and tokens[index - 1].has("det.indefinite"):
        return Quantity("share", DEFAULT), 1
    if token.kind == "number":
        value = _number(token.word)
        factor = index and tokens[index - 1].has("unit.times") and (index < 2 or tokens[index - 2].kind != "number")
        if factor and value <= _MOST_TIMES:
            return Quantity("times", value), 1
    if value is None:
        return None, 1
    return _with_unit(value, tokens[index + 1 : index + 3])


def _with_unit(value: float, following: Sequence[Token]) -> tuple[Quantity | None, int]:
    first = following[0] if following else None
    divisor = _number(following[1].word) if len(following) > 1 and following[1].kind == "number" else None
    if first is not None:
        if first.has("unit.percent"):
            return Quantity("share", value / 100), 2
        if first.has("unit.px"):
            return Quantity("px", value), 2
        if first.has("unit.length"):
            return Quantity("share", DEFAULT), 2
        if first.word in {":", "*"} or (first.has("unit.times") and divisor is not None):
            return None, 3
        if first.word == "/" and divisor is not None:
            return (Quantity("share", value / divisor) if 0 < value < divisor else None), 3
        if first.has("unit.times"):
            return (Quantity("times", value) if value <= _MOST_TIMES else None), 2
        if first.word in {"k", "p", "d"}:
            return None, 2
    if 0 < value < 1:
        return Quantity("share", value), 1
    return (Quantity("px", value) if value >= _LEAST_PIXELS else None), 1


def _number(word: str) -> float:
    head, separator, tail = word.replace(",", ".").partition(".")
    return float(head + tail) if separator and len(tail) == 3 else float(f"{head}.{tail or 0}")


def read_pads(reading: Reading, width: int, height: int) -> Pads:
    """Pixels to add to a picture of `width` x `height`; a quarter of each named side (or all) unless said otherwise."""
    amounts = dict(quantities(reading))
    shape = read_shape(reading)
    named = sides(reading)
    if shape is not None and not _grows_by(reading, amounts, shape):
        reached = _reach(shape, named, width, height)
        if reached is not None:
            return reached
    pads = dict.fromkeys(_SIDES, 0.0)
    for group in _groups(reading, amounts):
        _apply(group, pads, width, height)
    if reading.mentions("side.each"):
        _along_one_axis(reading, pads)
    if not any(pads.values()):
        pads = {side: DEFAULT * _length(side, width, height) for side in named or _SIDES}
    return Pads(**{side: _whole(value) for side, value in pads.items()})


def _along_one_axis(reading: Reading, pads: dict[str, float]) -> None:
    """Keep to one axis: "wider, 300px each side" means left and right."""
    for grown, kept in (("grow.horizontal", "vertical"), ("grow.vertical", "horizontal")):
        if reading.mentions(grown) and not reading.mentions(f"grow.{kept}"):
            pads.update(dict.fromkeys(_PLURAL[kept], 0.0))


def _grows_by(reading: Reading, amounts: dict[int, Quantity], shape: Shape) -> bool:
    """Whether pixels are an amount ("200px wider") although they look like a width."""
    one_sided = (shape.width is None) != (shape.height is None)
    return one_sided and bool(amounts) and not reading.mentions("link.to")


def sides(reading: Reading) -> list[str]:
    """Sides the text names, or hints at ("more sky") when it names none."""
    for prefix in ("side.", "hint."):
        found: list[str] = []
        for token in reading.tokens:
            found += [side for side in _named(token, prefix) if side not in found]
        if found:
            return found
    return []


def _named(token: Token, prefix: str) -> list[str]:
    names = [tag.removeprefix(prefix) for tag in token.tags if tag.startswith(prefix)]
    return [side for name in sorted(names) for side in _PLURAL.get(name, (name,))]


def _groups(reading: Reading, amounts: dict[int, Quantity]) -> list[_Group]:
    """Each amount with the sides it is for: those after it, or before it when the text begins with a side."""
    explicit = any(_named(token, "side.") for token in reading.tokens)
    prefix = "side." if explicit else "hint."
    events: list[_Group] = []
    for index, token in enumerate(reading.tokens):
        if index in amounts:
            events.append(_Group(amounts[index], [], []))
            named: list[str] = []
        else:
            named = _named(token, prefix)
        grown = _named(token, "grow.")
        if named or grown:
            events.append(_Group(None, named, grown))
    if not amounts and reading.mentions("number.much"):
        events.insert(0, _Group(Quantity("share", GENEROUS), [], []))
    sides_first = bool(events) and bool(events[0].sides) and any(event.quantity for event in events)
    return _collected(events[::-1] if sides_first else events)


def _collected(events: Sequence[_Group]) -> list[_Group]:
    groups: list[_Group] = []
    for event in events:
        if not groups or (event.quantity is not None and groups[-1].quantity is not None):
            groups.append(_Group(None, [], []))
        group = groups[-1]
        group.quantity = event.quantity or group.quantity
        group.sides += event.sides
        group.grows += event.grows
    return groups


def _apply(group: _Group, pads: dict[str, float], width: int, height: int) -> None:
    quantity = group.quantity or Quantity("share", DEFAULT)
    shared = not group.sides and (group.quantity is not None)
    targets = group.sides or group.grows or list(_SIDES)
    if quantity.kind == "times":
        shared = len(set(targets)) > 1 or not group.sides
    elif quantity.kind == "total":
        shared = True
    elif not group.grows:
        shared = False
    for side in dict.fromkeys(targets):
        length = _length(side, width, height)
        amount = {
            "px": quantity.value,
            "share": quantity.value * length,
            "times": max(quantity.value - 1, 0) * length,
            "total": quantity.value - length if quantity.value > length else quantity.value,
        }[quantity.kind]
        both = _opposite(side) in targets
        pads[side] += amount / 2 if shared and both else amount


def _opposite(side: str) -> str:
    return _SIDES[(_SIDES.index(side) + 2) % 4]


def _length(side: str, width: int, height: int) -> int:
    return width if side in {"left", "right"} else height


def _whole(value: float) -> int:
    return math.floor(value + 0.5)


def _reach(shape: Shape, named: Sequence[str], width: int, height: int) -> Pads | None:
    """Pads that bring the picture to a size or ratio, evenly unless one side is named; None when nothing is missing."""
    wide, high = shape.width or width, shape.height or height
    if (shape.width is None and shape.height is None) or wide < width or high < height:
        ratio = shape.ratio or wide / high
        wide, high = max(width, _whole(height * ratio)), max(height, _whole(width / ratio))
        if ratio >= width / height:
            high = height
        else:
            wide = width
    left, right = _shared(wide - width, "left" in named, "right" in named)
    top, bottom = _shared(high - height, "top" in named, "bottom" in named)
    if not (left or right or top or bottom):
        return None
    return Pads(left, top, right, bottom)


def _shared(missing: int, first: bool, second: bool) -> tuple[int, int]:
    if first != second:
        return (missing, 0) if first else (0, missing)
    return missing // 2, missing - missing // 2
