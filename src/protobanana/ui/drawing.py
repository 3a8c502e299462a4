"""An order through the gateway's stream of events, as what the stage shows."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from protobanana.client.gateway import Gateway
from protobanana.client.picture import src_of
from protobanana.errors import ProtoBananaError
from protobanana.ui.order import Order

FRAMES = 3
"""Rough frames per picture: as many as OpenAI's protocol has."""
Stage = dict[str, Any]


async def drawn(gateway: Gateway, key: str | None, order: Order) -> AsyncGenerator[Stage]:
    """The stage from the start to the pictures, or to what went wrong. Closing the generator stops the job."""
    yield {"live": {"words": "waiting for the gateway"}}
    stream = {"stream": True, "partial_images": FRAMES, "response_format": "url"}
    before = order.pictures[0] if len(order.pictures) == 1 else None
    pictures: list[dict[str, Any]] = []
    files: list[dict[str, Any]] = []
    words = ""
    try:
        parts = [await gateway.file("image" if len(order.pictures) == 1 else "image[]", one) for one in order.pictures]
        if order.mask:
            parts.append(await gateway.file("mask", {"src": order.mask}))
        sent: dict[str, Any] = {"body": {**order.fields, **stream}}
        if parts:
            form = {
                name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in stream.items()
            }
            sent = {"form": order.form() | form, "files": parts}
        async with aclosing(gateway.events(order.path, key, **sent)) as events:
            async for event in events:
                words = event.get("text") or words
                if str(event.get("type", "")).endswith(".partial_image"):
                    yield {"live": _frame(event), "pictures": pictures, "before": before}
                elif str(event.get("media_type") or "image/").startswith("image/") and _has_picture(event):
                    pictures.append(picture_of(event, order))
                elif event.get("url"):
                    files.append({"src": src_of(event["url"]), "name": event.get("filename") or "file"})
    except ProtoBananaError as error:
        yield {"error": error.message, "pictures": pictures, "before": before}
        return
    yield {"pictures": pictures, "before": before, "words": words, "files": files}


def picture_of(event: dict[str, Any], order: Order) -> dict[str, Any]:
    """A finished picture of a stream as the page knows it."""
    encoded = f"data:image/{event.get('output_format') or 'png'};base64,{event.get('b64_json')}"
    mask = event.get("mask_b64_json")
    return {
        "id": event.get("id") or "",
        "src": src_of(event["url"]) if event.get("url") else encoded,
        "size": event.get("size") or "",
        "seed": None if event.get("seed") is None else str(event["seed"]),
        "parent": next((str(one.get("id") or "") for one in order.pictures), ""),
        "words": order.prompt or str(event.get("operation") or "").replace("_", " "),
        "mask": f"data:image/png;base64,{mask}" if mask else None,
    }


def _has_picture(event: dict[str, Any]) -> bool:
    return bool(event.get("url") or event.get("b64_json"))


def _frame(event: dict[str, Any]) -> dict[str, Any]:
    number = int(event.get("partial_image_index") or 0) + 1
    return {
        "words": f"drawing, frame {number} of {FRAMES}",
        "share": number / (FRAMES + 1),
        "frame": f"data:image/{event.get('output_format') or 'png'};base64,{event['b64_json']}",
    }
