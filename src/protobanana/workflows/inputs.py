"""What a request can set of a graph by name: every input that holds a value, with its type, range and choices."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, TypeAlias

from protobanana.errors import InvalidRequestError
from protobanana.workflows.authoring.nodes import check_value, title_of
from protobanana.workflows.authoring.schema import Catalogue, InputSpec
from protobanana.workflows.document import Workflow
from protobanana.workflows.graph import Target, is_link

Plain: TypeAlias = bool | int | float | str

PARAM = "inputs"
_SHOWN = 8
_KINDS = {"INT": "integer", "FLOAT": "number", "BOOLEAN": "boolean", "STRING": "string"}
_PYTHON = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"))
_TRUTH = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Setting:
    """One input. `spec` is None where the node's class is not known; `slot` is the slot that fills it, if one does."""

    target: Target
    title: str
    class_type: str
    value: Plain | None
    """What the workflow itself has there; None where it leaves ComfyUI's own default."""
    spec: InputSpec | None
    slot: str | None = None
    live: bool = False
    """Whether `spec` is a running ComfyUI's word, whose choices are the files that it has."""

    @property
    def kind(self) -> str:
        """The type of its values in JSON Schema's words, `image` for an uploaded file."""
        if self.spec is not None and self.spec.is_upload:
            return "image"
        declared = _KINDS.get(self.spec.type) if self.spec else None
        return declared or next((word for kind, word in _PYTHON if isinstance(self.value, kind)), "string")

    def described(self) -> dict[str, Any]:
        """Type, default and range, for whoever draws a form; what there is not is left out."""
        options = self.spec.options if self.spec else {}
        default = options.get("default") if self.value is None else self.value
        choices = list(self.spec.choices) if self.spec and self.spec.choices else None
        about = {"type": self.kind, "default": default, "choices": choices}
        if self.kind in ("integer", "number"):
            about |= {key: options.get(key) for key in ("min", "max", "step")}
        return {key: value for key, value in about.items() if value is not None}


def settings_of(workflow: Workflow, schemas: Catalogue) -> list[Setting]:
    """All inputs of the graph that hold a value or may hold one, files that are uploaded among them."""
    slots = {target: slot for slot, wiring in workflow.slots.items() for target in wiring.to}
    found = []
    for node_id, node in workflow.graph.items():
        spec = schemas.get(node["class_type"])
        declared = spec.inputs_for(node["inputs"]) if spec else {}
        for name in dict.fromkeys((*declared, *node["inputs"])):
            value, wanted = node["inputs"].get(name), declared.get(name)
            unknown = wanted is None and (spec is not None or value is None)
            if unknown or isinstance(value, list | dict) or (wanted and not wanted.allows_value):
                continue
            if wanted is not None and not wanted.takes_value and value is None:
                continue  # a socket of any type
            target = Target(node_id, name)
            found.append(Setting(target, title_of(node), node["class_type"], value, wanted, slots.get(target)))
    return found


def labels(found: Sequence[Setting]) -> dict[Target, str]:
    """The name of each input: `node title.input`, or `node id.input` where several nodes have that title."""
    named: dict[str, list[Setting]] = {}
    for setting in found:
        named.setdefault(f"{setting.title}.{setting.target.input}".casefold(), []).append(setting)
    return {
        one.target: f"{one.title}.{one.target.input}" if len(same) == 1 else str(one.target)
        for same in named.values()
        for one in same
    }


def find(key: str, workflow: Workflow, found: Sequence[Setting]) -> Setting:
    """The input that `key` names: `node id.input`, `node title.input`, `slot.input` (of a node that the slot fills) or
    `class.input`. Raises InvalidRequestError with the nearest names, or with what `key` may mean.
    """
    meant = next((group for group in _readings(key, workflow, found) if group), [])
    if len(meant) > 1:
        several = ", ".join(str(setting.target) for setting in meant[:_SHOWN])
        raise InvalidRequestError(f"'inputs': '{key[:80]}' may be any of {several}; use the node's id.", param=PARAM)
    if not meant:
        raise InvalidRequestError(f"'inputs': {_unknown(key, workflow, found)}", param=PARAM, code="unknown_parameter")
    if meant[0].kind == "image":
        raise InvalidRequestError(f"'inputs': '{key[:80]}' is a picture; send it as one.", param=PARAM)
    return meant[0]


