"""Node classes as ComfyUI's `/object_info` declares them: a live server's answer, or the record that ships with us."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

ANY = "*"
COMBO = "COMBO"
DYNAMIC_COMBO = "COMFY_DYNAMICCOMBO_V3"
AUTOGROW = "COMFY_AUTOGROW_V3"
MATCH_TYPE = "COMFY_MATCHTYPE_V3"

WIDGETS = frozenset({"INT", "FLOAT", "STRING", "BOOLEAN", COMBO, DYNAMIC_COMBO, "COLOR", "COLORCODE", "MARKDOWN"})
"""Input types that take a value; every other type is a socket that takes a link."""

MODEL_SUFFIXES = (".safetensors", ".sft", ".gguf", ".ckpt", ".pt", ".pt2", ".pth", ".bin", ".onnx")
"""How names of model files end."""

_UPLOADS = ("image_upload", "video_upload", "audio_upload", "file_upload")


@dataclass(frozen=True)
class InputSpec:
    """One declared input. `type` is a widget type (`COMBO` for both notations), a socket type or a comma union."""

    name: str
    type: str
    required: bool
    choices: tuple[Any, ...] | None = None
    """Values of a combo (keys of a dynamic one); None where the server does not list them."""
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def takes_value(self) -> bool:
        """Whether the editor has a widget for it; otherwise it wants a link."""
        return bool((self.type in WIDGETS or self.options.get("socketless")) and not self.options.get("forceInput"))

    @property
    def allows_value(self) -> bool:
        """Whether ComfyUI runs a graph with a plain value here: the editor's own rules do not bind its server."""
        return self.takes_value or not WIDGETS.union((ANY,)).isdisjoint(_union(self._wanted))

    @property
    def is_upload(self) -> bool:
        """Whether the value names a file that clients upload, so that no list can know it."""
        return any(self.options.get(name) for name in _UPLOADS)

    @property
    def is_combo(self) -> bool:
        """Whether the value is one of a list."""
        return self.type in (COMBO, DYNAMIC_COMBO)

    def names_model(self, value: object) -> bool:
        """Whether this value of a combo is the name of a model file, which depends on the server's disk."""
        if self.type != COMBO or self.is_upload or not isinstance(value, str):
            return False
        return self.choices == () or value.lower().endswith(MODEL_SUFFIXES)

    @property
    def _wanted(self) -> str:
        """The type, or those that a matched type may become."""
        return str(self.options.get("template", {}).get("allowed_types", ANY)) if self.type == MATCH_TYPE else self.type

    def dependents(self, value: object) -> tuple[InputSpec, ...]:
        """The inputs, under their dotted names, that a dynamic combo has while it holds this value."""
        if self.type != DYNAMIC_COMBO:
            return ()
        return tuple(
            _read_input(f"{self.name}.{name}", spec, required=category == "required")
            for choice in self.options.get("options", ())
            if choice["key"] == value
            for category in ("required", "optional")
            for name, spec in choice["inputs"].get(category, {}).items()
        )

    def accepts_link(self, received: str) -> bool:
        """Whether an output of that type may be linked here; types may be comma unions."""
        wanted = COMBO if self.type == DYNAMIC_COMBO else self._wanted
        if ANY in (wanted, received) or received == MATCH_TYPE:
            return True
        return not set(_union(wanted)).isdisjoint(_union(received))


@dataclass(frozen=True)
class NodeSpec:
    """One node class. `inputs` are in the order of ComfyUI's editor: required ones first."""

    name: str
    inputs: tuple[InputSpec, ...]
    outputs: tuple[str, ...]
    """Output types, in slot order."""
    output_names: tuple[str, ...]
    is_output: bool
    """Whether ComfyUI runs a graph for this node's sake."""
    pack: str | None
    """Folder name of the custom node pack it comes from; None for ComfyUI's own."""
    display_name: str = ""
    """What the editor calls a node that has no title of its own; empty where the server does not say."""

    def inputs_for(self, values: Mapping[str, Any]) -> dict[str, InputSpec]:
        """The inputs by name, dynamic ones spread into the dotted names that these values ask for."""
        return {spec.name: spec for declared in self.inputs for spec in _spread(declared, values)}


