"""Which place in `widgets_values` belongs to which widget: the editor writes values in order, without names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from protobanana.workflows.authoring.nodes import check_value
from protobanana.workflows.authoring.schema import AUTOGROW, COMBO, WIDGETS, InputSpec, NodeSpec

CONTROL_WORDS = frozenset({"fixed", "increment", "increment-wrap", "decrement", "randomize"})
"""What the editor writes into the place behind a seed: how the seed changes after each run."""

CONTROL_NAMES = ("control_after_generate", "control_filter_list", "control_before_generate", "upload")
"""Names of places that hold no value of the node's."""

_SEEDS = frozenset({"seed", "noise_seed"})
_UPLOADS = ("image_upload", "video_upload")
_WRONG = 100
_MAX_CONTROLS = 4
"""Nodes have one seed, rarely two; with more controls than this, leaving out single ones is not tried."""

ABSENT = object()
"""Stands for a value that the file does not have."""


@dataclass(slots=True)
class Assignment:
    """Widgets with their values, in order.

    `misfits` weighs values that their widget cannot hold: `_WRONG` each, 1 for a choice that is not on the list, as
    lists grow from version to version.
    """

    values: dict[str, Any] = field(default_factory=dict)
    specs: dict[str, InputSpec] = field(default_factory=dict)
    misfits: int = 0


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to read a row of values: without the control places of some widgets, or with places of old files."""

    without: frozenset[str] = frozenset()
    with_forced: bool = False


class _Row:
    """The values from left to right; past the end there is nothing."""

    def __init__(self, values: Sequence[Any]) -> None:
        self._values = values
        self._next = 0

    def take(self) -> Any:
        self._next += 1
        return self._values[self._next - 1] if self._next <= len(self._values) else ABSENT

    @property
    def exhausted_exactly(self) -> bool:
        return self._next == len(self._values)


def assign(spec: NodeSpec, values: Sequence[Any], linked: frozenset[str]) -> tuple[Assignment, bool]:
    """The values of a known class by name, and whether the row had to be repaired to fit.

    The editor's own reading wins unless another one, and only one, has fewer values in the wrong place: files made by
    hand or by old editors lack the places behind seeds, or have places for inputs that take only links. `linked`:
    widgets whose value does not matter.
    """
    usual, exact = _read(spec, values, linked, _Reading())
    if usual.misfits == 0 and (exact or not _forced(spec)):
        return usual, False
    legacy, legacy_exact = _read(spec, values, linked, _Reading(with_forced=True))
    if legacy_exact and not exact and legacy.misfits <= usual.misfits and _forced(spec):
        return legacy, False
    best = [usual]
    for reading in _repairs(spec, usual):
        found, _ = _read(spec, values, linked, reading)
        if found.misfits < best[0].misfits:
            best = [found]
        elif found.misfits == best[0].misfits and best[0] is not usual and found.values != best[0].values:
            best.append(found)
    sure = len(best) == 1 and best[0] is not usual and best[0].misfits < _WRONG
    return (best[0], True) if sure else (usual, False)


def _repairs(spec: NodeSpec, usual: Assignment) -> Iterator[_Reading]:
    controlled = [name for name, declared in usual.specs.items() if _controls(declared)]
    if len(controlled) <= _MAX_CONTROLS:
        for count in range(1, len(controlled) + 1):
            for without in combinations(controlled, count):
                yield _Reading(frozenset(without))
    if _forced(spec):
        yield _Reading(with_forced=True)


def _read(spec: NodeSpec, values: Sequence[Any], linked: frozenset[str], reading: _Reading) -> tuple[Assignment, bool]:
    row = _Row(values)
    found = Assignment()
    required = [declared for declared in spec.inputs if declared.required]
    for declared in required:
        _take(declared, row, linked, reading, found)
    if any(declared.options.get(name) for declared in required for name in _UPLOADS):
        row.take()
    for declared in spec.inputs:
        if not declared.required:
            _take(declared, row, linked, reading, found)
    return found, row.exhausted_exactly


def _take(declared: InputSpec, row: _Row, linked: frozenset[str], reading: _Reading, found: Assignment) -> None:
    """Give one input its value, and whatever depends on that value right behind it."""
    if not is_widget(declared):
        if reading.with_forced and _is_forced(declared):
            row.take()
        return
    value = row.take()
    found.specs[declared.name] = declared
    if value is ABSENT:
        value = default_of(declared)
    elif declared.name not in linked:
        found.misfits += misfit(declared, value)
    if value is not ABSENT:
        found.values[declared.name] = value
    for dependent in declared.dependents(value):
        _take(dependent, row, linked, reading, found)
    if declared.name not in reading.without:
        for _ in range(_controls(declared)):
            found.misfits += 0 if _is_control(row.take()) else _WRONG


def by_name(spec: NodeSpec, named: Mapping[str, Any]) -> Assignment:
    """The values of a known class where the file names them; the others have their defaults."""
    found = Assignment()
    waiting = list(reversed(spec.inputs))
    while waiting:
        declared = waiting.pop()
        if not is_widget(declared):
            continue
        value = named.get(declared.name, ABSENT)
        if value is ABSENT:
            value = default_of(declared)
        else:
            found.misfits += misfit(declared, value)
        found.specs[declared.name] = declared
        if value is not ABSENT:
            found.values[declared.name] = value
        waiting.extend(reversed(declared.dependents(value)))
    return found


def names_for(names: Sequence[str], numbers: frozenset[str], values: Sequence[Any]) -> dict[str, Any] | None:
    """Values under the names that a file itself lists for its widgets, None where they do not come out even.

    `numbers`: the names of widgets for whole numbers, behind which there may be a control word.
    """
    found: dict[str, Any] = {}
    row = list(values)
    for name in names:
        if not row:
            return None
        found[name] = row.pop(0)
        if row and isinstance(row[0], str) and row[0] in CONTROL_WORDS and (name in numbers or name in _SEEDS):
            row.pop(0)
    return found if not row or row in (["image"], ["video"], [None], [None, None]) else None


def is_widget(declared: InputSpec) -> bool:
    """Whether the editor shows a widget for the input."""
    return declared.takes_value and declared.type != AUTOGROW


def default_of(declared: InputSpec) -> Any:
    """What a new node has there: the declared default, else the first choice, else nothing of its kind."""
    if "default" in declared.options:
        return declared.options["default"]
    if declared.is_combo:
        return declared.choices[0] if declared.choices else ABSENT
    nothing = "" if declared.options.get("socketless") else ABSENT
    return {"INT": 0, "FLOAT": 0.0, "BOOLEAN": False, "STRING": ""}.get(declared.type, nothing)


def misfit(declared: InputSpec, value: object) -> int:
    """How badly the widget holds the value; nothing at all always fits."""
    if value is None or check_value(declared, value) is None:
        return 0
    return 1 if declared.is_combo and isinstance(value, str) else _WRONG


def _is_forced(declared: InputSpec) -> bool:
    return bool(declared.options.get("forceInput")) and declared.type in WIDGETS


def _forced(spec: NodeSpec) -> bool:
    return any(map(_is_forced, spec.inputs))


def _controls(declared: InputSpec) -> int:
    """How many places behind a widget are its control's: none, the control, or the control and a filter."""
    flagged = bool(declared.options.get("control_after_generate"))
    if declared.type == COMBO:
        return 2 if flagged else 0
    if declared.type == "INT":
        return int(flagged or declared.name in _SEEDS)
    return int(flagged and declared.type == "FLOAT")


def controls_of(declared: InputSpec) -> tuple[str, ...]:
    """What a new node has in the places behind a widget."""
    return ("fixed", "")[: _controls(declared)]


def _is_control(value: object) -> bool:
    """Whether it may stand in a control's place; the oldest files have truth values there, filters are empty."""
    if isinstance(value, str):
        return value == "" or value in CONTROL_WORDS
    return value is ABSENT or value is None or isinstance(value, bool)


__all__ = [
    "ABSENT",
    "CONTROL_NAMES",
    "CONTROL_WORDS",
    "Assignment",
    "assign",
    "by_name",
    "controls_of",
    "default_of",
    "is_widget",
    "names_for",
]
