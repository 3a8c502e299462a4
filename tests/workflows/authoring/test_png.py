"""Workflows inside pictures, written the way ComfyUI does."""

from __future__ import annotations

import json
import zlib
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from protobanana.errors import WorkflowError
from protobanana.workflows.authoring.png import embedded, is_picture

PROMPT = {"1": {"class_type": "EmptyImage", "inputs": {}, "is_changed": ["é"]}}
WORKFLOW: dict[str, Any] = {"nodes": [], "links": []}


def saved(kind: str, **options: Any) -> bytes:
    """A small picture in a format."""
    buffer = BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, kind, **options)
    return buffer.getvalue()


def chunks(kind: str) -> PngImagePlugin.PngInfo:
    """Both texts as chunks of one kind."""
    info = PngImagePlugin.PngInfo()
    for key, value in (("prompt", PROMPT), ("workflow", WORKFLOW), ("parameters", "a cat")):
        text = json.dumps(value)
        if kind == "iTXt":
            info.add_itxt(key, text, zip=True)
        elif kind == "comf":
            info.add(b"comf", key.encode() + b"\0" + text.encode(), after_idat=True)
        else:
            info.add_text(key, text, zip=kind == "zTXt")
    return info


@pytest.mark.parametrize("kind", ["tEXt", "zTXt", "iTXt", "comf"])
def test_png(kind: str) -> None:
    """Both the graph that ran and the editor's file are found, before and after the pixels."""
    assert embedded(saved("PNG", pnginfo=chunks(kind))) == (PROMPT, WORKFLOW)


@pytest.mark.parametrize("kind", ["WEBP", "JPEG", "TIFF"])
def test_exif(kind: str) -> None:
    """Formats without text chunks carry it in EXIF fields that say what they are."""
    exif = Image.Exif()
    exif[0x0110] = f"prompt:{json.dumps(PROMPT)}"
    exif[0x010F] = f"workflow:{json.dumps(WORKFLOW)}"
    assert embedded(saved(kind, exif=exif)) == (PROMPT, WORKFLOW)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_pictures_without_a_workflow(kind: str) -> None:
    """A picture of other origin carries nothing."""
    data = saved(kind)
    assert is_picture(data)
    assert embedded(data) == (None, None)


def test_texts_of_other_programs() -> None:
    """A text of the same name that is no object is somebody else's."""
    info = PngImagePlugin.PngInfo()
    info.add_text("prompt", "a cat")
    info.add_text("workflow", "[]")
    assert embedded(saved("PNG", pnginfo=info)) == (None, None)


def test_damaged_texts_are_refused() -> None:
    """Half a workflow is not silently none."""
    info = PngImagePlugin.PngInfo()
    info.add_text("prompt", json.dumps(PROMPT)[:-3])
    with pytest.raises(WorkflowError, match="the prompt in the picture is damaged"):
        embedded(saved("PNG", pnginfo=info))


def test_texts_that_explode_are_cut() -> None:
    """A packed text of a gigabyte is not unpacked, and so is no JSON."""
    packer = zlib.compressobj(9)
    packed = packer.compress(b"{") + b"".join(packer.compress(b" " * 2**20) for _ in range(64)) + packer.flush()
    info = PngImagePlugin.PngInfo()
    info.add(b"zTXt", b"prompt\0\0" + packed)
    with pytest.raises(WorkflowError, match="damaged"):
        embedded(saved("PNG", pnginfo=info))


@pytest.mark.parametrize("data", [b"RIFF\x00\x00\x00\x00WEBPjunk", b"\xff\xd8\xffjunk", b"\x00\x00\x00\x18ftypavif"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    """Bytes that only begin like a picture are named."""
    with pytest.raises(WorkflowError, match="no picture that can be read"):
        embedded(data)


def test_truncated_pictures_give_what_is_there() -> None:
    """Texts stand before the pixels, which are not needed."""
    data = saved("PNG", pnginfo=chunks("tEXt"))
    assert embedded(data[: data.index(b"IDAT") + 6]).prompt == PROMPT
