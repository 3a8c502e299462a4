"""What was drawn, as the content of a tool's result: pictures that the client can take, their names and addresses."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from mcp_types import ContentBlock, ImageContent, ResourceLink, TextContent

from protobanana.client.gateway import Gateway
from protobanana.client.picture import bytes_of, src_of, token_of
from protobanana.errors import InvalidRequestError
from protobanana.mcp.drawing import Made
from protobanana.pictures.fetch import load_bytes
from protobanana.pictures.image import Image, OutputFormat

_SIDE = 1568
"""Longest side of a preview in pixels: what LLMs that see make use of at most."""
_QUALITY = 85
_SHRINK = 0.8
_SMALLEST = 64


async def content_of(made: Made, gateway: Gateway, kilobytes: int) -> list[ContentBlock]:
    """The blocks of a result. No structured content beside them: clients that read it leave out the pictures.

    `kilobytes` is for all pictures together; 0: their names and addresses only. Raises what `Gateway.picture` raises.
    """
    blocks: list[ContentBlock] = []
    share = kilobytes * 1000 // max(len(made.pictures), 1)
    for event in made.pictures:
        blocks += await _picture(event, gateway, share)
    for event in made.files:
        blocks += _file(event)
    return blocks + ([TextContent(text=made.words)] if made.words else [])


async def _picture(event: Mapping[str, Any], gateway: Gateway, most: int) -> list[ContentBlock]:
    """A picture, what there is to know of it, and where it lies."""
    image = await _image(event, gateway)
    shown = await asyncio.to_thread(_fitting, image, most) if most else None
    address = str(event.get("url") or "")
    kept = bool(address) and not address.startswith("data:")
    blocks: list[ContentBlock] = []
    if shown is not None:
        blocks.append(ImageContent(data=await asyncio.to_thread(shown.base64), mime_type=shown.mime))
    blocks.append(TextContent(text=_words(event, image, shown, address if kept else "")))
    if kept:
        name = f"{event.get('id') or 'picture'}.{image.format}"
        blocks.append(ResourceLink(uri=address, name=name, mime_type=image.mime, size=len(image.data)))
    return blocks


def _file(event: Mapping[str, Any]) -> list[ContentBlock]:
    """A film, a sound or the like, by its address."""
    name, address = str(event.get("filename") or "file"), str(event["url"])
    if address.startswith("data:"):
        return [TextContent(text=f"{name}: made, but this gateway keeps no files (PROTOBANANA_STORE=off)")]
    link = ResourceLink(uri=address, name=name, mime_type=event.get("media_type"))
    return [TextContent(text=f"{name}: {address}"), link]


async def _image(event: Mapping[str, Any], gateway: Gateway) -> Image:
    encoded = f"data:image/{event.get('output_format') or 'png'};base64,{event.get('b64_json')}"
    src = src_of(str(event.get("url") or encoded))
    token = token_of({"src": src})
    if token is None:
        return await load_bytes(bytes_of(src)[0])
    answer = await gateway.picture(token, {})
    if answer.status_code != 200:
        raise InvalidRequestError("The picture was drawn, but the gateway does not keep it any more; ask again.")
    return await load_bytes(answer.content)


def _words(event: Mapping[str, Any], image: Image, shown: Image | None, address: str) -> str:
    """One line: the name first, because the next call needs it."""
    handle = str(event.get("id") or "") if address else ""
    parts = [
        handle or "This picture is not kept: send it again to work on it",
        f"{image.size} {image.format}",
        f"seed {event['seed']}" if event.get("seed") is not None else "",
        f"variant {event['batch_index'] + 1}" if event.get("batch_index") else "",
        f"model {event['workflow']}" if event.get("workflow") else "",
        str(event.get("output") or ""),
        f"shown here as a {shown.size} preview" if shown is not None and shown is not image else "",
        address,
    ]
    return ", ".join(part for part in parts if part)


def _fitting(image: Image, most: int) -> Image:
    """The picture itself where it has at most so many bytes, else a smaller copy that has. CPU-bound."""
    if len(image.data) <= most:
        return image
    pixels = image.decoded()
    format_: OutputFormat = "webp" if image.has_alpha else "jpeg"
    side = min(_SIDE, max(pixels.size))
    while True:
        copy = pixels.copy()
        copy.thumbnail((side, side))
        small = Image.from_pil(copy, format=format_, quality=_QUALITY)
        if len(small.data) <= most or side <= _SMALLEST:
            return small
        side = max(int(side * _SHRINK), _SMALLEST)
