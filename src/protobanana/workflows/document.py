"""A workflow document: a ComfyUI graph with a header that says which of its inputs a request may fill."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError

from protobanana.errors import InvalidRequestError, WorkflowError
from protobanana.workflows.graph import Graph, Node, copied, needed_for, read_graph
from protobanana.workflows.header import STANDARD_TIERS, Header, ModelFile, Tier, header_problems
from protobanana.workflows.wiring import (
    Changes,
    SlotWiring,
    apply,
    count_pictures,
    picture_number,
    wire_slots,
    wire_tiers,
)

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""What a workflow may be called: its file's stem is part of a model name."""

KEY = "_protobanana"
"""Where a document has its header."""

_REQUIRED = {field.alias or name for name, field in Header.model_fields.items() if field.is_required()}
_SCALARS = (str, int, float)

_HEADER_HELP = (
    'it has no `_protobanana` header. Add one beside the nodes, such as "_protobanana": {"schema": 1, '
    '"operation": "generate", "outputs": {"image": "9"}, "slots": {"prompt": "6.text", "seed": "3.seed"}}: '
    "`outputs` names the node that saves the result, `slots` the inputs (`node.input`) that a request may fill."
)
_EDITOR_FORMAT_HELP = (
    "it is in the format of ComfyUI's editor. Export it with Workflow > Export (API) and add a `_protobanana` header."
)


@dataclass(frozen=True, slots=True)
class BoundGraph:
    """A graph ready to submit: only nodes that an output depends on. `outputs` maps result name to node id."""

    graph: Graph
    outputs: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Workflow:
    """A checked document. Immutable by convention: `graph` holds its defaults and is never changed, only copied."""

    name: str
    header: Header
    graph: Mapping[str, Node]
    slots: Mapping[str, SlotWiring]
    tiers: Mapping[str, Changes]
    """Quality name -> changes to the graph, for the tiers that the header lists."""

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file; the workflow is named after its stem. Raises WorkflowError naming the file and what is wrong."""
        try:
            return cls.parse(path.stem, path.read_bytes(), file=path.name)
        except OSError as error:
            raise WorkflowError(f"{path.name}: it cannot be read: {error.strerror}.") from None

    @classmethod
    def parse(cls, name: str, text: str | bytes, *, file: str | None = None) -> Self:
        """Read a document. Raises WorkflowError naming `file` (`<name>.json`) and the slot, node or key to blame."""
        try:
            _check_name(name)
            document = _read_json(text)
            header = _read_header(document)
            graph = read_graph(document)
            _check_outputs(header, graph)
            return cls(name, header, graph, wire_slots(header, graph), wire_tiers(header, graph))
        except WorkflowError as error:
            raise WorkflowError(f"{file or f'{name}.json'}: {error.message}") from None

    @property
    def title(self) -> str:
        """The model's name for people."""
        return self.header.title or self.name

    @property
    def max_images(self) -> int:
        """How many pictures it takes: the header's limit, else one per picture slot."""
        declared = self.header.limits.max_images
        return count_pictures(self.slots) if declared is None else declared

    @property
    def min_images(self) -> int:
        """How many pictures it needs: the header's limit, else one per required picture slot."""
        declared = self.header.limits.min_images
        required = [slot for slot, wiring in self.slots.items() if wiring.required]
        return count_pictures(required) if declared is None else declared

    def accepts(self, slot: str) -> bool:
        """Whether a request may fill that slot."""
        return slot in self.slots

    def tier_name(self, quality: str | None = None) -> str:
        """The tier that a quality gets; None is the header's default.

        `low`, `medium` and `high` are always answered: where the header does not list them, `low` gets the default
        tier (there is nothing faster), `medium` and `high` get the graph as it stands. Any other name that the header
        does not list raises InvalidRequestError with the existing ones.
        """
        name = quality or self.header.default_tier
        if name in self.tiers:
            return name
        if name == "low":
            default = self.header.default_tier
            return default if default in self.tiers else "medium"
        if name in STANDARD_TIERS:
            return name
        existing = ", ".join(dict.fromkeys((*STANDARD_TIERS, *self.tiers)))
        raise InvalidRequestError(f"{self.name} has no quality of that name; it has: {existing}.", param="quality")

    def tier(self, quality: str | None = None) -> Tier | None:
        """The header's entry for a quality; None when that quality is the graph as it stands."""
        return self.header.tiers.get(self.tier_name(quality))

    def models(self, quality: str | None = None) -> tuple[ModelFile, ...]:
        """The model files that a quality needs."""
        tier = self.tier(quality)
        return (*self.header.models, *(tier.models if tier else ()))

    def wired(self, given: Collection[str], tier: str | None = None) -> Graph:
        """A copy of the graph wired for a tier and a set of given slots, their values not filled in, nothing pruned."""
        graph: Graph = copied(self.graph)
        apply(graph, self.tiers.get(self.tier_name(tier), ()))
        for slot, wiring in self.slots.items():
            apply(graph, wiring.present if slot in given else wiring.absent)
        return graph

    def bind(self, values: Mapping[str, object], *, tier: str | None = None) -> BoundGraph:
        """Fill slots and choose a quality; whatever is not given keeps the document's own value.

        `values` maps slot to text, number or truth value (a picture: the name it was uploaded as); None counts as not
        given. Changes are made in the order tier, slots as the header lists them, values. Nodes that no output depends
        on are left out. `tier`: see `tier_name`. Raises InvalidRequestError whose `param` is the slot (or `quality`)
        for an unknown slot, a missing or surplus picture, or a value of the wrong kind.
        """
        given = {slot: value for slot, value in values.items() if value is not None}
        self._check_given(given)
        graph = self.wired(given, tier)
        for slot, value in given.items():
            for target in self.slots[slot].to:
                default = self.graph[target.node]["inputs"][target.input]
                graph[target.node]["inputs"][target.input] = _fit(slot, value, default)
        needed = needed_for(graph, self.header.outputs.values())
        kept = {node_id: node for node_id, node in graph.items() if node_id in needed}
        return BoundGraph(kept, dict(self.header.outputs))

    def _check_given(self, given: Mapping[str, object]) -> None:
        for slot in given:
            if slot not in self.slots or (picture_number(slot) or 0) > self.max_images:
                raise InvalidRequestError(self._refusal(slot), param=slot)
        for slot, wiring in self.slots.items():
            if wiring.required and slot not in given:
                raise InvalidRequestError(f"{self.name} needs '{slot}', which is missing.", param=slot)
        if count_pictures(given) < self.min_images:
            raise InvalidRequestError(f"{self.name} needs at least {self.min_images} pictures.", param="image")

    def _refusal(self, slot: str) -> str:
        if picture_number(slot):
            most = {0: "no pictures", 1: "one picture"}.get(self.max_images, f"at most {self.max_images} pictures")
            return f"{self.name} takes {most}."
        return f"{self.name} has no slot '{slot}'; it has: {', '.join(self.slots) or 'none'}."


