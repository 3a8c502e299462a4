"""Binary websocket frames: `uint32 event` big-endian, then a header that depends on the event, then the picture."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

_PREVIEW, _PREVIEW_WITH_METADATA = 1, 4
_FORMATS = {1: "image/jpeg", 2: "image/png"}


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture pushed by ComfyUI: a preview of a sampler, or the result of a node that saves to the socket.

    `prompt_id` and `node` are None in the older form, which names neither. `payload` is a view on the message.
    """

    media_type: str
    payload: memoryview = field(repr=False)
    prompt_id: str | None = None
    node: str | None = None


def read_frame(message: bytes) -> Frame | None:
    """Take a binary message apart; None for events that carry no picture (texts) and for what cannot be read."""
    view = memoryview(message)
    if len(view) < 8:
        return None
    event, second, body = int.from_bytes(view[:4], "big"), int.from_bytes(view[4:8], "big"), view[8:]
    if event == _PREVIEW:
        media_type = _FORMATS.get(second)
        return Frame(media_type, body) if media_type else None
    if event != _PREVIEW_WITH_METADATA or second > len(body):
        return None
    try:
        metadata = json.loads(bytes(body[:second]))
    except ValueError:
        return None
    if not isinstance(metadata, Mapping):
        return None
    prompt_id, node = metadata.get("prompt_id"), metadata.get("display_node_id") or metadata.get("node_id")
    if not isinstance(prompt_id, str) or not isinstance(node, str):
        return None
    return Frame(str(metadata.get("image_type")), body[second:], prompt_id, node)
