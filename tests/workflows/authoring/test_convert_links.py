"""Links: through everything that exists in the editor only, and those that lead nowhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from protobanana.errors import WorkflowError
from protobanana.workflows.authoring.convert import convert
from protobanana.workflows.authoring.schema import recorded
from support.editor import Editor, drawing

Graph = dict[str, Any]


def graph_of(made: Editor) -> Graph:
    """The API graph of a file."""
    return convert(made.done(), recorded()).graph


def rewire(made: Editor, node: int, name: str, origin: Any, slot: int, kind: str) -> None:
    """Link an input to something else."""
    made.wire(origin, slot, node, name, kind)


def test_a_plain_file() -> None:
    """Links are output numbers of nodes, ids are text."""
    assert graph_of(drawing())["3"]["inputs"] | {"seed": 0} == {
        "model": ["4", 0],
        "seed": 0,
        "steps": 20,
        "cfg": 8,
        "sampler_name": "euler",
        "scheduler": "normal",
        "positive": ["6", 0],
        "negative": ["7", 0],
        "latent_image": ["5", 0],
        "denoise": 1,
    }


@pytest.mark.parametrize("kind", ["Reroute", "Reroute (rgthree)"])
def test_reroutes_are_followed(kind: str) -> None:
    """Chains of reroutes are not there for the server."""
    made = drawing()
    for number, origin in ((20, 4), (21, 20)):
        made.node(number, kind, [], outputs=["*"])
        made.wire(origin, 0, number, "", "*")
    rewire(made, 3, "model", 21, 0, "MODEL")

    graph = graph_of(made)

    assert graph["3"]["inputs"]["model"] == ["4", 0]
    assert not {"20", "21"} & graph.keys()


def test_setters_and_getters_are_followed() -> None:
    """What one sets under a name, the other gets."""
    made = drawing()
    made.node(20, "SetNode", ["model"], outputs=["*"])
    made.node(21, "GetNode", ["model"], outputs=["MODEL"])
    made.wire(4, 0, 20, "MODEL", "MODEL")
    rewire(made, 3, "model", 21, 0, "MODEL")

    assert graph_of(made)["3"]["inputs"]["model"] == ["4", 0]


def test_getters_of_nothing_are_refused() -> None:
    """The error lists the names that are set."""
    made = drawing()
    made.node(20, "SetNode", ["modle"], outputs=["*"])
    made.node(21, "GetNode", ["model"], outputs=["MODEL"])
    rewire(made, 3, "model", 21, 0, "MODEL")

    with pytest.raises(WorkflowError, match=r"node 21 \(GetNode\) gets 'model', which no node sets; set are: modle"):
        graph_of(made)


def test_primitives_are_written_into_the_widgets() -> None:
    """A primitive node's value is the value of every widget that it is wired to, also when it is muted."""
    made = drawing()
    made.node(20, "PrimitiveNode", [7, "fixed"], outputs=["INT"], mode=2)
    made.wire(20, 0, 3, "seed", "INT", widget=True)
    made.wire(20, 0, 5, "batch_size", "INT", widget=True)

    graph = graph_of(made)

    assert (graph["3"]["inputs"]["seed"], graph["5"]["inputs"]["batch_size"]) == (7, 7)
    assert graph["3"]["inputs"]["steps"] == 20


def test_linked_widgets_keep_their_place() -> None:
    """A widget that a link replaces still has its place in the row."""
    made = drawing()
    made.node(20, "PrimitiveInt", [30, "fixed"], outputs=["INT"])
    made.wire(20, 0, 3, "steps", "INT", widget=True)

    inputs = graph_of(made)["3"]["inputs"]

    assert (inputs["steps"], inputs["cfg"]) == (["20", 0], 8)


def lora(mode: int) -> Editor:
    """The drawing with a LoRA between checkpoint and sampler."""
    made = drawing()
    made.node(10, "LoraLoader", ["x.safetensors", 1, 1], outputs=["MODEL", "CLIP"], mode=mode)
    made.wire(4, 0, 10, "model", "MODEL")
    made.wire(4, 1, 10, "clip", "CLIP")
    rewire(made, 3, "model", 10, 0, "MODEL")
    rewire(made, 6, "clip", 10, 1, "CLIP")
    return made


def test_bypassed_nodes_hand_on_what_fits() -> None:
    """Each output of a bypassed node is the input of its type."""
    assert graph_of(lora(0))["3"]["inputs"]["model"] == ["10", 0]
    graph = graph_of(lora(4))

    assert (graph["3"]["inputs"]["model"], graph["6"]["inputs"]["clip"]) == (["4", 0], ["4", 1])
    assert "10" not in graph


def test_bypassed_nodes_without_anything_that_fits_leave_the_input_empty() -> None:
    """A widget gets its own value back, a socket without which the node cannot run is an error."""
    made = drawing()
    made.node(10, "PrimitiveInt", [30, "fixed"], outputs=["INT"], mode=4)
    made.wire(10, 0, 3, "steps", "INT", widget=True)
    assert graph_of(made)["3"]["inputs"]["steps"] == 20

    made.nodes[3]["mode"] = 4
    with pytest.raises(WorkflowError, match=r"node 3 \(KSampler\), latent_image: a required input is missing"):
        graph_of(made)


