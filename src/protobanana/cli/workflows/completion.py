"""What can be known of a graph beyond tracing it: where its model files come from, under which terms, which packs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from protobanana.errors import WorkflowError
from protobanana.workflows.authoring.nodes import file_name
from protobanana.workflows.authoring.png import embedded, is_picture
from protobanana.workflows.authoring.schema import MODEL_SUFFIXES, Catalogue, NodeSpec
from protobanana.workflows.graph import Graph
from protobanana.workflows.header import CustomNode, Header, ModelFile
from protobanana.workflows.library import bundled

NOTE = (
    "protoBanana reads its settings for this graph from here. ComfyUI's Export (API) leaves them out; keep this file."
)

_HUB = re.compile(r"https://huggingface\.co/([^/?#]+/[^/?#]+)/(?:resolve|blob)/main/([^?#]+)")
_GITHUB = re.compile(r"[\w.-]+/[\w.-]+")
_CORE = "comfy-core"

_FOLDERS: Mapping[str, str] = {
    "ckpt_name": "checkpoints",
    "unet_name": "diffusion_models",
    "vae_name": "vae",
    "lora_name": "loras",
    "control_net_name": "controlnet",
    "style_model_name": "style_models",
    "gligen_name": "gligen",
    "hypernetwork_name": "hypernetworks",
}
"""Folder under `models` by the name of a loader's input."""

_FOLDERS_BY_OUTPUT: Mapping[str, str] = {
    "CLIP_VISION": "clip_vision",
    "CLIP": "text_encoders",
    "VAE": "vae",
    "CONTROL_NET": "controlnet",
    "STYLE_MODEL": "style_models",
    "UPSCALE_MODEL": "upscale_models",
    "LATENT_UPSCALE_MODEL": "latent_upscale_models",
    "MODEL_PATCH": "model_patches",
    "AUDIO_ENCODER": "audio_encoders",
    "PHOTOMAKER": "photomaker",
    "GLIGEN": "gligen",
    "MODEL": "diffusion_models",
}
"""The same by what the loader gives, where its input is only called `name` or `model_name`."""


@dataclass(frozen=True)
class NamedFile:
    """A model file that a node names. `source`: where it can be had, None where nothing tells; `missing`: whether a
    ComfyUI was asked and lacks it.
    """

    node: str
    input: str
    name: str
    folder: str
    """Under `models`; empty where the loader does not tell."""
    source: ModelFile | None
    missing: bool


def named_files(graph: Graph, schemas: Catalogue, data: bytes) -> list[NamedFile]:
    """Every model file of the graph, in the order of its nodes; `data` is the file that the graph was read from."""
    told = _told(data)
    known = {file_name(model.name): model for model in _bundled_files()}
    found = []
    for node_id, node in graph.items():
        spec = schemas.get(node["class_type"])
        declared = spec.inputs_for(node["inputs"]) if spec else {}
        for name, value in node["inputs"].items():
            wanted = declared.get(name)
            if not isinstance(value, str) or not value:
                continue
            if not (wanted.names_model(value) if wanted else spec is None and _ends_as_model(value)):
                continue
            folder = _folder(name, spec)
            source = _source(value, folder, told, known)
            missing = bool(schemas.live and wanted and wanted.choices is not None and value not in wanted.choices)
            found.append(NamedFile(node_id, name, value, source.folder if source else folder, source, missing))
    return found


def completed(header: Mapping[str, Any], files: Sequence[NamedFile], packs: Sequence[CustomNode]) -> dict[str, Any]:
    """The header with its gaps filled, in the order in which headers are read; what it says itself stays."""
    stated = header.get("models", [])
    tiers = [model for tier in header.get("tiers", {}).values() for model in tier.get("models", ())]
    names = {model["name"] for model in (*stated, *tiers)}
    sources = {file.name: file.source for file in files if file.source and file.name not in names}
    terms = _license({file.name for file in files})
    found = {
        "class_type": "Note",
        "inputs": {"text": NOTE},
        "license": terms,
        "custom_nodes": [pack.model_dump() for pack in packs],
        **header,
        "models": [*stated, *(source.model_dump(exclude_none=True) for source in sources.values())],
    }
    order = [field.alias or name for name, field in Header.model_fields.items()]
    return {key: found[key] for key in order if key in header or found.get(key)}


# Model files ----------------------------------------------------------------------------------------------------------


