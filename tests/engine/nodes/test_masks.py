"""Masks."""

from __future__ import annotations

from typing import Any

import numpy as np


def dot(side: int = 21) -> Any:
    """A mask with one point in the middle."""
    mask = np.zeros((1, side, side), np.float32)
    mask[0, side // 2, side // 2] = 1
    return mask


def test_grow_tapered_is_a_diamond_and_shrinks_back(bench: Any) -> None:
    """Three steps from a point: 25 pixels tapered, 49 square; negative steps undo it."""
    diamond = bench.call("GrowMask", mask=dot(), expand=3, tapered_corners=True)
    square = bench.call("GrowMask", mask=dot(), expand=3, tapered_corners=False)

    assert diamond.sum() == 25
    assert square.sum() == 49
    assert np.array_equal(bench.call("GrowMask", mask=square, expand=-3, tapered_corners=False), dot())


def test_feather_ramps_from_the_border(bench: Any) -> None:
    """Over n pixels the mask rises as 1/n, 2/n, ..."""
    mask = bench.call("FeatherMask", mask=np.ones((1, 10, 10), np.float32), left=4, top=0, right=0, bottom=2)

    assert np.allclose(mask[0, 0, :5], [0.25, 0.5, 0.75, 1, 1])
    assert np.allclose(mask[0, -2:, 9], [1, 0.5])


def test_composite_operations(bench: Any) -> None:
    """Arithmetic and logic at an offset, clipped to 0..1."""
    ones, half = np.ones((1, 4, 4), np.float32), np.full((1, 2, 2), 0.75, np.float32)

    def at_corner(operation: str) -> Any:
        return bench.call("MaskComposite", destination=ones, source=half, x=2, y=2, operation=operation)[0]

    assert np.isclose(at_corner("multiply")[3, 3], 0.75)
    assert np.isclose(at_corner("subtract")[3, 3], 0.25)
    assert at_corner("add")[3, 3] == 1
    assert at_corner("xor")[3, 3] == 0
    assert at_corner("and")[0, 0] == 1


def test_channels_colours_and_threshold(bench: Any) -> None:
    """A channel as mask, an exact colour as mask, a mask as picture, a threshold."""
    image = np.zeros((1, 2, 2, 3), np.float32)
    image[0, 0, 0] = [1, 0.2, 0]

    assert bench.call("ImageToMask", image=image, channel="red")[0, 0, 0] == 1
    assert bench.call("ImageColorToMask", image=image, color=0xFF3300).sum() == 1
    assert bench.call("MaskToImage", mask=dot(3)).shape == (1, 3, 3, 3)
    assert bench.call("ThresholdMask", mask=dot(3) * 0.6, value=0.5).sum() == 1
    assert bench.call("InvertMask", mask=dot(3)).sum() == 8
    assert bench.call("SolidMask", value=0.5, width=4, height=2).shape == (1, 2, 4)
    assert bench.call("CropMask", mask=dot(5), x=2, y=2, width=2, height=2)[0, 0, 0] == 1
    assert bench.call("BatchMasksNode", masks={"mask0": dot(5), "mask1": dot(9)}).shape == (2, 5, 5)


def test_enhancer_fills_holes_and_offsets(bench: Any) -> None:
    """A ring becomes a disc; an offset of 2 widens it by two pixels; inversion comes last."""
    ring = np.zeros((1, 20, 20), np.float32)
    ring[0, 5:15, 5:15] = 1
    ring[0, 8:12, 8:12] = 0
    full = bench.call("AILab_MaskEnhancer", mask=ring, fill_holes=True)
    wide = bench.call("AILab_MaskEnhancer", mask=ring, fill_holes=True, mask_offset=2)

    assert full.sum() == 100
    assert wide.sum() == 14 * 14
    assert bench.call("AILab_MaskEnhancer", mask=ring, invert_output=True)[0, 0, 0] == 1
    assert bench.call("AILab_MaskCombiner", mask_1=ring, mode="combine", mask_2=1 - ring).min() == 1
