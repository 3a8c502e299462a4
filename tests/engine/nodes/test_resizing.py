"""Sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest


def picture(height: int, width: int) -> Any:
    """A smooth gradient."""
    row = np.linspace(0, 1, width, dtype=np.float32)
    return np.broadcast_to(row[None, None, :, None], (1, height, width, 3)).copy()


@pytest.mark.parametrize("method", ["nearest-exact", "bilinear", "area", "bicubic", "lanczos"])
def test_scale_keeps_a_gradient(bench: Any, method: str) -> None:
    """Every method gives the asked size and the same gradient."""
    scaled = bench.call(
        "ImageScale", image=picture(20, 64), upscale_method=method, width=32, height=48, crop="disabled"
    )

    assert scaled.shape == (1, 48, 32, 3)
    assert np.abs(scaled[0, 24, :, 0] - np.linspace(0.01, 0.99, 32)).max() < 0.03


def test_zero_keeps_proportions(bench: Any) -> None:
    """Width 0 follows the height; both 0 change nothing."""
    image = picture(20, 40)

    assert bench.call("ImageScale", image=image, upscale_method="area", width=0, height=10, crop="disabled").shape == (
        1,
        10,
        20,
        3,
    )
    assert bench.call("ImageScale", image=image, upscale_method="area", width=0, height=0, crop="center") is image


def test_center_crop_cuts_the_long_side_evenly(bench: Any) -> None:
    """A square from a wide gradient holds its middle."""
    square = bench.call("ImageScale", image=picture(20, 80), upscale_method="area", width=20, height=20, crop="center")

    assert np.isclose(square[0, 0, :, 0].mean(), 0.5, atol=0.01)
    assert np.isclose(square[0, 0, 0, 0], 30 / 79, atol=0.01)


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [(512, 512, (1024, 1024)), (1920, 1080, (1392, 752)), (600, 1400, (672, 1568)), (3000, 1000, (1568, 672))],
)
def test_kontext_sizes(bench: Any, width: int, height: int, expected: tuple[int, int]) -> None:
    """The nearest of the seventeen preferred sizes by proportions."""
    scaled = bench.call("FluxKontextImageScale", image=picture(height, width))

    assert scaled.shape[1:3] == expected[::-1]


def test_total_pixels_and_longest_side(bench: Any) -> None:
    """One megapixel is 1024 x 1024 pixels, in whole steps; the longer side goes to its limit."""
    image = picture(100, 200)
    mega = bench.call(
        "ImageScaleToTotalPixels", image=image, upscale_method="area", megapixels=0.25, resolution_steps=16
    )
    longest = bench.call("ImageScaleToMaxDimension", image=image, upscale_method="area", largest_size=50)

    assert mega.shape[1] % 16 == 0
    assert mega.shape[2] % 16 == 0
    assert abs(mega.shape[1] * mega.shape[2] / (1024 * 1024 * 0.25) - 1) < 0.05
    assert longest.shape[1:3] == (25, 50)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"resize_type": "scale dimensions", "width": 30, "height": 10, "crop": "center"}, (10, 30)),
        ({"resize_type": "scale by multiplier", "multiplier": 0.5}, (10, 20)),
        ({"resize_type": "scale longer dimension", "longer_size": 20}, (10, 20)),
        ({"resize_type": "scale shorter dimension", "shorter_size": 10}, (10, 20)),
        ({"resize_type": "scale width", "width": 10}, (5, 10)),
        ({"resize_type": "scale height", "height": 40}, (40, 80)),
        ({"resize_type": "scale to multiple", "multiple": 16}, (16, 32)),
        ({"resize_type": "match size", "match": np.zeros((1, 7, 9, 3), np.float32), "crop": "disabled"}, (7, 9)),
    ],
)
def test_resize_of_pictures_and_masks(bench: Any, options: dict[str, Any], expected: tuple[int, int]) -> None:
    """All ways of ResizeImageMaskNode, for a picture and for a mask."""
    image = picture(20, 40)

    assert (
        bench.call("ResizeImageMaskNode", input=image, resize_type=options, scale_method="area").shape[1:3] == expected
    )
    mask = bench.call("ResizeImageMaskNode", input=image[..., 0], resize_type=options, scale_method="area")
    assert mask.shape == (1, *expected)
