"""How a chat answer shows its pictures: the form that the calling client displays, and one picture in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from protobanana.api.call import Call
from protobanana.api.door import data_url_of
from protobanana.api.links import short_address
from protobanana.api.options import Form
from protobanana.events import Produced
from protobanana.pictures.handles import mint
from protobanana.pictures.store import image_store
from protobanana.turn.agent.gallery import note
from protobanana.turn.request import ImageRequest

_MARKUP = str.maketrans("[]<>|`", "()    ")
_ALT = 200
"""Characters of a description in an alt text."""
UPLOADED = "uploaded"


@dataclass(frozen=True)
class Manner:
    """Where the pictures of an answer go."""

    text: bool = True
    """As markdown in the text."""
    images: bool = False
    """As items of `images` beside the text."""
    short: bool = False
    """By a short address in place of the bytes, where there is one."""
    caption: bool = True
    """Whether a picture that is not in the text leaves its name there: clients send back nothing but text."""
    bridged: bool = False
    """Whether LiteLLM makes a Responses answer of it, from which it drops the text beside `images`."""


def manner(form: Form, call: Call, *, stream: bool) -> Manner:
    """The manner of a form. `auto` is what the client shows; of one that is unknown, markdown in the text."""
    if form == "auto" and call.bridged:
        return Manner(text=False, images=True, caption=False, bridged=True)
    if form == "auto":
        beside = stream and _reads_images(call)
        return Manner(text=not beside, images=beside or not stream)
    if form == "url":
        return Manner(images=not stream and not call.bridged, short=True)
    return Manner(form != "images", form != "markdown", bridged=call.bridged)


def _reads_images(call: Call) -> bool:
    """Whether the client is known to show `delta.images`: Open WebUI says who it is, others ask for pictures by
    `modalities`. Neither sends such a picture back, so it must be kept here.
    """
    asked = call.sent.get("modalities") or call.optional_params.get("modalities")
    wants = isinstance(asked, list) and "image" in asked
    return image_store() is not None and (wants or any(name.startswith("x-openwebui-") for name in call.headers))


@dataclass(frozen=True)
class View:
    """A picture as the client gets it; its handle is in the alt text, which clients keep when they move the bytes."""

    alt: str
    address: str

    @property
    def markdown(self) -> str:
        """The picture as markdown."""
        return f"![{self.alt}]({self.address})"

    @property
    def caption(self) -> str:
        """Its name alone, in the form that is read back as a picture."""
        return f"[{self.alt}]"

    def item(self, index: int) -> dict[str, Any]:
        """An item of `images`."""
        return {"type": "image_url", "index": index, "image_url": {"url": self.address, "detail": "auto"}}


async def view(made: Produced, request: ImageRequest, how: Manner) -> View:
    """Keep a picture of a chat so that its handle stays good, and show it."""
    handle = made.handle or mint(request.owner, made.image.data)
    story, parent = f"{note(made)}, {made.image.size}", next(iter(made.parents), "")
    address = None
    if how.short:
        address = await short_address(made.image, request.owner, handle, note=story, parent=parent)
    elif store := image_store():
        await store.put(made.image, request.owner, handle, note=story, parent=parent)
    alt = f"{handle} {' '.join(story.translate(_MARKUP).split())[:_ALT]}"
    if address is None:
        address = data_url_of(made.image)
    return View(alt, address)


async def keep_given(request: ImageRequest) -> None:
    """Keep the user's pictures that the turn has used, for clients that will not send them again."""
    store = image_store()
    for picture in request.pictures:
        if store and picture.author == "user" and picture.handle and (image := picture.loaded):
            await store.put(image, request.owner, picture.handle, note=picture.note or UPLOADED)
