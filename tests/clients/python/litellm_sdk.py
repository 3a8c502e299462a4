"""The same for LiteLLM's SDK, which takes the gateway for an OpenAI server: `python litellm_sdk.py STEP`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import litellm
from common import SETTINGS, crowded, ended, finish, left

HERE: dict[str, Any] = {"api_base": SETTINGS["base"], "api_key": SETTINGS["key"], "num_retries": 0, "max_retries": 0}
DRAW: dict[str, Any] = {"model": f"openai/{SETTINGS['image']}", "prompt": SETTINGS["words"], "size": "512x512", **HERE}
TALK: dict[str, Any] = {"model": f"openai/{SETTINGS['chat']}", **HERE}


def base64_of(answer: Any) -> dict[str, Any]:
    return {"pictures": [one.b64_json for one in answer.data]}


async def generate() -> dict[str, Any]:
    return base64_of(await litellm.aimage_generation(**DRAW, n=2))


async def address() -> dict[str, Any]:
    answer = await litellm.aimage_generation(**DRAW, extra_body={"response_format": "url"})
    return {"addresses": [one.url for one in answer.data]}


async def own() -> dict[str, Any]:
    answers = [await litellm.aimage_generation(**DRAW, extra_body={"seed": 7}) for _ in range(2)]
    return {"pictures": [one for answer in answers for one in base64_of(answer)["pictures"]]}


async def edit() -> dict[str, Any]:
    with Path(SETTINGS["picture"]).open("rb") as picture, Path(SETTINGS["mask"]).open("rb") as mask:
        return base64_of(
            await litellm.aimage_edit(
                model=f"openai/{SETTINGS['edit']}", prompt=SETTINGS["change"], image=picture, mask=mask, **HERE
            )
        )


async def several() -> dict[str, Any]:
    with Path(SETTINGS["picture"]).open("rb") as first, Path(SETTINGS["second"]).open("rb") as second:
        return base64_of(
            await litellm.aimage_edit(
                model=f"openai/{SETTINGS['several']}", prompt=SETTINGS["combine"], image=[first, second], **HERE
            )
        )


async def chat() -> dict[str, Any]:
    messages: list[Any] = [{"role": "user", "content": SETTINGS["words"]}]
    turns = []
    for _ in range(2):
        message = (await litellm.acompletion(**TALK, messages=messages)).choices[0].message
        turns.append(message.content)
        messages += [message, {"role": "user", "content": SETTINGS["change"]}]
    return {"turns": turns}


async def streamed() -> dict[str, Any]:
    messages: list[Any] = [{"role": "user", "content": SETTINGS["words"]}]
    turns, progress = [], []
    for _ in range(2):
        content = said = ""
        async for chunk in await litellm.acompletion(**TALK, messages=messages, stream=True):
            content += chunk.choices[0].delta.content or ""
            said += getattr(chunk.choices[0].delta, "reasoning_content", None) or ""
        turns.append(content)
        progress.append(said)
        messages += [{"role": "assistant", "content": content}, {"role": "user", "content": SETTINGS["change"]}]
    return {"turns": turns, "progress": progress}


async def refused() -> dict[str, Any]:
    return {
        "errors": [
            await ended(litellm.aimage_generation(**DRAW | {"size": "7x7"})),
            await ended(litellm.aimage_generation(**DRAW | {"model": "openai/no-such-model"})),
            await ended(litellm.aimage_generation(**DRAW | {"api_key": "sk-wrong"})),
        ]
    }


async def busy() -> dict[str, Any]:
    # Its image calls wait and try again by themselves, whatever `max_retries` says.
    ask = [{"role": "user", "content": SETTINGS["words"]}]
    return {"errors": [await crowded(lambda: litellm.acompletion(**TALK, messages=ask))]}


async def stop() -> dict[str, Any]:
    return {"stopped": await left(litellm.aimage_generation(**DRAW))}


finish(
    generate=generate, address=address, own=own, edit=edit, several=several, chat=chat, streamed=streamed,
    refused=refused, busy=busy, stop=stop,
)  # fmt: skip
