"""What of an LLM's text is meant for the user: thinking, tool calls in plain text and made-up pictures are taken out.

Works on a stream: a tag may be split over any number of deltas, and nothing that could still become one is let through.
"""

from __future__ import annotations

import json
import re

from protobanana.turn.agent.model import MAX_ARGUMENTS, ToolCall

_CLOSER = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<reasoning>": "</reasoning>",
    "[think]": "[/think]",
    "<tool_call>": "</tool_call>",
}
"""Tags that local models use when nothing between them and us reads them; Hermes and Qwen write calls as JSON."""
_CALL = "<tool_call>"
_TAGS = (*_CLOSER, *_CLOSER.values())
_PICTURE = re.compile(r"!\[[^\]\n]{0,200}\]\(")
_TAG = re.compile("|".join([*map(re.escape, _TAGS), _PICTURE.pattern]), re.IGNORECASE)
_PICTURE_BEGINNING = re.compile(r"!(?:\[[^\]\n]{0,200}\]?)?\Z")
_LONGEST = max(map(len, _TAGS))


class Speech:
    """One reply of an LLM, piece by piece."""

    def __init__(self) -> None:
        self.calls: list[ToolCall] = []
        """Calls that were written into the text."""
        self._pending = ""
        self._until: re.Pattern[str] | None = None
        self._call = ""
        self._calling = False
        self._begun = False

    def feed(self, delta: str) -> str:
        """The part of the text so far that can be shown and was not yet."""
        self._pending += delta
        shown: list[str] = []
        while self._pending:
            if not (self._hidden() if self._until else self._visible(shown)):
                break
        return self._opened("".join(shown))

    def finish(self) -> str:
        """What was held back and turned out to be text."""
        rest, self._pending = ("", self._call + self._pending) if self._until else (self._pending, "")
        if self._calling:
            self._read_call(self._pending)
        return self._opened(rest)

    def _opened(self, text: str) -> str:
        """Blank lines before the first word are what is left of hidden parts."""
        if not self._begun:
            text = text.lstrip()
            self._begun = bool(text)
        return text

    def _visible(self, shown: list[str]) -> bool:
        """Move what is surely text to `shown`; whether to look again at what follows."""
        found = _TAG.search(self._pending)
        if found is None:
            keep = _unsure(self._pending)
            shown.append(self._pending[:keep])
            self._pending = self._pending[keep:]
            return False
        shown.append(self._pending[: found.start()])
        self._pending = self._pending[found.end() :]
        tag = found[0].lower()
        if tag in _CLOSER:
            self._until = re.compile(re.escape(_CLOSER[tag]), re.IGNORECASE)
            self._calling, self._call = tag == _CALL, ""
        elif tag.startswith("!"):
            self._until = re.compile(r"[)\n]")
        return True

    def _hidden(self) -> bool:
        """Drop what is hidden, up to its end; whether the end was there."""
        found = self._until.search(self._pending) if self._until else None
        if found is None:
            keep = max(len(self._pending) - _LONGEST, 0)
            self._collect(self._pending[:keep])
            self._pending = self._pending[keep:]
            return False
        self._collect(self._pending[: found.start()])
        if self._calling:
            self._read_call(self._call)
        self._pending = self._pending[found.end() :]
        self._until, self._calling, self._call = None, False, ""
        return True

    def _collect(self, hidden: str) -> None:
        if self._calling and len(self._call) <= MAX_ARGUMENTS:
            self._call += hidden

    def _read_call(self, text: str) -> None:
        try:
            call = json.loads(text)
            name, arguments = call["name"], call.get("arguments", call.get("parameters", {}))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return
        written = arguments if isinstance(arguments, str) else json.dumps(arguments)
        self.calls.append(ToolCall(f"call_text_{len(self.calls)}", str(name), written))


def _unsure(text: str) -> int:
    """Where the end of `text` begins that may yet become a tag or a picture."""
    picture = _PICTURE_BEGINNING.search(text)
    start = max(len(text) - _LONGEST, 0)
    tail = text[start:].lower()
    for offset in range(len(tail)):
        if any(tag.startswith(tail[offset:]) for tag in _TAGS):
            return min(start + offset, picture.start() if picture else len(text))
    return picture.start() if picture else len(text)
