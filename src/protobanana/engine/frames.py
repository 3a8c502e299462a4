"""The binary websocket frames of ComfyUI: big-endian, a uint32 event number first."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

PREVIEW_IMAGE = 1
TEXT = 3
PREVIEW_IMAGE_WITH_METADATA = 4

_FORMAT_NUMBERS = {"image/jpeg": 1, "image/png": 2}


def preview(image: bytes, mime: str) -> bytes:
    """Event 1: format number (1 JPEG, 2 PNG), image."""
    return struct.pack(">II", PREVIEW_IMAGE, _FORMAT_NUMBERS[mime]) + image


def preview_with_metadata(image: bytes, mime: str, metadata: Mapping[str, Any]) -> bytes:
    """Event 4: length of the JSON metadata, the metadata with `image_type`, image."""
    encoded = json.dumps({**metadata, "image_type": mime}).encode()
    return struct.pack(">II", PREVIEW_IMAGE_WITH_METADATA, len(encoded)) + encoded + image


def text(node_id: str, message: str) -> bytes:
    """Event 3: length of the node id, node id, text."""
    encoded = node_id.encode()
    return struct.pack(">II", TEXT, len(encoded)) + encoded + message.encode()


__all__ = ["PREVIEW_IMAGE", "PREVIEW_IMAGE_WITH_METADATA", "TEXT", "preview", "preview_with_metadata", "text"]
