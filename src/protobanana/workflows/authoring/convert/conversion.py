"""Editor format to API graph: what ComfyUI's own editor would send, or an error that says what to mend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from protobanana.errors import WorkflowError
from protobanana.workflows.authoring.convert.document import (
    BYPASSED,
    MUTED,
    EditorNode,
    Socket,
    read_document,
)
from protobanana.workflows.authoring.convert.layout import ABSENT, Assignment
from protobanana.workflows.authoring.convert.links import Given, Linked, Muted, Shared, source_of
from protobanana.workflows.authoring.convert.notes import Note, NoteKind
from protobanana.workflows.authoring.convert.pruning import Evidence, prune
from protobanana.workflows.authoring.convert.subgraphs import Frame, unfold
from protobanana.workflows.authoring.convert.text import clean_title, file_prefix
from protobanana.workflows.authoring.convert.virtual import is_group_node, is_virtual
from protobanana.workflows.authoring.convert.widgets import Tell, known_values, sent, unknown_values
from protobanana.workflows.authoring.schema import ANY, WIDGETS, Catalogue
from protobanana.workflows.graph import Graph

_SHOWN = 8
_PREFIX = "filename_prefix"

_INSTALL = "Install the node packs that they come with, or take the nodes out in ComfyUI and save."
_ASK_SERVER = (
    "Nodes of custom packs and of newer versions are known to the ComfyUI that has them: "
    "convert with its answer on /object_info."
)


@dataclass(frozen=True, slots=True)
class Converted:
    """The API graph, and what its author should know of how it came about."""

    graph: Graph
    notes: tuple[Note, ...]


def convert(document: Mapping[str, Any], schemas: Catalogue, *, source: str = "workflow") -> Converted:
    """Convert a parsed file of ComfyUI's editor (versions 0.4 and 1).

    `schemas`: the classes of the ComfyUI that will run it, or the recorded ones; nodes newer than the record are
    converted where the file itself names their values. `source` is what errors call the file. Raises WorkflowError
    naming the node and the nearest remedy: for nodes that nothing is known of, links that lead nowhere or in circles,
    inputs that need a link and have none, values that no ComfyUI could use.
    """
    try:
        return _Conversion(unfold(read_document(document)), schemas).run()
    except WorkflowError as error:
        raise WorkflowError(f"{clean_title(source) or 'workflow'}: {error.message}") from None


@dataclass(slots=True)
class _Conversion:
    root: Frame
    schemas: Catalogue
    graph: Graph = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    muted: dict[str, dict[str, str]] = field(default_factory=dict)
    """Node id -> input -> the muted node that would have fed it."""
    boxes: dict[str, EditorNode] = field(default_factory=dict)
    """Node id -> the node of the file."""
    nameless: dict[str, EditorNode] = field(default_factory=dict)
    """Nodes whose values cannot be told apart: their class is not known, and the file does not name them."""

    def run(self) -> Converted:
        nodes = list(self._emitted())
        for frame, node in nodes:
            self._emit(frame, node)
        self._fill_prefixes(nodes)
        self.notes += prune(self.graph, self.schemas, Evidence(self.boxes, self.muted, self.nameless))
        self._refuse_unknown()
        return Converted(self.graph, tuple(dict.fromkeys(self.notes)))

    def _emitted(self) -> Iterator[tuple[Frame, EditorNode]]:
        for frame, node in self.root.walk():
            if node.mode in (MUTED, BYPASSED) or is_virtual(node):
                continue
            if is_group_node(node):
                raise WorkflowError(
                    f"{node} is a group node, which ComfyUI has given up. In ComfyUI, right-click it, choose "
                    "'Convert to Subgraph' (or 'Convert to Nodes'), and save."
                )
            yield frame, node

    def _emit(self, frame: Frame, node: EditorNode) -> None:
        node_id = frame.node_id(node)
        spec = self.schemas.get(node.type)
        inputs = self._inputs(frame, node)
        title = node.title or (clean_title(spec.display_name) if spec else "") or clean_title(node.type)
        if node_id in self.boxes:
            raise WorkflowError(f"{self.boxes[node_id]} and {node} in a subgraph would both have the id {node_id}.")
        self.boxes[node_id] = node
        self.graph[node_id] = {"inputs": inputs, "class_type": node.type, "_meta": {"title": title}}

    def _own(self, frame: Frame, node: EditorNode) -> Assignment:
        """What the node's widgets hold, whatever may be wired to them."""
        spec = self.schemas.get(node.type)
        if spec is not None:
            return known_values(node, spec, self._teller(frame, node, "repaired"))
        values = unknown_values(node)
        if values is None:
            self.nameless[frame.node_id(node)] = node
        return Assignment(values or {})

    def _inputs(self, frame: Frame, node: EditorNode) -> dict[str, Any]:
        """Own values where nothing is linked, links and values from outside where something is."""
        tell = self._teller(frame, node, "suspicious")
        own = self._own(frame, node)
        sockets = {socket.widget or socket.name: socket for socket in node.inputs}
        inputs: dict[str, Any] = {}
        for name in dict.fromkeys((*own.values, *sockets)):
            value = own.values.get(name, ABSENT)
            source = source_of(frame, node, sockets[name]) if name in sockets else None
            if isinstance(source, Linked):
                inputs[name] = [source.node, source.slot]
                continue
            if isinstance(source, Muted):
                self._lose(frame, node, sockets[name], source)
                continue
            outside = self._outside(source)
            if outside is not None and (name in own.specs or name in own.values or _holds_value(sockets[name])):
                value = outside
            if value is not ABSENT:
                value = sent(own.specs.get(name), value, node, name, tell)
            if value is not ABSENT:
                inputs[name] = value
        return inputs

    def _outside(self, source: Given | Shared | None) -> Any:
        if isinstance(source, Shared):
            return self._own(source.frame, source.node).values.get(source.widget)
        return source.value if source else None

    def _lose(self, frame: Frame, node: EditorNode, socket: Socket, source: Muted) -> None:
        self.muted.setdefault(frame.node_id(node), {})[socket.widget or socket.name] = source.by

    def _fill_prefixes(self, nodes: list[tuple[Frame, EditorNode]]) -> None:
        """File names may quote the values of other nodes, so they come when all values are there."""
        for frame, node in nodes:
            node_id = frame.node_id(node)
            text = self.graph[node_id]["inputs"].get(_PREFIX)
            if isinstance(text, str) and "%" in text:
                filled, unknown = file_prefix(text, lambda name, widget: self._quoted(nodes, name, widget))
                self.graph[node_id]["inputs"][_PREFIX] = filled
                for pattern in unknown:
                    self._teller(frame, node, "suspicious")(f"nothing will fill in {clean_title(pattern)} in its name.")

    def _quoted(self, nodes: list[tuple[Frame, EditorNode]], name: str, widget: str) -> object | None:
        """The value of a widget of the node with that search name, else title."""
        named = [pair for pair in nodes if pair[1].search_name == name]
        for frame, node in named or [pair for pair in nodes if pair[1].title == name]:
            value = self.graph[frame.node_id(node)]["inputs"].get(widget)
            if isinstance(value, (str, int, float)):
                return value
        return None

    def _refuse_unknown(self) -> None:
        """Classes that nothing is known of: those the file names the values of are kept, with a remark."""
        refused = [node for node_id, node in self.nameless.items() if node_id in self.graph]
        if self.schemas.live:
            refused = [self.boxes[node_id] for node_id in self.graph if not self._is_known(node_id)]
        if refused:
            shown = "; ".join(self._unknown_class(node) for node in refused[:_SHOWN])
            more = f"; and {len(refused) - _SHOWN} more" if len(refused) > _SHOWN else ""
            where = "this ComfyUI" if self.schemas.live else "the recorded ComfyUI"
            remedy = _INSTALL if self.schemas.live else _ASK_SERVER
            raise WorkflowError(f"{where} has no such node classes: {shown}{more}. {remedy}")
        for node_id, node in self.graph.items():
            if not self._is_known(node_id):
                message = f"{clean_title(node['class_type'])} is not in the recorded ComfyUI; it is taken as it is."
                self.notes.append(Note("unknown", message, node_id, node["_meta"]["title"]))

    def _is_known(self, node_id: str) -> bool:
        return self.schemas.get(self.graph[node_id]["class_type"]) is not None

    def _unknown_class(self, node: EditorNode) -> str:
        close = get_close_matches(node.type[:200], self.schemas.classes, n=1, cutoff=0.7)
        return str(node) + (f", the nearest is {close[0]}" if close else "")

    def _teller(self, frame: Frame, node: EditorNode, kind: NoteKind) -> Tell:
        title = node.title or clean_title(node.type)
        return lambda message: self.notes.append(Note(kind, message, frame.node_id(node), title))


def _holds_value(socket: Socket) -> bool:
    """Whether an input without a widget of its own may still hold a value."""
    return socket.type == ANY or not WIDGETS.isdisjoint(part.strip() for part in socket.type.split(","))


__all__ = ["Converted", "convert"]
