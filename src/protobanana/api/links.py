"""Short addresses of pictures and other files, where this gateway serves them."""

from __future__ import annotations

from protobanana.api.door import base64_of, door
from protobanana.pictures.attachment import Attachment
from protobanana.pictures.store import Keepable, image_store
from protobanana.settings import get_settings

PATH = "/images/"


async def short_address(image: Keepable, owner: str, handle: str, *, note: str = "", parent: str = "") -> str | None:
    """Keep a picture or another file and name the address it can be read at; None where nothing is kept or served."""
    at = door.get()
    base = get_settings().public_url or (at.called_at if at else "")
    store = image_store()
    if not base or store is None or not await store.put(image, owner, handle, note=note, parent=parent):
        return None
    return f"{base}{PATH}{store.token(handle)}"


async def address_of(file: Attachment, owner: str, handle: str, *, note: str) -> str:
    """Where a file can be read: a short address, or the file itself as a `data:` URL where none is served."""
    if address := await short_address(file, owner, handle, note=note):
        return address
    return f"data:{file.mime};base64,{base64_of(file)}"
