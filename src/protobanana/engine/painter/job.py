"""One sampling job, and the picture that comes of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from protobanana.engine import raster
from protobanana.engine.painter import (
    composing,
    drawing,
    editing,
    finding,
    inpainting,
    lettering,
    scene,
    styles,
    surgery,
)
from protobanana.engine.painter.regions import View
from protobanana.engine.values import Array, Control, Picture


@dataclass(frozen=True)
class Job:
    """What reaches a sampler, for one picture of the batch.

    `references` are the pictures that the conditioning carries (empty for a model that does not read them), `start`
    the latent's own pixels (None when it is empty), `mask` float32 `[height, width]` with 1 where painting is
    allowed, `share` the denoise strength in 0..1. `layers` > 0 asks for the whole and that many RGBA layers.
    """

    text: str
    negative: str
    seed: int | None
    index: int
    width: int
    height: int
    references: tuple[Picture, ...] = ()
    start: Picture | None = None
    mask: Array | None = None
    share: float = 1.0
    controls: tuple[Control, ...] = ()
    layers: int = 0

    @property
    def chance(self) -> int | None:
        """What the dice depend on: picture k of a batch is the picture of seed + k. (ComfyUI draws all noise of a batch
        from one seed instead; that has no counterpart without noise.)
        """
        return None if self.seed is None else self.seed + self.index


def paint(job: Job) -> list[Picture]:
    """The painted picture, float32 `[height, width, 3]`; with layers: the whole and its layers, `[..., 4]`."""
    picture = _controlled(_imagined(job), job)
    if job.layers:
        return _layered(picture, job.layers)
    picture = lettering.marked(picture)
    if job.start is None:
        return [picture]
    if job.share < 1:
        # Low denoise keeps the composition: the painting shows through the old pixels.
        picture = job.start + (picture - job.start) * np.float32(job.share**1.5)
    if job.mask is not None:
        weight = job.mask[..., None]
        picture = job.start * (1 - weight) + picture * weight
    return [picture]


def _imagined(job: Job) -> Picture:
    """The picture before marks and masks."""
    dice = scene.dice_for(job.text, job.negative, job.chance)
    if job.mask is not None and job.start is not None:
        return _within_mask(job, job.mask, job.start)
    if len(job.references) > 1:
        return composing.compose(job.references, job.text, job.width, job.height, dice)
    if job.references:
        canvas = composing.fitted(job.references[0], job.width, job.height)
        return _breath(editing.edit(canvas, job.text, dice), job)
    wanted = scene.read_scene(job.text, job.negative)
    return drawing.paint_scene(wanted, job.width, job.height, dice, scene.banned_colours(job.negative))


def _within_mask(job: Job, mask: Array, start: Picture) -> Picture:
    dice = scene.dice_for(job.text, job.negative, job.chance)
    reference = composing.fitted(job.references[0], job.width, job.height) if job.references else None
    return inpainting.repaint(start, mask, job.text, dice, reference)


def _breath(picture: Picture, job: Job) -> Picture:
    """Edits of one picture differ a little from seed to seed: a trace of warmth or coolness."""
    dice = scene.dice_for("breath", job.chance)
    gain = np.array([1 + dice.uniform(-0.012, 0.012) for _ in range(3)], np.float32)
    return raster.f32(np.clip(picture * gain, 0, 1))


def _controlled(picture: Picture, job: Job) -> Picture:
    """Control pictures show as dark outlines along their edges."""
    for control in job.controls:
        guide = raster.resize(control.image[None], job.width, job.height)[0]
        outline = styles.edges(guide)[..., None] * np.float32(min(1.0, abs(control.strength)) * 0.6)
        picture = picture * (1 - outline)
    return picture


def _layered(picture: Picture, layers: int) -> list[Picture]:
    """The whole picture, its background, then what stands before it: one RGBA picture each."""
    view = View(picture)
    front = finding.foreground(view)
    opaque = np.ones((*picture.shape[:2], 1), np.float32)
    back = surgery.erase(view, front) if front.any() else picture
    result = [np.concatenate([picture, opaque], axis=-1), np.concatenate([back, opaque], axis=-1)]
    blobs = view.blobs[: max(0, layers - 2)] if not view.busy else []
    rest = front.copy()
    for blob in blobs:
        rest &= ~blob.mask
    areas = [rest if rest.any() else front, *(blob.mask for blob in blobs)]
    for area in areas[: max(0, layers - 1)]:
        colour, alpha = surgery.cut_out(view, area)
        result.append(np.concatenate([colour, alpha[..., None]], axis=-1))
    while len(result) < layers + 1:
        result.append(np.concatenate([picture, opaque * 0], axis=-1))
    return result[: layers + 1]
