"""How names and values out of somebody's file are shown: on one line, without what a terminal would obey."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text

_LONGEST = 60


def short(value: object, longest: int = _LONGEST) -> str:
    """A value on one line."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text[: longest * 20]).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def cell(value: object, longest: int = _LONGEST) -> Text:
    """The same as a table's cell, in which nothing is markup."""
    return Text(short(value, longest))


def span(about: Mapping[str, Any]) -> str:
    """Range or choices of an input, from its description as `Setting.described` gives it."""
    choices = about.get("choices")
    if choices:
        shown = ", ".join(short(choice, 30) for choice in choices[:6])
        return f"{shown} and {len(choices) - 6} more" if len(choices) > 6 else shown
    least, most, step = (about.get(key) for key in ("min", "max", "step"))
    if least is None and most is None:
        return ""
    ends = f"{'' if least is None else _number(least)} to {'' if most is None else _number(most)}".strip()
    return f"{ends}, step {step}" if isinstance(step, int) and step > 1 else ends


def _number(value: float) -> str:
    """Seeds reach to 2^64 - 1, which nobody reads digit by digit."""
    power = abs(value).bit_length() if isinstance(value, int) else 0
    if power > 40 and abs(value) + 1 == 1 << power:
        return f"-(2^{power} - 1)" if value < 0 else f"2^{power} - 1"
    return f"{value:g}" if isinstance(value, float) else str(value)


__all__ = ["cell", "short", "span"]
