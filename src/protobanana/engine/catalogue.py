"""The node classes that an engine has installed, with the choices that their inputs offer at this moment."""

from __future__ import annotations

from typing import Any

from protobanana.engine.files import FileStore
from protobanana.engine.instant import stand_ins
from protobanana.engine.models import folder_of, is_plausible, names_in
from protobanana.engine.nodes.base import REGISTRY, NodeClass
from protobanana.engine.schema import Input, NodeSchema, records, schema_of
from protobanana.engine.settings import EngineSettings

_DEFAULTS: dict[str, Any] = {"description": "", "search_aliases": []}


class Catalogue:
    """Registered node classes that ComfyUI also has, less those that the settings take away."""

    def __init__(self, settings: EngineSettings, files: FileStore) -> None:
        self._settings = settings
        self._files = files
        self.names = tuple(name for name in records() if name in REGISTRY and name not in settings.missing_classes)
        instant = settings.instant_mb
        self._nodes = REGISTRY if instant is None else stand_ins(self.names, files, instant)
        self._known = frozenset(self.names)

    def schema(self, name: str) -> NodeSchema | None:
        """The schema of an installed class, None when it is not installed."""
        return schema_of(name) if name in self._known else None

    def node_class(self, name: str) -> NodeClass:
        """The implementation of an installed class."""
        return self._nodes[name]

    def choices(self, class_name: str, declared: Input) -> list[Any] | None:
        """What a combo offers now: model files and uploads follow the disk. None when the input is no combo."""
        recorded = declared.choices
        if recorded is None:
            return None
        if folder := folder_of(class_name, declared.name):
            installed = names_in(folder, self._settings.models)
            return installed + [name for name in recorded if name not in installed]
        if declared.names_upload:
            return list(self._files.names("input"))
        return recorded

    def accepts(self, class_name: str, declared: Input, value: object) -> bool:
        """Whether a combo accepts a value. Without a list of installed models, any plausible file name is installed."""
        if value in (self.choices(class_name, declared) or ()):
            return True
        folder = folder_of(class_name, declared.name) if self._settings.models is None else None
        return folder is not None and is_plausible(value, folder)

    def config(self, class_name: str, declared: Input) -> list[Any]:
        """`[type, options]` of an input with the choices of this moment."""
        choices = self.choices(class_name, declared)
        if choices is None:
            return declared.config
        if isinstance(declared.type, list):
            return [choices, dict(declared.options)]
        return [declared.type, {**declared.options, "options": choices}]

    def object_info(self, name: str) -> dict[str, Any]:
        """The `/object_info` entry of an installed class."""
        record = records()[name]
        inputs = {category: dict(declared) for category, declared in record["input"].items()}
        for declared in schema_of(name).inputs:
            if declared.choices is not None:
                spec = self.config(name, declared)
                inputs["required" if declared.required else "optional"][declared.name] = spec
        return {**_DEFAULTS, **record, "input": inputs}


__all__ = ["Catalogue"]
