"""From words to an area of the picture: `the white circle`, `the man's tie`, `it`, `the background`."""

from __future__ import annotations

import colorsys
from functools import cache, lru_cache

import numpy as np

from protobanana.engine import raster
from protobanana.engine.painter import colours, tracing
from protobanana.engine.painter.pictograms import REGISTRY, is_drawable
from protobanana.engine.painter.pictograms.pen import natural_aspect, silhouette, stretched
from protobanana.engine.painter.reading import Phrase
from protobanana.engine.painter.regions import Region, View, salient, sky, without_holes
from protobanana.engine.painter.scene import ANCHORS, wears
from protobanana.engine.painter.vocabulary import ACCESSORIES
from protobanana.engine.values import Array, Bits

_PLAIN = {"circle", "square", "rectangle", "triangle", "star", "heart", "ring", "hexagon", "diamond", "cross", "oval"}
_GREYS = {"white", "black", "grey", "silver", "ivory", "charcoal"}
# Where worn things sit within their wearer: x0, y0, x1, y1 in units of its box.
_ZONES = {"head": (0.2, 0.0, 0.8, 0.3), "eyes": (0.2, 0.16, 0.8, 0.42), "neck": (0.38, 0.38, 0.62, 0.74),
          "body": (0.0, 0.35, 1.0, 0.72), "feet": (0.0, 0.86, 1.0, 1.0)}  # fmt: skip
_BELOW_SKY = ("sea", "beach", "meadow", "forest", "city", "mountains", "desert")
_VERY = 0.9
_WORN = ACCESSORIES | {"shirt": "body", "shoe": "feet"}


def of_colour(pixels: Array, name: str) -> Bits:
    """Which pixels one would call by a colour's name."""
    wanted = colours.named(name)
    high, low = pixels.max(-1), pixels.min(-1)
    spread = high - low
    saturation = spread / np.maximum(high, 1e-3)
    base = name.rsplit(maxsplit=1)[-1]
    if base in _GREYS:
        level = colours.luminance(wanted)
        return np.asarray((spread < 0.16) & (np.abs(high - level) < 0.2), dtype=bool)
    hue, lightness, _ = colorsys.rgb_to_hls(*wanted)
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    safe = np.maximum(spread, 1e-3)
    sector = np.where(high == red, ((green - blue) / safe) % 6, np.where(high == green, (blue - red) / safe + 2,
                                                                        (red - green) / safe + 4)) / 6  # fmt: skip
    turn = np.abs((sector - hue + 0.5) % 1 - 0.5)
    reach = {"red": 0.045, "blue": 0.085, "green": 0.085, "purple": 0.08, "pink": 0.08}.get(base, 0.06)
    least = 0.42 if base == "red" else 0.22  # skin is a pale red
    tone = np.abs((high + low) / 2 - lightness)
    return np.asarray((turn < reach) & (saturation > least) & (spread > 0.1) & (tone < 0.34), dtype=bool)


def find(view: View, phrase: Phrase) -> Bits | None:
    """The area a noun phrase speaks of, on the small copy; None when it is clearly not there."""
    if phrase.kind in {"background", "scene"}:
        return _background(view, phrase)
    wanted = None
    for name in phrase.colours:
        match = of_colour(view.small, name)
        wanted = match if wanted is None else wanted | match
    if wanted is not None and wanted.mean() < 0.0015:
        return None
    if view.busy:
        traced = _traced(view, phrase, wanted)
        return _together(traced) if traced else _in_photo(view, phrase, wanted)
    found = find_drawn(view, phrase, wanted)
    return found if found is not None else _guess(view, phrase, wanted)


def find_drawn(view: View, phrase: Phrase, wanted: Bits | None = None) -> Bits | None:
    """The area that looks most like the drawing of a noun (and has the `wanted` colours); None when none does."""
    scored = [(score, region) for region in _candidates(view) if (score := _score(view, region, phrase, wanted)) > 0]
    scored.sort(key=lambda pair: -pair[0])
    alike = [one for score, one in scored if score > 0.5 * scored[0][0] and one.whole == scored[0][1].whole]
    drawn = [region.mask for region in (alike if phrase.count > 1 else alike[:1])]
    if phrase.count < 2 and scored and _certain(scored[0][1], phrase):
        return drawn[0]
    traced = _traced(view, phrase, wanted)
    if len(traced) > (0 if phrase.count < 2 else len(drawn)):
        return _together(traced)
    return _together(drawn) if drawn else None


