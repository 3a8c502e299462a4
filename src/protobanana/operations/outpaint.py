"""Grow a picture beyond its edges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field

from protobanana.errors import AskBackError, InvalidRequestError
from protobanana.operations import probe
from protobanana.operations.base import Check, Inputs, Operation, SmokeCase, Turn
from protobanana.operations.language.amounts import quantities, read_pads
from protobanana.operations.language.commands import Command
from protobanana.operations.language.facts import only_shape
from protobanana.operations.language.formats import shape_words
from protobanana.operations.language.reading import Reading, read
from protobanana.operations.language.sizes import read_shape
from protobanana.operations.language.targets import BACKGROUND, NEW, NOTHING, PART, PERSON, PICTURE, SCENE
from protobanana.pictures.image import Image

SIDES = {"left", "top", "right", "bottom"}

Pad = Annotated[int, Field(ge=0, le=16_384)]


class Outpaint(Operation):
    """Extend a picture beyond its edges; the original's pixels stay as they are at their new place.

    Amounts are pixels per side. A side that is named without an amount grows by a quarter of the picture's own width
    or height; with no side named, all four do. A wanted ratio or size is reached evenly from both sides.
    """

    name: ClassVar[str] = "outpaint"
    min_images: ClassVar[int] = 1
    max_images: ClassVar[int] = 1
    examples: ClassVar[tuple[str, ...]] = (
        "extend left 256px",
        "zoom out",
        "make it 16:9",
        "20% more sky",
        "erweitere das Bild nach rechts",
        "amplía la imagen hacia la izquierda",
        "agrandis l'image vers le haut",
        "把图片向左扩展256像素",
        "右に広げて",
    )

    left: Annotated[Pad, Field(description="Pixels to add on the left.")] = 0
    top: Annotated[Pad, Field(description="Pixels to add at the top.")] = 0
    right: Annotated[Pad, Field(description="Pixels to add on the right.")] = 0
    bottom: Annotated[Pad, Field(description="Pixels to add at the bottom.")] = 0

    @classmethod
    def claims(cls, turn: Turn) -> float:
        """High when the canvas grows: "extend", "zoom out", "more room", another ratio for the whole picture."""
        reading = read(turn.text)
        if not turn.has_image:
            return 0.0
        if any(_extends(reading, command) for command in reading.commands):
            return 0.93
        if any(_reshapes(reading, command, turn) for command in reading.commands):
            return 0.92
        return 0.0

    @classmethod
    def read(cls, turn: Turn) -> dict[str, Any]:
        """Pads in pixels; width and height only where the words name the size to reach."""
        reading = read(turn.text)
        pads = read_pads(reading, turn.width, turn.height)
        params: dict[str, Any] = {
            "prompt": turn.text, "left": pads.left, "top": pads.top, "right": pads.right, "bottom": pads.bottom,
        }  # fmt: skip
        shape = read_shape(reading)
        if shape is not None and shape.width and shape.height:
            params |= {"width": shape.width, "height": shape.height}
        return params

    @classmethod
    def merged(cls, read: Mapping[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
        """Sides named explicitly replace all that the words say of sides."""
        if SIDES & named.keys():
            read = {name: value for name, value in read.items() if name not in SIDES}
        return {**read, **named}

    def target(self, inputs: Inputs, native: tuple[int, int]) -> tuple[int, int] | None:
        """None: a wanted size is reached by the pads."""
        del inputs, native
        return None

    def pads(self, image: Image) -> dict[str, int]:
        """Pixels to add per side of `image`. Raises InvalidRequestError for a size below the picture's."""
        asked = {side: getattr(self, side) for side in ("left", "top", "right", "bottom")}
        for one, other, size, wanted in (
            ("left", "right", image.width, self.width),
            ("top", "bottom", image.height, self.height),
        ):
            if wanted is None or asked[one] + size + asked[other] == wanted:
                continue
            room = wanted - size
            if room < 0:
                raise InvalidRequestError(
                    f"'size' is smaller than the picture ({image.size}); outpaint only adds.", param="size"
                )
            both = asked[one] + asked[other]
            asked[one] = round(room * (asked[one] / both if both else 0.5))
            asked[other] = room - asked[one]
        if not any(asked.values()):
            raise AskBackError(
                "Say where to extend and by how much: left, top, right or bottom in pixels.", param="left"
            )
        return asked

    def slots(self, inputs: Inputs) -> dict[str, Any]:
        """The pads in place of a size."""
        values = super().slots(inputs) | self.pads(inputs.images[0])
        return {name: value for name, value in values.items() if name not in {"width", "height"}}

    @classmethod
    def smoke_cases(cls) -> Sequence[SmokeCase]:
        """Uneven room on three sides."""
        params = {"prompt": "extend the picture", "left": 192, "right": 64, "top": 128, "seed": 1, "quality": "low"}
        return [SmokeCase("three sides", params, Inputs((probe.marked_field(640),)))]

    @classmethod
    def judge(cls, case: SmokeCase, output: Image) -> Sequence[Check]:
        """The size is the sum, the input is in its place pixel by pixel, the new room is painted in its manner."""
        original = case.inputs.images[0]
        return [
            Check("the size is picture plus room", output.size == "896x768", output.size),
            probe.placed_check("the input is in its place", output, original, 192, 128),
            probe.colour_check("the room continues the picture", output, (0.0, 0.3, 0.15, 0.9), probe.RED, 70),
        ]


