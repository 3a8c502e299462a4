"""Pictures made, cut, padded, batched and put side by side."""

from __future__ import annotations

import numpy as np

from protobanana.engine import raster
from protobanana.engine.nodes.base import Context, Outputs, node
from protobanana.engine.values import Array, Image, Mask


@node("EmptyImage")
def empty_image(_ctx: Context, *, width: int, height: int, batch_size: int, color: int) -> Outputs:
    """A plain picture; `color` is 0xRRGGBB."""
    levels = np.array([color >> 16 & 255, color >> 8 & 255, color & 255], np.float32) / np.float32(255)
    return (np.broadcast_to(levels, (batch_size, height, width, 3)),)


@node("ImageInvert")
def image_invert(_ctx: Context, *, image: Image) -> Outputs:
    """The negative."""
    return (1 - image,)


@node("ImageFlip")
def image_flip(_ctx: Context, *, image: Image, flip_method: str) -> Outputs:
    """Mirrored: `x-axis` top to bottom, `y-axis` left to right."""
    return (np.flip(image, 1 if flip_method.startswith("x") else 2),)


@node("ImageRotate")
def image_rotate(_ctx: Context, *, image: Image, rotation: str) -> Outputs:
    """Turned clockwise by quarter turns."""
    turns = {"90": 1, "18": 2, "27": 3}.get(rotation[:2], 0)
    return (np.rot90(image, -turns, axes=(1, 2)),)


@node("ImageCrop")
def image_crop(_ctx: Context, *, image: Image, width: int, height: int, x: int, y: int) -> Outputs:
    """A rectangle of the picture, at least one pixel, cut at its border."""
    left, top = min(x, image.shape[2] - 1), min(y, image.shape[1] - 1)
    return (image[:, top : top + height, left : left + width],)


@node("ImagePadForOutpaint")
def image_pad_for_outpaint(
    _ctx: Context, *, image: Image, left: int, top: int, right: int, bottom: int, feathering: int
) -> Outputs:
    """The picture on a larger grey canvas, and a mask that is 1 on the new area, fading into the picture."""
    batch, height, width, channels = image.shape
    canvas = np.full((batch, height + top + bottom, width + left + right, channels), 0.5, np.float32)
    canvas[:, top : top + height, left : left + width] = image
    mask = np.ones(canvas.shape[1:3], np.float32)
    inner = np.zeros((height, width), np.float32)
    if feathering > 0 and feathering * 2 < height and feathering * 2 < width:
        far = np.inf
        rows, columns = np.arange(height)[:, None], np.arange(width)[None, :]
        distance = np.minimum(
            np.minimum(rows if top else far, height - rows if bottom else far),
            np.minimum(columns if left else far, width - columns if right else far),
        )
        inner = (
            np.clip((feathering - np.broadcast_to(distance, inner.shape)) / feathering, 0, 1).astype(np.float32) ** 2
        )
    mask[top : top + height, left : left + width] = inner
    return canvas, mask[None]


@node("ImageBatch")
def image_batch(_ctx: Context, *, image1: Image, image2: Image) -> Outputs:
    """Two batches as one; the second takes the size of the first."""
    return (_batched([image1, image2]),)


@node("BatchImagesNode")
def batch_images(_ctx: Context, *, images: dict[str, Image]) -> Outputs:
    """Any number of batches as one; all take the size of the first."""
    return (_batched(list(images.values())),)


def _batched(images: list[Image]) -> Image:
    most = max(images, key=lambda image: image.shape[-1])
    height, width = images[0].shape[1:3]
    alike = [raster.same_channels(image, most) for image in images]
    return np.concatenate([raster.resize(image, width, height, "bilinear", "center") for image in alike])


@node("ImageFromBatch")
def image_from_batch(_ctx: Context, *, image: Image, batch_index: int, length: int) -> Outputs:
    """A slice of the batch."""
    start = min(len(image) - 1, batch_index)
    return (image[start : start + length],)


@node("RepeatImageBatch")
def repeat_image_batch(_ctx: Context, *, image: Image, amount: int) -> Outputs:
    """The batch `amount` times."""
    return (np.concatenate([image] * amount),)


