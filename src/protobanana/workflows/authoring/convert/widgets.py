"""The values of one node's widgets by name, as ComfyUI would take them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache
from importlib import resources
from typing import Any

from protobanana.errors import WorkflowError
from protobanana.workflows.authoring.convert.document import EditorNode
from protobanana.workflows.authoring.convert.layout import (
    ABSENT,
    CONTROL_NAMES,
    CONTROL_WORDS,
    Assignment,
    assign,
    by_name,
    default_of,
    names_for,
)
from protobanana.workflows.authoring.convert.text import cuts_address, has_choices, plain_prompt
from protobanana.workflows.authoring.nodes import check_value
from protobanana.workflows.authoring.schema import InputSpec, NodeSpec

Tell = Callable[[str], None]
"""Takes a remark for the author about the node at hand."""

_MAX_DEPTH = 32
_NO_VALUES = CONTROL_WORDS.union(CONTROL_NAMES)
_NUMBERS = frozenset({"INT", "FLOAT"})


def known_values(node: EditorNode, spec: NodeSpec, tell: Tell) -> Assignment:
    """Values of a class whose declaration is known, defaults filled in.

    Names in the file win where they belong to another version of the class than the one at hand.
    """
    linked = frozenset(socket.widget for socket in node.inputs if socket.widget and socket.link is not None)
    if node.values is None:
        return by_name(spec, node.named)
    usual, repaired = assign(spec, node.values, linked)
    named = _named(node)
    if named is not None and named.keys() != usual.values.keys():
        other = by_name(spec, named)
        # A newer version of the class has inputs that this one has not.
        other.values |= {name: value for name, value in named.items() if name not in other.values}
        if other.misfits <= usual.misfits:
            if other.values != usual.values:
                tell("the file was made with another version of this node; its values are taken by their names.")
            return other
    if repaired:
        tell("its values were out of step with its widgets (places behind a seed are missing); they are put right.")
    return usual


def unknown_values(node: EditorNode) -> dict[str, Any] | None:
    """Values of a class that the schemas do not have, by the names in the file or in the list of newer classes.

    None where there are values, but not all of them have names.
    """
    named = _named(node)
    if named is not None or not node.values:
        return named or {}
    for names in newer_classes().get(node.type, ()):
        if len(names) == len(node.values):
            return _valued(zip(names, node.values, strict=True))
    return None


@cache
def newer_classes() -> dict[str, list[list[str]]]:
    """Names of widgets, in order, of classes that came after the recorded ComfyUI; one list per number of values."""
    text = resources.files(__package__).joinpath("newer.json").read_text(encoding="utf-8")
    return {name: lists for name, lists in json.loads(text).items() if not name.startswith("_")}


def _valued(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Without the places that hold no value of the node's; the editor may call one after the word in it."""
    return {name: value for name, value in pairs if name.rpartition(".")[2] not in _NO_VALUES}


def _named(node: EditorNode) -> dict[str, Any] | None:
    """Widget name -> value as the file itself says, None where it does not."""
    values = node.values
    if node.named:
        # Where both are there, the row is what the editor shows; names may be left from before an edit.
        even = values is not None and len(values) == len(node.named)
        pairs = zip(node.named, values or (), strict=True) if even else node.named.items()
        return _valued(pairs)
    if not values:
        return None
    names = list(dict.fromkeys(socket.widget for socket in node.inputs if socket.widget))
    numbers = frozenset(socket.widget for socket in node.inputs if socket.widget and socket.type == "INT")
    return names_for([name for name in names if name not in CONTROL_NAMES], numbers, values)


def sent(declared: InputSpec | None, value: Any, node: EditorNode, name: str, tell: Tell) -> Any:
    """A widget's value as it goes into the API graph, `ABSENT` for nothing.

    Raises WorkflowError for a value that ComfyUI could not use whatever its version.
    """
    if not _is_plain(value):
        raise WorkflowError(f"{node}: {name} holds a number that is not finite, or is nested too deeply.")
    if declared is None:
        return _wrapped(value)
    if value is None:
        return _for_nothing(declared, name, tell)
    if declared.type == "STRING" and isinstance(value, str):
        return _text(declared, value, name, tell)
    value = _coerced(declared, value, name, tell)
    if not _usable(declared, value):
        message = check_value(declared, value) or "it cannot be used."
        raise WorkflowError(
            f"{node}: {name} has the value {_shown(value)}: {message} "
            "Its values may be out of step with its widgets: set them again in ComfyUI and save."
        )
    problem = check_value(declared, value)
    if problem:
        tell(f"{name}: {problem}")
    return _wrapped(value)


def _for_nothing(declared: InputSpec, name: str, tell: Tell) -> Any:
    """An empty text is saved as nothing at all; for other widgets nothing cannot be meant."""
    if declared.type == "STRING":
        return ""
    value = default_of(declared)
    if value is not ABSENT:
        tell(f"{name} has no value in the file; it gets its default, {_shown(value)}.")
    return _wrapped(value)


def _text(declared: InputSpec, value: str, name: str, tell: Tell) -> str:
    if not declared.options.get("dynamicPrompts"):
        return value
    if cuts_address(value):
        tell(f"{name}: ComfyUI's editor takes // for the beginning of a comment, which cuts the address in this text.")
    if has_choices(value):
        tell(f"{name}: of the alternatives {{a|b}}, the first is taken, where the editor would pick one at random.")
    elif "{" in value.replace("\\{", ""):
        tell(f"{name}: braces are left out, as ComfyUI's editor does; those that are meant are written \\{{ and \\}}.")
    return plain_prompt(value)


def _coerced(declared: InputSpec, value: Any, name: str, tell: Tell) -> Any:
    """The value as ComfyUI itself would read it: text that is a number, a number that is a text or a truth value."""
    read: Any = value
    if declared.type in _NUMBERS and isinstance(value, (str, bool, float)):
        with suppress(ValueError, OverflowError):
            read = _number(value, whole=declared.type == "INT")
    elif declared.type == "STRING" and isinstance(value, (bool, int, float)):
        read = str(value)
    elif declared.type == "BOOLEAN" and isinstance(value, (int, float)):
        read = bool(value)
    if type(read) is not type(value):
        tell(f"{name} is {_shown(value)} in the file and becomes {_shown(read)}, as ComfyUI would read it.")
    return read


def _number(value: str | float, *, whole: bool) -> float:
    if isinstance(value, float) and (not whole or value.is_integer()):
        return value  # browsers write 4.0 and 4 alike
    if whole:
        return int(value)
    return float(value)


def _usable(declared: InputSpec, value: Any) -> bool:
    """Whether some version of the class could take it: lists of choices and ranges change, kinds do not."""
    if declared.is_combo and isinstance(value, str):
        return True
    if declared.type in _NUMBERS:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return check_value(declared, value) is None


def _is_plain(value: Any, depth: int = 0) -> bool:
    """Whether any reader of JSON can take it: Python reads NaN and Infinity, others need not."""
    if isinstance(value, (Mapping, list)):
        parts = value.values() if isinstance(value, Mapping) else value
        return depth < _MAX_DEPTH and all(_is_plain(part, depth + 1) for part in parts)
    return not isinstance(value, float) or math.isfinite(value)


def _wrapped(value: Any) -> Any:
    """A list would be read as a link; ComfyUI takes it in this wrapping."""
    return {"__value__": value} if isinstance(value, list) else value


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


__all__ = ["Tell", "known_values", "sent", "unknown_values"]
