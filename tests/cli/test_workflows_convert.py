"""`workflows convert` and `workflows export`: there and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from protobanana.engine import EngineSettings, EngineThread
from protobanana.workflows.authoring.schema import recorded_object_info
from support.commands import TEMPLATES, api, invoke, picture, program, written
from support.editor import drawing

EDITOR = TEMPLATES / "image_z_image_turbo.editor.json"
SHARPEN = {
    "input": {"required": {"image": ["IMAGE"], "amount": ["FLOAT", {"default": 1.0, "min": 0.0, "max": 5.0}]}},
    "output": ["IMAGE"],
    "output_name": ["IMAGE"],
    "output_node": False,
}


@pytest.fixture(scope="module")
def engine() -> Iterator[EngineThread]:
    """A ComfyUI that can be asked."""
    with EngineThread(EngineSettings()) as running:
        yield running


@pytest.mark.parametrize("name", ["image_z_image_turbo", "image_qwen_image_edit_2511", "image_flux2"])
def test_what_comfyui_would_send(name: str) -> None:
    """Standard output is the graph that ComfyUI's frontend makes of the file, node by node and link by link."""
    found, wanted = json.loads(invoke("workflows", "convert", TEMPLATES / f"{name}.editor.json").stdout), api(name)

    def shape(graph: dict[str, Any]) -> dict[str, Any]:
        links = {
            key: [value for value in node["inputs"].values() if isinstance(value, list)] for key, node in graph.items()
        }
        return {key: (node["class_type"], sorted(links[key])) for key, node in graph.items()}

    assert shape(found) == shape(wanted)


def test_remarks_stay_out_of_the_json(tmp_path: Path) -> None:
    """What its author should know goes to standard error, with the node's title and id; the output is JSON alone."""
    made = drawing()
    made.nodes[1]["widgets_values"] = ["a {red|blue} cat // not this"]
    out, err = program(tmp_path, "workflows", "convert", written(tmp_path / "flow.json", made.done()))

    assert json.loads(out)["6"]["inputs"]["text"] == "a red cat "
    assert "node 6 (Positive)" in err
    assert "first is taken" in err


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_a_picture_is_a_workflow(tmp_path: Path, kind: str) -> None:
    """Of a picture that ComfyUI made, the graph that made it is written."""
    graph = api("image_z_image_turbo")
    path = tmp_path / f"made.{kind.lower()}"
    path.write_bytes(picture(kind, prompt=json.dumps(graph)))

    assert json.loads(invoke("workflows", "convert", path).stdout) == graph


def test_standard_input() -> None:
    """`-` reads the file from standard input."""
    found = invoke("workflows", "convert", "-", text=EDITOR.read_bytes()).stdout

    assert found == invoke("workflows", "convert", EDITOR).stdout


def test_halves_of_characters_survive() -> None:
    """Text that JSON can hold and UTF-8 cannot is written so that it can be read again."""
    graph = '{"1": {"class_type": "SaveImage", "inputs": {"filename_prefix": "\\ud800 \\u00e9"}}}'

    assert json.loads(invoke("workflows", "convert", "-", text=graph).stdout) == json.loads(graph)


