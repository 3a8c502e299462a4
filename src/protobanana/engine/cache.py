"""Results of earlier prompts, found again by what a node is rather than by what it is called.

The key of a node covers its class, its inputs, everything above it and, for nodes such as LoadImage, what its files
hold. Node ids do not matter, except for the few classes that are told theirs.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from protobanana.engine.catalogue import Catalogue
from protobanana.engine.files import FileStore
from protobanana.engine.graph import Prompt, inputs_of, is_link, links_of

_UNREADABLE = (OSError, ValueError, TypeError, LookupError)


@dataclass(frozen=True)
class NodeResult:
    """What a node left: one list of values per output slot, and what it shows in `/history` (None: nothing)."""

    outputs: tuple[list[Any], ...]
    ui: Mapping[str, list[Any]] | None


def node_keys(prompt: Prompt, catalogue: Catalogue, files: FileStore) -> dict[str, str]:
    """The cache key of every node of a graph, also of those that nothing reaches; never fails on malformed nodes."""
    keys: dict[str, str] = {}
    begun: set[str] = set()
    stack = list(prompt)
    while stack:
        node_id = stack[-1]
        begun.add(node_id)
        waiting = [source for _, source in links_of(prompt.get(node_id)) if source not in begun]
        stack += waiting
        if not waiting:
            stack.pop()
            if node_id not in keys:
                keys[node_id] = _key(node_id, prompt.get(node_id), keys, catalogue, files)
    return {node_id: keys[node_id] for node_id in prompt}


def _key(node_id: str, node: object, keys: Mapping[str, str], catalogue: Catalogue, files: FileStore) -> str:
    """The key of a node whose sources have theirs; a source without one lies on a cycle."""
    if not isinstance(node, Mapping):
        return f"missing {node_id}"
    inputs = inputs_of(node)
    name = node.get("class_type", "")
    parts = [
        (input_name, [keys.get(value[0], "cycle"), value[1]] if is_link(value) else ["constant", value])
        for input_name, value in sorted(inputs.items())
    ]
    schema = catalogue.schema(name)
    identity = node_id if schema is not None and schema.knows_its_id else None
    text = json.dumps([name, _changed(name, inputs, catalogue, files), identity, parts], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _changed(name: str, inputs: Mapping[str, Any], catalogue: Catalogue, files: FileStore) -> str | None:
    """The class's own part of the key; a new one each time when it cannot be told, so that the node runs."""
    changed = catalogue.node_class(name).changed if catalogue.schema(name) else None
    if changed is None:
        return None
    try:
        return changed(files, **{key: value for key, value in inputs.items() if not is_link(value)})
    except _UNREADABLE:
        return uuid.uuid4().hex


class ResultCache:
    """Results by key. `size` 0 keeps those of exactly one previous graph; N keeps the N last used."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._results: OrderedDict[str, NodeResult] = OrderedDict()

    def begin(self, keys: Collection[str]) -> None:
        """A graph with these keys is about to run: without a size, everything else is dropped."""
        if not self._size:
            wanted = set(keys)
            self._results = OrderedDict((key, result) for key, result in self._results.items() if key in wanted)

    def get(self, key: str) -> NodeResult | None:
        """A remembered result, now the most recently used; None when there is none."""
        if key in self._results:
            self._results.move_to_end(key)
        return self._results.get(key)

    def put(self, key: str, result: NodeResult) -> None:
        """Remember a result, dropping the least recently used one over the size."""
        self._results[key] = result
        self._results.move_to_end(key)
        while self._size and len(self._results) > self._size:
            self._results.popitem(last=False)

    def clear(self) -> None:
        """Drop everything: `POST /free {"free_memory": true}`."""
        self._results.clear()


__all__ = ["NodeResult", "ResultCache", "node_keys"]
