"""Painting inside a mask: new things within a picture, and new land around it."""

from __future__ import annotations

import random

import numpy as np
from PIL import Image as Pil

from protobanana.engine import raster
from protobanana.engine.painter import drawing, editing, finding, reading, scene, surgery
from protobanana.engine.painter.layout import Spot
from protobanana.engine.painter.pictograms import extent
from protobanana.engine.painter.reading import Phrase
from protobanana.engine.painter.regions import View, behind
from protobanana.engine.values import Array, Bits, Picture


def small_mask(view: View, mask: Array) -> Bits:
    """A mask at the size of the view's small copy."""
    small = raster.to_pil(mask).resize(view.size, Pil.Resampling.BOX)
    return np.asarray(small, dtype=np.uint8) > 127


def repaint(start: Picture, mask: Array, text: str, dice: random.Random, reference: Picture | None = None) -> Picture:
    """The picture with the masked part painted anew from `text`.

    `start` is the picture in the latent. With a `reference` of the same size (an edit model sees the picture) an
    instruction changes what is there; otherwise what was under the mask is gone and the text says what comes there.
    """
    view = View(start)
    hole = small_mask(view, mask)
    if not hole.any():
        return start
    if is_rim(hole):
        return _outpainted(start, mask, hole, text, dice)
    if reference is not None and not _blank(reference, mask):
        return editing.edit(reference, text, dice, within=hole)
    return _painted_hole(view, mask, hole, text, dice)


def is_rim(hole: Bits) -> bool:
    """Whether the mask lies around the picture: what is kept is one rectangle."""
    kept = ~hole
    if not kept.any():
        return False
    rows, columns = np.flatnonzero(kept.any(1)), np.flatnonzero(kept.any(0))
    inside = kept[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    touches = hole[0].all() or hole[-1].all() or hole[:, 0].all() or hole[:, -1].all()
    return bool(inside.mean() > 0.97 and touches)


def _blank(picture: Picture, mask: Array) -> bool:
    """Whether nothing is under the mask but one flat grey."""
    covered = picture[mask > 0.99]
    return covered.size == 0 or float(covered.std()) < 0.004


def _wants_nothing(text: str) -> bool:
    """Whether the text asks for something to go away rather than to come."""
    return any(clause.verb == "remove" for clause in reading.read(text))


def _painted_hole(view: View, mask: Array, hole: Bits, text: str, dice: random.Random) -> Picture:
    """Surroundings grown into the hole, then the things of the text drawn there, filling it."""
    back = np.where(mask[..., None] > 0.004, behind(view, hole), view.picture)
    wanted = scene.read_scene(text)
    if _wants_nothing(text):
        return back
    if wanted.ground is not None or wanted.backdrop:
        height, width = back.shape[:2]
        back = drawing.background(wanted, width, height, dice)[0]
    picture = np.ascontiguousarray(back, dtype=np.float32)
    box = surgery.box_of(view, hole)
    _draw_in(picture, wanted, box, dice)
    for words, colour, _ in wanted.texts:
        drawing.write(picture, words, (box.x0, box.y0, box.x1, box.y1), colour)
    return picture


def _draw_in(picture: Picture, wanted: scene.Scene, box: surgery.Box, dice: random.Random) -> None:
    """The things side by side within a box."""
    things = [thing for thing in wanted.things for _ in range(thing.count)]
    wide = box.width >= box.height
    for index, thing in enumerate(things):
        share, start = 1 / len(things), index / len(things)
        part = surgery.Box(
            box.x0 + (box.width * start if wide else 0),
            box.y0 + (0 if wide else box.height * start),
            box.x0 + (box.width * (start + share) if wide else box.width),
            box.y0 + (box.height if wide else box.height * (start + share)),
        )
        x0, y0, x1, y1 = extent(thing.noun)
        side = 0.9 * min(part.width / (x1 - x0), part.height / (y1 - y0))
        x = part.centre[0] + side * (0.5 - (x0 + x1) / 2)
        y = part.centre[1] + side * (0.5 - (y0 + y1) / 2)
        red, green, blue = (float(level) for level in picture[int(part.centre[1]) - 1, int(part.centre[0]) - 1])
        ground = (red, green, blue)
        drawing.put(picture, Spot(thing, x, y, side), drawing.colour_of(thing, dice, [ground], ground))


def _outpainted(picture: Picture, mask: Array, hole: Bits, text: str, dice: random.Random) -> Picture:
    """The kept rectangle with its edges drawn outwards, softened, and new things of the text in the widest strip."""
    sure = mask < 0.996
    rows, columns = np.flatnonzero(sure.any(1)), np.flatnonzero(sure.any(0))
    height, width = picture.shape[:2]
    # Scaling may have mixed the padding into the outermost kept pixels.
    top, left = (int(edge[0]) + (2 if edge[0] else 0) for edge in (rows, columns))
    bottom, right = (
        int(edge[-1]) + (1 if edge[-1] == side - 1 else -1) for edge, side in ((rows, height), (columns, width))
    )
    kept = picture[top:bottom, left:right]
    known = View(kept)
    front = finding.foreground(known)
    # What stands before the background is not drawn outwards: its cut edge would become a streak.
    land = surgery.erase(known, front) if front.any() and not known.busy else kept
    pad = ((top, height - bottom), (left, width - right), (0, 0))
    stretched = np.pad(land, pad, mode="edge")
    soft = raster.gaussian(np.clip(stretched, 0, 1), max(0.8, min(height, width) / 160))
    result = np.ascontiguousarray(np.where(mask[..., None] > 0.004, soft, picture), dtype=np.float32)
    result[top:bottom, left:right] = kept
    wanted = scene.read_scene(text)
    fresh = tuple(
        thing for thing in wanted.things
        if not thing.label and finding.find_drawn(known, Phrase(thing.noun, "noun")) is None
    )  # fmt: skip
    if fresh and not _wants_nothing(text):
        strip = max(
            (surgery.Box(0, 0, left, height), surgery.Box(right, 0, width, height), surgery.Box(0, 0, width, top),
             surgery.Box(0, bottom, width, height)), key=lambda box: box.width * box.height
        )  # fmt: skip
        inset = surgery.Box(strip.x0 + strip.width * 0.1, strip.y0 + strip.height * 0.3,
                            strip.x1 - strip.width * 0.1, strip.y1 - strip.height * 0.08)  # fmt: skip
        if min(inset.width, inset.height) > 12:
            _draw_in(result, scene.Scene(things=fresh[:3]), inset, dice)
    return result
