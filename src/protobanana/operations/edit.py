"""Change a whole picture by words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from protobanana.operations import probe
from protobanana.operations.base import Check, Inputs, Operation, SmokeCase, Turn
from protobanana.operations.language.reading import read
from protobanana.operations.language.sizes import read_shape
from protobanana.pictures.image import Image


class Edit(Operation):
    """Change a picture by an instruction: style, light, weather, background, pose, things added."""

    name: ClassVar[str] = "edit"
    min_images: ClassVar[int] = 1
    max_images: ClassVar[int] = 1
    examples: ClassVar[tuple[str, ...]] = (
        "turn this into a watercolor",
        "make it night",
        "replace the background with a beach",
        "add a hat",
        "füge einen Hut hinzu",
        "conviértelo en una acuarela",
        "ajoute des lunettes",
        "换成夜晚",
        "アニメ風にして",
    )

    @classmethod
    def claims(cls, turn: Turn) -> float:
        """What is left for a picture in sight: whatever is neither new nor about one part."""
        return 0.6 if turn.has_image else 0.0

    @classmethod
    def read(cls, turn: Turn) -> dict[str, Any]:
        """The instruction, and a size where one is named."""
        shape = read_shape(read(turn.text))
        width, height = shape.size() if shape else (None, None)
        return {"prompt": turn.text} | ({"width": width, "height": height} if width and height else {})

    @classmethod
    def smoke_cases(cls) -> Sequence[SmokeCase]:
        """A red field whose circle is to become a star; the blue bar on it is never mentioned."""
        params = {"prompt": "change the white circle to a yellow star", "seed": 1, "quality": "low"}
        return [SmokeCase("circle to star", params, Inputs((probe.marked_field(),)))]

    @classmethod
    def judge(cls, case: SmokeCase, output: Image) -> Sequence[Check]:
        """What was asked for has changed; what only the picture could tell is still there."""
        return [
            probe.colour_check("the ground keeps its colour", output, probe.TOP, probe.RED, 40),
            probe.colour_check("what nobody mentioned is kept", output, probe.BAR, probe.BLUE, 60),
            probe.colour_check("the circle is yellow now", output, probe.CENTRE, probe.YELLOW, 70),
        ]
