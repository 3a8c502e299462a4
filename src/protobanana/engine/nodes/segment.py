"""Cut-outs and areas by words: the background removers and text-driven segmenters of the RMBG pack."""

from __future__ import annotations

from typing import Any

import numpy as np

from protobanana.engine.nodes.base import Context, Outputs, node
from protobanana.engine.nodes.masks import refined
from protobanana.engine.painter import colours, segmenting
from protobanana.engine.values import Array, Image, Mask

_NAMED_CODES = {"transparent": (0.0, 0.0, 0.0)}


def _colour(code: str) -> Array:
    """A colour code: `#rrggbb`, `#rgb`, or a colour's name; unreadable ones are the pack's default `#222222`."""
    text = str(code).strip().lower()
    digits = text.lstrip("#")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    if len(digits) in {6, 8} and all(digit in "0123456789abcdef" for digit in digits):
        return np.array(colours.from_hex(f"#{digits[:6]}"), np.float32)
    return np.array(colours.NAMED.get(text, _NAMED_CODES.get(text, (0.133, 0.133, 0.133))), np.float32)


def _finish(image: Image, masks: list[Array], options: dict[str, Any]) -> Outputs:
    """The three outputs: picture on alpha or colour, mask, mask as picture."""
    blur, offset = float(options.get("mask_blur", 0)), int(options.get("mask_offset", 0))
    done = [np.clip(refined(mask, blur, offset), 0, 1) for mask in masks]
    if options.get("invert_output", False):
        done = [1 - mask for mask in done]
    mask = np.stack(done).astype(np.float32)
    rgb = image[..., :3]
    if options.get("background", "Alpha") == "Alpha":
        shown = np.concatenate([rgb, mask[..., None]], axis=-1)
    else:
        weight = mask[..., None]
        shown = rgb * weight + _colour(options.get("background_color", "#222222")) * (1 - weight)
    return shown.astype(np.float32), mask, np.repeat(mask[..., None], 3, axis=-1)


@node("BiRefNetRMBG")
def birefnet(_ctx: Context, *, image: Image, model: str, sensitivity: float = 1.0, **options: Any) -> Outputs:
    """The foreground of each picture."""
    return _finish(image, [segmenting.matte(one[..., :3]) for one in image], options)


@node("RMBG")
def rmbg(
    _ctx: Context, *, image: Image, model: str, sensitivity: float = 1.0, process_res: int = 1024, **options: Any
) -> Outputs:
    """The foreground of each picture."""
    return _finish(image, [segmenting.matte(one[..., :3]) for one in image], options)


@node("AILab_SDMatte")
def sd_matte(
    _ctx: Context,
    *,
    image: Image,
    model: str,
    device: str,
    process_res: int,
    mask: Mask | None = None,
    **options: Any,
) -> Outputs:
    """The foreground of each picture."""
    return _finish(image, [segmenting.matte(one[..., :3]) for one in image], options)


def _by_words(image: Image, prompt: str) -> list[Array]:
    return [segmenting.by_words(one[..., :3], prompt) for one in image]


@node("SAM3Segment")
def sam3_segment(
    _ctx: Context,
    *,
    image: Image,
    prompt: str,
    output_mode: str,
    confidence_threshold: float,
    max_segments: int = 0,
    segment_pick: int = 0,
    **options: Any,
) -> Outputs:
    """What the words name: one mask per picture, or one per thing with `Separate`; an empty mask when nothing fits."""
    if output_mode == "Merged":
        return _finish(image, _by_words(image, prompt), options)
    found = segmenting.each_by_words(image[0, ..., :3], prompt)
    if segment_pick:
        found = found[segment_pick - 1 : segment_pick]
    if max_segments:
        found = found[:max_segments]
    masks = found or [np.zeros(image.shape[1:3], np.float32)]
    return _finish(np.repeat(image[:1], len(masks), axis=0), masks, options)


@node("SAM2Segment")
def sam2_segment(
    _ctx: Context,
    *,
    image: Image,
    prompt: str,
    sam2_model: str,
    dino_model: str,
    device: str,
    threshold: float = 0.35,
    **options: Any,
) -> Outputs:
    """What the words name, one mask per picture; an empty one when nothing fits."""
    return _finish(image, _by_words(image, prompt), options)


@node("Segment")
@node("SegmentV2")
def segment(
    _ctx: Context,
    *,
    image: Image,
    prompt: str,
    sam_model: str,
    dino_model: str,
    threshold: float = 0.35,
    **options: Any,
) -> Outputs:
    """What the words name, one mask per picture; an empty one when nothing fits."""
    return _finish(image, _by_words(image, prompt), options)


@node("ClothesSegment")
@node("BodySegment")
@node("FaceSegment")
def parts_segment(_ctx: Context, *, images: Image, **options: Any) -> Outputs:
    """The parts that are ticked, found by their names; an empty mask when none is."""
    names = [name for name, ticked in options.items() if ticked is True and name[0].isupper()]
    masks = []
    for one in images:
        found = [segmenting.by_words(one[..., :3], name.replace("-", " ")) for name in names]
        masks.append(np.maximum.reduce(found) if found else np.zeros(one.shape[:2], np.float32))
    return _finish(images, masks, options)


@node("AILab_LamaRemover")
def lama_remover(_ctx: Context, *, images: Image, masks: Mask, removal_strength: int, edge_smoothness: int) -> Outputs:
    """The masked things gone, their surroundings drawn over them."""
    given = masks.reshape((-1, *masks.shape[-2:]))
    pairs = [(one, given[min(index, len(given) - 1)]) for index, one in enumerate(images)]
    return (np.stack([segmenting.without(one[..., :3], mask) for one, mask in pairs]),)


@node("AILab_Florence2")
def florence2(
    _ctx: Context,
    *,
    image: Image,
    model_name: str,
    task: str,
    precision: str,
    attention: str,
    fill_mask: bool,
    output_mask_select: str = "",
    keep_model_loaded: bool = False,
    text_prompt: str = "",
) -> Outputs:
    """What the words name: the picture, its mask (filled boxes for the box tasks), and the boxes as data."""
    masks = [segmenting.by_words(one[..., :3], text_prompt) for one in image]
    boxes = [_extent(mask) for mask in masks]
    if not task.startswith("Polygon"):
        masks = [_boxed(mask, box) for mask, box in zip(masks, boxes, strict=True)]
    data = [{"bboxes": [box] if box else [], "labels": [text_prompt] if box else []} for box in boxes]
    return image[..., :3], np.stack(masks).astype(np.float32), data


def _extent(mask: Array) -> list[int] | None:
    """x0, y0, x1, y1 of what is set; None when nothing is."""
    rows, columns = np.flatnonzero((mask > 0.5).any(1)), np.flatnonzero((mask > 0.5).any(0))
    if not len(rows):
        return None
    return [int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1]


def _boxed(mask: Array, box: list[int] | None) -> Array:
    filled = np.zeros_like(mask)
    if box:
        filled[box[1] : box[3], box[0] : box[2]] = 1
    return filled
