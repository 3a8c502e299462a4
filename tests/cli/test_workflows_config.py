"""`workflows config`: what it writes, LiteLLM understands."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path

import PIL.Image
import pytest
import yaml

from protobanana.engine import EngineSettings, EngineThread
from support.commands import TEMPLATES, invoke, program
from support.gateways import KEY, Gateway, start_litellm, stop


@pytest.fixture(scope="module")
def engine() -> Iterator[EngineThread]:
    """A ComfyUI."""
    with EngineThread(EngineSettings()) as running:
        yield running


def test_entries_to_paste() -> None:
    """Named workflows are entries of a model_list, with mode and servers; a list that two share is written out."""
    text = invoke("workflows", "config", "qwen_image_2512", "qwen_image_edit_2511", "chat",
                  "--comfyui", "http://a:8188", "--comfyui", "http://b:8188/").stdout  # fmt: skip
    entries = yaml.safe_load(text)["model_list"]

    assert [entry["model_name"] for entry in entries] == ["qwen_image_2512", "qwen_image_edit_2511", "chat"]
    assert [entry["model_info"]["mode"] for entry in entries] == ["image_generation", "image_edit", "chat"]
    assert {entry["litellm_params"]["api_base"] for entry in entries} == {"http://a:8188,http://b:8188"}
    assert entries[2]["litellm_params"]["keepalive_seconds"] == 15
    assert not set("&*{") & set(text)


def test_all_of_them(tmp_path: Path) -> None:
    """Without names all workflows are listed, one's own and `chat` among them."""
    (tmp_path / "my_flow.json").write_bytes((TEMPLATES / "image_z_image_turbo.editor.json").read_bytes())
    out, _ = program(tmp_path, "workflows", "config", PROTOBANANA_WORKFLOWS_DIR=str(tmp_path))
    names = [entry["model_name"] for entry in yaml.safe_load(out)["model_list"]]

    assert {"my_flow", "qwen_image_2512", "chat"} <= set(names)
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("words", "named"), [(["none_such"], "none_such"), (["chat", "--comfyui", "ftp://x"], "ftp://x")]
)
def test_mistakes(words: list[str], named: str) -> None:
    """An unknown workflow and an impossible address are told in a sentence, with nothing on standard output."""
    done = invoke("workflows", "config", *words, status=1)

    assert named in done.stderr
    assert done.stdout == ""


def test_a_whole_configuration_serves(tmp_path: Path, engine: EngineThread) -> None:
    """LiteLLM's own program starts with what --full writes, and draws with a workflow of one's own."""
    folder = tmp_path / "workflows"
    folder.mkdir()
    (folder / "my_flow.json").write_bytes((TEMPLATES / "image_z_image_turbo.editor.json").read_bytes())
    settings = {"PROTOBANANA_WORKFLOWS_DIR": str(folder)}
    out, _ = program(tmp_path, "workflows", "config", "--full", "--comfyui", engine.url, **settings)
    gateway: Gateway = start_litellm(tmp_path, yaml.safe_load(out), engine, settings | {"LITELLM_MASTER_KEY": KEY})
    try:
        answer = gateway.client().images.generate(model="my_flow", prompt="a red field", size="512x512")  # type: ignore[arg-type]
        names = {model.id for model in gateway.client().models.list()}
    finally:
        stop(gateway)

    assert answer.data
    assert PIL.Image.open(io.BytesIO(base64.b64decode(answer.data[0].b64_json or ""))).size == (512, 512)
    assert {"my_flow", "protolabs/qwen-image", "protolabs/qwen-image-chat"} <= names
