"""The chat agent through LiteLLM's real proxy, its language model behind an alias of the same proxy, one worker."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from protobanana.engine import EngineThread
from support.gateways import KEY, Gateway, free_port, litellm_config, start, stop
from support.llm import LanguageServer, call

HANDLE = re.compile(r"img_[a-z2-7]{16}")


@pytest.fixture(scope="module")
def llm() -> Iterator[LanguageServer]:
    with LanguageServer() as running:
        yield running


@pytest.fixture(autouse=True)
def fresh(llm: LanguageServer) -> None:
    llm.replies.clear()
    llm.asked.clear()


def proxy(folder: Path, engine: EngineThread, llm: LanguageServer, alias: str, **environment: str) -> Gateway:
    """LiteLLM's proxy with a language model under `alias`; `{port}` in the environment is its own."""
    fast = {
        "model_name": alias,
        "litellm_params": {"model": "openai/fast", "api_base": llm.url, "api_key": "none"},
    }
    config = folder / "config.yaml"
    config.write_text(json.dumps(litellm_config(engine.url, callback=True, extra=[fast])), "utf-8")
    port = str(free_port())
    program = str(Path(sys.executable).with_name("litellm"))
    variables = {name: value.replace("{port}", port) for name, value in environment.items()}
    command = [program, "--config", str(config), "--host", "127.0.0.1", "--port", port]
    return start(command, f"http://127.0.0.1:{port}", folder, engine, variables)


@pytest.fixture(scope="module")
def in_process(
    tmp_path_factory: pytest.TempPathFactory, engine: EngineThread, llm: LanguageServer
) -> Iterator[Gateway]:
    """Nothing is configured but an alias of the usual name."""
    running = proxy(tmp_path_factory.mktemp("alias"), engine, llm, "protolabs/fast")
    yield running
    stop(running)


@pytest.fixture(scope="module")
def over_the_network(
    tmp_path_factory: pytest.TempPathFactory, engine: EngineThread, llm: LanguageServer
) -> Iterator[Gateway]:
    """The agent's address is the very proxy that asks."""
    variables = {
        "PROTOBANANA_AGENT_BASE": "http://127.0.0.1:{port}/v1",
        "PROTOBANANA_AGENT_KEY": KEY,
        "PROTOBANANA_AGENT_MODEL": "thinker",
    }
    running = proxy(tmp_path_factory.mktemp("base"), engine, llm, "thinker", **variables)
    yield running
    stop(running)


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory, engine: EngineThread, llm: LanguageServer) -> Iterator[Gateway]:
    """The agent's model is the chat model itself."""
    variables = {
        "PROTOBANANA_AGENT_BASE": "http://127.0.0.1:{port}/v1",
        "PROTOBANANA_AGENT_KEY": KEY,
        "PROTOBANANA_AGENT_MODEL": "chat",
    }
    running = proxy(tmp_path_factory.mktemp("mirror"), engine, llm, "unused", **variables)
    yield running
    stop(running)


def ask(gateway: Gateway, *messages: dict[str, Any]) -> Any:
    return gateway.client().chat.completions.create(model="chat", messages=messages)  # type: ignore[call-overload]


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


@pytest.mark.parametrize("where", ["in_process", "over_the_network"])
def test_the_model_behind_the_same_proxy(where: str, llm: LanguageServer, request: pytest.FixtureRequest) -> None:
    """One worker serves the chat, and its language model, in one request without waiting for itself."""
    gateway = request.getfixturevalue(where)
    llm.replies += [[call("generate", prompt="a cat", quality="low")], ["Here is ", "your cat."]]
    answer = ask(gateway, user("please"))
    handle = HANDLE.search(answer.choices[0].message.content)

    assert handle
    assert "Here is your cat." in answer.choices[0].message.content
    assert handle[0] in str(llm.asked[1]["messages"])
    assert answer.usage.prompt_tokens == 2000
    assert {asked["temperature"] for asked in llm.asked} == {0}


def test_a_conversation(in_process: Gateway, llm: LanguageServer) -> None:
    """The picture of one turn is a name for the model in the next, and its bytes reach the renderer, not the model."""
    llm.replies += [[call("generate", prompt="plain red", quality="low")], ["Red."]]
    first = ask(in_process, user("red")).choices[0].message.content
    llm.replies += [[call("edit", image="1", prompt="make it blue", quality="low")], ["Blue."]]
    talk = [user("red"), {"role": "assistant", "content": first}, user("now blue")]
    second = ask(in_process, *talk).choices[0].message.content
    handle = HANDLE.search(first)

    assert handle
    assert f"1. {handle[0]}, drawn by you" in llm.asked[2]["messages"][-1]["content"]
    assert "base64" not in json.dumps(llm.asked)
    assert f"edit of {handle[0]}" in second


def test_streaming(in_process: Gateway, llm: LanguageServer) -> None:
    """Words come as they are written, the picture before the words that follow it, thinking never."""
    llm.replies += [
        ["<think>a cat</think>Let", " me draw.", call("generate", prompt="a cat", quality="low")],
        ["Done", "."],
    ]
    stream = in_process.client().chat.completions.create(
        model="chat", messages=[{"role": "user", "content": "a cat"}], stream=True
    )
    texts = [chunk.choices[0].delta.content for chunk in stream if chunk.choices and chunk.choices[0].delta.content]

    assert texts[:2] == ["Let", " me draw."]
    assert next(n for n, text in enumerate(texts) if "![img_" in text) < texts.index("Done")
    assert "think" not in "".join(texts)


def test_a_dead_model(in_process: Gateway, llm: LanguageServer) -> None:
    """When the alias answers 500, the words draw, and the log says so in one line."""
    answer = ask(in_process, user("draw a plain red square")).choices[0].message.content

    assert HANDLE.search(answer)
    assert len(llm.asked) == 1
    assert "the words decide" in in_process.log.read_text("utf-8")


def test_a_model_that_is_the_chat_itself(mirror: Gateway) -> None:
    """Asking itself ends at once: the words draw one picture."""
    before = len(mirror.graphs())
    answer = ask(mirror, user("draw a plain red square")).choices[0].message.content

    assert HANDLE.search(answer)
    assert len(mirror.graphs()) <= before + 1
