"""Masks from pixels, for the nodes that stand in for matting and segmentation models."""

from __future__ import annotations

import numpy as np

from protobanana.engine import raster
from protobanana.engine.painter import finding, inpainting, lexicon, reading, surgery
from protobanana.engine.painter.reading import Phrase
from protobanana.engine.painter.regions import View, connected, soft_mask
from protobanana.engine.values import Array, Bits, Picture

_WORTH = 0.0008


def matte(picture: Picture) -> Array:
    """How much each pixel belongs to what stands before the background: float32 `[H, W]` in 0..1."""
    view = View(picture)
    return soft_mask(view, finding.foreground(view))


def by_words(picture: Picture, words: str) -> Array:
    """The area the words name, float32 `[H, W]` in 0..1; all zeros when it is clearly not there."""
    view = View(picture)
    return soft_mask(view, _area(view, words))


def each_by_words(picture: Picture, words: str) -> list[Array]:
    """One mask per separate thing that the words name, largest first."""
    view = View(picture)
    phrases = _phrases(words)
    for phrase in phrases:
        phrase.count = max(phrase.count, 12)
    area = _united(view, phrases)
    parts = connected(area.astype(np.int32))
    ids, counts = np.unique(parts[area], return_counts=True)
    order = ids[np.argsort(-counts, kind="stable")]
    return [soft_mask(view, parts == one) for one in order if (parts == one).mean() > _WORTH]


def without(picture: Picture, mask: Array) -> Picture:
    """The picture with the masked area filled from around it."""
    height, width = picture.shape[:2]
    sized = raster.resize_mask(mask[None], width, height)[0]
    view = View(picture)
    area = inpainting.small_mask(view, sized)
    if not area.any():
        return picture
    weight = np.clip(sized, 0, 1)[..., None]
    return raster.f32(picture * (1 - weight) + surgery.erase(view, area) * weight)


def _phrases(words: str) -> list[Phrase]:
    clauses = reading.read(words)
    found = [phrase for clause in clauses for phrase in clause.phrases if phrase.link != "without"]
    loose = [colour for clause in clauses for colour, _, _ in clause.loose]
    if not found and loose:
        return [Phrase("it", "it", colours=loose)]
    # `the circle on the red background`: what comes behind a preposition only says where.
    named = [phrase for phrase in found if phrase.link not in {"on", "in", "of", "against", "above", "below", "beside"}]
    return named or found


def _area(view: View, words: str) -> Bits:
    if not any(token.role not in {"stop", "article", "punctuation"} for token in lexicon.tokens(words)):
        return finding.foreground(view)
    return _united(view, _phrases(words))


def _united(view: View, phrases: list[Phrase]) -> Bits:
    area = np.zeros(view.small.shape[:2], bool)
    for phrase in phrases:
        if phrase.kind == "it" and not phrase.colours:
            found: Bits | None = finding.subject(view)
        else:
            found = finding.find(view, phrase)
        if found is not None:
            area |= found
    return area
