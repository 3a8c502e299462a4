"""The same for LangChain's ChatOpenAI: `python langchain_chat.py [responses] STEP`, the latter by the Responses API."""

from __future__ import annotations

import base64
import re
import sys
from pathlib import Path
from typing import Any

from common import SETTINGS, crowded, ended, finish, left
from langchain_core.messages import HumanMessage
from langchain_openai import ChatOpenAI

ADDRESS = re.compile(r"!\[[^\]]*\]\(([^)]+)\)")
ASK = SETTINGS["words"]


def model(fields: dict[str, Any] | None = None, **changed: Any) -> ChatOpenAI:
    """`fields`: those of ours."""
    known = {"model": SETTINGS["chat"], "base_url": SETTINGS["base"], "api_key": SETTINGS["key"], "max_retries": 0}
    if "responses" in sys.argv:
        # A picture that is an item of its own is sent back by an id only; in the text it stays.
        fields = {"image_output": "markdown"} | (fields or {})
        known["use_responses_api"] = True
    return ChatOpenAI(**{**known, "extra_body": fields, **changed})


def part(which: str, **more: str) -> dict[str, Any]:
    """A picture as OpenAI writes it; LangChain's own kind of part has no place for more."""
    data = base64.b64encode(Path(SETTINGS[which]).read_bytes()).decode()
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}, **more}


async def shown(asked: ChatOpenAI, words: str, *pictures: dict[str, Any]) -> str:
    """The address, or data URL, of the one picture in an answer."""
    message = HumanMessage([{"type": "text", "text": words}, *pictures])
    (address,) = ADDRESS.findall((await asked.ainvoke([message])).text)
    return str(address)


async def chat() -> dict[str, Any]:
    history: list[Any] = [("user", ASK)]
    turns = []
    for _ in range(2):
        answer = await model().ainvoke(history)
        turns.append(answer.text)
        history += [answer, ("user", SETTINGS["change"])]
    return {"turns": turns}


async def streamed() -> dict[str, Any]:
    """The history as LangChain puts it together of what is streamed."""
    history: list[Any] = [("user", ASK)]
    turns, progress = [], []
    for _ in range(2):
        parts = [one async for one in model().astream(history)]
        blocks = [block for one in parts for block in one.content_blocks if block["type"] == "reasoning"]
        whole = sum(parts[1:], start=parts[0])
        turns.append(whole.text)
        progress.append("".join(block.get("reasoning", "") for block in blocks))
        history += [whole, ("user", SETTINGS["change"])]
    return {"turns": turns, "progress": progress}


async def address() -> dict[str, Any]:
    return {"addresses": [await shown(model({"image_output": "url"}), ASK)]}


async def own() -> dict[str, Any]:
    return {"pictures": [await shown(model({"seed": 7}), ASK) for _ in range(2)]}


async def edit() -> dict[str, Any]:
    return {"pictures": [await shown(model(), SETTINGS["change"], part("picture"), part("mask", name="mask"))]}


async def several() -> dict[str, Any]:
    return {"pictures": [await shown(model(), SETTINGS["combine"], part("picture"), part("second"))]}


async def frames() -> dict[str, Any]:
    """What is left of rough frames, and of pictures beside the text."""
    parts = [one async for one in model({"partial_images": 2, "image_output": "images"}).astream(ASK)]
    return {"all": sum(parts[1:], start=parts[0]).model_dump_json()}


async def refused() -> dict[str, Any]:
    wrong = (model({"size": "7x7"}), model(model="no-such-model"), model(api_key="sk-wrong"))
    return {"errors": [await ended(one.ainvoke(ASK)) for one in wrong]}


async def busy() -> dict[str, Any]:
    return {"errors": [await crowded(lambda: model().ainvoke(ASK))]}


async def stop() -> dict[str, Any]:
    return {"stopped": await left(model().ainvoke(ASK))}


finish(
    chat=chat, streamed=streamed, address=address, own=own, edit=edit, several=several, frames=frames, refused=refused,
    busy=busy, stop=stop,
)  # fmt: skip
