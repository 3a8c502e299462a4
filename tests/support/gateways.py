"""Gateways as real processes: LiteLLM's own proxy program with our handler, and our `serve`."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import openai

KEY = "sk-test"
START_SECONDS = 90


@dataclass(frozen=True)
class Gateway:
    """A running gateway and the engine behind it."""

    url: str
    engine: Any
    process: subprocess.Popen[bytes]
    log: Path

    def client(self) -> openai.OpenAI:
        """A real OpenAI client, one per gateway."""
        return self._client

    @cached_property
    def _client(self) -> openai.OpenAI:
        """A failure is shown, not tried again."""
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=KEY, max_retries=0, timeout=100)

    def graphs(self) -> dict[str, dict[str, Any]]:
        """Every graph that ComfyUI has finished, by prompt id."""
        return {key: entry["prompt"][2] for key, entry in httpx.get(f"{self.engine.url}/history").json().items()}

    def waiting(self) -> int:
        """Jobs that are queued or running in ComfyUI."""
        return int(httpx.get(f"{self.engine.url}/prompt").json()["exec_info"]["queue_remaining"])

    def async_client(self) -> openai.AsyncOpenAI:
        """The same for many requests at once; the caller closes it."""
        return openai.AsyncOpenAI(base_url=f"{self.url}/v1", api_key=KEY, max_retries=0, timeout=100)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def litellm_config(engine_url: str, *, callback: bool, extra: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """The plain configuration an operator would write; JSON is YAML."""

    def entry(name: str, model: str, mode: str, **params: Any) -> dict[str, Any]:
        return {
            "model_name": name,
            "litellm_params": {"model": f"protobanana/{model}", "api_base": engine_url, **params},
            "model_info": {"mode": mode},
        }

    settings: dict[str, Any] = {
        "custom_provider_map": [{"provider": "protobanana", "custom_handler": "protobanana.handler"}]
    }
    if callback:
        settings["callbacks"] = ["protobanana.hooks"]
    return {
        "model_list": [
            entry("generate", "qwen_image_2512", "image_generation"),
            entry("turbo", "qwen_image_2512", "image_generation", quality="low"),
            entry("edit", "qwen_image_edit_2511", "image_edit"),
            entry("chat", "chat", "chat"),
            entry("nowhere", "no_such_workflow", "image_generation"),
            entry("down", "qwen_image_2512", "image_generation")
            | {"litellm_params": {"model": "protobanana/qwen_image_2512", "api_base": "http://127.0.0.1:9"}},
            *(extra or []),
        ],
        "litellm_settings": settings,
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
        "general_settings": {"master_key": KEY},
    }


def start_litellm(
    folder: Path, config: dict[str, Any], engine: Any, environment: dict[str, str] | None = None
) -> Gateway:
    """LiteLLM's proxy program, as an operator starts it."""
    path = folder / "config.yaml"
    path.write_text(json.dumps(config), "utf-8")
    port = free_port()
    command = [
        str(Path(sys.executable).with_name("litellm")),
        "--config",
        str(path),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    return start(command, f"http://127.0.0.1:{port}", folder, engine, environment)


def serve(folder: Path, *engines: Any, environment: dict[str, str] | None = None, at: Sequence[str] = ()) -> Gateway:
    """`protobanana serve` on a port of its choice; `at`: where it finds the engines, if not at their own addresses."""
    command = [sys.executable, "-m", "protobanana", "serve", "--key", KEY, "--port", "0"]
    for url in at or [engine.url for engine in engines]:
        command += ["--engine", url]
    return start(command, None, folder, engines[0], environment)


def start(
    command: list[str], url: str | None, folder: Path, engine: Any, environment: dict[str, str] | None = None
) -> Gateway:
    """Start a gateway and wait until it answers; `url` None: the program says where it is."""
    log = folder / "gateway.log"
    bare = {k: v for k, v in os.environ.items() if not k.startswith(("COMFYUI", "PROTOBANANA", "LITELLM"))}
    bare["PROTOBANANA_STORE"] = str(folder / "pictures")
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=folder,
            env=bare | {"LITELLM_LOCAL_MODEL_COST_MAP": "True"} | (environment or {}),
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        text = log.read_text("utf-8", errors="replace")
        if url is None and (said := re.search(r"Ready: base URL (\S+)/v1", text)):
            url = said[1]
        if url and answers(url):
            return Gateway(url, engine, process, log)
        time.sleep(0.2)
    process.kill()
    process.wait()
    raise AssertionError("the gateway did not start:\n" + log.read_text("utf-8", errors="replace")[-4000:])


def answers(url: str) -> bool:
    host, _, port = url.removeprefix("http://").partition(":")
    request = b"GET /health/liveliness HTTP/1.0\r\nHost: x\r\n\r\n"
    try:
        with socket.create_connection((host, int(port)), timeout=2) as connection:
            connection.sendall(request)
            return b" 200 " in connection.recv(64)
    except OSError:
        return False


def stop(gateway: Gateway) -> None:
    """End the program and the connections to it."""
    gateway.client().close()
    gateway.process.send_signal(signal.SIGTERM)
    try:
        gateway.process.wait(20)
    except subprocess.TimeoutExpired:
        gateway.process.kill()
        gateway.process.wait()
