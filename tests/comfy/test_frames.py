"""Binary frames."""

from __future__ import annotations

import json
import struct

from hypothesis import given
from hypothesis import strategies as st

from protobanana.comfy.frames import read_frame


def framed(metadata: object, payload: bytes) -> bytes:
    text = json.dumps(metadata).encode()
    return struct.pack(">II", 4, len(text)) + text + payload


def test_with_metadata():
    """The newer form names job, node and media type; the payload is a view on the message."""
    frame = read_frame(framed({"node_id": "9", "prompt_id": "p", "image_type": "image/png"}, b"data"))

    assert frame is not None
    assert (frame.prompt_id, frame.node, frame.media_type, bytes(frame.payload)) == ("p", "9", "image/png", b"data")


def test_without_metadata():
    """The older form has a format number only."""
    frame = read_frame(struct.pack(">II", 1, 2) + b"data")

    assert frame is not None
    assert (frame.prompt_id, frame.node, frame.media_type, bytes(frame.payload)) == (None, None, "image/png", b"data")


def test_not_pictures():
    """Texts, unknown formats and damaged headers give nothing."""
    assert read_frame(struct.pack(">II", 3, 1) + b"6text") is None
    assert read_frame(struct.pack(">II", 1, 9) + b"data") is None
    assert read_frame(struct.pack(">II", 4, 99) + b"{}") is None
    assert read_frame(framed({"node_id": 3, "prompt_id": "p"}, b"")) is None
    assert read_frame(framed([], b"")) is None


@given(st.binary(max_size=64))
def test_anything(message):
    """No message raises."""
    read_frame(message)
    read_frame(b"\0\0\0\4" + message)
