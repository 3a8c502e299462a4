"""What a user can ask for. An operation is one pydantic class: its fields *are* its parameters.

Tool schemas, the word router, command line flags and documentation are derived from the class; a new operation is a new
module in this package and a workflow document that names it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from protobanana.errors import AskBackError, InvalidRequestError
from protobanana.pictures.image import Image, flatten

Quality = Literal["low", "medium", "high"]
MAX_SEED = 2**64 - 1
"""Largest seed ComfyUI's samplers take."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What the words of a request are judged by. `width` and `height` are those of the newest picture."""

    text: str
    has_image: bool = False
    """Whether any picture is in the conversation."""
    n_refs: int = 0
    """Pictures attached to this very turn."""
    has_mask: bool = False
    width: int = 1024
    height: int = 1024


@dataclass(frozen=True, slots=True)
class Inputs:
    """The pictures an operation works on, in the order the user means them, and the mask where there is one."""

    images: tuple[Image, ...] = ()
    mask: Image | None = None


@dataclass(frozen=True)
class Check:
    """One statement of a smoke check: what was measured, and whether it is as it should be."""

    name: str
    ok: bool
    measured: str = ""


@dataclass(frozen=True)
class SmokeCase:
    """A known input for the semantic check. `params` build the operation, `judge` is `Operation.judge`'s `case`."""

    title: str
    params: Mapping[str, Any]
    inputs: Inputs = field(default_factory=Inputs)


