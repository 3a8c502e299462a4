"""Short addresses of pictures, where this gateway serves them."""

from __future__ import annotations

from contextvars import ContextVar

from protobanana.pictures.image import Image
from protobanana.pictures.store import image_store
from protobanana.settings import get_settings

PATH = "/images/"
called_at: ContextVar[str] = ContextVar("called_at", default="")
"""`http://host:port` as the client of this request called it; set by a gateway that serves pictures, else empty."""


async def short_address(image: Image, owner: str, handle: str, *, note: str = "", parent: str = "") -> str | None:
    """Keep a picture and name the address it can be read at; None where nothing is kept or served."""
    base = get_settings().public_url or called_at.get()
    store = image_store()
    if not base or store is None or not await store.put(image, owner, handle, note=note, parent=parent):
        return None
    return f"{base}{PATH}{store.token(handle)}"
