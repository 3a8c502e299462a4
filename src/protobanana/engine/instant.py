"""Stand-ins for all node classes that compute nothing: what is left of a job is the protocol, for measuring clients.

Every node that saves or shows pictures shows the same one, a PNG of noise, which nothing compresses further.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from protobanana.engine.files import FileStore
from protobanana.engine.nodes.base import REGISTRY, Context, NodeClass, Outputs, Result
from protobanana.engine.schema import NodeSchema, schema_of

SIDE = 1024
"""Pixels of the picture's sides, as far as noise of that size is enough."""
_CHANNELS = 3
_PICTURE_TYPES = ("IMAGE", "MASK")
_ON_THE_SOCKET = "SaveImageWebsocket"


def noise(megabytes: float) -> bytes:
    """An opaque RGB PNG of about so many megabytes (10^6 bytes), the same one each time.

    It is 1024 x 1024 up to 3 MB, noise in as many rows as that takes and grey below; above 3 MB it is larger.
    """
    wanted = megabytes * 1e6
    side = max(SIDE, math.ceil(math.sqrt(wanted / _CHANNELS)))
    rows = min(side, round(wanted / (_CHANNELS * side)))
    pixels = np.full((side, side, _CHANNELS), 128, np.uint8)
    pixels[:rows] = np.random.default_rng(0).integers(0, 256, (rows, side, _CHANNELS), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def stand_ins(names: Iterable[str], files: FileStore, megabytes: float) -> Mapping[str, NodeClass]:
    """A node class for each of these names. The picture lies in the output folder, written once."""
    picture = noise(megabytes)
    path, filename, subfolder = files.save_path("instant", "output", SIDE, SIDE, "png")
    path.write_bytes(picture)
    files.in_memory[path] = picture
    shown = {"images": [{"filename": filename, "subfolder": subfolder, "type": "output"}]}
    return {name: _stand_in(REGISTRY[name], schema_of(name), picture, shown) for name in names}


def _stand_in(node: NodeClass, schema: NodeSchema, picture: bytes, shown: Mapping[str, list[Any]]) -> NodeClass:
    nothing: Outputs = tuple([None] if is_list else None for is_list in schema.output_is_list)

    def run(_ctx: Context, **_inputs: Any) -> Outputs:
        return nothing

    def save(_ctx: Context, **_inputs: Any) -> Result:
        return Result(ui=shown)

    def push(ctx: Context, **_inputs: Any) -> Result:
        ctx.push_image(picture)
        return Result()

    if not node.output_node:
        # No result depends on what the files hold, and nothing can be told of inputs that were not computed.
        return replace(node, run=run, changed=None, lazy=None)
    if node.name == _ON_THE_SOCKET:
        return replace(node, run=push)
    if any(declared.type in _PICTURE_TYPES for declared in schema.inputs):
        return replace(node, run=save)
    return node


__all__ = ["SIDE", "noise", "stand_ins"]
