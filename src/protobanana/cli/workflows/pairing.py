"""Which node of one graph is which of another, ids and order aside."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from graphlib import TopologicalSorter
from itertools import product
from typing import Any

from protobanana.workflows.authoring.nodes import title_of
from protobanana.workflows.graph import Graph, Node, is_link, links

Pairs = dict[str, str]
_ROUNDS = 8
"""How far around a node is looked for what tells it from its like."""
_MOST_ALIKE = 250_000
"""Pairs of leftover nodes of one class that are compared value by value; beyond, they are paired in order."""


def paired(left: Graph, right: Graph) -> Pairs:
    """Node id of `left` -> the node of `right` that it is, only for nodes that have one of the same class.

    Nodes are told apart by what they are and by what is around them, ever less of it; then by being beside nodes that
    are paired already; then by their ids; and at last the likeliest are taken.
    """
    pairing = _Pairing(left, right)
    for step in pairing.unmistakable():
        pairing.add(step)
    steps: tuple[Callable[[], Iterable[tuple[str, str]]], ...] = (
        pairing.neighbours,
        pairing.interchangeable,
        pairing.same_ids,
        pairing.alike,
    )
    while any(pairing.add(step()) for step in steps):
        pass
    return pairing.pairs


def same(one: object, other: object) -> bool:
    """Whether two values mean the same to ComfyUI: 4 is 4.0, but true is not 1."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def digests(graph: Graph) -> dict[str, str]:
    """Node id -> what it and everything that it depends on is; equal for nodes that compute the same."""
    found: dict[str, str] = {}
    order = TopologicalSorter({node_id: [source for _, source, _ in links(node)] for node_id, node in graph.items()})
    for node_id in order.static_order():
        node = graph[node_id]
        sources = [[name, found[source], slot] for name, source, slot in links(node)]
        found[node_id] = _hash([node["class_type"], _values(node), sorted(sources)])
    return found


def _values(node: Node) -> dict[str, Any]:
    """The inputs that hold values, whole numbers in one form."""
    return {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in node["inputs"].items()
        if not is_link(value)
    }


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


_LABELS: tuple[Callable[[Node], Any], ...] = (
    lambda node: [node["class_type"], title_of(node), _values(node)],
    lambda node: [node["class_type"], _values(node)],
    lambda node: [node["class_type"], title_of(node)],
    lambda node: node["class_type"],
)
"""What a node is by itself, ever less of it."""


def _colours(graph: Graph, label: Callable[[Node], Any]) -> list[dict[str, str]]:
    """Node id -> what the node is and what is around it; the n-th of the list looks n links far."""
    around: dict[str, list[tuple[str, str, int, str]]] = defaultdict(list)
    for node_id, node in graph.items():
        for name, source, slot in links(node):
            around[node_id].append(("from", name, slot, source))
            around[source].append(("to", name, slot, node_id))
    found = [{node_id: _hash(label(node)) for node_id, node in graph.items()}]
    for _ in range(_ROUNDS):
        last = found[-1]
        near = {
            node_id: sorted((way, name, slot, last[other]) for way, name, slot, other in around[node_id])
            for node_id in graph
        }
        found.append({node_id: _hash([last[node_id], near[node_id]]) for node_id in graph})
    return found


class _Pairing:
    def __init__(self, left: Graph, right: Graph) -> None:
        self.left, self.right = left, right
        self.pairs: Pairs = {}
        self._taken: set[str] = set()
        self._colours = [
            colours
            for label in _LABELS
            for colours in reversed(list(zip(_colours(left, label), _colours(right, label), strict=True)))
        ]
        """Of both graphs, the surest first."""

    def add(self, found: Iterable[tuple[str, str]]) -> bool:
        """Take pairs in as long as both nodes are free; whether any was."""
        before = len(self.pairs)
        for one, other in found:
            if one not in self.pairs and other not in self._taken:
                self.pairs[one] = other
                self._taken.add(other)
        return len(self.pairs) > before

    def unmistakable(self) -> Iterator[list[tuple[str, str]]]:
        """Nodes whose colour no other free node of either graph has, colour by colour."""
        for colours in self._colours:
            groups = self._groups(*colours)
            yield [(here[0], there[0]) for here, there in groups if len(here) == len(there) == 1]

    def neighbours(self) -> Iterator[tuple[str, str]]:
        """Nodes of one class that feed, or are fed by, nodes that are paired, through the same input."""
        for one, other in list(self.pairs.items()):
            theirs = {name: (source, slot) for name, source, slot in links(self.right[other])}
            for name, source, slot in links(self.left[one]):
                match = theirs.get(name)
                if match and match[1] == slot and self._same_class(source, match[0]):
                    yield source, match[0]
        mine, others = self._free_users(self.left, set(self.pairs)), self._free_users(self.right, self._taken)
        for (source, kind, slot, name), users in mine.items():
            candidates = others.get((self.pairs.get(source, ""), kind, slot, name), [])
            if len(users) == len(candidates) == 1:
                yield users[0], candidates[0]

    def interchangeable(self) -> Iterator[tuple[str, str]]:
        """One pair of several nodes that are the same by themselves, with the same id if there is such a one."""
        for colours in self._colours[: _ROUNDS + 1]:
            for here, there in self._groups(*colours):
                yield next(((one, one) for one in here if one in there), (here[0], there[0]))
                return

    def same_ids(self) -> Iterator[tuple[str, str]]:
        """Nodes of one class and id."""
        yield from ((one, one) for one in self.left if one in self.right and self._same_class(one, one))

    def alike(self) -> Iterator[tuple[str, str]]:
        """The nodes of a class that are left, those with most inputs in common first."""
        for here, there in self._groups(*self._colours[-1]):
            few = len(here) * len(there) <= _MOST_ALIKE
            candidates = list(product(here, there)) if few else list(zip(here, there, strict=False))
            yield from sorted(candidates, key=lambda pair: -self._common(*pair))

    def _groups(self, mine: dict[str, str], theirs: dict[str, str]) -> list[tuple[list[str], list[str]]]:
        """The free nodes of both graphs that have one colour, where both have some."""
        found: dict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
        for node_id, colour in mine.items():
            if node_id not in self.pairs:
                found[colour][0].append(node_id)
        for node_id, colour in theirs.items():
            if node_id not in self._taken:
                found[colour][1].append(node_id)
        return [group for group in found.values() if group[0] and group[1]]

    @staticmethod
    def _free_users(graph: Graph, taken: set[str]) -> dict[tuple[str, str, int, str], list[str]]:
        """(source, class, output number, input) -> the free nodes that are fed there."""
        found: dict[tuple[str, str, int, str], list[str]] = defaultdict(list)
        for node_id, node in graph.items():
            if node_id not in taken:
                for name, source, slot in links(node):
                    found[source, node["class_type"], slot, name].append(node_id)
        return found

    def _same_class(self, one: str, other: str) -> bool:
        return bool(self.left[one]["class_type"] == self.right[other]["class_type"])

    def _common(self, one: str, other: str) -> int:
        mine, theirs = self.left[one]["inputs"], self.right[other]["inputs"]
        return sum(name in theirs and not is_link(value) and same(value, theirs[name]) for name, value in mine.items())


__all__ = ["Pairs", "digests", "paired", "same"]
