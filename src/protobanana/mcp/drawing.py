"""One call of a tool as one request to the gateway, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from protobanana.client.gateway import Gateway
from protobanana.errors import InvalidRequestError
from protobanana.mcp.catalogue import Form
from protobanana.mcp.pictures import Sources
from protobanana.mcp.progress import Meter, Report
from protobanana.mcp.skills import Skill

FRAMES = 3
"""Rough frames per picture: as many as OpenAI's protocol has."""
_PICTURES = ("image", "images", "mask")


@dataclass
class Made:
    """What the gateway sent, as the events of its stream."""

    pictures: list[Mapping[str, Any]] = field(default_factory=list)
    files: list[Mapping[str, Any]] = field(default_factory=list)
    """Films, sounds and the like."""
    words: str = ""


async def draw(skill: Skill, arguments: Mapping[str, Any], sources: Sources, report: Report | None) -> Made:
    """Have it drawn. Cancelling this closes the request, and the gateway stops the job.

    `arguments` fit the skill's schema; `report` None: nobody wants to hear of progress. Raises the gateway's errors.
    """
    named = arguments.get("images") or [one for one in (arguments.get("image"),) if one]
    form = _workflow(skill, arguments.get("model"), len(named))
    wishes = {name: value for name, value in arguments.items() if name not in (*_PICTURES, "model")}
    fields = {"model": form["model"], "prompt": "", **wishes}
    if not named and "prompt" not in skill.properties:
        fields["prompt"] = skill.title  # the endpoint wants words, also for a workflow that has no use for any
    stream = {"stream": True, "partial_images": FRAMES if report else 0, "response_format": "url"}
    meter = Meter(report or _unheard, FRAMES * int(arguments.get("n", 1)))
    async with meter.running():
        if not named:
            return await _collected(sources.gateway, sources.key, meter, form["endpoint"], body={**fields, **stream})
        several = "image" if len(named) == 1 else "image[]"
        files = [
            await sources.file(one, "image" if skill.single else f"images.{number}", several)
            for number, one in enumerate(named)
        ]
        if mask := arguments.get("mask"):
            files.append(await sources.file(mask, "mask", "mask"))
        written = {
            name: value if isinstance(value, str) else json.dumps(value) for name, value in (fields | stream).items()
        }
        return await _collected(sources.gateway, sources.key, meter, form["endpoint"], form=written, files=files)


def _workflow(skill: Skill, wanted: str | None, pictures: int) -> Form:
    """The workflow that was chosen, else the first that takes so many pictures."""
    able = [form for form in skill.workflows if wanted in (None, form["name"])]
    fitting = (form for form in able if form["pictures"]["min"] <= pictures <= form["pictures"]["max"])
    return next(fitting, able[0])


async def _collected(gateway: Gateway, key: str | None, meter: Meter, path: str, **request: Any) -> Made:
    """The whole stream. Raises InvalidRequestError when it ends without anything."""
    made = Made()
    async with aclosing(gateway.events(path, key, **request)) as events:
        async for event in events:
            made.words = event.get("text") or made.words
            if str(event.get("type", "")).endswith(".partial_image"):
                await meter.frame()
            elif event.get("url") or event.get("b64_json"):
                is_picture = str(event.get("media_type") or "image/").startswith("image/")
                (made.pictures if is_picture else made.files).append(event)
    if not (made.pictures or made.files or made.words):
        raise InvalidRequestError("The gateway sent no picture; try again.", code="no_picture")
    return made


async def _unheard(done: float, whole: float | None, words: str | None) -> None:
    del done, whole, words
