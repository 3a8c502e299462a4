"""What OpenAI's own SDK does and shows: `python openai_sdk.py STEP`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from common import SETTINGS, crowded, ended, finish, left
from openai import AsyncOpenAI

KEY, BASE = SETTINGS["key"], SETTINGS["base"]
client = AsyncOpenAI(base_url=BASE, api_key=KEY, max_retries=0)
DRAW: dict[str, Any] = {"model": SETTINGS["image"], "prompt": SETTINGS["words"], "size": "512x512"}


def base64_of(answer: Any) -> dict[str, Any]:
    return {"pictures": [one.b64_json for one in answer.data]}


async def models() -> dict[str, Any]:
    return {"names": [model.id async for model in client.models.list()]}


async def generate() -> dict[str, Any]:
    return base64_of(await client.images.generate(**DRAW, n=2))


async def address() -> dict[str, Any]:
    answer = await client.images.generate(**DRAW, response_format="url")
    return {"addresses": [one.url for one in answer.data or ()]}


async def own() -> dict[str, Any]:
    answers = [await client.images.generate(**DRAW, extra_body={"seed": 7}) for _ in range(2)]
    return {"pictures": [one for answer in answers for one in base64_of(answer)["pictures"]]}


async def edit() -> dict[str, Any]:
    picture, mask = Path(SETTINGS["picture"]), Path(SETTINGS["mask"])
    return base64_of(
        await client.images.edit(model=SETTINGS["edit"], prompt=SETTINGS["change"], image=picture, mask=mask)
    )


async def several() -> dict[str, Any]:
    images: Any = [Path(SETTINGS["picture"]), Path(SETTINGS["second"])]
    return base64_of(await client.images.edit(model=SETTINGS["several"], prompt=SETTINGS["combine"], image=images))


async def frames() -> dict[str, Any]:
    stream = await client.images.generate(**DRAW, stream=True, partial_images=2)
    return {"events": [{"type": event.type, "picture": event.b64_json} async for event in stream]}


async def chat() -> dict[str, Any]:
    messages: list[Any] = [{"role": "user", "content": SETTINGS["words"]}]
    turns = []
    for _ in range(2):
        answer = await client.chat.completions.create(model=SETTINGS["chat"], messages=messages)
        message = answer.choices[0].message
        turns.append(message.content)
        messages += [message, {"role": "user", "content": SETTINGS["change"]}]
    return {"turns": turns}


async def streamed() -> dict[str, Any]:
    messages: list[Any] = [{"role": "user", "content": SETTINGS["words"]}]
    turns, progress = [], []
    for _ in range(2):
        content = said = ""
        async for chunk in await client.chat.completions.create(model=SETTINGS["chat"], messages=messages, stream=True):
            delta: Any = chunk.choices[0].delta
            content += delta.content or ""
            said += getattr(delta, "reasoning_content", None) or ""
        turns.append(content)
        progress.append(said)
        messages += [{"role": "assistant", "content": content}, {"role": "user", "content": SETTINGS["change"]}]
    return {"turns": turns, "progress": progress}


async def refused() -> dict[str, Any]:
    stranger = AsyncOpenAI(base_url=BASE, api_key="sk-wrong", max_retries=0)
    return {
        "errors": [
            await ended(client.images.generate(**DRAW | {"size": "7x7"})),
            await ended(client.images.generate(**DRAW | {"model": "no-such-model"})),
            await ended(stranger.images.generate(**DRAW)),
        ]
    }


async def busy() -> dict[str, Any]:
    return {"errors": [await crowded(lambda: client.images.generate(**DRAW))]}


async def stop() -> dict[str, Any]:
    return {"stopped": await left(client.images.generate(**DRAW))}


finish(
    models=models, generate=generate, address=address, own=own, edit=edit, several=several, frames=frames,
    chat=chat, streamed=streamed, refused=refused, busy=busy, stop=stop,
)  # fmt: skip