_SPACING = {"white": (1, 1, 1), "black": (0, 0, 0), "red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1)}


def _padded(image: Image, axis: int, size: int, level: float) -> Image:
    """Centred along one axis; every channel of the new area, alpha too, is at `level`."""
    missing = size - image.shape[axis]
    before = missing // 2
    widths = [(before, missing - before) if index == axis else (0, 0) for index in range(4)]
    return np.pad(image, widths, constant_values=level)


def _held(image: Image, count: int) -> Image:
    """The batch lengthened to `count` items by its last one."""
    return np.concatenate([image, np.repeat(image[-1:], count - len(image), axis=0)])


@node("ImageStitch")
def image_stitch(
    _ctx: Context,
    *,
    image1: Image,
    direction: str,
    match_image_size: bool,
    spacing_width: int,
    spacing_color: str,
    image2: Image | None = None,
) -> Outputs:
    """Two pictures side by side, the second scaled to the shared edge, or both centred: on white if that is the
    spacing, else on black.
    """
    if image2 is None:
        return (image1,)
    count = max(len(image1), len(image2))
    one, two = _held(image1, count), _held(image2, count)
    along, across = (2, 1) if direction in {"left", "right"} else (1, 2)
    if match_image_size:
        edge = one.shape[across]
        length = max(1, int(two.shape[along] * edge / two.shape[across]))
        wide, high = (length, edge) if along == 2 else (edge, length)
        two = raster.resize(two, wide, high, "lanczos")
    else:
        edge = max(one.shape[across], two.shape[across])
        level = 1.0 if spacing_color == "white" else 0.0
        one, two = _padded(one, across, edge, level), _padded(two, across, edge, level)
    most = one if one.shape[-1] >= two.shape[-1] else two
    parts: list[Array] = [raster.same_channels(one, most), raster.same_channels(two, most)]
    if direction in {"left", "up"}:
        parts.reverse()
    if spacing_width:
        shape = list(parts[0].shape)
        shape[along] = spacing_width + spacing_width % 2
        colour = np.array([*_SPACING[spacing_color], 1][: shape[-1]], np.float32)
        parts.insert(1, np.broadcast_to(colour, shape))
    return (np.concatenate(parts, axis=along),)


@node("ImageCompositeMasked")
def image_composite_masked(
    _ctx: Context,
    *,
    destination: Image,
    source: Image,
    x: int,
    y: int,
    resize_source: bool,
    mask: Mask | None = None,
) -> Outputs:
    """The source over the destination where the mask is 1; where it is 0 the destination stays bit for bit."""
    result = destination.copy()
    source = raster.same_channels(source, destination)
    if resize_source:
        source = raster.resize(source, destination.shape[2], destination.shape[1])
    source = raster.repeat_to(source, len(destination))
    height = min(source.shape[1], destination.shape[1] - y)
    width = min(source.shape[2], destination.shape[2] - x)
    if height <= 0 or width <= 0:
        return (result,)
    weight: Array = np.ones((1, height, width, 1), np.float32)
    if mask is not None:
        scaled = raster.resize_mask(mask.reshape((-1, *mask.shape[-2:])), source.shape[2], source.shape[1])
        weight = raster.repeat_to(scaled, len(destination))[:, :height, :width, None]
    region = result[:, y : y + height, x : x + width]
    region[...] = weight * source[:, :height, :width] + (1 - weight) * region
    return (result,)


@node("JoinImageWithAlpha")
def join_image_with_alpha(_ctx: Context, *, image: Image, alpha: Mask) -> Outputs:
    """RGBA with alpha = 1 - mask."""
    count = max(len(image), len(alpha))
    scaled = raster.resize_mask(alpha.reshape((-1, *alpha.shape[-2:])), image.shape[2], image.shape[1])
    opaque = 1 - raster.repeat_to(scaled, count)
    return (np.concatenate([raster.repeat_to(image, count)[..., :3], opaque[..., None]], axis=-1),)


@node("SplitImageWithAlpha")
def split_image_with_alpha(_ctx: Context, *, image: Image) -> Outputs:
    """RGB, and 1 - alpha as mask."""
    alpha = image[..., 3] if image.shape[-1] > 3 else np.ones(image.shape[:3], np.float32)
    return image[..., :3], 1 - alpha
