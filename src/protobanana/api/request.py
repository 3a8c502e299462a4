"""One `ImageRequest` per OpenAI call, built in one place per endpoint from what LiteLLM hands over.

LiteLLM loses `mask, n, size, quality, response_format, user` on their way to a custom provider. Our callback saves them
under `PARAMS`; without it they are read from the request body that LiteLLM keeps beside its logging object.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from protobanana.api import bridge, conversation, options
from protobanana.api.call import FORM_HEADER, OWN_FIELDS, Call
from protobanana.api.options import Options
from protobanana.api.references import Reference
from protobanana.errors import InvalidImageError, InvalidRequestError
from protobanana.pictures.fetch import load_bytes, load_reference
from protobanana.pictures.handles import PATTERN
from protobanana.pictures.image import Image
from protobanana.pictures.store import image_store
from protobanana.turn.request import Endpoint, ImageRequest, Picture


def generation(call: Call, prompt: Any) -> tuple[ImageRequest, Options]:
    """`POST /v1/images/generations`. Raises InvalidRequestError for pictures, which it does not take."""
    for name in ("image", "images", "mask"):
        if call.optional_params.get(name) or call.body.get(name):
            raise InvalidRequestError(
                f"'{name}': pictures are sent to POST /v1/images/edits.", param=name, code="unknown_parameter"
            )
    return _image_request(call, "generations", prompt, (), None)


def edit(call: Call, prompt: Any, images: Any) -> tuple[ImageRequest, Options]:
    """`POST /v1/images/edits`: one or several `image` files, perhaps a `mask`."""
    listed = images if isinstance(images, list) else [images]
    pictures = tuple(_upload(call, image, "image") for image in listed if image is not None)
    referenced = call.sent.get("images") or []
    if isinstance(referenced, Sequence) and not isinstance(referenced, str):
        pictures += tuple(_referenced(call, entry) for entry in referenced)
    if not pictures:
        raise InvalidRequestError("'image' is missing; send at least one picture.", param="image", code="missing_image")
    mask = call.sent.get("mask") or call.optional_params.get("mask")
    masks = [m for m in (mask if isinstance(mask, list) else [mask]) if m is not None]
    if len(masks) > 1:
        raise InvalidRequestError("'mask' came more than once; send one.", param="mask")
    return _image_request(call, "edits", prompt, pictures, _upload(call, masks[0], "mask") if masks else None)


def chat(call: Call, messages: Sequence[Mapping[str, Any]]) -> tuple[ImageRequest, Options]:
    """`POST /v1/chat/completions`."""
    owner = call.owner
    talk = conversation.read(bridge.unbridged(call.body, messages), owner, image_store())
    headers = {"image_output": call.headers[FORM_HEADER]} if FORM_HEADER in call.headers else {}
    fields = {**call.optional_params, **headers, **call.sent}
    wanted = options.parse_known({name: value for name, value in fields.items() if name not in OWN_FIELDS})
    request = ImageRequest(
        "chat",
        call.model,
        talk.text,
        talk.pictures,
        talk.mask,
        wanted.wishes(),
        server=call.api_base,
        timeout=call.seconds(),
        history=talk.history,
        owner=owner,
        priority=call.priority,
        price=call.price,
        user=_user(call),
    )
    return request, wanted


def _image_request(
    call: Call, endpoint: Endpoint, prompt: Any, pictures: tuple[Picture, ...], mask: Picture | None
) -> tuple[ImageRequest, Options]:
    # LiteLLM hands over nothing in place of a number or an object.
    if not isinstance(call.body.get("prompt", prompt), str | None):
        raise InvalidRequestError("'prompt' must be text.", param="prompt")
    if len(prompt or "") > 32_000:
        raise InvalidRequestError("'prompt' has more than 32000 characters.", param="prompt")
    if not (prompt or "").strip() and endpoint == "generations":
        raise InvalidRequestError("'prompt' is missing; say what to draw.", param="prompt", code="missing_prompt")
    wanted = options.parse(call.fields())
    request = ImageRequest(
        endpoint,
        call.model,
        (prompt or "").strip(),
        pictures,
        mask,
        wanted.wishes(),
        server=call.api_base,
        timeout=call.seconds(),
        owner=call.owner,
        priority=call.priority,
        price=call.price,
        user=_user(call),
    )
    return request, wanted


def _user(call: Call) -> str | None:
    user = call.sent.get("user") or call.sent.get("safety_identifier")
    return str(user)[:256] if user else None


def _upload(call: Call, value: Any, name: str) -> Picture:
    """A file of a multipart form, as LiteLLM hands it over: BytesIO (perhaps read to its end), bytes or a tuple."""
    if isinstance(value, tuple) and len(value) >= 2:
        value = value[1]
    if isinstance(value, str):
        return _named(call, value, name)
    if isinstance(value, io.BytesIO):
        value = value.getvalue()
    elif hasattr(value, "file"):  # an UploadFile: its spooled file is already here in full
        value = value.file
    if hasattr(value, "read") and hasattr(value, "seek"):
        value.seek(0)
        value = value.read()
    if not isinstance(value, (bytes, bytearray)):
        raise InvalidRequestError(f"'{name}' must be a picture file.", param=name)
    data = bytes(value)
    return Picture(lambda: load_bytes(data, name=name))


def _referenced(call: Call, entry: Any) -> Picture:
    """An entry of `images` in a JSON edit: `{"image_url": "..."}` or the address itself."""
    value = entry.get("image_url") if isinstance(entry, Mapping) else entry
    url = value.get("url") if isinstance(value, Mapping) else value
    if not isinstance(url, str):
        raise InvalidRequestError("'images' must hold objects with an image_url.", param="images")
    return _named(call, url, "images")


def _named(call: Call, value: str, name: str) -> Picture:
    """A picture by its address; an earlier one of the caller's by its handle or short address, from the store."""
    handle = value if PATTERN.fullmatch(value) else Reference.of(value).linked()
    if not handle:
        return Picture(lambda: load_reference(value, name=name))

    async def load() -> Image:
        store = image_store()
        kept = await store.get(handle, call.owner) if store else None
        if kept is None:
            raise InvalidImageError(f"'{name}': no picture {handle} of yours is kept here; send it itself.", param=name)
        return kept.image

    return Picture(load, handle=handle)