def _extends(reading: Reading, command: Command) -> bool:
    directed = command.mentions(
        "side.left", "side.right", "side.top", "side.bottom", "side.horizontal", "side.vertical", "side.all"
    )
    if command.verb == "zoomout":
        return True
    if command.verb == "extend":
        hinted = directed or command.mentions("noun.space", "hint.top", "hint.bottom") or _about_dimension(command)
        return hinted or read_shape(reading) is not None or command.target in {PICTURE, SCENE, NOTHING, BACKGROUND}
    if command.verb in {"remove", "replace", "move", "recolor", "keep", "talk", "write", "combine"}:
        return False
    if command.mentions("noun.space") and command.target not in {PERSON, BACKGROUND}:
        larger = command.verb == "" and command.mentions("grow.all")
        return larger or command.mentions("number.more") or directed or command.verb in {"add", "give", "want"}
    if command.mentions("show.body") or (
        command.verb == "show" and (directed or command.mentions("show.whole", "hint.bottom", "hint.top"))
    ):
        return True
    more = command.mentions("number.more")
    amount = bool(quantities(reading))
    if command.verb in {"add", "want", "", "put", "give", "make", "draw"} and command.target != PERSON:
        if directed and (amount or (more and _only_place(command)) or _continues(command)):
            return True
        if more and command.mentions("hint.top", "hint.bottom") and command.target in {NEW, NOTHING, PART}:
            return True
    return False


def _continues(command: Command) -> bool:
    """Whether what is added belongs to the side where it is added ("add sky at the top")."""
    hinted = (("hint.top", "side.top"), ("hint.bottom", "side.bottom"))
    named = any(token.kind == "word" and not token.tags for token in command.object)
    return command.verb == "add" and not named and any(command.mentions(a) and command.mentions(b) for a, b in hinted)


def _only_place(command: Command) -> bool:
    """Whether nothing else is asked for than more of the same ("more on the left")."""
    return not any(
        (token.kind == "word" and not token.tags) or token.has("noun.plural") for token in command.clause.tokens
    )


def _reshapes(reading: Reading, command: Command, turn: Turn) -> bool:
    if command.verb == "draw" and command.mentions("pronoun.same") and read_shape(reading) is not None:
        return _nothing_else(reading, command)
    sized = command.mentions("grow.horizontal", "grow.vertical", "grow.all") and _about_dimension(command)
    if sized and command.verb in {"effect", "change", "add"}:
        return bool(quantities(reading)) and not command.mentions("number.less", "verb.shrink")
    if command.verb in {"draw", "remove", "recolor", "add", "combine", "talk", "write", "cutout"}:
        return False
    if command.verb in {"turn", "make", "change"} and read_shape(reading) and command.mentions("verb.extend"):
        return True
    grows = command.mentions("grow.horizontal", "grow.vertical", "grow.all") and command.verb in {
        "make",
        "turn",
        "want",
        "change",
        "",
        "effect",
    }
    if grows and command.verb in {"", "turn", "make"} and quantities(reading) and _multiplied(reading):
        return not _grows_part(command)
    if command.verb == "" and len(command.object) == 1 and command.mentions("grow.horizontal", "grow.vertical"):
        return command.mentions("adj.size")
    if grows and command.target in {PICTURE, NOTHING} and (command.verb in {"make", "want"} or quantities(reading)):
        return not command.mentions("number.less")
    if command.verb in {"put", "replace"} and command.target != PICTURE:
        return False
    if not only_shape(reading, command):
        return False
    if command.verb == "effect":
        return command.clause.spoken in {"resize", "scale", "rescale", "reframe"} and _other_ratio(reading, turn)
    return _nothing_else(reading, command)


def _about_dimension(command: Command) -> bool:
    """Whether the object is nothing but a width, a height and amounts: "the height by 100 px"."""
    return bool(command.object) and all(
        token.kind == "number" or any(tag.startswith(_DIMENSIONS) for tag in token.tags) for token in command.object
    )


_DIMENSIONS = ("grow.", "unit.", "number.", "det.", "link.", "noun.picture", "pronoun.it")


def _grows_part(command: Command) -> bool:
    """Whether a thing in the picture shall grow ("make the tree twice as tall")."""
    named = command.target == PERSON or any(token.kind == "word" and not token.tags for token in command.object)
    return command.target in {PART, PERSON} and named


def _multiplied(reading: Reading) -> bool:
    found = quantities(reading)
    return any(quantity.kind in {"times", "total"} or reading.mentions("number.half") for _, quantity in found)


def _other_ratio(reading: Reading, turn: Turn) -> bool:
    shape = read_shape(reading)
    if shape is None or shape.ratio is None:
        return False
    return abs(shape.ratio / (turn.width / turn.height) - 1) > 0.03


def _nothing_else(reading: Reading, command: Command) -> bool:
    """Whether all content words speak of the shape."""
    strange = [
        token
        for token in command.clause.tokens
        if token.kind == "word" and not token.tags and token.word not in shape_words()
    ]
    described = command.mentions("adj.style", "adj.moment", "adj.comparative")
    return not described and len(strange) <= (1 if command.target == PICTURE else 0)
