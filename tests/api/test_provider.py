"""The provider inside one process: LiteLLM's SDK without a proxy, health checks, and a renderer that misbehaves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any

import aiohttp
import litellm
import pytest

import protobanana
from protobanana.cluster import close_all
from protobanana.comfy import client_for
from protobanana.engine import Engine, EngineSettings, EngineThread
from support.pictures import opened


@pytest.fixture(autouse=True)
async def closing() -> AsyncIterator[None]:
    """Connections belong to the loop of one test."""
    yield
    await close_all()


@pytest.fixture
def registered() -> Iterator[None]:
    """Our provider in LiteLLM's SDK, as its documentation says."""
    litellm.custom_provider_map = [{"provider": "protobanana", "custom_handler": protobanana.handler}]
    litellm.utils.custom_llm_setup()
    yield
    litellm.custom_provider_map = []


def arguments(url: str, **more: Any) -> dict[str, Any]:
    return {
        "model": "qwen_image_2512",
        "prompt": "a red square",
        "api_base": url,
        "optional_params": {"size": "256x256", "quality": "low"},
        "logging_obj": None,
        "timeout": 6000.0,
    } | more


async def failure(engine: Engine, **more: Any) -> Any:
    with pytest.raises(Exception) as caught:
        async with asyncio.timeout(60):
            await protobanana.handler.aimage_generation(**arguments(engine.url, **more))
    return caught.value


@pytest.mark.usefixtures("registered")
@pytest.mark.filterwarnings("default")  # LiteLLM's SDK runs in this process, with deprecations of its own
def test_the_sdk_without_a_proxy() -> None:
    """Blocking calls of LiteLLM's SDK draw, chat and stream."""
    with EngineThread(EngineSettings()) as engine:
        drawn = litellm.image_generation(model="protobanana/qwen_image_2512", prompt="a tree", api_base=engine.url)
        messages = [{"role": "user", "content": "draw a green circle, 256x256"}]
        plain = litellm.completion(model="protobanana/chat", messages=messages, api_base=engine.url)
        stream = litellm.completion(model="protobanana/chat", messages=messages, api_base=engine.url, stream=True)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in stream)

    assert opened(drawn.data[0].b64_json).size == (1328, 1328)
    assert opened(plain.choices[0].message.images[0]["image_url"]["url"]).size == (256, 256)
    assert "data:image/png" in text


async def test_a_health_check_draws_nothing() -> None:
    """LiteLLM's own probe is answered from a sign of life, and fails when there is none."""
    metadata = {"metadata": {"user_api_key": "litellm-internal-health-check"}}
    logging = SimpleNamespace(model_call_details={"litellm_params": metadata})
    async with Engine(EngineSettings()) as engine:
        answer = await protobanana.handler.aimage_generation(**arguments(engine.url, logging_obj=logging))
    lost = await failure(SimpleNamespace(url=engine.url), logging_obj=logging)  # type: ignore[arg-type]

    assert opened(answer.data[0].b64_json).size == (1, 1)
    assert lost.status_code == 503


async def test_a_missing_node_class() -> None:
    """A server that lacks a node says which, with 502."""
    async with Engine(EngineSettings(missing_classes={"ModelSamplingAuraFlow"})) as engine:
        error = await failure(engine)

    assert error.status_code == 502
    assert "Sampling shift" in error.message or "ModelSamplingAuraFlow" in error.message


async def test_a_missing_model_file() -> None:
    """A server that lacks a model file names it."""
    async with Engine(EngineSettings(models={"diffusion_models": ["other.safetensors"]})) as engine:
        error = await failure(engine)

    assert error.status_code == 502
    assert "qwen_image_2512_fp8_e4m3fn.safetensors" in error.message


async def test_a_restart_in_the_middle() -> None:
    """A job that the server forgot because it restarted is run once more, and only once."""
    async with Engine(EngineSettings(pace=0.05)) as engine:
        waiting = asyncio.create_task(protobanana.handler.aimage_generation(**arguments(engine.url)))
        while not await client_for(engine.url).ping():
            await asyncio.sleep(0.02)
        await engine.restart()
        answer = await waiting
        async with aiohttp.ClientSession() as session, session.get(f"{engine.url}/history") as seen:
            history = await seen.json()

    assert len(answer.data) == 1
    assert len(history) == 1


async def test_a_job_that_takes_too_long() -> None:
    """504, and the job is gone from the server."""
    async with Engine(EngineSettings(pace=5)) as engine:
        error = await failure(engine, timeout=1)
        left = await client_for(engine.url).ping()

    assert error.status_code == 504
    assert left == 0


@pytest.mark.parametrize("switch", ["http_500_on", "garbage_json_on", "html_on"])
async def test_answers_that_are_no_comfyui(switch: str) -> None:
    """Errors, garbage and a proxy's page are a gateway error, without their text."""
    async with Engine(EngineSettings()) as engine:
        setattr(engine.faults, switch, {"/prompt"})
        error = await failure(engine)

    assert error.status_code in (502, 503)
    assert "<html" not in error.message
    assert "Traceback" not in error.message


async def test_seconds_count_from_the_start_of_the_job() -> None:
    """A job that waits behind a slow one is not timed while it waits."""
    async with Engine(EngineSettings(pace=0.4)) as engine, asyncio.timeout(60):
        start = time.monotonic()
        answers = await asyncio.gather(
            *(protobanana.handler.aimage_generation(**arguments(engine.url, timeout=4)) for _ in range(3))
        )

    assert time.monotonic() - start > 4
    assert len(answers) == 3
