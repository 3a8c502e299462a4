"""The one stream that everything is: a turn is an async iterator of these events.

A plain JSON answer collects them, chat SSE maps them to deltas, the command line draws a progress bar from them.
Closing the iterator cancels the work behind it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from protobanana.pictures.attachment import Attachment
    from protobanana.pictures.image import Image


@dataclass(frozen=True, slots=True)
class Queued:
    """Waiting in ComfyUI; `position` jobs are ahead of this one (0: it is next)."""

    position: int


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` units (sampler steps, mostly) of the named stage; `done` never exceeds `total`."""

    done: int
    total: int
    stage: str


@dataclass(frozen=True, slots=True)
class Preview:
    """An intermediate picture of image number `index` of the request, small and rough."""

    image: Image
    index: int = 0


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the answer's text, to be appended to what came before."""

    delta: str


@dataclass(frozen=True, slots=True)
class Produced:
    """A finished picture. `seed` made it; `batch_index` counts within the batch that was drawn with that seed."""

    image: Image
    operation: str
    workflow: str
    seed: int | None = None
    batch_index: int = 0
    prompt: str = ""
    parents: tuple[str, ...] = ()
    """Handles of the pictures it was made from."""
    handle: str = ""
    """`img_...`: the name by which the picture is spoken of from now on; empty until the turn has named it."""
    mask: Image | None = None
    """Where the picture was changed (white), for operations that find the place themselves."""
    output: str = ""
    """Which of the workflow's further outputs it comes from, by its name in the header; empty for the result itself."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A finished file that is no still picture: a film, a sound."""

    file: Attachment
    operation: str
    workflow: str
    handle: str = ""
    """As that of a picture."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens in OpenAI's sense: words in, picture tokens in, picture tokens out, words out.

    The word counts are 0 where no LLM took part: then whoever answers the client counts its words.
    """

    text_tokens: int = 0
    image_tokens: int = 0
    output_tokens: int = 0
    answer_tokens: int = 0
    """What the LLM wrote in all its calls of the turn, as it counted itself; its prompts are in `text_tokens`."""


@dataclass(frozen=True, slots=True)
class Done:
    """The last event of every turn that did not fail."""

    usage: Usage = field(default_factory=Usage)


Event: TypeAlias = Queued | Progress | Preview | Text | Produced | Attached | Done
