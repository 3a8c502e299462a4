"""What a node class declares, read from the recorded `/object_info` of genuine ComfyUI 0.12.1."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

Config = list[Any]
Record = Mapping[str, Any]

ANY = "*"
DYNAMIC_COMBO = "COMFY_DYNAMICCOMBO_V3"
AUTOGROW = "COMFY_AUTOGROW_V3"
MATCH_TYPE = "COMFY_MATCHTYPE_V3"


@dataclass(frozen=True)
class Input:
    """One declared input. `type` is a socket or widget type, or the list of choices of a legacy combo."""

    name: str
    type: str | list[Any]
    options: Mapping[str, Any]
    required: bool

    @property
    def config(self) -> Config:
        """The `[type, options]` pair that error reports show."""
        return [self.type, dict(self.options)]

    @property
    def names_upload(self) -> bool:
        """Whether the value is the name of an uploaded file, so that the choices follow the disk."""
        return any(self.options.get(f"{kind}_upload") for kind in ("image", "video", "audio", "file"))

    @property
    def choices(self) -> list[Any] | None:
        """The recorded choices of a combo, None for everything else and for combos without a list (remote ones)."""
        if isinstance(self.type, list):
            return self.type
        return self.options.get("options") if self.type == "COMBO" else None

    @property
    def label(self) -> str:
        """The last part of a dotted name: what ComfyUI names in a missing-input report."""
        return self.name.rpartition(".")[2]


@dataclass(frozen=True)
class NodeSchema:
    """One node class: its inputs in recorded order, its outputs, and how it is called."""

    name: str
    inputs: tuple[Input, ...]
    outputs: tuple[str, ...]
    output_is_list: tuple[bool, ...]
    is_input_list: bool
    output_node: bool
    knows_its_id: bool

    @property
    def loads_model(self) -> bool:
        """Whether it brings a model from disk: a MODEL out of file names alone."""
        return "MODEL" in self.outputs and all(declared.choices is not None for declared in self.inputs)

    def inputs_for(self, values: Mapping[str, Any]) -> Iterator[Input]:
        """The declared inputs, dynamic ones spread into the dotted inputs that these values ask for."""
        for declared in self.inputs:
            if declared.type == AUTOGROW:
                yield from _autogrow(declared)
                continue
            yield declared
            if declared.type == DYNAMIC_COMBO:
                yield from _choice_inputs(declared, values.get(declared.name))


def _autogrow(declared: Input) -> Iterator[Input]:
    template = declared.options["template"]
    (spec,) = template["input"]["required"].values() or template["input"]["optional"].values()
    names = template.get("names") or [f"{template['prefix']}{index}" for index in range(template["max"])]
    for index, name in enumerate(names):
        required = declared.required and index < template.get("min", 0)
        yield _input(f"{declared.name}.{name}", spec, required=required)


def _choice_inputs(declared: Input, chosen: object) -> Iterator[Input]:
    for option in declared.options["options"]:
        if option["key"] == chosen:
            for category, inputs in option["inputs"].items():
                for name, spec in inputs.items():
                    yield _input(f"{declared.name}.{name}", spec, required=category == "required")


def _input(name: str, spec: list[Any], *, required: bool) -> Input:
    return Input(name, spec[0], spec[1] if len(spec) > 1 else {}, required)


@cache
def records() -> Mapping[str, Record]:
    """The recorded `/object_info`: class name -> entry. Shared; never written to."""
    text = resources.files("protobanana.data").joinpath("object_info.json").read_text(encoding="utf-8")
    recorded: Mapping[str, Record] = json.loads(text)
    return recorded


@cache
def schema_of(name: str) -> NodeSchema:
    """The schema of a recorded class; KeyError when it was not recorded."""
    record = records()[name]
    inputs = record["input"]
    return NodeSchema(
        name=name,
        inputs=tuple(
            _input(input_name, spec, required=category == "required")
            for category in ("required", "optional")
            for input_name, spec in inputs.get(category, {}).items()
        ),
        outputs=tuple(record["output"]),
        output_is_list=tuple(record["output_is_list"]),
        is_input_list=record["is_input_list"],
        output_node=record["output_node"],
        knows_its_id="unique_id" in inputs.get("hidden", {}),
    )


def types_match(received: object, wanted: object) -> bool:
    """Whether an output of type `received` may be linked to an input of type `wanted`; types may be comma unions."""
    if received == wanted or ANY in (received, wanted) or MATCH_TYPE in (received, wanted):
        return True
    if isinstance(wanted, list) or wanted == "COMBO":
        return isinstance(received, list) or received == "COMBO"
    if not isinstance(received, str) or not isinstance(wanted, str):
        return False
    return not {part.strip() for part in received.split(",")}.isdisjoint(part.strip() for part in wanted.split(","))


__all__ = ["Config", "Input", "NodeSchema", "Record", "records", "schema_of", "types_match"]
