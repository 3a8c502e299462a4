"""Which tabs there are and what is on them, derived from the operations' schemas alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SIDES = ("left", "top", "right", "bottom")
"""Parameters of these names, all four, are pixels to grow by: they are dragged, not typed into a form."""


@dataclass(frozen=True)
class Field:
    """One parameter of a form. `kind` is a JSON type, or `choice`."""

    name: str
    kind: str
    label: str
    help: str = ""
    default: Any = None
    choices: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None
    required: bool = False


@dataclass(frozen=True)
class Tab:
    """An operation, and the one beside it that differs in nothing but a mask: brushing decides between them."""

    main: Mapping[str, Any]
    masked: Mapping[str, Any] | None
    fields: tuple[Field, ...]

    @property
    def brush(self) -> bool:
        """Whether a mask can be painted."""
        return bool(self.masked or self.main["mask"])

    @property
    def name(self) -> str:
        """The operation's own name."""
        return str(self.main["name"])

    @property
    def names(self) -> tuple[str, ...]:
        """The operations of the tab."""
        return tuple(str(one["name"]) for one in (self.main, self.masked) if one)

    @property
    def most(self) -> int:
        """Pictures it takes."""
        return int(self.main["images"]["max"])

    @property
    def sides(self) -> tuple[str, ...]:
        """Sides that a frame is drawn for; empty for operations that do not grow a picture."""
        return SIDES if set(SIDES) <= self.main["schema"]["properties"].keys() else ()

    @property
    def side_most(self) -> int:
        """Largest number of pixels per side."""
        return max((int(limits_of(self.main["schema"]["properties"][side])[1] or 0) for side in self.sides), default=0)


def tabs_of(document: Mapping[str, Any], hidden: Iterable[str] = ()) -> list[Tab]:
    """The tabs of the gateway's operations, in its order; `hidden`: names or titles, in any spelling, to leave out."""
    out = {plain_name(name) for name in hidden}
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for operation in document["operations"]:
        groups.setdefault(_likeness(operation, document["common"]), []).append(operation)
    found = [tab for group in groups.values() for tab in _tabs(group, document["common"])]
    return [tab for tab in found if not {plain_name(tab.name), plain_name(tab.main["title"])} & out]


def plain_name(name: str) -> str:
    """A name of a tab as it is compared: `Region edit`, `region_edit` and `region-edit` are one."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _likeness(operation: Mapping[str, Any], common: Sequence[str]) -> tuple[Any, ...]:
    """What two operations must share to share a tab."""
    own = tuple(name for name in operation["schema"]["properties"] if name not in common)
    images = operation["images"]
    return images["min"], images["max"], operation["transparent"], own


def _tabs(group: Sequence[Mapping[str, Any]], common: Sequence[str]) -> list[Tab]:
    """The group's first operation gets the first one with a mask beside it; every other one stands alone."""
    plain = [one for one in group if not one["mask"]]
    masked = [one for one in group if one["mask"]]
    beside = masked[0] if plain and masked else None
    alone = [*plain[1:], *(one for one in masked if one is not beside)]
    first = [Tab(plain[0], beside, _fields(plain[0], common))] if plain else []
    return first + [Tab(one, None, _fields(one, common)) for one in alone]


def _fields(operation: Mapping[str, Any], common: Sequence[str]) -> tuple[Field, ...]:
    properties = operation["schema"]["properties"]
    dragged = SIDES if set(SIDES) <= properties.keys() else ()
    needed = operation["schema"].get("required", ())
    return tuple(
        field_of(name, schema, required=name in needed)
        for name, schema in properties.items()
        if name not in common and name not in dragged
    )


def field_of(name: str, schema: Mapping[str, Any], *, required: bool = False) -> Field:
    """A form field for a JSON schema of a plain value; what may also be null is that with nothing filled in."""
    of = next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), schema)
    choices = tuple(of.get("enum") or schema.get("choices") or ())
    low, high = limits_of(of)
    return Field(
        name,
        "choice" if choices else str(of.get("type", "string")),
        name.replace("_", " ").capitalize(),
        str(schema.get("description", "")),
        schema.get("default"),
        choices,
        low,
        high,
        required,
    )


def limits_of(schema: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Least and largest value of a number."""
    return schema.get("minimum", schema.get("min")), schema.get("maximum", schema.get("max"))
