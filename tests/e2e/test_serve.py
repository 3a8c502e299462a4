"""`protobanana serve`: one line when it is ready, a free port when the usual one is taken, all behind its key."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx
import openai
import pytest

from protobanana.engine import EngineSettings, EngineThread
from support.gateways import KEY, Gateway, litellm_config, start, start_litellm, stop
from support.pictures import opened

SERVE = [sys.executable, "-m", "protobanana", "serve", "--key", KEY]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Our gateway with its own embedded engine, on a port of its choice."""
    running = start(
        [*SERVE, "--engine", "embedded", "--pace", "0", "--port", "0"], None, tmp_path_factory.mktemp("s"), None
    )
    yield running
    stop(running)


def test_one_line_says_all(gateway: Gateway) -> None:
    """Base URL, key and model names, in one line."""
    (line,) = [line for line in gateway.log.read_text("utf-8").splitlines() if line.startswith("Ready:")]

    assert f"{gateway.url}/v1" in line
    assert KEY in line
    assert "protolabs/qwen-image-chat" in line


def test_the_named_models_are_there(gateway: Gateway) -> None:
    """What the line names, `/v1/models` lists."""
    names = {model.id for model in gateway.client().models.list()}

    assert {"protolabs/qwen-image-chat", "protolabs/qwen-image", "protobanana/qwen_image_edit_2511"} <= names


@pytest.mark.parametrize("model", ["protolabs/qwen-image", "protobanana/qwen_image_2512", "gpt-image-1"])
def test_aliases_draw(gateway: Gateway, model: str) -> None:
    """An alias, a workflow's own name and a name that clients hard-code all draw."""
    answer = gateway.client().images.generate(model=model, prompt="a red square", size="256x256", quality="low")

    assert opened(answer.data[0].b64_json).size == (256, 256)


@pytest.mark.parametrize("key", [None, "sk-wrong"])
def test_without_the_key_nothing_works(gateway: Gateway, key: str | None) -> None:
    """No key, or a wrong one, draws nothing."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    answer = httpx.post(
        f"{gateway.url}/v1/images/generations", json={"model": "protolabs/qwen-image", "prompt": "x"}, headers=headers
    )

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "invalid_api_key"


@pytest.mark.parametrize("path", ["/v1/models", "/protobanana/workflows", "/v1/model/info"])
def test_a_wrong_key_is_refused_alike_everywhere(gateway: Gateway, path: str) -> None:
    """Routes that call no model refuse a key in the same words."""
    wrong, good = (
        httpx.get(gateway.url + path, headers={"Authorization": f"Bearer {key}"}, timeout=60)
        for key in ("sk-wrong", KEY)
    )

    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "invalid_api_key")
    assert good.status_code == 200


def test_an_unknown_model(gateway: Gateway) -> None:
    """LiteLLM answers for names it does not know."""
    with pytest.raises(openai.APIStatusError) as caught:
        gateway.client().images.generate(model="no-such-model", prompt="x")

    assert caught.value.status_code in (400, 404)


def test_a_taken_port(tmp_path: Path, engine: EngineThread) -> None:
    """Without --port another port is taken and named; with it the error says so. Several engines may be given."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused = subprocess.run(
            [*SERVE, "--port", port, "--engine", engine.url], capture_output=True, text=True, timeout=60
        )

    assert refused.returncode == 1
    assert "--port" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_configuration_of_ones_own(tmp_path: Path, engine: EngineThread) -> None:
    """--config runs the operator's file as it is."""
    own = tmp_path / "own.yaml"
    own.write_text(json.dumps(litellm_config(engine.url, callback=True)), "utf-8")
    running = start([*SERVE, "--config", str(own), "--engine", engine.url, "--port", "0"], None, tmp_path, engine)
    try:
        answer = running.client().images.generate(model="turbo", prompt="a red square", size="256x256")
        before = len(running.graphs())
    finally:
        stop(running)

    assert opened(answer.data[0].b64_json).size == (256, 256)
    assert before > 0


def test_a_broken_document_stops_the_start(tmp_path: Path, engine: EngineThread) -> None:
    """A slot that points nowhere is refused at start-up, naming file and slot."""
    from importlib.resources import files

    folder = tmp_path / "workflows"
    folder.mkdir()
    document = json.loads(files("protobanana.workflows").joinpath("bundled/qwen_image_2512.json").read_text("utf-8"))
    document["_protobanana"]["slots"]["prompt"] = "999.text"
    (folder / "mine.json").write_text(json.dumps(document), "utf-8")
    done = subprocess.run(
        [*SERVE, "--engine", engine.url, "--port", "0"],
        capture_output=True, text=True, timeout=60,
        env={"PROTOBANANA_WORKFLOWS_DIR": str(folder), "PATH": "/usr/bin:/bin", "COLUMNS": "300"},
    )  # fmt: skip

    assert done.returncode == 1
    assert "mine" in done.stderr
    assert re.search(r"prompt.*999|999.*prompt", done.stderr, re.DOTALL)
    assert "Traceback" not in done.stderr


def draw_star(gateway: Gateway, number: int) -> None:
    gateway.client().images.generate(model="protolabs/qwen-image-turbo", prompt=f"star {number}", size="256x256")


def test_several_engines_share_the_work(tmp_path: Path) -> None:
    """--engine given twice: both servers draw."""
    with EngineThread(EngineSettings()) as one, EngineThread(EngineSettings()) as two:
        running = start([*SERVE, "--engine", one.url, "--engine", two.url, "--port", "0"], None, tmp_path, one)
        try:
            with ThreadPoolExecutor(6) as clients:
                list(clients.map(partial(draw_star, running), range(12)))
            counts = [len(httpx.get(f"{engine.url}/history").json()) for engine in (one, two)]
        finally:
            stop(running)

    assert sum(counts) == 12
    assert min(counts) > 0


def test_the_environment_names_server_and_workflows(tmp_path: Path, engine: EngineThread) -> None:
    """A deployment without api_base goes to COMFYUI_BASE_URL; documents of one's own folder are models by file name."""
    from importlib.resources import files

    folder = tmp_path / "workflows"
    folder.mkdir()
    bundled = files("protobanana.workflows").joinpath("bundled/qwen_image_2512.json").read_text("utf-8")
    (folder / "mine.json").write_text(bundled.replace('"default": true', '"default": false'), "utf-8")
    config = litellm_config("unused", callback=True)
    params = {"model": "protobanana/mine"}
    config["model_list"] = [{"model_name": "own", "litellm_params": params, "model_info": {"mode": "image_generation"}}]
    environment = {"COMFYUI_BASE_URL": engine.url, "PROTOBANANA_WORKFLOWS_DIR": str(folder)}
    running = start_litellm(tmp_path, config, engine, environment)
    try:
        answer = running.client().images.generate(model="own", prompt="a red square", size="256x256")
    finally:
        stop(running)

    assert answer.data[0].provider_specific_fields["workflow"] == "mine"  # type: ignore[attr-defined]
