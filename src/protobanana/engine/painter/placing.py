"""Where something new goes in a picture that already has things in it."""

from __future__ import annotations

import numpy as np

from protobanana.engine.painter import finding, surgery
from protobanana.engine.painter.layout import Spot, worn
from protobanana.engine.painter.pictograms import extent
from protobanana.engine.painter.reading import Phrase
from protobanana.engine.painter.regions import Region, View
from protobanana.engine.painter.scene import ANCHORS, Thing
from protobanana.engine.painter.vocabulary import ACCESSORIES, SKY
from protobanana.engine.values import Bits

_USUAL = 0.3
_FREE = ((0.8, 0.74), (0.2, 0.74), (0.8, 0.28), (0.2, 0.28), (0.5, 0.82), (0.5, 0.16), (0.84, 0.5), (0.16, 0.5))
Place = tuple[float, float, float]
"""Centre x, y and side of a tile, in pixels."""


def place(view: View, thing: Thing, phrase: Phrase, anchor: Phrase | None, index: int = 0) -> Place:
    """The spot for a thing to be added: worn, where it was said, beside what was named, or where there is room."""
    height, width = view.picture.shape[:2]
    short = min(width, height)
    if thing.noun in ACCESSORIES:
        return _on_wearer(view, thing, anchor)
    if phrase.place is not None and anchor is None:
        return _at(view, thing, phrase.place)
    if anchor is not None and (area := finding.find(view, anchor)) is not None:
        return _near(view, thing, surgery.box_of(view, area), anchor.link or phrase.link)
    free = sorted(_FREE, key=lambda spot: _crowded(view, spot, thing))
    x, y = free[index % len(free)]
    return x * width, y * height, _USUAL * thing.size * short


def _at(view: View, thing: Thing, spot: tuple[float, float]) -> Place:
    """A spot that was named, the thing small enough to leave what is there visible."""
    height, width = view.picture.shape[:2]
    short = min(width, height)
    side = _USUAL * short
    front = finding.foreground(view)
    if front.any() and spot != (0.5, 0.5):
        box = surgery.box_of(view, front)
        room = [abs(edge) for edge in _gaps(box, spot, width, height)]
        side = min(side, max(0.15 * short, max(room, default=side) * 0.92))
    side *= thing.size
    inset = side / 2 + 0.02 * short
    x = min(max(spot[0] * width, inset), width - inset)
    y = min(max(spot[1] * height, inset), height - inset)
    gap = _gaps(surgery.box_of(view, front), spot, width, height) if front.any() else []
    if gap and spot[1] == 0.5 and spot[0] != 0.5:
        x = gap[0] / 2 if spot[0] < 0.5 else width - gap[0] / 2
        x = min(max(x, inset), width - inset)
    return x, y, side


def _gaps(box: surgery.Box, spot: tuple[float, float], width: int, height: int) -> list[float]:
    """Free pixels between the things and the border, on the sides that a spot names."""
    gaps = []
    if spot[0] != 0.5:
        gaps.append(box.x0 if spot[0] < 0.5 else width - box.x1)
    if spot[1] != 0.5:
        gaps.append(box.y0 if spot[1] < 0.5 else height - box.y1)
    return gaps


def _near(view: View, thing: Thing, box: surgery.Box, link: str) -> Place:
    """On, above, below, beside or in a thing that is there."""
    height, width = view.picture.shape[:2]
    side = min(_USUAL * min(width, height), max(box.width, box.height) * 0.7) * thing.size
    x, y = box.centre
    if link in {"on", "above", "to"}:
        y = box.y0 - side * (0.36 if link != "above" else 0.6)
    elif link == "below":
        y = box.y1 + side * 0.6
    elif link == "left-of":
        x = box.x0 - side * 0.62
    elif link in {"right-of", "beside", "with", "against"}:
        x = box.x1 + side * 0.62 if box.x1 + side < width else box.x0 - side * 0.62
    elif link == "in":
        side = min(side, min(box.width, box.height) * 0.5)
    half = side / 2
    return min(max(x, half), width - half), min(max(y, half), height - half), side


def _crowded(view: View, spot: tuple[float, float], thing: Thing) -> float:
    """How much of what stands there a new thing would cover; sky things prefer the top, others the bottom."""
    front = finding.foreground(view)
    high, wide = front.shape
    reach = _USUAL * min(high, wide) / 2
    y, x = spot[1] * high, spot[0] * wide
    window = front[max(0, int(y - reach)) : int(y + reach) + 1, max(0, int(x - reach)) : int(x + reach) + 1]
    wrong = (spot[1] > 0.4) == (thing.noun in SKY)
    return float(window.mean()) + (0.35 if wrong else 0.0)


def _wearer(view: View, anchor: Phrase | None) -> Bits:
    found = finding.find(view, anchor) if anchor is not None else None
    return found if found is not None else finding.subject(view)


def _on_wearer(view: View, thing: Thing, anchor: Phrase | None) -> Place:
    """On the head, before the eyes or under the chin of the main thing."""
    area = _wearer(view, anchor)
    region = Region(area)
    box = surgery.box_of(view, area)
    best = max(ANCHORS, key=lambda noun: finding.likeness(region, noun))
    if finding.likeness(region, best) > 0.8:
        x0, y0, x1, y1 = extent(best)
        side = (box.width / (x1 - x0) + box.height / (y1 - y0)) / 2
        centre = (box.centre[0] + side * (0.5 - (x0 + x1) / 2), box.centre[1] + side * (0.5 - (y0 + y1) / 2))
        spot = worn(thing, Spot(Thing(best), *centre, side))
        return spot.x, spot.y, spot.side
    return _on_any_head(view, thing, area, box)


def _on_any_head(view: View, thing: Thing, area: Bits, box: surgery.Box) -> Place:
    rows = np.flatnonzero(area.any(1))
    top = area[rows[0] : rows[0] + max(2, len(rows) // 5)]
    columns = np.flatnonzero(top.any(0))
    across = view.picture.shape[1] / view.size[0]
    x = float(columns.mean() + 0.5) * across
    head = max((columns[-1] - columns[0] + 1) * across, box.width * 0.35)
    zone = ACCESSORIES[thing.noun]
    if zone == "head":
        side = min(head, box.width) * 1.3 * thing.size
        return x, max(side * 0.3, box.y0 - side * 0.18), side
    if zone == "eyes":
        return x, box.y0 + box.height * 0.24, min(head, box.width) * 0.8 * thing.size
    side = box.width * 0.3 * thing.size
    return box.centre[0], box.y0 + box.height * 0.5, side


def worn_area(view: View, noun: str) -> Bits | None:
    """Something worn at the same place as `noun` (a hat, for a crown) that the main thing already has."""
    for other, zone in ACCESSORIES.items():
        if zone != ACCESSORIES[noun]:
            continue
        found = finding.find_drawn(view, Phrase(other, "noun"))
        if found is not None:
            return found
    return None
