"""The router as a filter over JSON lines: one turn in, one decision out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from protobanana.errors import InvalidRequestError
from protobanana.operations.base import Turn
from protobanana.turn.router import route

_SIDES = ("left", "top", "right", "bottom")
_DEFAULT_SIDE = 1024
_FLAGS = ("has_image", "has_mask")
_NUMBERS = {"n_refs": (0, 0, 1000), "width": (_DEFAULT_SIDE, 1, 65_536), "height": (_DEFAULT_SIDE, 1, 65_536)}


def parse(line: Mapping[str, Any]) -> Turn:
    """A turn from a line's fields; all but `text` may be missing. Raises InvalidRequestError naming the field."""
    text = line.get("text")
    if not isinstance(text, str):
        raise InvalidRequestError("'text' must be a string.", param="text")
    flags = {name: line.get(name) or False for name in _FLAGS}
    for name, value in flags.items():
        if not isinstance(value, bool):
            raise InvalidRequestError(f"'{name}' must be true or false.", param=name)
    numbers = {}
    for name, (default, least, most) in _NUMBERS.items():
        value = line.get(name)
        value = default if value is None else value
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise InvalidRequestError(f"'{name}' must be a whole number from {least} to {most}.", param=name)
        numbers[name] = value
    return Turn(
        text,
        has_image=flags["has_image"] or numbers["n_refs"] > 0,
        n_refs=numbers["n_refs"],
        has_mask=flags["has_mask"],
        width=numbers["width"],
        height=numbers["height"],
    )


def answer(line: Mapping[str, Any]) -> dict[str, Any]:
    """Decide one turn: operation, size in pixels or null, pads in pixels, region and result phrase or null."""
    decision = route(parse(line))
    params = decision.params
    return {
        "operation": decision.operation,
        "width": params.get("width"),
        "height": params.get("height"),
        "pads": {side: params.get(side, 0) for side in _SIDES},
        "region": params.get("region"),
        "result": params.get("result"),
    }


def answers(lines: Iterable[str]) -> Iterator[str]:
    """A JSON line for every line that is not empty; a bad one gives `{"error", "line"}` and the rest goes on."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        yield json.dumps(_answer(line, number), ensure_ascii=False)


def _answer(line: str, number: int) -> dict[str, Any]:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return {"error": "not JSON", "line": number}
    if not isinstance(fields, dict):
        return {"error": "not a JSON object", "line": number}
    try:
        return answer(fields)
    except InvalidRequestError as error:
        return {"error": error.message, "line": number}
