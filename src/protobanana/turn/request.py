"""One request, whichever door it came through: what is asked, with which pictures, and how the answer should look."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from protobanana.operations.base import Quality
from protobanana.pictures.image import Image, OutputFormat

Endpoint = Literal["generations", "edits", "chat"]
Background = Literal["transparent", "opaque", "auto"]
Plain = bool | int | float | str
ROUTED = "chat"
"""The model name behind which the words decide; every other name is a workflow."""


@dataclass(eq=False)
class Picture:
    """A picture of the conversation, loaded when it is first needed and then kept."""

    loader: Callable[[], Awaitable[Image]] = field(repr=False)
    attached: bool = True
    """Whether it came with this very turn, rather than earlier in the conversation."""
    author: Literal["user", "assistant"] = "user"
    handle: str = ""
    """`img_...`: the name by which it is spoken of; stable for one caller and one content."""
    note: str = ""
    """What is known of it in few words: what it shows, how it was made."""
    _image: Image | None = field(default=None, repr=False)

    async def load(self) -> Image:
        """The picture itself; raises InvalidImageError or ImageTooLargeError for what cannot be used."""
        if self._image is None:
            self._image = await self.loader()
        return self._image

    @property
    def loaded(self) -> Image | None:
        """The picture where it has been needed already, else None."""
        return self._image

    @classmethod
    def of(cls, image: Image, *, attached: bool = True) -> Picture:
        """A picture whose bytes are at hand."""

        async def loaded() -> Image:
            return image

        return cls(loaded, attached=attached)


@dataclass(frozen=True)
class Wishes:
    """What the caller set, beyond words and pictures; None means the workflow's own default."""

    n: int = 1
    width: int | None = None
    height: int | None = None
    aspect: tuple[int, int] | None = None
    """A ratio in place of a size, mapped to the nearest size that the model was trained on."""
    quality: Quality | None = None
    seed: int | None = None
    negative_prompt: str | None = None
    output_format: OutputFormat = "png"
    output_compression: int = 100
    background: Background = "auto"
    return_mask: bool = False
    """Whether the region that was changed is wanted along with the picture."""
    extra: Mapping[str, Plain] = field(default_factory=dict)
    """Further parameters by name: fields of the operation (left, right), or slots of the workflow (steps, cfg)."""
    inputs: Mapping[str, object] = field(default_factory=dict)
    """Inputs of the workflow's nodes by name (`node title.input`) and their values, as the caller wrote them."""


@dataclass(frozen=True)
class Line:
    """One message of the conversation as words; pictures stand in it as their handles."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True)
class ImageRequest:
    """A request as the core sees it."""

    endpoint: Endpoint
    model: str
    """A workflow's name, or `chat`: the words decide."""
    text: str
    pictures: tuple[Picture, ...] = ()
    """Oldest first, as the user sent them or was shown them."""
    mask: Picture | None = None
    wishes: Wishes = field(default_factory=Wishes)
    server: str | None = None
    """Address of ComfyUI, or several separated by commas; None: as the settings say."""
    timeout: float | None = None
    """Seconds a job may run; None: the one of the settings."""
    history: tuple[Line, ...] = ()
    """The whole conversation as words, the last user turn included; empty outside of chats."""
    owner: str = ""
    """Who is asking, as an opaque token of the caller's key: what one owner stored no other can reach."""
    priority: int = 0
    """Of the caller's key: higher ones go first where requests wait for each other."""
    price: float = 0.0
    """Of each picture made, for the gateway's books."""
    user: str | None = None
    """End user as named by the client, for logs and traces."""

    @property
    def attached(self) -> tuple[Picture, ...]:
        """The pictures that came with this turn."""
        return tuple(picture for picture in self.pictures if picture.attached)
