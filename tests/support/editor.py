"""Files of ComfyUI's editor, built node by node, for the tests of conversion."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class Editor:
    """A file, or with `name` a subgraph definition; nodes first, then wires."""

    def __init__(self, name: str | None = None) -> None:
        self.nodes: list[Json] = []
        self.links: list[Any] = []
        self.ports: dict[str, list[Json]] = {"inputs": [], "outputs": []}
        self.definitions: list[Json] = []
        self.name = name

    def node(self, number: Any, kind: str, values: Any = None, **more: Any) -> Json:
        """Add a node; more: title, mode, properties, inputs and outputs as (name, type) pairs."""
        made = {
            "id": number,
            "type": kind,
            "mode": more.pop("mode", 0),
            "inputs": [self.socket(*pair) for pair in more.pop("inputs", ())],
            "outputs": [{"name": kind, "type": kind} for kind in more.pop("outputs", ())],
            "widgets_values": values,
            **more,
        }
        self.nodes.append(made)
        return made

    @staticmethod
    def socket(name: str, kind: str = "*", widget: bool = False) -> Json:
        """An input of a node."""
        return {"name": name, "type": kind, "link": None, **({"widget": {"name": name}} if widget else {})}

    def wire(self, origin: Any, slot: int, target: Any, name: str, kind: str = "*", widget: bool = False) -> int:
        """Link an output to an input, which is added where the node does not list it yet."""
        number = len(self.links) + 1
        node = next(node for node in self.nodes if node["id"] == target)
        listed = [socket["name"] for socket in node["inputs"]]
        if name not in listed:
            node["inputs"].append(self.socket(name, kind, widget))
            listed.append(name)
        node["inputs"][listed.index(name)]["link"] = number
        self._link(number, origin, slot, target, listed.index(name), kind)
        return number

    def port(self, name: str, kind: str, target: Any, at: str, widget: bool = False) -> None:
        """An input of the subgraph, wired to an inner node."""
        number = self.wire(-10, len(self.ports["inputs"]), target, at, kind, widget)
        self.ports["inputs"].append({"name": name, "type": kind, "linkIds": [number]})

    def result(self, name: str, kind: str, origin: Any, slot: int = 0) -> None:
        """An output of the subgraph, wired to an inner node."""
        number = len(self.links) + 1
        self._link(number, origin, slot, -20, len(self.ports["outputs"]), kind)
        self.ports["outputs"].append({"name": name, "type": kind, "linkIds": [number]})

    def _link(self, number: int, origin: Any, slot: int, target: Any, target_slot: int, kind: str) -> None:
        row = [number, origin, slot, target, target_slot, kind]
        keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
        self.links.append(dict(zip(keys, row, strict=True)) if self.name else row)

    def done(self) -> Json:
        """The finished file or definition."""
        made: Json = {"nodes": self.nodes, "links": self.links, "version": 0.4}
        if self.name:
            made |= {"id": self.name, "name": self.name, **self.ports}
        if self.definitions:
            made["definitions"] = {"subgraphs": self.definitions}
        return made


def drawing(seed_values: list[Any] | None = None) -> Editor:
    """A sound file: a checkpoint, two texts, a canvas, a sampler (3), a decoder and a saved picture (9)."""
    made = Editor()
    made.node(4, "CheckpointLoaderSimple", ["sd.safetensors"], outputs=["MODEL", "CLIP", "VAE"])
    made.node(6, "CLIPTextEncode", ["a cat"], outputs=["CONDITIONING"], title="Positive")
    made.node(7, "CLIPTextEncode", ["blur"], outputs=["CONDITIONING"])
    made.node(5, "EmptyLatentImage", [512, 640, 1], outputs=["LATENT"])
    made.wire(4, 1, 6, "clip", "CLIP")
    made.wire(4, 1, 7, "clip", "CLIP")
    branch(made, (3, 8, 9), seed_values or [42, "randomize", 20, 8, "euler", "normal", 1], "out")
    return made


def branch(made: Editor, numbers: tuple[int, int, int], sampler: list[Any], prefix: str, **save: Any) -> None:
    """Add a sampler, a decoder and a saved picture, wired to the checkpoint, texts and canvas of `drawing`."""
    sample, decode, picture = numbers
    made.node(sample, "KSampler", sampler, outputs=["LATENT"])
    made.node(decode, "VAEDecode", [], outputs=["IMAGE"])
    made.node(picture, "SaveImage", [prefix], **save)
    made.wire(4, 0, sample, "model", "MODEL")
    made.wire(6, 0, sample, "positive", "CONDITIONING")
    made.wire(7, 0, sample, "negative", "CONDITIONING")
    made.wire(5, 0, sample, "latent_image", "LATENT")
    made.wire(sample, 0, decode, "samples", "LATENT")
    made.wire(4, 2, decode, "vae", "VAE")
    made.wire(decode, 0, picture, "images", "IMAGE")
