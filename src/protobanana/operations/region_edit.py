"""Change one named part of a picture."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field

from protobanana.errors import AskBackError
from protobanana.operations import masks, probe
from protobanana.operations.base import Check, Inputs, Operation, SmokeCase, Turn
from protobanana.operations.language.commands import SAYS, Command
from protobanana.operations.language.reading import Reading, read
from protobanana.operations.language.split import Split, split
from protobanana.operations.language.targets import NEW, PART, PERSON
from protobanana.pictures.image import Image

_DIFFERENT = frozenset({"replace", "change", "turn", "recolor", "touch"})
_QUALITY = ("adj.color", "adj.look", "adj.comparative", "det.indefinite")


class RegionEdit(Operation):
    """Change one part of a picture that words can name and leave every pixel outside it as it is.

    A part that is recoloured, replaced, retouched or removed is a region. What is added, moved, posed, or concerns the
    whole picture, its background, light, weather or style is an edit.
    """

    name: ClassVar[str] = "region_edit"
    min_images: ClassVar[int] = 1
    max_images: ClassVar[int] = 1
    keeps_alpha: ClassVar[bool] = True
    extra_outputs: ClassVar[tuple[str, ...]] = ("mask",)
    examples: ClassVar[tuple[str, ...]] = (
        "make the man's tie red",
        "change the hat to a bowler hat",
        "remove the people in the background",
        "replace the cat with a dog",
        "mach die Krawatte rot",
        "cambia el sombrero por una corona",
        "remplace le chapeau par une couronne",
        "把帽子换成皇冠",
        "ネクタイを赤くして",
    )

    region: Annotated[str, Field(max_length=1000, description="The part to change, as it is now: 'the man's tie'.")] = (
        ""
    )
    result: Annotated[str, Field(max_length=4000, description="What shall be there afterwards: 'a red tie'.")] = ""

    @classmethod
    def claims(cls, turn: Turn) -> float:
        """Moderate when every command is about one and the same kind of thing: a named part."""
        if not turn.has_image:
            return 0.0
        reading = read(turn.text)
        parts = [command for command in reading.commands if concerns_part(command)]
        if not parts:
            return 0.0
        others = [command for command in reading.commands if command.verb and not concerns_part(command)]
        return 0.0 if others or _split(reading) is None or len(parts) > 1 else 0.75

    @classmethod
    def read(cls, turn: Turn) -> dict[str, Any]:
        """The whole text as the prompt, with its region and result phrases."""
        found = _split(read(turn.text))
        if found is None:
            return {"prompt": turn.text}
        return {"prompt": turn.text, "region": found.region, "result": found.result}

    def slots(self, inputs: Inputs) -> dict[str, Any]:
        """`target` is the part to find; the instruction says what becomes of it."""
        return super().slots(inputs) | {"target": self.region, "prompt": self.prompt or self.result}

    def prepare(self, inputs: Inputs) -> Inputs:
        """Raises AskBackError(param="region") when no part is named."""
        if not self.region.strip():
            raise AskBackError('Say which part to change and into what: "change the hat to a crown".', param="region")
        return super().prepare(inputs)

    def finish(self, image: Image, inputs: Inputs, extras: Mapping[str, Image]) -> Image:
        """Raises AskBackError when nothing in the picture fits the words; transparency is kept."""
        if "mask" in extras and masks.is_empty(extras["mask"]):
            raise AskBackError(
                f"Nothing in the picture looks like '{self.region[:100]}'; name the part in other words.",
                param="region",
                code="nothing_found",
            )
        return masks.with_alpha_of(image, inputs.images[0])

    @classmethod
    def smoke_cases(cls) -> Sequence[SmokeCase]:
        """One part of a picture, named by words; the blue bar is never mentioned."""
        params = {
            "prompt": "make the white circle green",
            "region": "the white circle",
            "result": "a green circle",
            "seed": 1,
            "quality": "low",
        }
        return [SmokeCase("recolour the circle", params, Inputs((probe.marked_field(),)))]

    @classmethod
    def judge(cls, case: SmokeCase, output: Image) -> Sequence[Check]:
        """Away from the part every pixel is the input's; the part has its new colour."""
        original = case.inputs.images[0]
        return [
            probe.identity_check("away from the part every pixel is kept", output, original, probe.centre_mask(0.26)),
            probe.colour_check("the part has its new colour", output, probe.CENTRE, probe.GREEN, 80),
        ]


def _split(reading: Reading) -> Split | None:
    for command in reading.commands:
        if concerns_part(command):
            return split(reading, command)
    return None


def concerns_part(command: Command) -> bool:
    """Whether the command changes a part that it names."""
    listed = [token for token in command.object if token.has("link.and", "noun.background")]
    if any(a.has("link.and") and b.has("noun.background") for a, b in itertools.pairwise(listed)):
        return False
    if command.verb == "remove":
        return not _weather(command) and command.target in {PART, PERSON, NEW}
    if command.target != PART or _restyled(command):
        return False
    if any(a.has("link.and") and b.has("det.definite") for a, b in itertools.pairwise(command.result)):
        return False
    if not command.result:
        return command.verb in _DIFFERENT - {"replace", "turn"} and not command.object[0].has("noun.background")
    return _becomes(command)


def _becomes(command: Command) -> bool:
    """Whether the result is a thing or a quality of the part, not a posture, a size or a place."""
    if command.verb in _DIFFERENT:
        posed = command.results_in("adj.size", "adj.act") and not command.results_in(*_QUALITY)
        return command.verb == "replace" or not posed or command.result[0].word in SAYS
    if command.verb == "put":
        placed = any(token.has("link.on") for token in command.object)
        return not placed and all(token.has("adj.color", "adj.look", "skip.filler") for token in command.result)
    if command.verb not in {"make", "want"}:
        return False
    first = command.result[0]
    if first.word in SAYS or first.kind in {"number", "quote"}:
        return True
    if first.has("verb.move") and command.results_in("link.like"):
        return not command.results_in("pronoun.it", "ask.yesno", "adj.moment")
    return command.results_in(*_QUALITY) and not _acts(command)


def _restyled(command: Command) -> bool:
    """Whether all that is said of the result is a style ("turn this logo into 3d")."""
    if not command.results_in("adj.style") or command.results_in("adj.look", "adj.color"):
        return False
    return all(token.has("adj.style", "det.indefinite", "skip.filler") for token in command.result)


def _weather(command: Command) -> bool:
    """Whether only weather or a time of day is taken away ("remove the fog")."""
    named = [token for token in command.object if not token.has("det.definite", "det.indefinite", "number.more")]
    return bool(named) and all(token.has("adj.moment") for token in named)


def _acts(command: Command) -> bool:
    """Whether the predicate is a posture or a size ("the dog bigger", "the man smile") rather than a quality."""
    for token in command.result:
        if token.has("adj.color", "adj.look", "adj.comparative", "det.indefinite"):
            return False
        if token.word in {"look", "looks"}:
            continue
        if token.has("adj.act", "adj.size"):
            return True
    return False
