"""`workflows list`, `show` and `check`: what an author reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from protobanana.engine import EngineSettings, EngineThread
from support.commands import TEMPLATES, api, invoke, plain, program, written
from support.editor import drawing


@pytest.fixture(scope="module")
def engine() -> Iterator[EngineThread]:
    """A ComfyUI that can be asked."""
    with EngineThread(EngineSettings()) as running:
        yield running


def test_everything_about_a_workflow() -> None:
    """Title, operation, endpoint, pictures, slots with ranges, inputs, qualities, models and licence are shown."""
    said = plain(invoke("workflows", "show", "qwen_image_edit_2511").stdout)

    assert said.startswith("Qwen-Image-Edit-2511 (qwen_image_edit_2511)")
    assert "operation edit" in said
    assert "POST /v1/images/edits" in said
    assert "pictures 1 to 3" in said
    assert "image image required" in said
    assert "steps integer 20 1 to 10000" in said
    assert "0 to 2^64 - 1" in said
    assert "scheduler" in said
    assert "low: Lightning LoRA, 4 steps" in said
    assert "default medium" in said
    assert "licence Apache-2.0" in said
    assert "diffusion_models/qwen_image_edit_2511" in said


def test_json_for_programs() -> None:
    """--json has the form of a request, the endpoint, and the header as it stands."""
    found = json.loads(invoke("workflows", "show", "qwen_image_2512", "--json").stdout)

    assert found["endpoint"] == "/v1/images/generations"
    assert found["operations"] == ["generate"]
    assert found["slots"]["steps"]["max"] == 10000
    assert found["header"]["slots"]["prompt"] == {"to": ["6.text"]}
    assert any(name.endswith(".scheduler") for name in found["inputs"])


def test_a_file_is_shown_as_it_would_be_served(tmp_path: Path) -> None:
    """A file without a header is shown with what is found in it; standard input will do."""
    editor = TEMPLATES / "image_z_image_turbo.editor.json"
    (tmp_path / "flow.json").write_bytes(editor.read_bytes())
    named, piped = (
        json.loads(invoke("workflows", "show", given, "--json", text=editor.read_bytes()).stdout)
        for given in (tmp_path / "flow.json", "-")
    )

    assert named["name"] == "flow"
    assert named["slots"] == piped["slots"]
    assert "prompt" in named["slots"]


def test_a_comfyui_says_which_files_it_has(engine: EngineThread) -> None:
    """With the address of a ComfyUI the choices of a loader are its files."""
    found = json.loads(invoke("workflows", "show", "qwen_image_2512", "--json", "--comfyui", engine.url).stdout)
    loader = next(about for name, about in found["inputs"].items() if name.endswith(".unet_name"))

    assert loader["default"] in loader["choices"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("qwen_image_2513", "qwen_image_2512"), ("none.json", "none.json"), ("./nothing", "nothing"), ("a\0.json", "a")],
)
def test_unknown_names(name: str, said: str) -> None:
    """A name that is not there is answered with the nearest, a file with its name."""
    assert said in invoke("workflows", "show", name, status=1).stderr


def test_one_operation_less(tmp_path: Path) -> None:
    """A workflow for no operation says how it is called; own ones are listed with their files, broken ones told of."""
    graph = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}},
        "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
        "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}},
    }
    written(tmp_path / "invert.json", graph)
    (tmp_path / "half.json").write_text('{"nodes": [', "utf-8")
    out, err = program(tmp_path, "workflows", "list", PROTOBANANA_WORKFLOWS_DIR=str(tmp_path))
    shown, _ = program(tmp_path, "workflows", "show", "invert", PROTOBANANA_WORKFLOWS_DIR=str(tmp_path))

    assert "invert.json" in out
    assert "half.json: it is not valid JSON" in err
    assert "called by its name alone" in shown


def test_check_takes_any_file(tmp_path: Path, engine: EngineThread) -> None:
    """Files of the editor are checked as they would be served, against the record or a running ComfyUI."""
    path = written(tmp_path / "flow.json", drawing().done())
    said = invoke("workflows", "check", path, "qwen_image_2512").stdout
    asked = invoke("workflows", "check", path, "--comfyui", engine.url, status=1).stdout

    assert "2 checked, 0 errors" in said
    assert "flow: error: node 4 (Load Checkpoint), ckpt_name: model file sd.safetensors is missing" in asked


def test_check_goes_on_after_an_error(tmp_path: Path) -> None:
    """Every file is judged; status 1 when one has an error."""
    graph = api("image_z_image_turbo")
    graph.pop(next(key for key, node in graph.items() if node["class_type"] == "VAELoader"))
    broken = written(tmp_path / "broken.json", graph)
    said = invoke("workflows", "check", broken, "none.json", "qwen_image_2512", status=1).stdout

    assert "broken.json: " in said
    assert "none.json: it cannot be read" in said
    assert "3 checked, 2 errors" in said


def test_a_comfyui_that_does_not_answer() -> None:
    """It is said in a sentence with its address."""
    assert "127.0.0.1:9" in invoke("workflows", "check", "--comfyui", "http://127.0.0.1:9", status=1).stderr
