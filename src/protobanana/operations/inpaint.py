"""Fill a masked area."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from protobanana.errors import AskBackError
from protobanana.operations import masks, probe
from protobanana.operations.base import Check, Inputs, Operation, SmokeCase, Turn
from protobanana.pictures.image import Image


class Inpaint(Operation):
    """Repaint the masked area of a picture; every pixel outside the mask stays as it is."""

    name: ClassVar[str] = "inpaint"
    min_images: ClassVar[int] = 1
    max_images: ClassVar[int] = 1
    keeps_alpha: ClassVar[bool] = True
    needs_mask: ClassVar[bool] = True
    examples: ClassVar[tuple[str, ...]] = (
        "a bowl of fruit",
        "fill the masked area with grass",
        "remove this",
        "ein Blumenstrauß",
        "un gato durmiendo",
        "un vase de fleurs",
        "一只猫",
        "ここに猫を描いて",
    )

    @classmethod
    def claims(cls, turn: Turn) -> float:
        """A mask means this, whatever the words; only a plain cut-out or plain talk is something else."""
        return 0.96 if turn.has_mask and turn.has_image else 0.0

    @classmethod
    def read(cls, turn: Turn) -> dict[str, Any]:
        """The words describe what fills the mask."""
        return {"prompt": turn.text}

    def prepare(self, inputs: Inputs) -> Inputs:
        """The mask in one form; raises InvalidRequestError(param="mask") when it is missing or does not fit."""
        inputs = super().prepare(inputs)
        if inputs.mask is None:
            raise AskBackError(
                "Inpaint needs a 'mask' that marks what to change: transparent there, or white on black.", param="mask"
            )
        return replace(inputs, mask=masks.normalised(inputs.mask, inputs.images[0]))

    def finish(self, image: Image, inputs: Inputs, extras: Mapping[str, Image]) -> Image:
        """A picture with transparency keeps it."""
        return masks.with_alpha_of(image, inputs.images[0])

    @classmethod
    def smoke_cases(cls) -> Sequence[SmokeCase]:
        """The middle of a red field, marked; the words tell nothing of the rest."""
        params = {"prompt": "a plain green square", "seed": 1, "quality": "low"}
        return [SmokeCase("green in the mask", params, Inputs((probe.marked_field(),), probe.centre_mask()))]

    @classmethod
    def judge(cls, case: SmokeCase, output: Image) -> Sequence[Check]:
        """Outside the mask every pixel is the input's; inside something else has been drawn."""
        original, mask = case.inputs.images[0], case.inputs.mask
        return [
            probe.identity_check("outside the mask every pixel is kept", output, original, mask),
            probe.change_check("inside the mask something is new", output, original, probe.CENTRE),
        ]