def checked(setting: Setting, value: object, name: str, *, param: str = PARAM) -> Plain:
    """`value` as ComfyUI gets it; numbers and truth values may come as text, as forms have them. Raises
    InvalidRequestError with what is allowed.
    """
    if not isinstance(value, bool | int | float | str) or (isinstance(value, float) and not math.isfinite(value)):
        raise InvalidRequestError(f"'{name}' must be text, a finite number, true or false.", param=param)
    value = _converted(setting.kind, value)
    spec = setting.spec
    if spec is None:
        fits = _fits(setting.kind, value)
        problem = None if fits else f"it takes a value of type {setting.kind}."
    else:
        problem = check_value(spec, value) or _off_step(spec, setting.value, value) or _missing(setting, value)
    if problem:
        raise InvalidRequestError(f"'{name}': {problem}", param=param)
    whole = isinstance(value, float) and value.is_integer() and setting.kind == "integer"
    return int(value) if whole else value


def with_spec(setting: Setting, schemas: Catalogue, inputs: Mapping[str, Any]) -> Setting:
    """The same input as another ComfyUI declares it, where that one does."""
    spec = schemas.get(setting.class_type)
    declared = spec.inputs_for(inputs).get(setting.target.input) if spec else None
    return replace(setting, spec=declared, live=True) if declared else setting


def _readings(key: str, workflow: Workflow, found: Sequence[Setting]) -> Iterator[list[Setting]]:
    """What `key` may name, the surest reading first. Titles and inputs may have dots themselves."""
    pairs = [(key[:dot], key[dot + 1 :]) for dot in range(1, len(key) - 1) if key[dot] == "."]
    yield [one for one in found if (one.target.node, one.target.input) in pairs]
    yield [one for one in found if (one.title, one.target.input) in pairs]
    folded = [(head.strip().casefold(), tail) for head, tail in pairs]
    yield [one for one in found if (one.title.strip().casefold(), one.target.input) in folded]
    for head, tail in pairs:
        wiring = workflow.slots.get(head)
        filled = {target.node for target in wiring.to} if wiring else set()
        yield [one for one in found if one.target.node in filled and one.target.input == tail]
    yield [one for one in found if (one.class_type, one.target.input) in pairs]


def _unknown(key: str, workflow: Workflow, found: Sequence[Setting]) -> str:
    for node_id, node in workflow.graph.items():
        for name, value in node["inputs"].items():
            if is_link(value) and key in (f"{node_id}.{name}", f"{title_of(node)}.{name}"):
                return f"'{key[:80]}' is linked to another node; only values can be set."
    named = list(labels([setting for setting in found if setting.kind != "image"]).values())
    close = get_close_matches(key.casefold(), by := {label.casefold(): label for label in named}, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(repr(by[one]) for one in close)}? " if close else ""
    shown = ", ".join(named[:_SHOWN]) + (f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else "")
    return f"'{workflow.name}' has no input '{key[:80]}'. {hint}It has: {shown or 'none'}."


def _converted(kind: str, value: Plain) -> Plain:
    if not isinstance(value, str) or kind == "string":
        return value
    if kind == "boolean":
        return _TRUTH.get(value.strip().lower(), value)
    for convert in (int, float):
        try:
            number = convert(value)
        except ValueError:
            continue
        return number if math.isfinite(number) else value
    return value


def _fits(kind: str, value: Plain) -> bool:
    if kind == "boolean" or isinstance(value, bool):
        return kind == "boolean" and isinstance(value, bool)
    # An unknown class may take fractions where its author happened to write none.
    return isinstance(value, str) == (kind == "string")


def _off_step(spec: InputSpec, own: Plain | None, value: Plain) -> str | None:
    """What is wrong with a whole number between two steps. Fractions have steps only for the editor's arrows, and the
    author's own value always lies on one.
    """
    step = spec.options.get("step")
    if spec.type != "INT" or not isinstance(step, int) or step <= 1 or isinstance(value, bool | str):
        return None
    first = spec.options.get("min", 0)
    origins = [origin for origin in (first, own) if isinstance(origin, int)]
    if any((value - origin) % step == 0 for origin in origins):
        return None
    return f"{value} is between two steps; it goes from {first} in steps of {step}."


def _missing(setting: Setting, value: Plain) -> str | None:
    """What is wrong with a file that the server does not have."""
    choices = setting.spec.choices if setting.spec and setting.live else None
    if not choices or value in choices or value == setting.value:
        return None
    close = get_close_matches(str(value), map(str, choices), n=3, cutoff=0.5)
    hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    return f"ComfyUI has no {str(value)[:80]!r} there.{hint}"


__all__ = ["PARAM", "Plain", "Setting", "checked", "find", "labels", "settings_of", "with_spec"]
