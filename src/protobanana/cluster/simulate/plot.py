"""Waits as curves: for every share of the requests the wait that it does not exceed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw, ImageFont

from protobanana.cluster.simulate.traffic import Request
from protobanana.cluster.simulate.world import Result

_SIZE = (960, 600)
_FRAME = (80, 60, 930, 540)
"""Left, top, right and bottom of the axes, in pixels."""
_COLOURS = ("#d9480f", "#868e96", "#1971c2", "#2b8a3e")
_TICKS = 5


def plot(results: Mapping[str, Result], of: Sequence[Request], title: str) -> Image.Image:
    """An RGB picture of 960x600 pixels with one curve per policy; the axis ends at the largest p99 of all."""
    picture = Image.new("RGB", _SIZE, "white")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(16)
    left, top, right, bottom = _FRAME
    highest = max(1.0, *(result.percentile(0.99, of) for result in results.values()))
    draw.text((left, 18), title, "black", font)
    draw.text((12, top - 24), "wait in s", "black", font)
    draw.text((right, bottom + 30), "share of the jobs", "black", font, anchor="ra")
    for tick in range(_TICKS + 1):
        y = bottom - (bottom - top) * tick / _TICKS
        draw.line((left, y, right, y), "#dee2e6")
        draw.text((left - 8, y), f"{highest * tick / _TICKS:.0f}", "black", font, anchor="rm")
        x = left + (right - left) * tick / _TICKS
        draw.text((x, bottom + 8), f"{100 * tick // _TICKS} %", "black", font, anchor="ma")
    for number, (name, result) in enumerate(results.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        waits = sorted(result.waits[request] for request in of)
        points = [
            (
                left + (right - left) * (rank + 1) / len(waits),
                max(top, bottom - (bottom - top) * max(wait, 0.0) / highest),
            )
            for rank, wait in enumerate(waits)
        ]
        draw.line(points, colour, 3, joint="curve")
        y = top + 14 + 24 * number
        draw.line((left + 14, y, left + 44, y), colour, 4)
        draw.text((left + 52, y), name, "black", font, anchor="lm")
    return picture
