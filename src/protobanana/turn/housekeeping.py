"""What chat front-ends ask of a model behind the user's back: titles, tags, follow-ups, search queries, completions.

Such a request names the JSON it wants; it gets a short valid answer of that form from the words alone, and never a
picture. Forms as sent by Open WebUI (`### Task:` ... `<chat_history>`), and plain requests for a conversation's title.
"""

from __future__ import annotations

import json
import re

_TASK = re.compile(r"\s*#{1,4}\s*Task:?\s", re.IGNORECASE)
_HISTORY = re.compile(r"<chat_history>(.*?)(?:</chat_history>|\Z)", re.DOTALL | re.IGNORECASE)
_CONTEXT_END = "</context>"
_FORM = re.compile(r'\{\s*"(\w{1,40})"\s*:\s*(\[|")')
_PLAIN_TITLE = re.compile(
    r"\b(?:generate|create|provide|write|give|come up with)\b[^.\n]{0,80}"
    r"\btitle\b[^.\n]{0,80}\b(?:conversation|chat|dialogue)\b",
    re.IGNORECASE,
)
_USER_LINE = re.compile(r"^\s*(?:USER|Human)\s*:\s*(.+)$", re.MULTILINE | re.IGNORECASE)
_PICTURE = re.compile(r"!\[[^\]]*\]\([^)]*\)|data:image/\S+|https?://\S+")
_TITLE_WORDS = 5
_FOLLOW_UPS = ["Show me another variant", "Make it a watercolor", "Remove the background"]
_LOOK_AT = 4000
"""Characters at the beginning of a message in which a plain request for a title is looked for."""


def unwrap(text: str) -> str:
    """The user's own words in a message that a front-end wrapped in a retrieval template; otherwise `text`."""
    if _TASK.match(text) and _CONTEXT_END in text:
        return text.rpartition(_CONTEXT_END)[2].strip() or text
    return text


def answer(text: str) -> str | None:
    """The answer to a housekeeping request, None when `text` is a person speaking."""
    if _TASK.match(text):
        if _CONTEXT_END in text and "<chat_history>" not in text:
            return None
        return _in_form(text)
    if _PLAIN_TITLE.search(text[:_LOOK_AT]) and _USER_LINE.search(text):
        return _title(text)
    return None


def _in_form(text: str) -> str:
    """Fill the JSON form that the instructions (not the history) name; plain words where they name none."""
    history = _HISTORY.search(text)
    talk = history[1] if history else text
    instructions = text[: history.start()] if history else text
    form = _FORM.search(instructions)
    if form is None:
        return _title(talk)
    name, many = form[1], form[2] == "["
    if many:
        filled: object = {"tags": ["Art", "Images"], "follow_ups": _FOLLOW_UPS}.get(name, [])
    else:
        filled = {"prompt": _last_words(talk), "text": ""}.get(name, _title(talk))
    return json.dumps({name: filled}, ensure_ascii=False)


def _said(talk: str) -> list[str]:
    """What the user said, in order, pictures left out."""
    lines = [_PICTURE.sub("", line).strip() for line in _USER_LINE.findall(talk)]
    return [line for line in lines if line]


def _title(talk: str) -> str:
    words = (_said(talk) or ["New picture"])[0].split()[:_TITLE_WORDS]
    title = " ".join(words).strip(" .,:;!?\"'")[:60]
    return title[:1].upper() + title[1:]


def _last_words(talk: str) -> str:
    return (_said(talk) or [""])[-1]
