"""Make one picture of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from protobanana.operations import probe
from protobanana.operations.base import Check, Inputs, Operation, SmokeCase, Turn
from protobanana.operations.language.commands import Command
from protobanana.operations.language.reading import Reading, read
from protobanana.operations.language.sizes import read_shape
from protobanana.operations.language.targets import BACKGROUND, NEW, PART, PERSON, PICTURE, SCENE
from protobanana.operations.language.tokens import Token
from protobanana.pictures.image import Image


class Compose(Operation):
    """Combine two or more pictures into one, in the order they were sent ("image 1", "the second picture")."""

    name: ClassVar[str] = "compose"
    min_images: ClassVar[int] = 2
    max_images: ClassVar[int] = 16
    examples: ClassVar[tuple[str, ...]] = (
        "combine these two pictures",
        "put the product from image 1 into image 2",
        "use the style of the second picture on the first",
        "kombiniere die beiden Bilder",
        "combina las dos imágenes",
        "combine les deux images",
        "把两张图片合成一张",
        "2枚の画像を合成して",
    )

    @classmethod
    def claims(cls, turn: Turn) -> float:
        """High when several pictures are used together; two in sight alone do not make a composition."""
        if not turn.has_image:
            return 0.0
        reading = read(turn.text)
        references = len({token.word for token in reading.tokens if token.has("noun.reference")})
        several = reading.mentions("noun.several")
        combined = any(command.verb == "combine" for command in reading.commands)
        if turn.n_refs < 2:
            return 0.94 if (combined and (several or references)) or references >= 2 else 0.0
        if combined or references >= 2 or several or any(map(_of_a_group, reading.commands)):
            return 0.94
        if not reading.commands:
            return 0.65
        return 0.9 if any(_together(reading, command, references) for command in reading.commands) else 0.0

    @classmethod
    def read(cls, turn: Turn) -> dict[str, Any]:
        """The words, and the size where one is named."""
        shape = read_shape(read(turn.text))
        width, height = shape.size() if shape else (None, None)
        return {"prompt": turn.text} | ({"width": width, "height": height} if width and height else {})

    @classmethod
    def smoke_cases(cls) -> Sequence[SmokeCase]:
        """Two pictures whose colours the words do not name."""
        params = {"prompt": "put both things side by side into one picture", "seed": 1, "quality": "low"}
        pictures = (probe.disc(colour=probe.BLUE), probe.disc(colour=probe.YELLOW))
        return [SmokeCase("two discs", params, Inputs(pictures))]

    @classmethod
    def judge(cls, case: SmokeCase, output: Image) -> Sequence[Check]:
        """Something of each picture has arrived."""
        return [
            probe.drawn_check("something is drawn", output),
            probe.presence_check("the first picture is in it", output, probe.BLUE),
            probe.presence_check("the second picture is in it", output, probe.YELLOW),
        ]


def _together(reading: Reading, command: Command, references: int) -> bool:
    """Whether a command with several pictures attached needs more than one of them."""
    if references and (command.verb in {"use", "put", "add", "give", "", "draw", "want"} or _result_refers(command)):
        return True
    if command.verb in {"use", "combine"} or (references and command.target == PERSON):
        return True
    if reading.language in {"zh", "ja"} and command.verb in {"put", "use"}:
        return True
    definite = _definite(command)
    if command.verb in {"replace", "change", "turn"}:
        return any(token.has("det.definite") for token in command.result)
    if command.verb in {"put", "add", "give", "make", "write"}:
        if command.verb == "make" and (
            command.target == NEW or (references and command.mentions("link.like", "verb.use"))
        ):
            return True
        if command.verb == "make":
            return command.target in {PART, PERSON} and any(token.has("det.definite") for token in command.result)
        return len(definite) >= 2 or (bool(definite) and command.mentions("pronoun.person"))
    if command.verb in {"", "draw", "want", "again"}:
        return command.target in {PART, NEW, PERSON, PICTURE} and command.target not in {SCENE, BACKGROUND}
    return False


def _of_a_group(command: Command) -> bool:
    """Whether it is about "them" or "these" being together rather than about how they look."""
    if not command.mentions("pronoun.group") or command.verb not in {"", "make", "put", "give", "draw", "want"}:
        return False
    return not command.mentions("adj.color", "adj.comparative", "adj.style")


def _definite(command: Command) -> list[Token]:
    """Determiners of known things: "the cat", "this logo", but not "this" alone."""
    tokens = command.clause.tokens
    return [
        token
        for token, following in zip(tokens, [*tokens[1:], tokens[-1]], strict=True)
        if (token.has("pronoun.it") and " " in token.word)
        or (
            token.has("det.definite")
            and not (
                token.has("pronoun.it")
                and following.has("link.on", "link.to", "link.with", "skip.filler", "adj.comparative")
            )
        )
    ]


def _result_refers(command: Command) -> bool:
    return any(token.has("noun.reference") for token in command.result)
