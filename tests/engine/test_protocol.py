"""The engine against recorded conversations with a genuine ComfyUI 0.12.1: same requests, same messages."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp

RECORDED = json.loads((Path(__file__).parents[1] / "data/engine/protocol.json").read_text(encoding="utf-8"))
MODELS = {
    "diffusion_models": ["tiny_random_sd3.safetensors"],
    "text_encoders": ["tiny_random_clip_l.safetensors"],
    "vae": ["taesd3"],
}


def line(message: dict[str, Any]) -> str:
    """A message as one line: `<node or -> <type> <what matters>`. Ids, times and random names are left out."""
    if "binary" in message:
        names = message.get("metadata", {})
        node = names.get("node_id") or message.get("node") or "-"
        details = [message.get("format"), names.get("image_type"), message.get("text")]
        return f"{node} binary {message['binary']} {json.dumps(details)}"
    data = {key: value for key, value in message["data"].items() if key not in ("prompt_id", "timestamp", "node")}
    node = message["data"].get("node", message["data"].get("node_id")) or "-"
    if message["type"] == "progress_state":
        node, state = list(data["nodes"].items())[-1]
        data = {"known": len(data["nodes"]), **{key: state[key] for key in ("state", "value", "max")}}
    if message["type"] == "execution_error":
        data = {key: data[key] for key in ("node_type", "executed", "exception_type", "current_inputs")}
    text = json.dumps(data, sort_keys=True)
    return f"{node} {message['type']} {re.sub(r'ComfyUI_temp_[a-z]{5}', 'ComfyUI_temp_xxxxx', text)}"


def by_node(lines: list[str]) -> dict[str, list[str]]:
    """Lines per node: genuine ComfyUI starts with any of several output nodes, so the order between them is free."""
    found: dict[str, list[str]] = {}
    for each in lines:
        node, text = each.split(" ", 1)
        found.setdefault(node, []).append(re.sub(r'"known": \d+, ', "", text))
    return found


async def upload(session: aiohttp.ClientSession, url: str, step: dict[str, Any]) -> Any:
    """Send a recorded multipart upload."""
    form = aiohttp.FormData(quote_fields=False)
    for part in step["parts"]:
        if "file" in part:
            data = base64.b64decode(part["file"]["base64"])
            form.add_field(part["name"], data, filename=part["filename"], content_type=part["content_type"])
        else:
            form.add_field(part["name"], part["value"])
    async with session.post(url + step["upload"], data=form) as response:
        return await response.json()


async def test_recorded_conversations(start: Callable[..., Awaitable[Any]]) -> None:
    """Scenario after scenario, every prompt gets the recorded messages, values, file names and history."""
    client = await start(models=MODELS)
    for scenario in RECORDED["scenarios"]:
        name = scenario["name"]
        socket = None
        if scenario["client"]:
            socket = await client.connect(scenario["client"], flags=scenario["flags"])
        for step in scenario["steps"]:
            if "upload" in step:
                assert await upload(client.session, client.engine.url, step) == step["answer"], name
                continue
            before = len(socket.received) if socket else 0
            _, answer = await client.post("/prompt", step["prompt"])
            if socket:
                await socket.finished(answer["prompt_id"])
                lines = [line(message) for message in socket.received[before:]]
                assert by_node(lines) == by_node(step["lines"]), name
                assert lines[:4] == step["lines"][:4], name
                assert lines[-3:] == step["lines"][-3:], name
                if len(step.get("history", {}).get("outputs_to_execute", ())) == 1:
                    assert lines == step["lines"], name
            if "history" in step:
                check_history(await client.history(answer["prompt_id"]), step["history"], name)
        if socket:
            await socket.close()


def check_history(entry: dict[str, Any], wanted: dict[str, Any], name: str) -> None:
    """Compare a history entry with the recorded one, but for random file names."""
    outputs = json.loads(re.sub(r"ComfyUI_temp_[a-z]{5}", "ComfyUI_temp_xxxxx", json.dumps(entry["outputs"])))

    assert outputs == wanted["outputs"], name
    assert entry["meta"] == wanted["meta"], name
    assert sorted(entry["prompt"][4]) == sorted(wanted["outputs_to_execute"]), name
    assert entry["status"]["status_str"] == wanted["status_str"], name
    assert entry["status"]["completed"] is wanted["completed"], name
    assert [message[0] for message in entry["status"]["messages"]] == wanted["messages"], name
