"""POST /prompt answered as genuine ComfyUI answered it, case by recorded case."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image

from protobanana.engine import EngineSettings, EngineThread

RECORDED = json.loads((Path(__file__).parents[1] / "data/engine/validation.json").read_text(encoding="utf-8"))
CASES: dict[str, dict[str, Any]] = RECORDED["cases"]
INSTALLED = {
    "diffusion_models": ["tiny_random_sd3.safetensors"],
    "text_encoders": ["tiny_random_clip_l.safetensors"],
    "vae": ["taesd3"],
}
LACKING = ["BiRefNetRMBG"]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineThread]:
    """An engine with the recorded server's models, and the example picture every ComfyUI ships."""
    root = tmp_path_factory.mktemp("engine")
    (root / "input").mkdir()
    Image.new("RGB", (8, 8)).save(root / "input" / "example.png")
    with EngineThread(EngineSettings(models=INSTALLED, missing_classes=LACKING), root=root) as running:
        yield running


def sorted_errors(body: Any) -> Any:
    """A body whose error lists have one order: ComfyUI checks the inputs of a node in no particular one."""
    for node in body.get("node_errors", {}).values():
        node["errors"].sort(key=lambda error: (error["type"], error["details"]))
    return body


def same(left: Any, right: Any) -> bool:
    """Equality of JSON texts, so that NaN equals NaN and 1 differs from 1.0 and true."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


async def finished(session: aiohttp.ClientSession, url: str, prompt_id: str) -> Any:
    """The history entry of a prompt, once there is one."""
    async with asyncio.timeout(20):
        while True:
            async with session.get(f"{url}/history") as response:
                history = json.loads(await response.text())
            if prompt_id in history:
                return history[prompt_id]
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("name", CASES)
async def test_recorded_case(engine: EngineThread, name: str) -> None:
    """A request gets the status and body that genuine ComfyUI gave it, and runs with the same converted values."""
    case = CASES[name]
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{engine.url}/prompt", data=case["request"]) as response:
            text = await response.text()

            assert response.status == case["status"], text
        if "text" in case:
            assert text == case["text"]
            return
        body = sorted_errors(json.loads(text))
        if response.status == 200:
            assert set(body) == {"prompt_id", "number", "node_errors"}
            ran = await finished(session, engine.url, body["prompt_id"])
            body = {key: value for key, value in body.items() if key in case["body"]}
            assert same(ran["prompt"][2], case.get("ran", ran["prompt"][2]))
            assert ran["status"]["status_str"] == case.get("outcome", ran["status"]["status_str"])
        assert same(body, sorted_errors(case["body"]))
