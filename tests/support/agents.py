"""Turns with a language model: what is asked, and what it came to."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import PIL.Image

from protobanana.events import Done, Event, Produced, Text, Usage
from protobanana.pictures.handles import mint
from protobanana.pictures.image import Image
from protobanana.testing import Request
from protobanana.turn.request import ImageRequest, Line, Picture


def picture(colour: str, *, attached: bool = False, note: str = "", author: str = "assistant") -> Picture:
    """A small picture of one colour with its handle."""
    image = Image.from_pil(PIL.Image.new("RGB", (256, 192), colour))
    made = Picture.of(image, attached=attached)
    made.handle, made.note, made.author = mint("me", image.data), note, author  # type: ignore[assignment]
    return made


def asked(text: str, url: str, *pictures: Picture, history: tuple[Line, ...] = (), **fields: object) -> ImageRequest:
    """A chat turn of the owner `me`."""
    talk = (*history, Line("user", text))
    return ImageRequest("chat", "chat", text, pictures, server=url, history=talk, owner="me", **fields)  # type: ignore[arg-type]


def said(events: Iterable[Event]) -> str:
    return "".join(event.delta for event in events if isinstance(event, Text))


def made(events: Iterable[Event]) -> list[Produced]:
    return [event for event in events if isinstance(event, Produced)]


def usage(events: list[Event]) -> Usage:
    last = events[-1]
    assert isinstance(last, Done)
    return last.usage


def results(request: Request) -> list[dict[str, Any]]:
    """The tool results that the model was told in its newest step."""
    told = []
    for message in reversed(request.messages):
        if message["role"] != "tool":
            break
        told.append(json.loads(message["content"]))
    return told[::-1]


def first_id(request: Request, call: int = 0) -> str:
    """Handle of the first picture of a call in the newest step."""
    return str(results(request)[call]["pictures"][0]["id"])
