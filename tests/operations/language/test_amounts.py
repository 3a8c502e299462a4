"""Outpainting amounts in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protobanana.operations.language.amounts import Pads, read_pads
from protobanana.operations.language.reading import read


@pytest.mark.parametrize(
    ("text", "pads"),
    [
        ("extend left 256px", Pads(left=256)),
        ("extend to the right", Pads(right=250)),
        ("20% more sky", Pads(top=100)),
        ("zoom out", Pads(250, 125, 250, 125)),
        ("extend 200px left and 100px right", Pads(left=200, right=100)),
        ("top 10, bottom 20", Pads(top=10, bottom=20)),
        ("add 64 pixels on every side", Pads(64, 64, 64, 64)),
        ("twice as wide", Pads(left=500, right=500)),
        ("double the width to the right", Pads(right=1000)),
        ("make it 300px wider", Pads(left=150, right=150)),
        ("make it square", Pads(top=250, bottom=250)),
        ("to 1200x600", Pads(100, 50, 100, 50)),
        ("extend right by a third", Pads(right=333)),
        ("nach oben um die Hälfte erweitern", Pads(top=250)),
        ("向左扩展128像素", Pads(left=128)),
        ("下に10%広げて", Pads(bottom=50)),
        ("make it twice as tall", Pads(top=250, bottom=250)),
        ("widen to 1500", Pads(left=250, right=250)),
        ("make it 1400 px wide", Pads(left=200, right=200)),
        ("extend the top by 0.3", Pads(top=150)),
        ("add 2 inches on the right", Pads(right=250)),
        ("wider please, 300px each side", Pads(left=300, right=300)),
        ("zoom out x2", Pads(500, 250, 500, 250)),
        ("verdopple die Höhe", Pads(top=250, bottom=250)),
        ("hazla más ancha", Pads(left=250, right=250)),
    ],
)
def test_amounts(text: str, pads: Pads) -> None:
    """Pixels, shares, multiples, ratios and sizes, measured on a picture of 1000 x 500."""
    assert read_pads(read(text), 1000, 500) == pads


@given(width=st.integers(1, 8192), height=st.integers(1, 8192), ratio=st.sampled_from(["16:9", "1:1", "2:3", "9:16"]))
def test_a_ratio_is_reached_without_loss(width: int, height: int, ratio: str) -> None:
    """Growing to a ratio pads one dimension only, evenly, and ends within a pixel of the ratio."""
    pads = read_pads(read(f"make it {ratio}"), width, height)
    wide, high = width + pads.left + pads.right, height + pads.top + pads.bottom
    wanted = int(ratio.split(":", maxsplit=1)[0]) / int(ratio.split(":")[1])

    reached = abs(wide - high * wanted) <= max(wanted, 1) or abs(high - wide / wanted) <= max(1 / wanted, 1)
    unchanged = abs(width - height * wanted) < 1 or abs(height - width / wanted) < 1
    assert reached or unchanged
    assert abs(pads.left - pads.right) <= 1
    assert abs(pads.top - pads.bottom) <= 1
