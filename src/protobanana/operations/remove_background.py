"""Cut the subject out."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, ClassVar

from protobanana.operations import probe
from protobanana.operations.base import Check, Inputs, Operation, SmokeCase, Turn
from protobanana.operations.language.commands import Command
from protobanana.operations.language.facts import replaces_background, transparent, without_background
from protobanana.operations.language.reading import Reading, read
from protobanana.operations.language.targets import BACKGROUND, NEW, PART, PERSON, PICTURE
from protobanana.pictures.image import Image


class RemoveBackground(Operation):
    """Remove the background of a picture and return the subject on transparency.

    A *replaced* background is an edit, and people standing in the background are a part of the picture.
    """

    name: ClassVar[str] = "remove_background"
    min_images: ClassVar[int] = 1
    max_images: ClassVar[int] = 1
    needs_prompt: ClassVar[bool] = False
    makes_alpha: ClassVar[bool] = True
    examples: ClassVar[tuple[str, ...]] = (
        "remove the background",
        "transparent png please",
        "cut out the dog",
        "make the background transparent",
        "Hintergrund entfernen",
        "quita el fondo",
        "détoure le personnage",
        "抠图",
        "背景を透明にして",
    )

    @classmethod
    def claims(cls, turn: Turn) -> float:
        """High when the background goes and nothing takes its place."""
        reading = read(turn.text)
        cuts = _keeps_only(reading) or any(_cuts(command) for command in reading.commands)
        if not cuts or replaces_background(reading):
            return 0.0
        if _draws(reading) and (not turn.has_image or turn.n_refs == 0):
            return 0.0
        if not turn.has_image:
            return 0.8 if any(_commanded(command) for command in reading.commands) else 0.0
        return 0.98

    @classmethod
    def read(cls, turn: Turn) -> dict[str, Any]:
        """Only the words: a cut-out takes no parameters."""
        return {"prompt": turn.text}

    def slots(self, inputs: Inputs) -> dict[str, Any]:
        """Only the picture: words do not steer a matting model."""
        return {"image": inputs.images[0]}

    @classmethod
    def smoke_cases(cls) -> Sequence[SmokeCase]:
        """A plain disc on a plain ground."""
        return [SmokeCase("disc on a plain ground", {}, Inputs((probe.disc(),)))]

    @classmethod
    def judge(cls, case: SmokeCase, output: Image) -> Sequence[Check]:
        """The ground is transparent, the disc is not, and keeps its colour."""
        return [
            probe.alpha_check("the ground is transparent", output, probe.TOP, 0),
            probe.alpha_check("the subject is opaque", output, probe.CENTRE, 255),
            probe.colour_check("the subject keeps its colour", output, probe.CENTRE, probe.BLUE, 20),
        ]


def _keeps_only(reading: Reading) -> bool:
    """Whether one thing is to stay and the rest to go: "only the shoe, nothing else"."""
    kept = ("", "want", "remove", "keep", "use")
    if any(command.verb not in kept and command.clause.spoken != "get" for command in reading.commands):
        return False
    if not reading.commands and reading.mentions("verb.keep") and reading.mentions("link.only"):
        return True
    tokens = reading.tokens
    only = next((index for index, token in enumerate(tokens) if token.has("link.only", "verb.want")), None)
    rest = [index for index, token in enumerate(tokens) if token.has("link.rest")]
    if only is None or not reading.mentions("link.only"):
        return False
    filed = reading.mentions("noun.file") and any(
        token.has("link.only") and following.has("det.definite") for token, following in itertools.pairwise(tokens)
    )
    return filed or (bool(rest) and rest[-1] > only)


def _cuts(command: Command) -> bool:
    object_ = [token for token in command.object if token.has("verb.cutout") and token.has("noun.file")]
    if command.mentions("link.except", "link.rest") and command.mentions("adj.transparent"):
        return True
    return _commanded(command) or bool(object_) or transparent(command) or without_background(command)


def _commanded(command: Command) -> bool:
    """Whether the command itself is a cut-out, with or without a picture in sight."""
    if command.verb == "remove" and command.mentions("link.except"):
        return True
    if command.verb == "remove" and _the_rest(command):
        return True
    if command.verb != "cutout" and _from_background(command):
        return command.clause.spoken in _TAKES or any(token.word in _TAKES for token in command.clause.tokens[:3])
    if command.verb == "remove":
        if command.target == BACKGROUND:
            return True
        whatever = command.target == PICTURE or (bool(command.object) and command.object[0].has("ask.what"))
        return whatever and command.mentions("link.beyond")
    if command.verb == "" and command.target == BACKGROUND:
        return command.object[-1].word in _GONE
    if command.verb == "cutout":
        return command.mentions("noun.file") or not any(token.has("noun.text") for token in command.object)
    return command.target == BACKGROUND and command.mentions("adj.transparent") and command.verb != ""


def _the_rest(command: Command) -> bool:
    """Whether all that is named is "the rest"."""
    named = [token for token in command.object if not token.has("det.definite") or token.has("link.rest")]
    return bool(named) and all(token.has("link.rest") for token in named)


_GONE = frozenset({"off", "away", "out", "weg", "fuera", "none", "gone", "removed", "raus", "fort", "nothing"})
_TAKES = frozenset({"crop", "get", "take", "pull", "cut", "lift", "move"})


def _from_background(command: Command) -> bool:
    """Whether it is like "crop her out of the background" or "get the person off the background"."""
    words = [token for token in command.clause.tokens if not token.has("skip.polite")]
    if command.target not in {PART, PERSON} or not words:
        return False
    away = any(token.has("link.from") for token in words[1:-1]) and words[-1].has("noun.background")
    return away or words[-1].word == "out of the background"


_NAMES = 2
"""More content words than this describe something new: "a rusty robot waving, no background"."""


def _draws(reading: Reading) -> bool:
    """Whether the turn describes something new that shall have no background ("a rose, transparent background")."""
    for command in reading.commands:
        if command.verb in {"draw", "want"} and command.target == NEW and not command.mentions("pronoun.it"):
            return not command.mentions("noun.file") and not (
                command.verb == "want" and command.mentions("noun.picture", "noun.background")
            )
        if command.verb == "" and command.target in {NEW, PART} and not command.object[0].has("det.definite"):
            strange = sum(token.kind in {"word", "cjk"} and not token.tags for token in command.object)
            return (command.target == NEW or strange > _NAMES) and not command.mentions("pronoun.it")
    return False
