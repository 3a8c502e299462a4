"""Draw a picture from words alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from protobanana.operations import probe
from protobanana.operations.base import Check, Operation, SmokeCase, Turn
from protobanana.operations.language.commands import Command
from protobanana.operations.language.facts import refers
from protobanana.operations.language.reading import Reading, read
from protobanana.operations.language.sizes import read_shape
from protobanana.operations.language.targets import NEW, NOTHING, PART
from protobanana.pictures.image import Image

_SEVERAL = 2
_LONG = 5
"""A bare phrase of this many words describes a picture, not a change."""


class Generate(Operation):
    """Draw a new picture from a description."""

    name: ClassVar[str] = "generate"
    examples: ClassVar[tuple[str, ...]] = (
        "a cat in space",
        "draw a dog wearing sunglasses",
        "logo for a bakery, minimal",
        "phone wallpaper of a misty forest",
        "zeichne einen Drachen",
        "dibuja un gato con sombrero",
        "dessine un château",
        "画一只猫",
        "猫の絵を描いて",
    )

    @classmethod
    def claims(cls, turn: Turn) -> float:
        """All there is without a picture; with one, only what is plainly new."""
        if not turn.has_image:
            return 0.5
        reading = read(turn.text)
        if reading.mentions("verb.anew") and any(command.verb == "draw" for command in reading.commands):
            return 0.95
        if any(_anew(reading, command, turn) for command in reading.commands):
            return 0.78
        return 0.3

    @classmethod
    def read(cls, turn: Turn) -> dict[str, Any]:
        """The description, and the size it asks for or means."""
        shape = read_shape(read(turn.text))
        width, height = shape.size() if shape else (None, None)
        params: dict[str, Any] = {"prompt": turn.text}
        if width:
            params["width"] = width
        if height:
            params["height"] = height
        return params

    @classmethod
    def smoke_cases(cls) -> Sequence[SmokeCase]:
        """Two colours that must be where the words put them."""
        params = {"prompt": "a white circle in the center of a plain red background", "seed": 1, "quality": "low"}
        return [SmokeCase("circle on red", params)]

    @classmethod
    def judge(cls, case: SmokeCase, output: Image) -> Sequence[Check]:
        """The picture shows what the words say."""
        return [
            probe.drawn_check("something is drawn", output),
            probe.colour_check("the background is red", output, probe.TOP, probe.RED, 70),
            probe.colour_check("the circle is white", output, probe.CENTRE, probe.WHITE, 50),
        ]


def _anew(reading: Reading, command: Command, turn: Turn) -> bool:
    """Whether the command asks for a picture of something else than what is in sight."""
    if reading.mentions("verb.anew"):
        return turn.n_refs < _SEVERAL
    if _only_again(command):
        return not turn.n_refs and not any(other.verb for other in reading.commands if other is not command)
    if refers(command) or command.mentions("pronoun.same"):
        return False
    if command.verb in {"draw", "want"}:
        return _drawn(command, turn)
    if command.verb == "recolor" and command.target == NEW and not command.results_in("adj.color", "adj.look"):
        return command.clause.spoken == "paint"
    if command.verb == "make":
        return command.target == NEW and command.mentions("noun.picture", "noun.artefact") and turn.n_refs < _SEVERAL
    if command.verb == "again":
        return (
            not turn.n_refs
            and len(reading.commands) == 1
            and (not command.object or reading.language in {"zh", "ja"} or _names_something(command))
        )
    return command.verb == "" and not turn.n_refs and _describes_picture(command)


def _names_something(command: Command) -> bool:
    return command.target == NEW or (command.target == PART and not command.object[0].tags)


def _only_again(command: Command) -> bool:
    """Whether nothing is said but that another picture is wanted ("give me a different version")."""
    words = [token for token in command.clause.tokens if token.kind != "mark"]
    return any(token.has("verb.again") for token in words) and all(token.has(*_REPEATING) for token in words)


_REPEATING = (
    *("verb.again", "verb.draw", "verb.make", "verb.want", "ask.yesno", "det.indefinite", "pronoun.same"),
    *("skip.polite", "link.cut", "link.and", "number.more"),
)


def _drawn(command: Command, turn: Turn) -> bool:
    if command.target == NOTHING and command.clause.spoken in _FOR_ME:
        return False
    if turn.n_refs and command.clause.spoken in _FOR_ME:
        return command.mentions("noun.artefact")
    if command.target not in {NEW, NOTHING, PART}:
        return command.mentions("noun.picture") and not turn.n_refs
    placed = any(
        token.has("link.on") and following.has("det.definite", "pronoun.person")
        for token, following in zip(command.object, command.object[1:], strict=False)
    )
    if command.verb == "want":
        return not placed and command.mentions("noun.picture", "noun.artefact") and turn.n_refs < _SEVERAL
    by_hand = command.clause.spoken in {"draw", "sketch", "doodle"}
    return not (placed and by_hand) and not (turn.n_refs and placed)


_FOR_ME = frozenset({"make me", "give me", "make us", "get me"})


def _describes_picture(command: Command) -> bool:
    """Whether a bare phrase names a thing of its own ("cat in space"), not a quality or a remark ("bluer")."""
    words = command.object
    if not words or command.target not in {NEW, PART}:
        return False
    first = words[0]
    if first.has(
        "link.with",
        "link.no",
        "link.to",
        "link.on",
        "link.from",
        "link.like",
        "noun.background",
        "number.more",
        "number.much",
        "pronoun.it",
    ):
        return False
    if first.has("skip.filler", "adj.style", "adj.moment") or command.mentions(
        "adj.comparative", "ask.offer", "link.remark"
    ):
        return False
    unknown = [token for token in words if token.kind in {"word", "cjk"} and not token.tags]
    return command.target == NEW or len(words) >= _LONG or bool(len(unknown) >= 1 and len(words) >= 2)