def _certain(region: Region, phrase: Phrase) -> bool:
    """Whether an area has the very outline of the thing."""
    return not is_drawable(phrase.noun) or likeness(region, phrase.noun) > _VERY


def _traced(view: View, phrase: Phrase, wanted: Bits | None) -> list[Bits]:
    """The areas that have the lines of the thing's drawing (and the `wanted` colours somewhere), best first."""
    if phrase.kind != "noun" or not is_drawable(phrase.noun):
        return []
    found = [one.mask for one in tracing.traces(view, phrase.noun, max(phrase.count, 1 if wanted is None else 4))]
    if wanted is not None:
        found = [mask for mask in found if (mask & wanted).sum() > 0.2 * mask.sum()]
    return found[: phrase.count]


def _together(masks: list[Bits]) -> Bits:
    return np.asarray(np.any(masks, axis=0), dtype=bool)


def _guess(view: View, phrase: Phrase, wanted: Bits | None) -> Bits | None:
    """Nothing looks like it: a part of the main thing, or the main thing itself, unless that is known to be other."""
    if not view.blobs:
        return None
    if phrase.noun in _WORN:
        return _worn_zone(view, subject(view), phrase.noun, wanted)
    if phrase.kind == "noun" and (wanted is not None or phrase.noun in _PLAIN):
        return None
    open_blobs = [blob for blob in view.blobs if blob.area > 0.01 and not _recognised(blob)]
    if not open_blobs or wanted is not None:
        return None
    return max(open_blobs, key=lambda one: one.area * _centrality(view, one)).mask


def _recognised(region: Region) -> bool:
    """Whether an area is surely one of the things the painter knows."""
    return max(likenesses(region).values()) > 0.86


def _worn_zone(view: View, bearer: Bits, noun: str, wanted: Bits | None) -> Bits | None:
    """The part of the main thing where such a piece of clothing sits: its odd-coloured part there, or all of it."""
    x0, y0, x1, y1 = Region(bearer).box
    left, top, right, bottom = _ZONES[_WORN[noun]]
    zone = np.zeros_like(bearer)
    wide, high = x1 - x0, y1 - y0
    zone[y0 + int(top * high) : y0 + int(bottom * high) + 1, x0 + int(left * wide) : x0 + int(right * wide) + 1] = True
    zone &= bearer
    if wanted is not None:
        zone &= wanted
        return zone if zone.mean() > 0.0008 else None
    if not zone.any():
        return None
    if _WORN[noun] in {"body", "feet"}:
        return np.asarray(zone & (view.labels == int(np.bincount(view.labels[zone]).argmax())), dtype=bool)
    return zone & _odd(view, bearer, zone)


def _odd(view: View, bearer: Bits, zone: Bits) -> Bits:
    """What is different within a zone: colours the bearer has only there, else pixels unlike most of the zone."""
    there = np.bincount(view.labels[zone], minlength=256)
    own = there / np.maximum(1, np.bincount(view.labels[bearer], minlength=256)) > 0.7
    odd: Bits = zone & own[view.labels]
    if odd.sum() < 0.06 * zone.sum():
        odd = zone & (np.linalg.norm(view.small - np.median(view.small[zone], axis=0), axis=-1) > 0.2)
    if not 0.04 < odd.sum() / zone.sum() < 0.8:
        return zone
    return without_holes(odd)


def subject(view: View) -> Bits:
    """The main thing of the picture; everything when there is no telling."""
    if not view.busy and view.blobs:
        return max(view.blobs, key=lambda one: one.area * _centrality(view, one)).mask
    if view.busy:
        return salient(view)
    return np.ones(view.small.shape[:2], bool)


def foreground(view: View) -> Bits:
    """Everything that stands before the background; nothing when all is background."""
    if view.busy:
        return salient(view)
    result = np.zeros(view.small.shape[:2], bool)
    for blob in view.blobs:
        result |= blob.mask
    return result


def _background(view: View, phrase: Phrase) -> Bits | None:
    back = ~foreground(view)
    above = back & sky(view) if phrase.noun in {"sky", *_BELOW_SKY} else back
    if 0.06 < above.mean() < 0.85 * back.mean():
        back = above if phrase.noun == "sky" else back & ~above
    if phrase.colours:
        match = of_colour(view.small, phrase.colours[0])
        return back if (match & back).sum() > 0.2 * back.sum() else None
    return back


def _in_photo(view: View, phrase: Phrase, wanted: Bits | None) -> Bits | None:
    middle = salient(view)
    if phrase.noun in _WORN:
        return _worn_zone(view, middle, phrase.noun, wanted)
    if wanted is None:
        return middle
    near = wanted & middle
    chosen = near if near.mean() > 0.002 else wanted
    return without_holes(chosen) if chosen.mean() > 0.002 else None