class Operation(BaseModel):
    """A thing a user can ask for. Subclasses add fields; the docstring's first line is the tool's description."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClassVar[str] = ""
    min_images: ClassVar[int] = 0
    """Pictures it cannot do without."""
    max_images: ClassVar[int] = 0
    """Pictures it has a use for; a workflow's own `limits.max_images` may be lower or higher."""
    needs_mask: ClassVar[bool] = False
    needs_prompt: ClassVar[bool] = True
    """Whether it makes no sense without words."""
    keeps_alpha: ClassVar[bool] = False
    """Whether a transparent input keeps its transparency; otherwise it is laid on white first."""
    extra_outputs: ClassVar[tuple[str, ...]] = ()
    """Further outputs of its workflows that `finish` needs, by the names in their headers."""
    makes_alpha: ClassVar[bool] = False
    """Whether its result has a transparent ground."""
    examples: ClassVar[tuple[str, ...]] = ()
    """Turns that must route here, as users write them."""

    prompt: Annotated[str, Field(max_length=32_000, description="What to draw or to change, in plain words.")] = ""
    negative_prompt: Annotated[str | None, Field(max_length=32_000, description="What to keep out of the picture.")] = (
        None
    )
    seed: Annotated[
        int | None, Field(ge=0, le=MAX_SEED, description="Same seed and same words give the same picture.")
    ] = None
    n: Annotated[int, Field(ge=1, le=10, description="How many variants.")] = 1
    quality: Annotated[Quality | None, Field(description="low is the fast tier; leave it out for the default.")] = None
    width: Annotated[int | None, Field(ge=1, le=65_536, description="Width of the result in pixels.")] = None
    height: Annotated[int | None, Field(ge=1, le=65_536, description="Height of the result in pixels.")] = None

    # Routing by words -------------------------------------------------------------------------------------------

    @classmethod
    def claims(cls, turn: Turn) -> float:
        """How sure the words are that this operation is meant: 0 (not at all) to 1. Impossible turns claim 0."""
        raise NotImplementedError

    @classmethod
    def read(cls, turn: Turn) -> dict[str, Any]:
        """Parameters that the words carry, as keyword arguments for the class."""
        return {"prompt": turn.text}

    @classmethod
    def merged(cls, read: Mapping[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
        """What the words say, overridden by the parameters that were named explicitly."""
        return {**read, **named}

    # Binding to a workflow --------------------------------------------------------------------------------------

    def slots(self, inputs: Inputs) -> dict[str, Any]:
        """Slot name -> value for `Workflow.bind`, seeds and batch apart; only what was set is sent.

        Pictures appear as `Image`; the runner uploads them. Slot names: `prompt`, `negative_prompt`, `width`,
        `height`, `image`, `image_2`, ... and `mask`.
        """
        values: dict[str, Any] = {"prompt": self.prompt}
        for name in ("negative_prompt", "width", "height"):
            value = getattr(self, name)
            if value is not None:
                values[name] = value
        for number, image in enumerate(inputs.images, start=1):
            values["image" if number == 1 else f"image_{number}"] = image
        if inputs.mask is not None:
            values["mask"] = inputs.mask
        return values

    def prepare(self, inputs: Inputs) -> Inputs:
        """Check and normalise the pictures before they are uploaded. CPU-bound; runs off the event loop."""
        if len(inputs.images) < self.min_images:
            raise AskBackError(
                f"{self.title()} needs {'a picture' if self.min_images == 1 else f'{self.min_images} pictures'}, "
                f"{len(inputs.images) or 'none'} came with the request.",
                param="image",
            )
        # Decoding finds damage while it is still the caller's error and not a run-time error of ComfyUI's.
        return replace(inputs, images=tuple(map(self._plain, inputs.images)))

    def _plain(self, image: Image) -> Image:
        """The picture as ComfyUI will read it right: eight bits, and transparent parts as white as they look (ComfyUI
        would show what lies hidden under them).
        """
        if image.has_alpha and not self.keeps_alpha:
            return Image.from_pil(flatten(image.decoded()))
        if not image.ordinary:
            return Image.from_pil(image.decoded())
        image.check()
        return image

    def target(self, inputs: Inputs, native: tuple[int, int]) -> tuple[int, int] | None:
        """Width and height that the result is to have, None where nothing was said or the operation sees to it.

        A side that is named alone brings the other in the proportions of the first picture, else of `native`, the
        model's own size.
        """
        if self.width is None and self.height is None:
            return None
        wide, high = (inputs.images[0].width, inputs.images[0].height) if inputs.images else native
        width = self.width or max(round((self.height or high) * wide / high), 1)
        return width, self.height or max(round(width * high / wide), 1)

    def finish(self, image: Image, inputs: Inputs, extras: Mapping[str, Image]) -> Image:
        """Last touch on a rendered picture; `extras` are the further outputs by name. Runs off the event loop."""
        del inputs, extras
        return image

    # The semantic check -----------------------------------------------------------------------------------------

    @classmethod
    def smoke_cases(cls) -> Sequence[SmokeCase]:
        """Known inputs that every workflow of this operation must handle."""
        raise NotImplementedError

    @classmethod
    def judge(cls, case: SmokeCase, output: Image) -> Sequence[Check]:
        """Measure the output of a smoke case."""
        raise NotImplementedError

    @classmethod
    def title(cls) -> str:
        """The operation's name as prose: "region edit"."""
        return cls.name.replace("_", " ").capitalize()

    @classmethod
    def parse(cls, params: Mapping[str, Any]) -> Self:
        """Build from untrusted parameters; raises InvalidRequestError naming the field."""
        from pydantic import ValidationError  # noqa: PLC0415 - named only here

        try:
            return cls(**params)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            field_name = str(first["loc"][0]) if first["loc"] else None
            raise InvalidRequestError(f"'{field_name}': {first['msg']}.", param=field_name) from None


@lru_cache(maxsize=1)
def operations() -> Mapping[str, type[Operation]]:
    """All operations by name: every subclass found in the modules of this package."""
    package = importlib.import_module("protobanana.operations")
    for module in pkgutil.iter_modules(package.__path__, "protobanana.operations."):
        importlib.import_module(module.name)
    found = sorted(Operation.__subclasses__(), key=lambda cls: (cls.max_images, cls.name))
    return {cls.name: cls for cls in found if cls.name and cls.__module__.startswith("protobanana.operations.")}
