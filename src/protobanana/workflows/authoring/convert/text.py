"""What ComfyUI's editor does to texts before it sends them, made repeatable, and titles made safe to show."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

MAX_TITLE = 120

_TAG = re.compile(r"<[^<>]{0,1000}>")
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_ESCAPED = re.compile(r"\\([{}|])")
_PATTERN = re.compile(r"%([^%\n]+)%")
_UNSAFE = re.compile(r'[/?<>\\:*|"\x00-\x1f\x7f]')
_DATE = re.compile(r"([yYMdDhHms])\1*")

_CLOCK = {"y": "%year%", "M": "%month%", "d": "%day%", "h": "%hour%", "m": "%minute%", "s": "%second%"}
"""Letters of the editor's date patterns, and what ComfyUI's server calls the same."""

SERVER_PATTERNS = frozenset(
    {"width", "height", "year", "month", "day", "hour", "minute", "second", "batch_num"},
)
"""Patterns in file names that the server fills in."""


def clean_title(text: object) -> str:
    """A title on one line: without markup, control and invisible characters, at most `MAX_TITLE` characters."""
    if not isinstance(text, str):
        return ""
    # Nothing longer than this can matter, and hostile files carry megabytes.
    text = _TAG.sub("", text[: MAX_TITLE * 20])
    visible = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in text)
    kept = "".join(char for char in visible if char == "\u200d" or unicodedata.category(char) not in ("Cf", "Cs", "Co"))
    line = " ".join(kept.split())
    return line if len(line) <= MAX_TITLE else line[: MAX_TITLE - 1] + "…"


def has_choices(text: str) -> bool:
    """Whether a text offers alternatives, `{a|b}`, of which the editor picks one at random."""
    return _spread(_COMMENT.sub("", text))[1]


def cuts_address(text: str) -> bool:
    """Whether the editor takes part of a web address for a comment."""
    return any(
        match[0].startswith("//") and match.start() > 0 and text[match.start() - 1] == ":"
        for match in _COMMENT.finditer(text)
    )


def plain_prompt(text: str) -> str:
    r"""A prompt as the editor sends it, choices aside: comments are cut, `\{` is `{`, `{a|b}` is always its first.

    The editor picks at random each time; a workflow that answers requests must not depend on the day it was converted.
    """
    return _spread(_COMMENT.sub("", text))[0]


def editor_prompt(text: str) -> str:
    """A text that `plain_prompt` turns back into this one; an empty choice keeps slashes from being a comment."""
    escaped = re.sub(r"[{}|]", lambda match: "\\" + match[0], text)
    return re.sub(r"/(?=[/*])", "/{}", escaped)


def _spread(text: str) -> tuple[str, bool]:
    """The text with the first alternative of each choice, and whether there was more than one."""
    done: list[str] = []
    depth = skipped = 0  # inside how many choices, and inside how many of those past the first alternative
    several = False
    stack: list[bool] = []  # per open choice: whether its first alternative is over
    index = 0
    while index < len(text):
        char = text[index]
        if char == "\\" and index + 1 < len(text):
            if not skipped:
                done.append(text[index : index + 2])
            index += 2
            continue
        if char == "{":
            stack.append(False)
            depth += 1
        elif char == "}" and depth:
            skipped -= stack.pop()
            depth -= 1
        elif char == "|" and depth:
            several = True
            skipped += not stack[-1]
            stack[-1] = True
        elif not skipped:
            done.append(char)
        index += 1
    return _ESCAPED.sub(r"\1", "".join(done)), several


def file_prefix(text: str, lookup: Callable[[str, str], object | None]) -> tuple[str, list[str]]:
    """A file name for the server, and the patterns in it that nobody will fill in.

    `%date:yyyy-MM-dd%` becomes the server's own `%year%-%month%-%day%`, so that the date is that of the picture.
    `%Title.widget%` becomes the value that `lookup(title, widget)` gives.
    """
    unknown: list[str] = []

    def replace(match: re.Match[str]) -> str:
        name = match[1]
        if name in SERVER_PATTERNS:
            return match[0]
        if name.startswith("date:"):
            return _DATE.sub(_clock, name.removeprefix("date:"))
        node, dot, widget = name.rpartition(".")
        value = lookup(node, widget) if dot else None
        if value is None:
            unknown.append(match[0])
            return match[0]
        return _UNSAFE.sub("_", str(value))

    return _PATTERN.sub(replace, text), unknown


def _clock(match: re.Match[str]) -> str:
    return _CLOCK.get(match[1]) or _CLOCK[match[1].lower()]


__all__ = ["clean_title", "cuts_address", "editor_prompt", "file_prefix", "has_choices", "plain_prompt"]
