"""The typed options of a request: OpenAI's fields, our own, and what is refused with the values that are allowed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from protobanana.errors import InvalidRequestError
from protobanana.operations.base import MAX_SEED
from protobanana.turn.request import Background, Wishes

Form = Literal["auto", "markdown", "images", "url", "both"]
"""How a chat answer carries its pictures: in the text, in `images` beside it, in the text by a short address, or both
in the text and beside it. `auto` is what the calling client shows.
"""

_QUALITY: Final = {
    "auto": None, "low": "low", "medium": "medium", "high": "high",
    "standard": "medium", "hd": "high", "xhigh": "high", "max": "high",
}  # fmt: skip
LONGEST_SIDE = 65_536
"""Pixels that any operation takes for a side; workflows have narrower limits."""
_SIZE = re.compile(r"(\d{1,5})\s*[x×*]\s*(\d{1,5})", re.IGNORECASE)
_SPREAD = re.compile(r"inputs\[(.+)\]", re.DOTALL)
"""How OpenAI's SDK writes an object into a form: one field per entry."""
_ASPECT = re.compile(r"(\d{1,3})\s*:\s*(\d{1,3})")

ACCEPTED_WITHOUT_EFFECT: Final = frozenset(
    {"user", "safety_identifier", "moderation", "style", "input_fidelity", "metadata"}
)
"""OpenAI fields that clients send by default and that mean nothing to a workflow on one's own machine."""


class Options(BaseModel):
    """Fields of an image request; each is validated by name, and strings from a multipart form are converted."""

    model_config = ConfigDict(frozen=True, extra="allow")

    n: int = Field(1, ge=1, le=10)
    size: str | None = None
    quality: str | None = None
    background: Background = "auto"
    output_format: Literal["png", "webp", "jpeg"] = "png"
    output_compression: int = Field(100, ge=0, le=100)
    response_format: Literal["b64_json", "url"] = "b64_json"
    seed: int | None = Field(None, ge=0, le=MAX_SEED)
    negative_prompt: str | None = Field(None, max_length=32_000)
    image_output: Form = "auto"
    return_mask: bool = False
    stream: bool = False
    partial_images: int = Field(0, ge=0, le=3)
    inputs: dict[str, Any] = Field(default_factory=dict, max_length=500)
    """Inputs of the workflow's nodes by name, judged where the workflow is known; JSON text in a form."""

    @field_validator("background", "output_format", "response_format", "image_output", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        value = value.strip().lower() if isinstance(value, str) else value
        return "jpeg" if value == "jpg" else value

    @field_validator("quality", mode="before")
    @classmethod
    def _known_quality(cls, value: object) -> object:
        if isinstance(value, str) and value.strip().lower() in _QUALITY:
            return _QUALITY[value.strip().lower()]
        msg = f"use one of {', '.join(_QUALITY)}"
        raise ValueError(msg)

    @field_validator("size", mode="before")
    @classmethod
    def _known_size(cls, value: object) -> object:
        text = value.strip().lower() if isinstance(value, str) else None
        if text in ("auto", ""):
            return None
        match = text and (_SIZE.fullmatch(text) or _ASPECT.fullmatch(text))
        if not match or "0" in (match[1].lstrip("0") or "0", match[2].lstrip("0") or "0"):
            msg = "use auto, WIDTHxHEIGHT in pixels (1024x1024), or a ratio (16:9)"
            raise ValueError(msg)
        if max(int(match[1]), int(match[2])) > LONGEST_SIDE:
            msg = f"a side may have {LONGEST_SIDE} pixels at most"
            raise ValueError(msg)
        return text

    @field_validator("inputs", mode="before")
    @classmethod
    def _an_object(cls, value: object) -> object:
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                value = None
        if isinstance(value, Mapping):
            return value
        msg = 'write an object of names and values, as in {"KSampler.steps": 12}; in a form, as JSON text'
        raise ValueError(msg)

    @model_validator(mode="after")
    def _possible_together(self) -> Options:
        if self.background == "transparent" and self.output_format == "jpeg":
            msg = "background: transparent needs output_format png or webp"
            raise ValueError(msg)
        if self.output_format == "png" and self.output_compression < 100:
            msg = "output_compression: below 100 needs output_format webp or jpeg"
            raise ValueError(msg)
        return self

    def wishes(self) -> Wishes:
        """The options as the core sees them. Raises InvalidRequestError for a further field that is no plain value."""
        size = _SIZE.fullmatch(self.size) if self.size else None
        aspect = _ASPECT.fullmatch(self.size) if self.size else None
        return Wishes(
            n=self.n,
            width=int(size[1]) if size else None,
            height=int(size[2]) if size else None,
            aspect=(int(aspect[1]), int(aspect[2])) if aspect else None,
            quality=self.quality,  # type: ignore[arg-type]  # the validator leaves only these three, or None
            seed=self.seed,
            negative_prompt=self.negative_prompt,
            output_format=self.output_format,
            output_compression=self.output_compression,
            background=self.background,
            return_mask=self.return_mask,
            inputs=self.inputs,
            extra={name: _plain(name, value) for name, value in (self.model_extra or {}).items()},
        )


@dataclass(frozen=True)
class _Refusal:
    """How a field is named in a refusal: what was wrong and which values are allowed."""

    field: str
    reason: str


def parse(fields: Mapping[str, Any]) -> Options:
    """Validate raw fields, None meaning unset. Raises InvalidRequestError naming the first bad field."""
    given = {name: value for name, value in fields.items() if value is not None and name not in ACCEPTED_WITHOUT_EFFECT}
    spread = {match[1]: given.pop(name) for name in list(given) if (match := _SPREAD.fullmatch(name))}
    if spread:
        given["inputs"] = spread
    try:
        return Options.model_validate(given)
    except ValidationError as error:
        refusal = _refusal(error)
        raise InvalidRequestError(f"'{refusal.field}': {refusal.reason}.", param=refusal.field) from None


def parse_known(fields: Mapping[str, Any]) -> Options:
    """As `parse`, for chat: of the many fields a chat client sends, only those of pictures are read."""
    return parse({name: value for name, value in fields.items() if name in CHAT_FIELDS})


CHAT_FIELDS: Final = frozenset(Options.model_fields) - {"response_format", "stream"}
"""In a chat, `response_format` is about JSON and not about pictures, and LiteLLM sees to the stream."""


def _refusal(error: ValidationError) -> _Refusal:
    first = error.errors(include_input=False, include_url=False)[0]
    reason = first["msg"].removeprefix("Value error, ").rstrip(".")
    if first["loc"]:
        return _Refusal(str(first["loc"][0]), reason[:1].lower() + reason[1:])
    field, _, rest = reason.partition(": ")
    return _Refusal(field, rest)


def _plain(name: str, value: object) -> bool | int | float | str:
    """A further field as a value a slot can take; numbers in a form arrive as text."""
    if isinstance(value, str):
        for convert in (int, float):
            try:
                return convert(value)
            except ValueError:
                continue
        return value
    if isinstance(value, (bool, int, float)):
        return value
    raise InvalidRequestError(f"'{name[:60]}' must be a plain value (text, number, true or false).", param=name[:60])
