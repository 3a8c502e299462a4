"""`workflows adopt`: what is found, shown, and written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from protobanana.cli.app import app
from protobanana.workflows.authoring.convert import is_editor_format
from protobanana.workflows.authoring.schema import recorded_object_info
from protobanana.workflows.document import KEY, Workflow
from protobanana.workflows.library import bundled
from support.commands import TEMPLATES, api, invoke, picture, plain, program, written
from support.editor import Editor, branch, drawing

QWEN = TEMPLATES / "image_qwen_Image_2512.editor.json"
EDIT = TEMPLATES / "image_qwen_image_edit_2511.editor.json"


def adopted(path: Path, *more: str | Path) -> dict[str, Any]:
    """The document that adopting a file writes."""
    out = path.parent / f"adopted_{path.stem.partition('.')[0]}.json"
    invoke("workflows", "adopt", path, "-o", out, *more)
    found: dict[str, Any] = json.loads(out.read_text("utf-8"))
    return found


def info(path: Path, **choices: list[str]) -> Path:
    """The answer of a ComfyUI that has these files, by the name of the loader's input."""
    answer = json.loads(json.dumps(recorded_object_info()))
    for entry in answer.values():
        for inputs in entry["input"].values():
            for name in choices.keys() & inputs.keys():
                if isinstance(inputs[name][0], list):
                    inputs[name][0] = choices[name]
                else:
                    inputs[name][1]["options"] = choices[name]
    return written(path, answer)


def test_a_saved_file_becomes_a_document(tmp_path: Path) -> None:
    """The slots are shown with node, default and reason; the document serves them and ComfyUI's editor opens it."""
    said = plain(invoke("workflows", "adopt", QWEN, "-o", tmp_path / "flow.json").stdout)
    workflow = Workflow.load(tmp_path / "flow.json")
    document = json.loads((tmp_path / "flow.json").read_text("utf-8"))

    assert {"prompt", "negative_prompt", "seed", "steps", "cfg", "width", "height"} <= workflow.slots.keys()
    assert "value of 'Prompt' (91), which reaches 'KSampler' (86:3)" in said
    assert "POST /v1/images/generations" in said
    assert "workflows run" in said
    assert workflow.header.operations == ("generate",)
    assert all("class_type" in entry and "inputs" in entry for entry in document.values())
    assert not is_editor_format(document)


def test_known_files_have_sources(tmp_path: Path) -> None:
    """Model files come with folder, repository and size, as the file and the bundled workflows tell; so do terms."""
    invoke("workflows", "adopt", QWEN, "-o", tmp_path / "flow.json")
    header = Workflow.load(tmp_path / "flow.json").header
    files = {model.name: model for model in header.models}
    encoder = files["qwen_2.5_vl_7b_fp8_scaled.safetensors"]

    assert len(files) == 3
    assert (encoder.folder, encoder.repo, encoder.size) == (
        "text_encoders",
        "Comfy-Org/Qwen-Image_ComfyUI",
        9_380_000_000,
    )
    assert header.license is not None
    assert header.license.name == "Apache-2.0"


def test_a_source_that_only_the_file_tells(tmp_path: Path) -> None:
    """An address in a node's properties is taken over; one that is no repository's is not, and no terms are made up."""
    made = drawing()
    made.nodes[0]["properties"] = {
        "models": [
            {"name": "sd.safetensors", "url": "https://huggingface.co/me/it/resolve/main/a/sd.safetensors?download=true",
             "directory": "checkpoints"},
            {"name": "x.safetensors", "url": "https://example.com/x.safetensors", "directory": "vae"},
            "nonsense",
        ]
    }  # fmt: skip
    header = adopted(written(tmp_path / "flow.json", made.done()))[KEY]

    assert header["models"] == [
        {"folder": "checkpoints", "name": "sd.safetensors", "repo": "me/it", "path": "a/sd.safetensors"}
    ]
    assert "license" not in header


