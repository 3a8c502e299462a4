"""Where things go: places said in words, relations between things, and a pleasant order for the rest."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from protobanana.engine.painter.scene import ANCHORS, Scene, Thing
from protobanana.engine.painter.vocabulary import SKY

_SHARES = {1: 0.56, 2: 0.42, 3: 0.32, 4: 0.28, 5: 0.25, 6: 0.23, 7: 0.21}
_BELOW_GROUND = 0.66
_STANDING = {"moon", "sun"}


@dataclass(frozen=True)
class Spot:
    """A thing with its centre and side length, in pixels."""

    thing: Thing
    x: float
    y: float
    side: float


def arrange(scene: Scene, width: int, height: int, dice: random.Random) -> list[Spot]:
    """The spots of all things, back to front. Things that are worn lie on their bearer."""
    free = [thing for thing in scene.things if thing.relation != "worn"]
    short = min(width, height)
    outdoors = bool(scene.backdrop) and scene.backdrop not in {"sky", "space", "underwater"}
    share = _SHARES.get(len(free), 0.2) * (0.82 if scene.backdrop else 1.0)
    centres = [_centre(index, len(free), thing, outdoors) for index, thing in enumerate(free)]
    sizes = [share * thing.size * (0.62 if outdoors and thing.noun in SKY else 1.0) for thing in free]
    sizes = [min(size, 0.36) if thing.place else min(size, 0.92) for size, thing in zip(sizes, free, strict=True)]
    for index in range(1, len(free)):
        _relate(free, centres, sizes, index)
    spots: list[Spot] = []
    carried: dict[int, Spot] = {}
    for index, thing in enumerate(free):
        x, y = centres[index]
        sway = 0.012 if thing.relation in {"on", "in", "above", "below"} else 0.035
        x, y = x + dice.uniform(-sway, sway), y + dice.uniform(-sway, sway)
        side = sizes[index] * short * dice.uniform(0.92, 1.08)
        inset = side / 2 + 0.015 * short
        x = min(max(x * width, inset), max(inset, width - inset))
        y = min(max(y * height, inset), max(inset, height - inset))
        group = _group(Spot(thing, x, y, side), width, height, dice)
        spots += group
        carried[index] = group[0]
    return _with_worn(scene, spots, carried)


def _centre(index: int, count: int, thing: Thing, outdoors: bool) -> tuple[float, float]:
    """The place that was said; else an even row, sky things up, others on the ground."""
    if thing.place is not None:
        return thing.place
    x = (index + 0.5) / count if count > 1 else 0.5
    x = 0.5 + (x - 0.5) * 1.06
    if outdoors:
        return (x, 0.26) if thing.noun in SKY else (x, _BELOW_GROUND)
    if count > 3:
        return x, 0.36 if index % 2 else 0.64
    return x, 0.5


def _relate(things: list[Thing], centres: list[tuple[float, float]], sizes: list[float], index: int) -> None:
    """Move the thing before `index` (and it) so that the preposition between them is true."""
    relation = things[index].relation
    if things[index].place is not None or things[index - 1].place is not None:
        return
    x, y = centres[index]
    half = (sizes[index - 1] + sizes[index]) / 2
    if relation == "on":
        sizes[index] = min(0.6, sizes[index] * 1.25)
        centres[index] = (0.5, 0.66)
        centres[index - 1] = (0.5, 0.66 - half * 0.78)
    elif relation in {"above", "below"}:
        upper, lower = (index - 1, index) if relation == "above" else (index, index - 1)
        centres[upper], centres[lower] = (0.5, 0.27), (0.5, 0.73)
    elif relation == "in":
        sizes[index] = min(0.8, sizes[index] * 1.7)
        centres[index] = (0.5, 0.5)
        centres[index - 1] = (0.5, 0.5)
        sizes[index - 1] *= 0.8
        things[index - 1 : index + 1] = things[index], things[index - 1]
        sizes[index - 1 : index + 1] = sizes[index], sizes[index - 1]
    elif relation in {"left-of", "right-of", "beside"}:
        first, second = (0.28, 0.72) if relation != "right-of" else (0.72, 0.28)
        if len(things) == 2:
            centres[index - 1], centres[index] = (first, y), (second, y)
    else:
        centres[index] = (x, y)


def _group(spot: Spot, width: int, height: int, dice: random.Random) -> list[Spot]:
    """`count` copies on a loose grid around the spot's centre."""
    count = spot.thing.count
    if count == 1:
        return [spot]
    columns = min(count, math.ceil(math.sqrt(count * width / height))) if count > 3 else count
    rows = math.ceil(count / columns)
    room = 0.86 if spot.thing.place is None and spot.side > 0.3 * min(width, height) else 0.4
    step = min(room * width / columns, room * height / rows)
    side = min(spot.side, step * 0.84)
    spots = []
    for index in range(count):
        row, column = divmod(index, columns)
        in_row = min(columns, count - row * columns)
        x = spot.x + (column - (in_row - 1) / 2) * step + dice.uniform(-0.03, 0.03) * step
        y = spot.y + (row - (rows - 1) / 2) * step + dice.uniform(-0.03, 0.03) * step
        spots.append(Spot(spot.thing, x, y, side))
    return spots


def _with_worn(scene: Scene, spots: list[Spot], carried: dict[int, Spot]) -> list[Spot]:
    """Hats, glasses and ties added on the things they are said of."""
    result = list(spots)
    bearer = -1
    for thing in scene.things:
        if thing.relation != "worn":
            bearer += 1
        elif bearer in carried:
            result += [worn(thing, spot) for spot in spots if spot.thing is carried[bearer].thing]
    return result


def worn(thing: Thing, bearer: Spot) -> Spot:
    """The spot of something worn by a drawn character."""
    head, eyes, neck = ANCHORS.get(bearer.thing.noun, ANCHORS["cat"])
    left, top = bearer.x - bearer.side / 2, bearer.y - bearer.side / 2
    if thing.noun == "glasses":
        x, y, wide = eyes
        side, lift = wide * 1.08, 0.0
    elif thing.noun in {"tie", "bow-tie", "scarf"}:
        x, y, wide = neck
        side = wide * (1.0 if thing.noun != "scarf" else 1.2)
        lift = -0.42 * side if thing.noun == "tie" else 0.0
    else:
        x, y, wide = head
        side = wide * 1.45
        lift = 0.24 * side
    size = thing.size if thing.size != 1 else 1.0
    return Spot(thing, left + x * bearer.side, top + (y - lift) * bearer.side, side * bearer.side * size)