def _ends_as_model(value: str) -> bool:
    return value.lower().endswith(MODEL_SUFFIXES)


def _folder(name: str, spec: NodeSpec | None) -> str:
    if name in _FOLDERS:
        return _FOLDERS[name]
    return next((_FOLDERS_BY_OUTPUT[kind] for kind in (spec.outputs if spec else ()) if kind in _FOLDERS_BY_OUTPUT), "")


def _source(value: str, folder: str, told: Mapping[str, ModelFile], known: Mapping[str, ModelFile]) -> ModelFile | None:
    """Where a file comes from: as the author's file says, else as the bundled documents have it."""
    name = file_name(value)
    own, ours = told.get(name), known.get(name)
    if own and ours and (own.repo, own.path) == (ours.repo, ours.path):
        own = ours  # which knows the size as well
    source = own or ours
    # The loader's name for it may have folders of its own inside.
    return source.model_copy(update={"name": value, "folder": source.folder or folder}) if source else None


def _told(data: bytes) -> dict[str, ModelFile]:
    """What the editor's nodes say of the files that they name: ComfyUI's templates carry addresses."""
    found: dict[str, ModelFile] = {}
    for properties in _properties(data):
        entries = properties.get("models")
        for entry in entries if isinstance(entries, list) else ():
            if not isinstance(entry, Mapping):
                continue
            name, address, folder = (entry.get(key) for key in ("name", "url", "directory"))
            match = _HUB.fullmatch(str(address).partition("?")[0])
            if match and isinstance(name, str) and name and isinstance(folder, str) and folder:
                model = ModelFile(folder=folder, name=name, repo=match[1], path=unquote(match[2]))
                found.setdefault(file_name(name), model)
    return found


def _bundled_files() -> Iterator[ModelFile]:
    for workflow in bundled().values():
        yield from workflow.header.models
        for tier in workflow.header.tiers.values():
            yield from tier.models


def _license(names: set[str]) -> dict[str, Any] | None:
    """The terms of the bundled documents that use all of these files, where they agree."""
    covering = [
        workflow.header.license
        for workflow in bundled().values()
        if names
        and names <= {model.name for quality in ("low", "medium", "high") for model in workflow.models(quality)}
    ]
    agreed = {(one.name, one.commercial) for one in covering if one}
    if len(agreed) != 1 or not covering[0]:
        return None
    return covering[0].model_dump(exclude_none=True)


# Node packs -----------------------------------------------------------------------------------------------------------


def node_packs(graph: Graph, schemas: Catalogue, data: bytes) -> list[CustomNode]:
    """The packs of the graph's nodes, as far as the catalogue, the file or the bundled documents name them."""
    known = {pack.name: pack for workflow in bundled().values() for pack in workflow.header.custom_nodes}
    told = {str(one.get("Node name for S&R")): one for one in _properties(data) if one.get("cnr_id") != _CORE}
    found: dict[str, CustomNode] = {}
    for node in graph.values():
        pack = _pack(schemas.get(node["class_type"]), known, told.get(node["class_type"], {}))
        if pack:
            found.setdefault(pack.name, pack)
    return list(found.values())


def _pack(spec: NodeSpec | None, known: Mapping[str, CustomNode], told: Mapping[str, Any]) -> CustomNode | None:
    if spec is not None and spec.pack is None:
        return None
    if spec is not None and spec.pack and spec.pack in known:
        return known[spec.pack]
    aux, registered = told.get("aux_id"), told.get("cnr_id")
    if isinstance(aux, str) and _GITHUB.fullmatch(aux):
        address, own = f"https://github.com/{aux}", aux.rpartition("/")[2]
    elif isinstance(registered, str) and re.fullmatch(r"[\w.-]+", registered):
        address, own = f"https://registry.comfy.org/nodes/{registered}", registered
    else:
        return None
    return CustomNode(name=spec.pack if spec and spec.pack else own, url=address)


def _properties(data: bytes) -> list[Mapping[str, Any]]:
    """The properties of every node of the editor's file, those inside subgraphs among them; none in an API graph."""
    try:
        document = embedded(data).workflow if is_picture(data) else json.loads(data.decode("utf-8-sig"))
    except (WorkflowError, ValueError, RecursionError):
        return []
    found, waiting = [], [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            if isinstance(value.get("properties"), Mapping) and "type" in value:
                found.append(value["properties"])
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return found


__all__ = ["NamedFile", "completed", "named_files", "node_packs"]