@dataclass(frozen=True)
class Catalogue:
    """All node classes of one ComfyUI. `live`: its combos list the model files that are really there."""

    classes: Mapping[str, NodeSpec]
    live: bool

    def get(self, class_type: str) -> NodeSpec | None:
        """The class, None when this ComfyUI has none of that name."""
        return self.classes.get(class_type)

    def output_type(self, graph: Mapping[str, Any], node_id: str, slot: int) -> str | None:
        """The type of a node's output, a matched type resolved through its inputs; None where there is no such slot."""
        while True:  # not by recursion: files may chain such nodes without end
            node = graph[node_id]
            spec = self.get(node["class_type"])
            if spec is None:
                return ANY
            if slot >= len(spec.outputs):
                return None
            if spec.outputs[slot] != MATCH_TYPE:
                return spec.outputs[slot]
            matched = (node["inputs"].get(declared.name) for declared in spec.inputs if declared.type == MATCH_TYPE)
            link = next((value for value in matched if isinstance(value, list)), None)
            if link is None:
                return ANY
            node_id, slot = link


def recorded_object_info() -> Mapping[str, Any]:
    """The answer of a genuine ComfyUI 0.12.1 with ComfyUI-RMBG and LanPaint, model folders empty. Never change it."""
    return _recorded()[0]


def recorded() -> Catalogue:
    """The catalogue of the record."""
    return _recorded()[1]


@cache
def _recorded() -> tuple[Mapping[str, Any], Catalogue]:
    text = resources.files("protobanana.data").joinpath("object_info.json").read_text(encoding="utf-8")
    info: Mapping[str, Any] = json.loads(text)
    return info, Catalogue({name: read_node(name, entry) for name, entry in info.items()}, live=False)


def read_catalogue(object_info: Mapping[str, Any] | None = None) -> Catalogue:
    """The catalogue of a server's `/object_info`; None, or the record itself, is the recorded one."""
    if object_info is None or object_info is recorded_object_info():
        return recorded()
    return Catalogue({name: read_node(name, entry) for name, entry in object_info.items()}, live=True)


def read_node(name: str, entry: Mapping[str, Any]) -> NodeSpec:
    """One class of `/object_info`; parts that a server leaves out are empty."""
    module = str(entry.get("python_module") or "").split(".")
    return NodeSpec(
        name=name,
        inputs=tuple(
            _read_input(input_name, spec, required=category == "required")
            for category in ("required", "optional")
            for input_name, spec in _ordered(entry, category)
        ),
        outputs=tuple(COMBO if isinstance(kind, list) else str(kind) for kind in entry.get("output") or ()),
        output_names=tuple(map(str, entry.get("output_name") or ())),
        is_output=bool(entry.get("output_node")),
        pack=module[1] if module[0] == "custom_nodes" and len(module) > 1 else None,
        display_name=str(entry.get("display_name") or ""),
    )


def _ordered(entry: Mapping[str, Any], category: str) -> Iterator[tuple[str, Any]]:
    inputs = (entry.get("input") or {}).get(category) or {}
    order = (entry.get("input_order") or {}).get(category) or ()
    for name in dict.fromkeys((*order, *inputs)):
        if name in inputs:
            yield name, inputs[name]


def _read_input(name: str, spec: Any, *, required: bool) -> InputSpec:
    """`[type]` or `[type, options]`, where the type of an old-style combo is the list of its values."""
    kind, options = (spec[0], spec[1] if len(spec) > 1 else {}) if isinstance(spec, list) and spec else (spec, {})
    options = options if isinstance(options, dict) else {}
    if isinstance(kind, list):
        return InputSpec(name, COMBO, required, tuple(kind), options)
    choices = options.get("options") if kind in (COMBO, DYNAMIC_COMBO) else None
    if kind == DYNAMIC_COMBO and choices is not None:
        choices = [choice["key"] for choice in choices]
    return InputSpec(name, str(kind), required, None if choices is None else tuple(choices), options)


def _spread(declared: InputSpec, values: Mapping[str, Any]) -> Iterator[InputSpec]:
    if declared.type == AUTOGROW:
        yield from _grown(declared)
        return
    yield declared
    for dependent in declared.dependents(values.get(declared.name)):
        yield from _spread(dependent, values)


def _grown(declared: InputSpec) -> Iterator[InputSpec]:
    template = declared.options["template"]
    spec = next(spec for inputs in template["input"].values() for spec in inputs.values())
    names = template.get("names") or [f"{template['prefix']}{index}" for index in range(template.get("max", 100))]
    for index, name in enumerate(names):
        yield _read_input(
            f"{declared.name}.{name}", spec, required=declared.required and index < template.get("min", 0)
        )


def _union(kind: str) -> list[str]:
    return [part.strip() for part in kind.split(",")]


__all__ = [
    "MODEL_SUFFIXES",
    "Catalogue",
    "InputSpec",
    "NodeSpec",
    "read_catalogue",
    "read_node",
    "recorded",
    "recorded_object_info",
]