def test_outputs_behind_muted_nodes_are_left_out() -> None:
    """What a muted node would have fed is not run, with a remark, as long as another output is left."""
    made = drawing()
    made.node(20, "ImageInvert", [], outputs=["IMAGE"], mode=2, title="Invert")
    made.node(21, "PreviewImage", [])
    made.wire(8, 0, 20, "image", "IMAGE")
    made.wire(20, 0, 21, "images", "IMAGE")

    converted = convert(made.done(), recorded())

    assert not {"20", "21"} & converted.graph.keys()
    assert "depends on node 20 (Invert, ImageInvert), which is muted" in str(converted.notes[0])


def test_a_file_whose_only_output_is_muted_is_refused() -> None:
    """Nothing would come of it."""
    made = drawing()
    made.nodes[6]["mode"] = 2
    with pytest.raises(WorkflowError, match="no node in it saves or shows a result"):
        graph_of(made)


def circle(made: Editor) -> None:
    """The sampler's canvas is the sampler."""
    made.node(20, "LatentUpscale", ["bilinear", 64, 64, "disabled"], outputs=["LATENT"])
    made.wire(3, 0, 20, "samples", "LATENT")
    rewire(made, 3, "latent_image", 20, 0, "LATENT")


def reroute_circle(made: Editor) -> None:
    """Two reroutes feed each other."""
    for number in (20, 21):
        made.node(number, "Reroute", [], outputs=["*"])
    made.wire(20, 0, 21, "")
    made.wire(21, 0, 20, "")
    rewire(made, 3, "model", 21, 0, "MODEL")


def long_way(made: Editor) -> None:
    """Reroutes without end."""
    for number in range(100, 1_200):
        made.nodes.append(
            {"id": number, "type": "Reroute", "inputs": [{"name": "", "type": "*", "link": 9_000 + number}]}
        )
        made.links.append([9_000 + number, number - 1 if number > 100 else 4, 0, number, 0, "*"])
    rewire(made, 3, "model", 1_199, 0, "MODEL")


BROKEN: list[tuple[Callable[[Editor], object], str]] = [
    (circle, r"the links run in a circle: node .*20 \(LatentUpscale|the links run in a circle: node .*3 \(KSampler"),
    (reroute_circle, r"input 'model' of node 3 \(KSampler\) is wired in a circle"),
    (
        lambda made: made.links.clear(),
        r"input 'clip' of node 6 \(Positive, CLIPTextEncode\) has link 1, which the file",
    ),
    (lambda made: made.nodes.pop(0), r"input 'clip' of node 6 .* is linked to node 4, which does not exist"),
    (lambda made: made.nodes[6].update(inputs=[]), r"node 9 \(Save Image\), images: a required input is missing"),
    (lambda made: rewire(made, 9, "images", 3, 0, "LATENT"), r"images: it takes IMAGE, but node 3 .* gives LATENT"),
    (lambda made: rewire(made, 8, "vae", 4, 7, "VAE"), r"a link begins at output 7 of node 4 .*, which has 3 outputs"),
    (lambda made: made.nodes[1].update(id=5), r"two nodes have the id 5"),
    (lambda made: made.nodes[1].update(id="_protobanana"), r"has no usable `id`"),
    (lambda made: made.nodes[1].pop("type"), r"a node is no object with a `type`"),
    (lambda made: made.links.append([1, 2]), r"link 1 is malformed"),
    (lambda made: made.node(30, "workflow>my group", []), r"node 30 \(workflow>my group\) is a group node.*Subgraph"),
    (long_way, r"input 'model' of node 3 \(KSampler\) is wired through too many nodes"),
    (lambda made: made.links.extend([None] * 5_001), "`links` has 5010 entries, more than the 5000 that are read"),
    (lambda made: made.nodes.clear(), "no node in it saves or shows a result"),
]


@pytest.mark.parametrize(("spoil", "message"), BROKEN)
def test_broken_files_are_refused(spoil: Callable[[Editor], object], message: str) -> None:
    """What ComfyUI would choke on is named before it is sent."""
    made = drawing()
    spoil(made)
    with pytest.raises(WorkflowError, match=message):
        graph_of(made)


def test_what_nothing_needs_may_be_unfinished() -> None:
    """A node that no output depends on and that could not run is left out."""
    made = drawing()
    made.node(20, "VAEDecode", [], outputs=["IMAGE"])
    made.node(21, "ImageInvert", [], outputs=["IMAGE"])
    made.wire(20, 0, 21, "image", "IMAGE")

    converted = convert(made.done(), recorded())

    assert not {"20", "21"} & converted.graph.keys()
    assert [note.kind for note in converted.notes] == ["dropped", "dropped"]


def test_notes_are_left_out_silently() -> None:
    """Remarks for readers are no nodes."""
    made = drawing()
    made.node(20, "Note", ["hello"])
    made.node(21, "MarkdownNote", ["# hello"])

    converted = convert(made.done(), recorded())

    assert converted.graph.keys() == {"3", "4", "5", "6", "7", "8", "9"}
    assert converted.notes == ()
