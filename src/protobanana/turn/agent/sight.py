"""Small copies of pictures for an LLM that can see; only where the operator has switched it on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from protobanana.errors import ProtoBananaError
from protobanana.pictures.image import Image
from protobanana.turn.agent.gallery import Entry, Gallery
from protobanana.turn.agent.model import Message
from protobanana.turn.agent.prompt import check_message

SIDE = 512
"""Longest side of a copy in pixels."""
QUALITY = 80
NEWEST = 3
"""Pictures shown at once."""


def small(image: Image) -> Image:
    """A JPEG of at most 512 pixels a side, transparency on white. CPU-bound."""
    picture = image.decoded().copy()
    picture.thumbnail((SIDE, SIDE))
    return Image.from_pil(picture, format="jpeg", quality=QUALITY)


async def with_sight(message: Message, gallery: Gallery) -> Message:
    """The newest user message with copies of the newest pictures, the current one and those sent with it first."""
    entries = [entry for entry in gallery if entry.attached or entry is gallery.current]
    others = [entry for entry in gallery if entry not in entries]
    missing = max(NEWEST - len(entries), 0)
    shown = (others[-missing:] if missing else []) + entries
    return {**message, "content": [{"type": "text", "text": message["content"]}, *await _parts(shown[-NEWEST:])]}


async def check(entries: Sequence[Entry]) -> Message:
    """What was just made, to be looked at once."""
    return {"role": "user", "content": [{"type": "text", "text": check_message()}, *await _parts(entries[-NEWEST:])]}


async def _parts(entries: Sequence[Entry]) -> list[dict[str, object]]:
    parts: list[dict[str, object]] = []
    for entry in entries:
        try:
            copy = await asyncio.to_thread(small, await entry.picture.load())
        except ProtoBananaError:
            continue  # it fails with its reason when it is used
        parts.append({"type": "text", "text": f"{entry.handle}:"})
        parts.append({"type": "image_url", "image_url": {"url": await asyncio.to_thread(copy.data_url)}})
    return parts
