"""The configurations that the documents show: a plain LiteLLM runs with them, and draws."""

from __future__ import annotations

import base64
import io
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
import yaml

from docs.blocks import PAGES, Block, blocks_of
from protobanana.engine import EngineSettings, EngineThread
from support.gateways import KEY, Gateway, free_port, start_litellm, stop
from support.pictures import png

PARTS = {"model_list", "litellm_settings", "router_settings", "general_settings", "mcp_servers"}
ALL = [block for page in PAGES for block in blocks_of(page) if block.language == "yaml"]
SHOWN = [(block, yaml.safe_load(block.text)) for block in ALL if not block.not_run]
OURS = [(block, config) for block, config in SHOWN if isinstance(config, dict) and PARTS & config.keys()]
WHOLE = [(block, config) for block, config in OURS if "custom_provider_map" in config.get("litellm_settings", {})]


@pytest.fixture(scope="module")
def comfyui() -> Iterator[EngineThread]:
    with EngineThread(EngineSettings()) as engine:
        yield engine


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Port of a Redis of our own."""
    program, port = shutil.which("redis-server"), free_port()
    assert program, "this test needs redis-server: `make tools` installs it"
    process = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
        cwd=tmp_path_factory.mktemp("redis"), stdout=subprocess.DEVNULL,
    )  # fmt: skip
    yield port
    process.terminate()
    process.wait()


def drawn_by(gateway: Gateway, entry: dict[str, Any]) -> PIL.Image.Image:
    """A picture by an entry of `model_list`, through the endpoint of its mode."""
    client = gateway.client()
    name = entry["model_name"].replace("*", "qwen_image_2512")
    mode = entry.get("model_info", {}).get("mode", "image_generation")
    if mode == "chat":
        said = {"role": "user", "content": "draw a red square on white"}
        answer: Any = client.chat.completions.create(model=name, messages=[said])  # type: ignore[list-item]
        return decoded(answer.choices[0].message.images[0]["image_url"]["url"].partition(",")[2])
    if mode == "image_edit":
        photo = png(PIL.Image.new("RGB", (256, 256), "red"))
        answer = client.images.edit(model=name, image=("a.png", photo, "image/png"), prompt="make it blue")
    else:
        answer = client.images.generate(model=name, prompt="a red square on white", size="512x512")
    return decoded(answer.data[0].b64_json)


def decoded(text: str) -> PIL.Image.Image:
    picture = PIL.Image.open(io.BytesIO(base64.b64decode(text)))
    picture.load()
    return picture


def tried(folder: Path, comfyui: EngineThread, config: dict[str, Any]) -> None:
    """A plain LiteLLM with the configuration draws with each of its entries."""
    gateway = start_litellm(folder, config, comfyui, {"LITELLM_MASTER_KEY": KEY})
    try:
        for entry in config["model_list"]:
            assert min(drawn_by(gateway, entry).size) >= 256, entry
    finally:
        stop(gateway)


def here(text: str, comfyui: EngineThread) -> Any:
    return yaml.safe_load(text.replace("http://127.0.0.1:8188", comfyui.url))


@pytest.mark.parametrize("block", [block for block, _ in WHOLE], ids=str)
def test_a_whole_configuration_runs(block: Block, comfyui: EngineThread, tmp_path: Path) -> None:
    """What a page shows as a configuration of LiteLLM's needs nothing else: each of its models draws."""
    tried(tmp_path, comfyui, here(block.text, comfyui))


def test_parts_of_configurations_run(comfyui: EngineThread, redis: int, tmp_path: Path) -> None:
    """Entries and settings that pages show alone work, all together, beside the lines of the README."""
    whole = here(WHOLE[0][0].text, comfyui)
    for block, config in OURS:
        if (block, config) not in WHOLE:
            for section, content in here(block.text, comfyui).items():
                whole[section] = (
                    whole[section] + content if section == "model_list" else whole.get(section, {}) | content
                )
    text = yaml.safe_dump(whole).replace("host: redis", "host: 127.0.0.1").replace("6379", str(redis))
    assert text != yaml.safe_dump(whole), "no page shows Redis any more"

    tried(tmp_path, comfyui, yaml.safe_load(text))


def test_the_readme_has_a_whole_configuration() -> None:
    """README and the page on existing gateways each show one that can be taken as it is."""
    assert {"README.md", "existing-gateway.md"} <= {block.page.name for block, _ in WHOLE}
