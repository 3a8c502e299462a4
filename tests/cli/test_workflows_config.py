"""`config` and `workflows config`: what they write, LiteLLM understands."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import PIL.Image
import pytest
import yaml
from openai.types import ImagesResponse

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


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, engine: EngineThread) -> Path:
    """The file that `protobanana config` writes for an operator with a workflow of their own."""
    folder = tmp_path_factory.mktemp("config")
    (folder / "my_flow.json").write_bytes((TEMPLATES / "image_z_image_turbo.editor.json").read_bytes())
    out, said = program(
        folder, "config", "-o", "config.yaml", "--comfyui", engine.url, PROTOBANANA_WORKFLOWS_DIR=str(folder)
    )

    assert out == ""
    assert "config.yaml" in said
    return folder / "config.yaml"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, written: Path, engine: EngineThread) -> Iterator[Gateway]:
    """LiteLLM's own program with that file."""
    settings = {"PROTOBANANA_WORKFLOWS_DIR": str(written.parent), "LITELLM_MASTER_KEY": KEY}
    running = start_litellm(
        tmp_path_factory.mktemp("litellm"), yaml.safe_load(written.read_text("utf-8")), engine, settings
    )
    yield running
    stop(running)


def opened(answer: ImagesResponse) -> PIL.Image.Image:
    """The picture of an answer."""
    (one,) = answer.data or ()
    return PIL.Image.open(io.BytesIO(base64.b64decode(one.b64_json or "")))


@pytest.fixture(scope="module")
def square() -> bytes:
    """A red square on white, as PNG."""
    image, out = PIL.Image.new("RGB", (256, 256), "white"), io.BytesIO()
    image.paste("red", (64, 64, 192, 192))
    image.save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def hole() -> bytes:
    """A mask whose transparent middle is to be painted anew."""
    image, out = PIL.Image.new("RGBA", (256, 256), "black"), io.BytesIO()
    image.paste((0, 0, 0, 0), (96, 96, 160, 160))
    image.save(out, "PNG")
    return out.getvalue()


DRAWS = ["qwen-image", "qwen-image-turbo", "flux2-klein", "z-image-turbo"]
OLD_NAMES = ["gpt-image-1", "gpt-image-1.5", "gpt-image-2", "dall-e-3"]
EDITS: dict[str, dict[str, Any]] = {
    "qwen-image-edit": {"prompt": "make it blue"},
    "qwen-image-multiref": {"prompt": "both side by side", "pictures": 2},
    "qwen-image-bgremove": {"prompt": ""},
    "qwen-image-bgremove-rmbg": {"prompt": ""},
    "qwen-image-region-edit": {"prompt": "change the red square to a green circle"},
    "qwen-image-inpaint": {"prompt": "a blue circle", "mask": True},
    "qwen-image-outpaint": {"prompt": "more white", "extra_body": {"right": 64}},
    "flux2-klein-edit": {"prompt": "make it blue"},
}


@pytest.mark.parametrize("name", [*(f"protolabs/{name}" for name in DRAWS), *OLD_NAMES, "my_flow"])
def test_every_alias_that_draws(gateway: Gateway, name: str) -> None:
    """A picture of the asked size comes from the ready-made names, OpenAI's old ones and one's own workflow."""
    answer = gateway.client().images.generate(model=name, prompt="a red field", size="512x512")

    assert opened(answer).size == (512, 512)


@pytest.mark.parametrize("name", [*(f"protolabs/{name}" for name in EDITS), *OLD_NAMES])
def test_every_alias_that_edits(gateway: Gateway, square: bytes, hole: bytes, name: str) -> None:
    """A picture goes in and another one comes out; what is cut out comes on transparency, what is extended is wider."""
    case = EDITS.get(name.removeprefix("protolabs/"), {"prompt": "make it blue"})
    files = [("picture.png", square)] * case.get("pictures", 1)
    answer = gateway.client().images.edit(
        model=name, image=files, prompt=case["prompt"], extra_body=case.get("extra_body"),
        mask=("mask.png", hole) if "mask" in case else openai.omit,
    )  # fmt: skip
    picture = opened(answer)

    assert picture.tobytes() != PIL.Image.open(io.BytesIO(square)).convert(picture.mode).tobytes()
    if "bgremove" in name:
        assert picture.convert("RGBA").getpixel((2, 2))[3] == 0
    if "outpaint" in name:
        assert picture.width > picture.height


def test_the_chat_alias(gateway: Gateway) -> None:
    """The chat model draws in conversation."""
    messages = [{"role": "user", "content": "draw a red square"}]
    answer = gateway.client().chat.completions.create(model="protolabs/qwen-image-chat", messages=messages)  # type: ignore[arg-type]

    assert "data:image/png;base64," in (answer.choices[0].message.content or "")


def test_every_alias_is_called_above(written: Path) -> None:
    """No ready-made name is left out of these tests."""
    names = {entry["model_name"] for entry in yaml.safe_load(written.read_text("utf-8"))["model_list"]}
    called = {f"protolabs/{name}" for name in [*DRAWS, *EDITS, "qwen-image-chat"]} | {*OLD_NAMES, "my_flow"}

    assert {name for name in names if not name.startswith("protobanana/")} == called


def test_no_key_is_written(written: Path) -> None:
    """The file names the variable that holds the key, so it can be shown to others."""
    assert (
        yaml.safe_load(written.read_text("utf-8"))["general_settings"]["master_key"] == "os.environ/LITELLM_MASTER_KEY"
    )


def test_a_file_that_is_there(tmp_path: Path) -> None:
    """It is kept unless it is told otherwise; without a file the text goes to standard output."""
    path = tmp_path / "config.yaml"
    path.write_text("mine", "utf-8")
    refused = invoke("config", "-o", path, "--comfyui", "http://a:8188", status=1)

    assert "--force" in refused.stderr
    assert path.read_text("utf-8") == "mine"
    invoke("config", "-o", path, "--comfyui", "http://a:8188", "--force")
    assert path.read_text("utf-8") == invoke("config", "--comfyui", "http://a:8188").stdout


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    """The reason is told in a sentence."""
    refused = invoke("config", "-o", tmp_path / "none" / "config.yaml", status=1)

    assert "cannot be written" in refused.stderr
