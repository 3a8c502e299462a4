"""A scene becomes a picture."""

from __future__ import annotations

import random
from functools import lru_cache

from protobanana.engine.painter import backdrops, canvas, colours, layout, lettering, moods, styles
from protobanana.engine.painter.colours import RGB
from protobanana.engine.painter.layout import Spot
from protobanana.engine.painter.pictograms import Tile, draw, natural_colour
from protobanana.engine.painter.scene import Scene, Thing
from protobanana.engine.values import Array, Picture

_MOOD_BACKDROPS = {"night": "meadow", "sunset": "sea", "winter": "mountains", "autumn": "forest", "rain": "city"}
_GROUNDED = {"circle", "oval", "square", "rectangle", "triangle", "star", "heart", "ring", "pentagon", "hexagon",
             "octagon", "diamond", "cross", "crescent", "arrow", "stripe", "drop", "card", "logo"}  # fmt: skip
"""Flat signs: they cast no shadow on the ground."""

tile_of = lru_cache(maxsize=64)(draw)


def paint_scene(scene: Scene, width: int, height: int, dice: random.Random, avoid: tuple[RGB, ...] = ()) -> Picture:
    """The scene painted from nothing: background, things back to front, lettering, mood, style."""
    picture, ground = background(scene, width, height, dice, avoid)
    spots = layout.arrange(scene, width, height, dice)
    palette = [*avoid, ground]
    quiet = scene.ground is not None or bool(scene.backdrop)
    for spot in spots:
        if not quiet and spot.thing.noun not in _GROUNDED and spot.thing.relation != "worn":
            _shadow(picture, spot, ground)
        put(picture, spot, colour_of(spot.thing, dice, palette, ground))
    _letter(picture, scene, spots)
    picture = moods.apply(picture, scene.moods, dice)
    return styles.apply(picture, scene.styles, dice)


def background(
    scene: Scene, width: int, height: int, dice: random.Random, avoid: tuple[RGB, ...] = ()
) -> tuple[Picture, RGB]:
    """What lies behind the things, and its main colour."""
    if scene.ground is not None:
        ground = colours.shade(scene.ground, dice, 0.025)
        return canvas.plain(width, height, ground), ground
    name = scene.backdrop or next((_MOOD_BACKDROPS.get(mood, "meadow") for mood in scene.moods), "")
    if name:
        return backdrops.paint_backdrop(name, width, height, dice, scene.tint), (0.6, 0.8, 0.9)
    named = tuple(thing.colour for thing in scene.things if thing.colour is not None)
    ground = colours.pastel(dice, avoid + named)
    picture = canvas.plain(width, height, ground)
    backdrops.decorate(picture, dice, ground)
    return picture, ground


def colour_of(thing: Thing, dice: random.Random, palette: list[RGB], ground: RGB) -> RGB:
    """The colour that was said; else the thing's own, told from the ground; else a harmonious one not used yet."""
    if thing.colour is not None:
        return colours.shade(thing.colour, dice, 0.02)
    natural = natural_colour(thing.noun)
    if natural is not None:
        tones = (natural, colours.darker(natural, 0.3), colours.lighter(natural, 0.4))
        clear = next((tone for tone in tones if colours.distance(tone, ground) > 0.2), natural)
        return colours.shade(clear, dice, 0.06)
    if thing.label:
        dice = random.Random(thing.label)  # noqa: S311 - an unknown word always has the same colour
    chosen = colours.harmony(dice, tuple(palette))
    palette.append(chosen)
    return chosen


def tile_for(thing: Thing, side: int, colour: RGB) -> Tile:
    """The thing drawn `side` pixels wide; a second colour becomes stripes on plain shapes, trim on others."""
    tile = tile_of(thing.noun, max(4, side), colour, thing.accent, thing.label)
    if thing.accent is None or natural_colour(thing.noun) is not None:
        return tile
    return Tile(_striped(tile, thing.accent), tile.alpha)


def _striped(tile: Tile, accent: RGB) -> Array:
    """The tile's colours with every second of eight bands in the accent colour."""
    side = tile.alpha.shape[0]
    rgb = tile.rgb.copy()
    for band in range(1, 8, 2):
        rows = slice(side * band // 8, side * (band + 1) // 8)
        for channel in range(3):
            rgb[rows, :, channel] = tile.alpha[rows] * accent[channel]
    return rgb


def put(picture: Picture, spot: Spot, colour: RGB) -> None:
    """Draw a thing on its spot."""
    side = max(4, round(spot.side))
    canvas.lay(picture, tile_for(spot.thing, side, colour), round(spot.x - side / 2), round(spot.y - side / 2))


def _shadow(picture: Picture, spot: Spot, ground: RGB) -> None:
    canvas.oval(picture, spot.x, spot.y + spot.side * 0.48, spot.side * 0.36, spot.side * 0.05,
                colours.darker(ground, 0.25), 0.3, soft=0.8)  # fmt: skip


def _letter(picture: Picture, scene: Scene, spots: list[Spot]) -> None:
    """Quoted words: on a sign where there is one, else where they were said to stand, else below or in the middle."""
    height, width = picture.shape[:2]
    board = next((spot for spot in spots if spot.thing.noun in {"sign", "book", "computer", "shirt", "flag"}), None)
    for index, (text, colour, place) in enumerate(scene.texts[:4]):
        if board is not None and index == 0:
            box = (board.x - board.side * 0.38, board.y - board.side * 0.3, board.x + board.side * 0.38,
                   board.y + board.side * 0.1)  # fmt: skip
        else:
            box = _text_box(width, height, place or (0.5, 0.86 - 0.16 * index if spots else 0.5), bool(spots))
        write(picture, text, box, colour)


def _text_box(width: int, height: int, place: tuple[float, float], crowded: bool) -> tuple[float, float, float, float]:
    half_wide = 0.4 if place[0] == 0.5 else 0.19
    half_high = 0.075 if crowded else 0.2
    x = min(max(place[0], half_wide + 0.02), 0.98 - half_wide)
    y = min(max(place[1], half_high + 0.03), 0.97 - half_high)
    return ((x - half_wide) * width, (y - half_high) * height, (x + half_wide) * width, (y + half_high) * height)


def write(picture: Picture, text: str, box: tuple[float, float, float, float], colour: RGB | None) -> None:
    """Letters into a box given in pixels, in the colour that was said or one that can be read there."""
    height, width = picture.shape[:2]
    x0, y0 = max(0, round(box[0])), max(0, round(box[1]))
    x1, y1 = min(width, round(box[2])), min(height, round(box[3]))
    if x1 - x0 < 4 or y1 - y0 < 4:
        return
    region = picture[y0:y1, x0:x1]
    red, green, blue = (float(level) for level in region.mean(axis=(0, 1)))
    tone = colour or colours.readable_on((red, green, blue))
    coverage = lettering.stamp(text, x1 - x0, y1 - y0)[..., None]
    region *= 1 - coverage
    region += coverage * tone