def _candidates(view: View) -> list[Region]:
    return view.blobs + view.clusters + view.pieces


def _centrality(view: View, region: Region) -> float:
    x0, y0, x1, y1 = region.box
    width, height = view.size
    off = abs((x0 + x1) / 2 / width - 0.5) + abs((y0 + y1) / 2 / height - 0.5)
    return float(1 - 0.5 * off)


@cache
def _drawings() -> tuple[tuple[str, ...], Array, Array]:
    """Every drawable noun, its outline as a row of 1024, and the logarithm of its proportions."""
    nouns = tuple(REGISTRY)
    outlines = np.stack([silhouette(noun).ravel() for noun in nouns])
    return nouns, outlines, raster.f32(np.log([natural_aspect(noun) for noun in nouns]))


@lru_cache(maxsize=256)
def likenesses(region: Region) -> dict[str, float]:
    """How much an area looks like each drawing: overlap of outlines, 0..1, less for other proportions."""
    nouns, outlines, aspects = _drawings()
    own = stretched(region.cut).ravel()
    both, either = np.minimum(outlines, own).sum(1), np.maximum(outlines, own).sum(1)
    x0, y0, x1, y1 = region.box
    stretch = np.abs(np.log((x1 - x0) / (y1 - y0)) - aspects)
    values = both / np.maximum(either, 1e-6) * np.exp(-0.8 * np.maximum(0, stretch - 0.1))
    return dict(zip(nouns, values.tolist(), strict=True))


def likeness(region: Region, noun: str) -> float:
    """How much an area looks like the drawing of a noun."""
    return likenesses(region)[noun]


def _score(view: View, region: Region, phrase: Phrase, wanted: Bits | None) -> float:
    """How well an area fits a phrase; 0 when it does not."""
    colour = 1.0
    if wanted is not None:
        colour = float((wanted & region.mask).sum() / region.mask.sum())
        if colour < 0.35:
            return 0.0
    size = region.area**0.2 * _centrality(view, region)
    if phrase.kind != "noun" or not is_drawable(phrase.noun):
        generic = 1.0 if region.whole or wanted is not None else 0.6
        return float(colour * size * generic)
    alike = likeness(region, phrase.noun)
    if phrase.noun in ACCESSORIES and not _worn_rightly(view, region, phrase.noun, alike):
        return 0.0
    if alike < _needed(view, region, phrase, wanted) or _plainly_other(region, phrase.noun, alike):
        return 0.0
    return float(colour * size * alike**4)


def _worn_rightly(view: View, region: Region, noun: str, alike: float) -> bool:
    """Whether an area sits where such a piece is worn, if it is on somebody, and is not its wearer."""
    if region.whole:
        return max(likeness(region, wearer) for wearer in ANCHORS) < alike
    for blob in view.blobs:
        if (blob.mask & region.mask).sum() > 0.5 * region.mask.sum() and region.area < 0.6 * blob.area:
            x0, y0, x1, y1 = blob.box
            left, top, right, bottom = region.box
            x, y = ((left + right) / 2 - x0) / (x1 - x0), ((top + bottom) / 2 - y0) / (y1 - y0)
            zone = _ZONES[_WORN[noun]]
            return zone[0] <= x <= zone[2] and zone[1] - 0.05 <= y <= zone[3] + 0.1
    return True


def _around(view: View, region: Region) -> float:
    """The area of the blob that a piece belongs to."""
    return max((blob.area for blob in view.blobs if (blob.mask & region.mask).any()), default=region.area)


def _needed(view: View, region: Region, phrase: Phrase, wanted: Bits | None) -> float:
    """How alike an area must look to be taken for the thing: less when its colour was named and is right."""
    if wanted is not None:
        return 0.4
    if phrase.noun in _WORN:
        return 0.5 if phrase.noun in ACCESSORIES and not region.whole else 0.8
    if wears(phrase.noun) and not region.whole:
        return 0.6 if region.area > 0.15 * _around(view, region) else 1.1
    if phrase.noun in _PLAIN:
        return 0.6
    return 0.6 if region.whole else 0.72


def _plainly_other(region: Region, noun: str, alike: float) -> bool:
    """Whether the area is so clearly another simple shape that it cannot be meant."""
    rival = max(likeness(region, other) for other in _PLAIN - {noun})
    return rival > 0.92 and alike < rival - (0.12 if noun in _PLAIN else 0.2)
