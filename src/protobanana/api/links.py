"""Short addresses of pictures, where this gateway serves them."""

from __future__ import annotations

from protobanana.api.door import door
from protobanana.pictures.image import Image
from protobanana.pictures.store import image_store
from protobanana.settings import get_settings

PATH = "/images/"


async def short_address(image: Image, owner: str, handle: str, *, note: str = "", parent: str = "") -> str | None:
    """Keep a picture and name the address it can be read at; None where nothing is kept or served."""
    at = door.get()
    base = get_settings().public_url or (at.called_at if at else "")
    store = image_store()
    if not base or store is None or not await store.put(image, owner, handle, note=note, parent=parent):
        return None
    return f"{base}{PATH}{store.token(handle)}"
