"""What LiteLLM's bridge from `/v1/responses` to a chat loses on the way in: the pictures of earlier answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_CALL = "image_generation_call"


def unbridged(body: Mapping[str, Any], messages: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The messages of a chat. Those of a Responses request whose input replays `image_generation_call` items are read
    from `body` with the pictures in their places; all others are `messages` as LiteLLM made them.
    """
    items = body.get("input")
    if not isinstance(items, list) or "messages" in body:
        return messages
    if not any(isinstance(item, Mapping) and item.get("type") == _CALL for item in items):
        return messages
    return list(_messages(body.get("instructions"), items))


def _messages(instructions: object, items: Sequence[object]) -> Iterator[Mapping[str, Any]]:
    if isinstance(instructions, str):
        yield {"role": "system", "content": instructions}
    for item in items:
        if not isinstance(item, Mapping):
            continue
        if item.get("type") == _CALL and isinstance(item.get("result"), str):
            picture = {"type": "image_url", "image_url": {"url": _address(item["result"])}}
            yield {"role": "assistant", "content": None, "images": [picture]}
        elif item.get("type", "message") == "message":
            yield item


def _address(result: str) -> str:
    """The bytes as a `data:` URL; a short address stays one. What kind of picture it is, its bytes say."""
    return result if "://" in result[:16] or result.startswith("data:") else f"data:image/png;base64,{result}"
