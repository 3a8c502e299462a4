"""The `_protobanana` header of a workflow document: what the graph is for, and where a request's values go in it."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    ValidationError,
    model_validator,
)

STANDARD_TIERS = ("low", "medium", "high")
"""Quality names that every workflow answers, whether or not its header lists them."""

Link = tuple[StrictStr, Annotated[StrictInt, Field(ge=0)]]
PatchValue = Link | StrictBool | StrictInt | StrictFloat | StrictStr | None
Patch = dict[str, PatchValue]
"""`node.input` -> the value it gets. `[node id, output number]` is a link, null takes the input out of the node."""

_Name = Annotated[StrictStr, Field(pattern=r"^[a-z][a-z0-9_]*$")]
_Text = Annotated[StrictStr, Field(min_length=1)]
_Count = Annotated[StrictInt, Field(ge=0)]
_Side = Annotated[StrictInt, Field(ge=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class License(_Part):
    """Under which terms the models behind the workflow may be used."""

    name: Annotated[_Text, Field(description="SPDX identifier where there is one, else the licence's own name.")]
    commercial: Annotated[StrictBool, Field(description="Whether the models may be used commercially.")]
    url: Annotated[StrictStr | None, Field(description="Where the text is.")] = None
    note: Annotated[StrictStr | None, Field(description="What else a user of the models must know.")] = None


class ModelFile(_Part):
    """One file that ComfyUI must have under its `models` folder."""

    folder: Annotated[_Text, Field(description="Folder under `models`, such as `diffusion_models` or `loras`.")]
    name: Annotated[_Text, Field(description="File name in that folder, as loader nodes name it.")]
    repo: Annotated[_Text, Field(description="Hugging Face repository `owner/name` it comes from.")]
    path: Annotated[_Text, Field(description="Path of the file inside the repository.")]
    size: Annotated[StrictInt | None, Field(ge=1, description="About how many bytes; null where not known.")] = None
    fetched_by: Annotated[
        StrictStr | None,
        Field(description="Node pack that fetches it on first use; null: someone has to put it there."),
    ] = None

    @property
    def url(self) -> str:
        """Where the file can be downloaded."""
        return f"https://huggingface.co/{self.repo}/resolve/main/{self.path}"


class CustomNode(_Part):
    """A node pack that ComfyUI needs for the graph."""

    name: Annotated[_Text, Field(description="The pack's folder name under `custom_nodes`.")]
    url: Annotated[_Text, Field(description="Where the pack comes from.")]


class Limits(_Part):
    """What a request may ask of the workflow. Sides are in pixels."""

    min_images: Annotated[_Count | None, Field(description="Pictures it needs; null: as many as its slots need.")] = (
        None
    )
    max_images: Annotated[_Count | None, Field(description="Pictures it takes; null: one per picture slot.")] = None
    max_batch: Annotated[_Side, Field(description="Pictures one run can make; more are made in several runs.")] = 1
    multiple_of: Annotated[_Side, Field(description="Width and height are multiples of this.")] = 1
    min_side: Annotated[_Side, Field(description="Smallest width or height.")] = 16
    max_side: Annotated[_Side, Field(description="Largest width or height.")] = 16_384
    max_pixels: Annotated[_Side | None, Field(description="Largest width times height; null: no limit.")] = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_side > self.max_side:
            msg = f"min_side {self.min_side} is larger than max_side {self.max_side}"
            raise ValueError(msg)
        if self.min_images is not None and self.max_images is not None and self.min_images > self.max_images:
            msg = f"min_images {self.min_images} is larger than max_images {self.max_images}"
            raise ValueError(msg)
        return self

    def refusal(self, width: int, height: int) -> str | None:
        """Why a size cannot be made, None when it can."""
        if width % self.multiple_of or height % self.multiple_of:
            return f"both sides must be multiples of {self.multiple_of}"
        if min(width, height) < self.min_side or max(width, height) > self.max_side:
            return f"sides must lie between {self.min_side} and {self.max_side}"
        if self.max_pixels is not None and width * height > self.max_pixels:
            return f"no more than {self.max_pixels} pixels"
        return None


class Slot(_Part):
    """A place in the graph that a request can fill."""

    to: Annotated[
        tuple[_Text, ...], Field(min_length=1, description="`node.input` that get the value; dotted inputs are fine.")
    ]
    absent: Annotated[
        Patch | None, Field(description="Changes to the graph when the slot is not given; makes a picture optional.")
    ] = None
    present: Annotated[Patch | None, Field(description="Changes to the graph when the slot is given.")] = None


class Tier(_Part):
    """A quality level: the graph with some changes."""

    title: Annotated[StrictStr, Field(description="For people: `Lightning, 4 steps`.")] = ""
    set: Annotated[Patch, Field(description="Changes to the graph.")] = {}
    models: Annotated[tuple[ModelFile, ...], Field(description="Files needed besides the workflow's own.")] = ()


def _one_or_many(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _slot(value: Any) -> Any:
    if isinstance(value, dict):
        return {**value, "to": _one_or_many(value["to"])} if "to" in value else value
    return {"to": _one_or_many(value)}


class NoteText(_Part):
    """What the header says where it is shown as a note."""

    text: Annotated[StrictStr, Field(description="Any words.")] = ""


class Header(_Part):
    """Everything protoBanana knows about a graph beyond the graph itself.

    ComfyUI's editor opens an API file only when each of its entries looks like a node it knows: with `class_type` and
    `inputs` the header opens as a note beside the graph.
    """

    class_type: Annotated[
        Literal["Note"] | None, Field(description="`Note`: lets ComfyUI's editor open the file, header included.")
    ] = None
    inputs: Annotated[NoteText, Field(description="What that note shows.")] = NoteText()
    schema_version: Annotated[Literal[1], Field(alias="schema", description="Version of this header's format.")]
    operations: Annotated[
        tuple[_Name, ...],
        BeforeValidator(_one_or_many),
        Field(
            alias="operation",
            description="What the workflow does: one operation, or a list of them; empty: it is called by name alone.",
        ),
    ]
    title: Annotated[StrictStr, Field(description="For people: the model's name.")] = ""
    description: Annotated[StrictStr, Field(description="One paragraph: what it is good at, what it costs.")] = ""
    default: Annotated[
        StrictBool, Field(description="Whether its operations use this workflow when none is asked for.")
    ] = False
    license: Annotated[License | None, Field(description="Terms of the models.")] = None
    models: Annotated[tuple[ModelFile, ...], Field(description="Model files the graph names.")] = ()
    custom_nodes: Annotated[tuple[CustomNode, ...], Field(description="Node packs it needs.")] = ()
    outputs: Annotated[
        dict[_Name, _Text],
        Field(description="Result name -> id of the output node; `image` is the result, `mask` the region it changed."),
    ]
    limits: Annotated[Limits, Field(description="What a request may ask for.")] = Limits()
    sizes: Annotated[
        tuple[tuple[_Side, _Side], ...],
        Field(description="Native `[width, height]`, the default first; empty where the input picture decides."),
    ] = ()
    slots: Annotated[
        dict[_Name, Annotated[Slot, BeforeValidator(_slot)]],
        Field(description="Slot name -> `node.input`, a list of them, or an object with `to`, `absent`, `present`."),
    ] = {}
    tiers: Annotated[dict[_Name, Tier], Field(description="Quality name -> changes to the graph.")] = {}
    default_tier: Annotated[_Name, Field(description="Quality used when none is asked for.")] = "medium"

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if "image" not in self.outputs:
            msg = "`outputs` has no `image`"
            raise ValueError(msg)
        for width, height in self.sizes:
            reason = self.limits.refusal(width, height)
            if reason:
                msg = f"`sizes` contradict `limits`: {width}x{height}: {reason}"
                raise ValueError(msg)
        if self.default_tier not in (*self.tiers, *STANDARD_TIERS):
            msg = f"`default_tier` {self.default_tier!r} is not one of {', '.join((*STANDARD_TIERS, *self.tiers))}"
            raise ValueError(msg)
        return self


_KEYS = {
    field.alias or name
    for part in (Header, License, ModelFile, CustomNode, Limits, Slot, Tier)
    for name, field in part.model_fields.items()
}


def header_problems(raw: object, error: ValidationError) -> list[str]:
    """A refused header for its author: one line per wrong key, `_protobanana.slots.prompt.to: ...`."""
    lines: dict[str, str] = {}
    for found in error.errors(include_url=False, include_input=False):
        place, inside = _place(raw, found["loc"])
        message = found["msg"].removeprefix("Value error, ")
        if found["type"] == "extra_forbidden":
            close = get_close_matches(str(found["loc"][-1]), _KEYS, n=1)
            message = f"unknown key{f', did you mean {close[0]!r}?' if close else ''}"
        elif {"set", "absent", "present"} & set(map(str, inside)):
            message = "must be text, a number, true, false, null or a link [node id, output number]"
        lines.setdefault(place, message)
    return [f"{place}: {message}" for place, message in lines.items()]


def _place(raw: Any, loc: tuple[int | str, ...]) -> tuple[str, list[int | str]]:
    """The part of an error's location that exists in the document; the rest names alternatives inside pydantic."""
    inside: list[int | str] = []
    for key in loc:
        known = (
            key in raw if isinstance(raw, dict) else isinstance(raw, list) and isinstance(key, int) and key < len(raw)
        )
        if known or (isinstance(raw, dict) and key is loc[-1]):
            inside.append(key)
        if not known:
            break
        raw = raw[key]
    return ".".join(["_protobanana", *map(str, inside)]), inside


__all__ = [
    "STANDARD_TIERS",
    "CustomNode",
    "Header",
    "License",
    "Limits",
    "Link",
    "ModelFile",
    "Patch",
    "PatchValue",
    "Slot",
    "Tier",
    "header_problems",
]