def test_a_header_is_no_node(tmp_path: Path) -> None:
    """The header of a document is left out of the graph, and that is said."""
    graph = api("image_z_image_turbo")
    document = {"_protobanana": {"title": "Mine"}, **graph}
    out, err = program(tmp_path, "workflows", "convert", written(tmp_path / "mine.json", document))

    assert json.loads(out) == graph
    assert "adopt" in err


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (b"", "not valid JSON"),
        (b"[1]", "no object"),
        (b"\xff\xfe\x00", "neither UTF-8 text nor a picture"),
        (b'{"a": 1}', "no node of ComfyUI"),
        (picture("PNG"), "without a workflow"),
        (b'{"3": {"class_type": "KSampler", "inputs": {"model": ["4", 0]}}}', "node 3 (KSampler)"),
        (b'{"1": {"class_type": "A", "inputs": {"x": ["1", 0]}}}', "circle"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_workflow(text: bytes, named: str) -> None:
    """Status 1 and one sentence that names the file; nothing on standard output."""
    done = invoke("workflows", "convert", "-", text=text, status=1)

    assert done.stdout == ""
    assert "stdin.json" in done.stderr
    assert named in done.stderr


def test_a_group_node_is_refused_with_its_remedy(tmp_path: Path) -> None:
    """The sentence names file, title, id, and what to do in ComfyUI."""
    made = drawing()
    made.node(30, "workflow>upscale", [], title="My group")
    said = invoke("workflows", "convert", written(tmp_path / "flow.json", made.done()), status=1).stderr

    assert all(part in said for part in ("flow.json", "My group", "30", "Convert to Subgraph"))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A missing file and a folder are told in a sentence."""
    assert "No such file" in invoke("workflows", "convert", tmp_path / "none.json", status=1).stderr
    assert "cannot be read" in invoke("workflows", "convert", tmp_path, status=1).stderr


def test_the_servers_own_classes(tmp_path: Path) -> None:
    """A node class that only a server knows is converted with its answer, and refused without, naming the way out."""
    made = drawing()
    made.node(20, "HouseSharpen", [2.5], outputs=["IMAGE"], inputs=[("image", "IMAGE")])
    made.node(21, "SaveImage", ["sharp"])
    made.wire(8, 0, 20, "image", "IMAGE")
    made.wire(20, 0, 21, "images", "IMAGE")
    path = written(tmp_path / "flow.json", made.done())
    info = written(tmp_path / "info.json", {**recorded_object_info(), "HouseSharpen": SHARPEN})
    found = json.loads(invoke("workflows", "convert", path, "--object-info", info).stdout)

    assert found["20"]["inputs"]["amount"] == 2.5
    assert "HouseSharpen" in invoke("workflows", "convert", path, status=1).stderr


def test_a_running_comfyui_is_asked(engine: EngineThread) -> None:
    """--object-info takes the address of a ComfyUI, with or without the route."""
    plain, routed = (
        invoke("workflows", "convert", EDITOR, "--object-info", f"{engine.url}{route}").stdout
        for route in ("", "/object_info")
    )

    assert json.loads(plain) == json.loads(routed)


@pytest.mark.parametrize(
    "text", ["{}", "[]", "no json", '{"3": {"class_type": "A", "inputs": {}}}', '{"A": {"input": 3}}']
)
def test_what_is_no_object_info(tmp_path: Path, text: str) -> None:
    """A file that is not ComfyUI's answer is refused, with the way to get one."""
    (tmp_path / "info.json").write_text(text, "utf-8")
    said = invoke("workflows", "convert", EDITOR, "--object-info", tmp_path / "info.json", status=1).stderr

    assert "curl" in said
    assert "info.json" in said


def test_export_opens_again(tmp_path: Path) -> None:
    """What is exported is in the editor's format, keeps the header, and converts to the same graph."""
    out = tmp_path / "back.json"
    invoke("workflows", "export", "qwen_image_edit_2511", "-o", out)
    document = json.loads(out.read_text("utf-8"))

    assert document["nodes"]
    assert document["extra"]["_protobanana"]["title"] == "Qwen-Image-Edit-2511"
    assert invoke("workflows", "diff", "qwen_image_edit_2511", out).stdout == ""


def test_export_does_not_overwrite(tmp_path: Path) -> None:
    """A file that is there stays as it is, unless --force is given; without -o the file is the output."""
    (tmp_path / "back.json").write_text("mine", "utf-8")
    said = invoke("workflows", "export", EDITOR, "-o", tmp_path / "back.json", status=1).stderr

    assert "--force" in said
    assert (tmp_path / "back.json").read_text("utf-8") == "mine"
    invoke("workflows", "export", EDITOR, "-o", tmp_path / "back.json", "--force")
    shown = invoke("workflows", "export", EDITOR).stdout
    assert json.loads((tmp_path / "back.json").read_text("utf-8")) == json.loads(shown)
