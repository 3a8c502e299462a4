"""Open WebUI on two gateways: our own as the tutorial starts it, and a plain LiteLLM by the how-to."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser

from clients.open_webui import program
from clients.open_webui.program import Site, documented
from clients.open_webui.window import Window
from support.browser import chromium
from support.engines import EngineProcess
from support.gateways import KEY, serve, start_litellm, stop
from support.llm import LanguageServer

HOW_TO = program.ROOT / "docs/how-to/existing-gateway.md"


@pytest.fixture(scope="session")
def engine() -> Iterator[EngineProcess]:
    """ComfyUI's stand-in, slow enough for its progress to be seen."""
    with EngineProcess(pace=0.15) as running:
        yield running


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory, engine: EngineProcess) -> Iterator[Site]:
    """`protobanana serve`, and Open WebUI with what the tutorial sets for one person: pictures come as markdown."""
    with ExitStack() as stack:
        gateway = serve(tmp_path_factory.mktemp("serve"), engine)
        stack.callback(stop, gateway)
        webui = program.start(tmp_path_factory.mktemp("webui"), documented(gateway.url, "2.", "Its own"))
        stack.callback(program.stop, webui.process)
        yield Site("ours", webui, gateway, "protolabs/qwen-image-chat")


@pytest.fixture(scope="session")
def talker() -> Iterator[LanguageServer]:
    """A language model beside the pictures."""
    with LanguageServer() as running:
        yield running


@pytest.fixture(scope="session")
def theirs(tmp_path_factory: pytest.TempPathFactory, engine: EngineProcess, talker: LanguageServer) -> Iterator[Site]:
    """A plain LiteLLM by the how-to, with a language model; Open WebUI for several people: pictures come beside the
    text. Its Images feature uses a name that clients hard-code.
    """
    with ExitStack() as stack:
        gateway = start_litellm(tmp_path_factory.mktemp("litellm"), _how_to(engine.url, talker.url), engine)
        stack.callback(stop, gateway)
        names = {"IMAGE_GENERATION_MODEL": "gpt-image-1", "IMAGE_EDIT_MODEL": "qwen-image-edit"}
        # The language model's replies are a script: titles and tags must not use them up.
        tasks = {"TASK_MODEL_EXTERNAL": "image-chat"}
        settings = documented(gateway.url, "2.", "4.", "Its own") | names | tasks
        webui = program.start(tmp_path_factory.mktemp("webui"), settings)
        stack.callback(program.stop, webui.process)
        yield Site("theirs", webui, gateway, "image-chat")


def _how_to(engine: str, talker: str) -> dict[str, Any]:
    """The document's configuration as it is, with a key, a language model and a name that clients hard-code."""
    (block, *_) = re.findall(r"```yaml\n(.*?)```", HOW_TO.read_text("utf-8"), re.DOTALL)
    config: dict[str, Any] = yaml.safe_load(block.replace("http://127.0.0.1:8188", engine))
    config["general_settings"]["master_key"] = KEY
    drawing = next(entry for entry in config["model_list"] if entry["model_name"] == "qwen-image")
    talking = {"model": "openai/talk", "api_base": talker, "api_key": "none"}
    config["model_list"] += [
        drawing | {"model_name": "gpt-image-1"},
        {"model_name": "talker", "litellm_params": talking, "model_info": {"mode": "chat"}},
    ]
    return config


@pytest.fixture(params=["ours", "theirs"])
def site(request: pytest.FixtureRequest) -> Site:
    """Each of the two."""
    found: Site = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a file of tests: playwright's event loop keeps others out for as long as it is open."""
    with chromium() as running:
        yield running


@pytest.fixture
def window(browser: Browser, site: Site) -> Iterator[Window]:
    """A new chat with the chat model."""
    opened = Window(browser, site.webui)
    opened.choose(site.chat)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the screenshots go: OPEN_WEBUI_SHOTS, or a folder that is forgotten."""
    folder = Path(os.environ.get("OPEN_WEBUI_SHOTS") or tmp_path_factory.mktemp("shots"))
    folder.mkdir(exist_ok=True)
    return folder