def test_node_packs(tmp_path: Path) -> None:
    """Packs are named as the file and the record tell where they come from."""
    made = drawing()
    made.node(20, "HouseSharpen", {"amount": 2.5}, outputs=["IMAGE"], inputs=[("image", "IMAGE")],
              properties={"aux_id": "house/ComfyUI-Sharpen", "Node name for S&R": "HouseSharpen"})  # fmt: skip
    made.node(21, "SaveImage", ["sharp"], title="Output")
    made.wire(8, 0, 20, "image", "IMAGE")
    made.wire(20, 0, 21, "images", "IMAGE")
    header = adopted(written(tmp_path / "flow.json", made.done()))[KEY]

    assert header["custom_nodes"] == [{"name": "ComfyUI-Sharpen", "url": "https://github.com/house/ComfyUI-Sharpen"}]
    assert header["outputs"]["image"] == "21"


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_a_picture_is_adopted(tmp_path: Path, kind: str) -> None:
    """A picture that ComfyUI made becomes a document."""
    path = tmp_path / f"flow.{kind.lower()}"
    path.write_bytes(picture(kind, prompt=json.dumps(api("image_z_image_turbo"))))

    assert "prompt" in adopted(path)[KEY]["slots"]


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    """--dry-run shows everything, needs no place to write to, and leaves the folder as it was."""
    out, _ = program(tmp_path, "workflows", "adopt", EDIT, "--dry-run")

    assert "image_2" in out
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    """Where nobody can be asked a file stays as it is, also with --yes; --force replaces it."""
    (tmp_path / "flow.json").write_text("mine", "utf-8")
    for more in ([], ["--yes"]):
        assert "--force" in invoke("workflows", "adopt", QWEN, "-o", tmp_path / "flow.json", *more, status=1).stderr
    assert (tmp_path / "flow.json").read_text("utf-8") == "mine"

    invoke("workflows", "adopt", QWEN, "-o", tmp_path / "flow.json", "--force")
    assert Workflow.load(tmp_path / "flow.json").accepts("prompt")
    assert [path.name for path in tmp_path.iterdir()] == ["flow.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="terminals there are no files")
@pytest.mark.parametrize(("answer", "replaced"), [("y", True), ("n", False)])
def test_whoever_sits_there_is_asked(tmp_path: Path, answer: str, replaced: bool) -> None:
    """At a terminal the command asks before it replaces a file, and does as it is told."""
    import pty

    (tmp_path / "flow.json").write_text("mine", "utf-8")
    keyboard, terminal = pty.openpty()
    os.write(keyboard, f"{answer}\n".encode())
    command = [sys.executable, "-m", "protobanana", "workflows", "adopt", str(QWEN), "-o", "flow.json"]
    done = subprocess.run(command, cwd=tmp_path, stdin=terminal, capture_output=True, text=True, timeout=90)
    os.close(keyboard)
    os.close(terminal)

    assert "Replace it?" in done.stdout + done.stderr
    assert done.returncode == (0 if replaced else 1)
    assert ((tmp_path / "flow.json").read_text("utf-8") != "mine") is replaced


def test_official_templates() -> None:
    """Every tenth template that ComfyUI ships is adopted, or refused in a sentence with its name."""
    templates = files("comfyui_workflow_templates_json").joinpath("templates")
    names = sorted(entry.name for entry in templates.iterdir() if entry.name.endswith(".json"))
    outcomes = Counter[str]()
    for name in names[::10]:
        data = templates.joinpath(name).read_bytes()
        if not is_editor_format(json.loads(data)):
            continue
        done = CliRunner().invoke(app, ["workflows", "adopt", str(templates.joinpath(name)), "--dry-run"])
        outcomes["adopted" if done.exit_code == 0 else "refused"] += 1
        assert isinstance(done.exception, SystemExit | None), name
        assert done.exit_code == 0 or name in done.stderr
        assert done.exit_code != 0 or "endpoint: POST" in done.stdout

    assert outcomes["adopted"] > outcomes["refused"]


def test_the_folder_of_the_settings(tmp_path: Path) -> None:
    """Without a path the document goes into the operator's folder, under the file's name or the one that -o gives."""
    folder = tmp_path / "workflows"
    folder.mkdir()
    (tmp_path / "My Flow é.json").write_bytes(QWEN.read_bytes())
    for more in ([], ["-o", "poster"]):
        program(tmp_path, "workflows", "adopt", "My Flow é.json", *more, PROTOBANANA_WORKFLOWS_DIR=str(folder))
    listed, _ = program(tmp_path, "workflows", "list", PROTOBANANA_WORKFLOWS_DIR=str(folder))

    assert sorted(path.name for path in folder.iterdir()) == ["My_Flow_e.json", "poster.json"]
    assert "poster.json" in listed
    assert "PROTOBANANA_WORKFLOWS_DIR" in program(tmp_path, "workflows", "adopt", QWEN, status=1)[1]


@pytest.mark.parametrize("name", ["chat.json", "bad name.json", "ü.json", "none/flow.json", ".json"])
def test_names_that_no_model_can_have(tmp_path: Path, name: str) -> None:
    """A name that could not be called, or a folder that is not there, is refused before anything is written."""
    invoke("workflows", "adopt", QWEN, "-o", tmp_path / name, status=1)

    assert list(tmp_path.iterdir()) == []


def test_doubts_are_named_and_titles_end_them(tmp_path: Path) -> None:
    """Where several outputs could be the result they are all listed; a title decides."""

    def two(**more: str) -> Editor:
        made = drawing()
        branch(made, (11, 10, 12), [7, "fixed", 5, 3, "euler", "normal", 1], "other", **more)
        return made

    doubtful = written(tmp_path / "flow.json", two().done())
    said = plain(invoke("workflows", "adopt", doubtful, "--dry-run").stdout)
    decided = adopted(written(tmp_path / "titled.json", two(title="Output").done()))

    assert "output may be any of these" in said
    assert "'Save Image' (9)" in said
    assert "'Save Image' (12)" in said
    assert decided[KEY]["outputs"]["image"] == "12"


def test_what_is_stated_is_kept(tmp_path: Path) -> None:
    """A header that is there keeps all it says; only its gaps are filled."""
    stated = {
        "title": "Mine",
        "license": {"name": "MIT", "commercial": True},
        "tiers": {"low": {"set": {"86:3.steps": 4}}},
    }
    document = adopted(written(tmp_path / "flow.json", {KEY: stated, **api("image_qwen_Image_2512")}))

    assert {key: document[KEY][key] for key in stated} == stated
    assert "prompt" in document[KEY]["slots"]


def test_an_adopted_document_is_adopted_to_itself(tmp_path: Path) -> None:
    """Adopting again, also by way of the editor's format, changes nothing."""
    first = tmp_path / "flow.json"
    invoke("workflows", "adopt", EDIT, "-o", first)
    invoke("workflows", "export", first, "-o", tmp_path / "editor.json")
    for path in (first, tmp_path / "editor.json"):
        invoke("workflows", "adopt", path, "-o", tmp_path / "again.json", "--force")
        assert invoke("workflows", "diff", first, tmp_path / "again.json").stdout == ""


@pytest.mark.parametrize("name", sorted(bundled()))
def test_a_finished_document_stays_as_it_is(tmp_path: Path, name: str) -> None:
    """A document that says everything is adopted unchanged, tiers, licence and models included."""
    invoke("workflows", "export", name, "-o", tmp_path / "editor.json")
    invoke("workflows", "adopt", tmp_path / "editor.json", "-o", tmp_path / "again.json")

    assert invoke("workflows", "diff", name, tmp_path / "again.json").stdout == ""


def test_missing_files_are_told_and_keep_nothing(tmp_path: Path) -> None:
    """Files that the ComfyUI lacks are marked; the document is written all the same, and check names them."""
    answer = info(tmp_path / "info.json", vae_name=["qwen_image_vae.safetensors"], unet_name=["other.safetensors"])
    said = plain(invoke("workflows", "adopt", QWEN, "--comfyui", answer, "-o", tmp_path / "flow.json").stdout)
    checked = invoke("workflows", "check", tmp_path / "flow.json", "--comfyui", answer, status=1).stdout

    assert (
        "diffusion_models/qwen_image_2512_fp8_e4m3fn.safetensors 20.4 GB Comfy-Org/Qwen-Image_ComfyUI MISSING" in said
    )
    assert "vae/qwen_image_vae.safetensors Comfy-Org/Qwen-Image_ComfyUI there" in said
    assert Workflow.load(tmp_path / "flow.json").accepts("prompt")
    assert "qwen_image_2512_fp8_e4m3fn.safetensors" in checked


def test_what_the_comfyui_would_refuse_is_not_written(tmp_path: Path) -> None:
    """An error by the word of a ComfyUI keeps the document from being written; the record's word is only shown."""
    graph = api("image_z_image_turbo")
    sampler = next(node for node in graph.values() if "sampler_name" in node["inputs"])
    sampler["inputs"]["sampler_name"] = "eulerr"
    path = written(tmp_path / "flow.json", graph)
    refused = invoke(
        "workflows", "adopt", path, "--comfyui", info(tmp_path / "i.json"), "-o", tmp_path / "a.json", status=1
    )

    assert "Did you mean 'euler'" in plain(refused.stdout)
    assert not (tmp_path / "a.json").exists()
    assert "may be older" in invoke("workflows", "adopt", path, "-o", tmp_path / "a.json").stdout
    assert (tmp_path / "a.json").exists()


def test_what_no_operation_fills(tmp_path: Path) -> None:
    """A graph that fits no operation is adopted as a model of its own, and that is said."""
    graph = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}},
        "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
        "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}},
    }
    path = written(tmp_path / "flow.json", graph)

    assert "called by its name alone" in invoke("workflows", "adopt", path, "--dry-run").stdout
    assert adopted(path)[KEY]["operation"] == []


def test_a_terminal_obeys_nothing_in_a_file(tmp_path: Path) -> None:
    """Control characters and markup in titles, texts and file names are shown as text, or not at all."""
    graph = api("image_z_image_turbo")
    for node in graph.values():
        node["_meta"] = {"title": "\x1b[31mred\x1b]0;title\x07 [bold]x[/bold][/nothing]"}
        node["inputs"] |= {name: "\x1b[2J[/]" for name, value in node["inputs"].items() if name == "text"}
    path = written(tmp_path / "flow.json", graph)
    for command in (("adopt", path, "--dry-run"), ("show", path), ("diff", path, "z_image_turbo")):
        done = invoke("workflows", *command, status=1 if command[0] == "diff" else 0)
        assert "\x1b" not in done.stdout
        assert "\x07" not in done.stdout
        assert "[bold]x[/bold]" in done.stdout
