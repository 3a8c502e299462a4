"""Links of an API graph, and the order in which ComfyUI runs its nodes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, TypeGuard

from protobanana.errors import ProtoBananaError

Prompt = Mapping[str, Any]


class NodeNotFoundError(ProtoBananaError):
    """A link points to a node that the graph does not have."""


def is_link(value: object) -> TypeGuard[list[Any]]:
    """Whether an input value is a link `[node_id, slot]`."""
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and type(value[1]) in (int, float)


def inputs_of(node: object) -> Mapping[str, Any]:
    """The inputs of a node; nothing where the key is missing, as on nodes that validation never reached."""
    inputs = node.get("inputs") if isinstance(node, Mapping) else None
    return inputs if isinstance(inputs, Mapping) else {}


def links_of(node: object) -> Iterator[tuple[str, str]]:
    """`(input name, source node id)` of every linked input, declared or not."""
    for name, value in inputs_of(node).items():
        if is_link(value):
            yield name, value[0]


class Schedule:
    """The nodes still to run. Nodes are added with everything they need; `next` names the one to run now.

    Of the nodes that wait for nothing, ComfyUI prefers an output node, then one that directly feeds an output node,
    then one that feeds such a one, then the one found first when walking up from the outputs.
    """

    def __init__(
        self,
        prompt: Prompt,
        is_ready: Callable[[str], bool],
        is_output: Callable[[str], bool],
        lazy: Callable[[str], Collection[str]],
    ) -> None:
        """`is_ready`: its result is known already; `lazy`: the inputs of a node that are not needed until asked for."""
        self._prompt = prompt
        self._is_ready = is_ready
        self._is_output = is_output
        self._lazy = lazy
        self._waits_for: dict[str, set[str]] = {}
        self._feeds: dict[str, set[str]] = {}

    def add(self, node_id: str) -> None:
        """Schedule a node and everything it needs."""
        stack = [node_id]
        while stack:
            current = stack.pop()
            if current in self._waits_for:
                continue
            if current not in self._prompt:
                raise NodeNotFoundError(f"Node {current} not found")
            self._waits_for[current] = set()
            lazy = self._lazy(current)
            for name, source in links_of(self._prompt[current]):
                if name not in lazy:
                    stack.extend(self._wait(current, source))

    def need(self, node_id: str, source: str) -> None:
        """Make a scheduled node wait for one more source: a lazy input that it turned out to need."""
        for missing in self._wait(node_id, source):
            self.add(missing)

    def _wait(self, node_id: str, source: str) -> list[str]:
        if self._is_ready(source):
            return []
        self._waits_for[node_id].add(source)
        self._feeds.setdefault(source, set()).add(node_id)
        return [source]

    def next(self) -> str | None:
        """The node to run now, None when all are done."""
        free = [node_id for node_id, sources in self._waits_for.items() if not sources]
        return min(free, key=self._distance_to_output, default=None)

    def _distance_to_output(self, node_id: str) -> int:
        nodes = {node_id}
        for distance in range(3):
            if any(self._is_output(node) for node in nodes):
                return distance
            nodes = {fed for node in nodes for fed in self._feeds.get(node, ())}
        return 3

    def done(self, node_id: str) -> None:
        """Forget a node that has its result; the nodes it feeds wait for it no longer."""
        del self._waits_for[node_id]
        for fed in self._feeds.pop(node_id, ()):
            self._waits_for[fed].discard(node_id)


__all__ = ["NodeNotFoundError", "Prompt", "Schedule", "inputs_of", "is_link", "links_of"]
