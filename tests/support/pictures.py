"""Pictures for tests: made, opened and measured."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import PIL.Image


def png(picture: PIL.Image.Image, format_: str = "PNG") -> bytes:
    out = io.BytesIO()
    picture.save(out, format_)
    return out.getvalue()


def data_url(picture: PIL.Image.Image) -> str:
    return "data:image/png;base64," + base64.b64encode(png(picture)).decode()


def opened(data: bytes | str) -> PIL.Image.Image:
    """A picture from bytes, base64 or a data URL, decoded."""
    if isinstance(data, str):
        data = base64.b64decode(data.partition(",")[2] if data.startswith("data:") else data)
    picture = PIL.Image.open(io.BytesIO(data))
    picture.load()
    return picture


def mean(picture: PIL.Image.Image, box: tuple[float, float, float, float] = (0, 0, 1, 1)) -> Any:
    """Mean RGB (0..255) of a part of a picture; `box` in fractions."""
    width, height = picture.size
    part = picture.convert("RGB").crop(
        (int(box[0] * width), int(box[1] * height), int(box[2] * width), int(box[3] * height))
    )
    return np.asarray(part, dtype=float).reshape(-1, 3).mean(axis=0)


def close_to(colour: Any, wanted: tuple[int, int, int], tolerance: float = 45) -> bool:
    return bool(np.abs(np.asarray(colour) - np.asarray(wanted)).max() <= tolerance)
