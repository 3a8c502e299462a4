"""Loading files and showing results: the only nodes that touch the disk."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

import numpy as np
from PIL import Image as Pil
from PIL import ImageOps, ImageSequence

from protobanana.engine import raster
from protobanana.engine.nodes.base import Context, Files, Outputs, Result, node
from protobanana.engine.values import Array, Image, Mask

_NO_ALPHA = np.zeros((1, 64, 64), np.float32)


def _invalid(files: Files, **inputs: Any) -> str | None:
    """The validation of every node that reads a file: None, or why not."""
    name = str(inputs["image"])
    try:
        found = files.read_path(name).is_file()
    except FileNotFoundError:
        found = False
    return None if found else f"Invalid image file: {name}"


def _digest(files: Files, **inputs: Any) -> str:
    return hashlib.sha256(files.read_path(str(inputs["image"])).read_bytes()).hexdigest()


def _upright(frame: Pil.Image) -> Pil.Image:
    turned = ImageOps.exif_transpose(frame)
    if turned.mode in {"I", "I;16", "I;16B"}:
        return Pil.fromarray((np.asarray(turned, dtype=np.float32) / 257).clip(0, 255).astype(np.uint8))
    return turned


def _frame_mask(frame: Pil.Image) -> Mask:
    if frame.mode == "P" and "transparency" in frame.info:
        frame = frame.convert("RGBA")
    if "A" not in frame.getbands():
        return _NO_ALPHA
    return (1 - raster.from_pil(frame.getchannel("A")))[None]


def _load(ctx: Context, image: str) -> tuple[Image, Mask]:
    """All frames of a file that share the first one's size: turned upright, alpha taken off into the mask."""
    images: list[Array] = []
    masks: list[Array] = []
    with Pil.open(ctx.read_path(image)) as file:
        frames = [file] if file.format == "MPO" else ImageSequence.Iterator(file)
        for frame in frames:
            upright = _upright(frame)
            pixels = raster.from_pil(upright.convert("RGB"))
            if images and pixels.shape != images[0].shape:
                continue
            images.append(pixels)
            masks.append(_frame_mask(upright))
    return np.stack(images), np.concatenate(masks)


@node("LoadImage", changed=_digest, validate=_invalid)
def load_image(ctx: Context, *, image: str) -> Outputs:
    """A file of the input folder: RGB with alpha dropped, and 1 - alpha as mask (64 x 64 zeros without alpha)."""
    return _load(ctx, image)


@node("LoadImageOutput", changed=_digest, validate=_invalid)
def load_image_output(ctx: Context, *, image: str) -> Outputs:
    """A file of the output folder."""
    return _load(ctx, image if image.endswith("]") else f"{image} [output]")


@node("LoadImageMask", changed=_digest, validate=_invalid)
def load_image_mask(ctx: Context, *, image: str, channel: str) -> Outputs:
    """One channel as mask; `alpha` is inverted, colours are not. A picture without alpha is opaque: zeros."""
    with Pil.open(ctx.read_path(image)) as file:
        mask = raster.from_pil(_upright(file).convert("RGBA").getchannel(channel[0].upper()))[None]
    return (1 - mask if channel == "alpha" else mask,)


def _saved(ctx: Context, images: Image, prefix: str, kind: str, compress_level: int) -> Result:
    height, width = images.shape[1:3]
    text = {"prompt": json.dumps(ctx.prompt)}
    text |= {key: json.dumps(value) for key, value in (ctx.extra_pnginfo or {}).items()}
    entries = []
    folder, slash, stem = prefix.rpartition("/")
    for number, image in enumerate(images):
        name = folder + slash + stem.replace("%batch_num%", str(number))
        path, filename, subfolder = ctx.save_path(name, kind, width, height, "png")
        path.write_bytes(raster.png(image, compress_level, text))
        entries.append({"filename": filename, "subfolder": subfolder, "type": kind})
    return Result(ui={"images": entries})


def _temp_prefix(ctx: Context) -> str:
    """`ComfyUI_temp_xxxxx`, the same letters for the same node of the same graph."""
    digest = hashlib.sha256(f"{ctx.node_id}{json.dumps(ctx.prompt, default=str)}".encode()).digest()
    return "ComfyUI_temp_" + "".join(chr(97 + byte % 26) for byte in digest[:5])


@node("SaveImage", output_node=True)
def save_image(ctx: Context, *, images: Image, filename_prefix: str) -> Result:
    """PNG files in the output folder, the graph in their text chunks."""
    return _saved(ctx, images, filename_prefix, "output", compress_level=4)


@node("PreviewImage", output_node=True)
def preview_image(ctx: Context, *, images: Image) -> Result:
    """PNG files in the temp folder."""
    return _saved(ctx, images, _temp_prefix(ctx), "temp", compress_level=1)


@node("MaskPreview", output_node=True)
def mask_preview(ctx: Context, *, mask: Mask) -> Result:
    """A mask as grey PNG files in the temp folder."""
    grey = np.repeat(mask.reshape((-1, *mask.shape[-2:]))[..., None], 3, axis=-1)
    return _saved(ctx, grey, _temp_prefix(ctx), "temp", compress_level=1)


def _always_new(_files: Files, **_inputs: Any) -> str:
    return str(time.time_ns())


@node("SaveImageWebsocket", output_node=True, changed=_always_new)
def save_image_websocket(ctx: Context, *, images: Image) -> Result:
    """PNG bytes over the websocket, nothing on disk, nothing in the history; runs again every time."""
    for number, image in enumerate(images):
        ctx.push_image(raster.png(image, compress_level=1), number, len(images))
    return Result()


@node("PreviewAny", output_node=True)
def preview_any(_ctx: Context, *, source: Any = None) -> Result:
    """Any value as text."""
    if isinstance(source, str):
        text = source
    elif isinstance(source, dict | list | tuple):
        text = json.dumps(source, indent=2, default=str)
    else:
        text = str(source)
    return Result(ui={"text": (text,)})


@node("GetImageSize")
def get_image_size(ctx: Context, *, image: Image) -> Outputs:
    """Width, height and batch size, also shown as text."""
    batch, height, width = image.shape[:3]
    ctx.push_text(f"width: {width}, height: {height}\n batch size: {batch}")
    return width, height, batch