def _fit(slot: str, value: object, default: object) -> str | float | bool:
    """The value as ComfyUI should get it, of the kind that it replaces; a replaced link allows any kind.

    Graphs saved by a browser have no difference between 4 and 4.0, so an integer default does not refuse 4.5.
    """
    if not isinstance(value, _SCALARS) or (isinstance(value, float) and not math.isfinite(value)):
        raise InvalidRequestError(f"'{slot}' must be text, a finite number or a truth value.", param=slot)
    if isinstance(default, bool):
        kind, fits = "true or false", isinstance(value, bool)
    elif isinstance(default, (int, float)):
        kind, fits = "a number", not isinstance(value, (bool, str))
    elif isinstance(default, str):
        kind, fits = "text", isinstance(value, str)
    else:
        return value
    if not fits:
        raise InvalidRequestError(f"'{slot}' must be {kind}.", param=slot)
    return int(value) if isinstance(value, float) and type(default) is int and value.is_integer() else value


# Reading ------------------------------------------------------------------------------------------------------------


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise WorkflowError("a workflow's name has only letters, digits, '.', '_' and '-'; rename the file.")


def is_document(data: bytes) -> bool:
    """Whether the bytes say of themselves that they are a document: a header with all that a header must have."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return False
    header = document.get(KEY) if isinstance(document, dict) and "nodes" not in document else None
    return isinstance(header, dict) and header.keys() >= _REQUIRED


def _read_json(text: str | bytes) -> dict[str, Any]:
    try:
        words = text.decode("utf-8") if isinstance(text, bytes) else text
        document = json.loads(words.removeprefix("\ufeff"), object_pairs_hook=_unique_keys)
    except UnicodeDecodeError:
        raise WorkflowError("it cannot be read: it is not UTF-8 text.") from None
    except json.JSONDecodeError as error:
        raise WorkflowError(f"it is not valid JSON (line {error.lineno}, column {error.colno}: {error.msg}).") from None
    except (RecursionError, ValueError):
        raise WorkflowError("it is nested too deeply, or has a number that is too long.") from None
    if not isinstance(document, dict):
        raise WorkflowError("it must be a JSON object of nodes.")
    if isinstance(document.get("nodes"), list):
        raise WorkflowError(_EDITOR_FORMAT_HELP)
    return document


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise WorkflowError(f"key {twice!r} appears twice in the same object.")
    return found


def _read_header(document: Mapping[str, Any]) -> Header:
    if KEY not in document:
        raise WorkflowError(_HEADER_HELP)
    try:
        return Header.model_validate(document[KEY])
    except ValidationError as error:
        raise WorkflowError("; ".join(header_problems(document[KEY], error)) + ".") from None


def _check_outputs(header: Header, graph: Mapping[str, Node]) -> None:
    for name, node_id in header.outputs.items():
        if node_id not in graph:
            raise WorkflowError(f"output '{name}' is node {node_id}, which does not exist.")


__all__ = ["KEY", "NAME", "BoundGraph", "Workflow", "is_document"]
