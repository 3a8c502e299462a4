"""Pixel nodes: making, cutting, padding, putting together."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from protobanana.engine.nodes.images import image_composite_masked


def ramp(height: int, width: int, channels: int = 3) -> Any:
    """A picture in which no two pixels are alike."""
    return np.arange(height * width * channels, dtype=np.float32).reshape(1, height, width, channels) / 1000


def test_empty_image_has_the_colour(bench: Any) -> None:
    """0x336699 is 51, 102, 153 of 255."""
    image = bench.call("EmptyImage", width=5, height=3, batch_size=2, color=0x336699)

    assert image.shape == (2, 3, 5, 3)
    assert np.allclose(image[1, 2, 4] * 255, [51, 102, 153])


def test_crop_flip_rotate(bench: Any) -> None:
    """Crop takes x, y, width, height; flip and rotate move pixels as named."""
    image = ramp(4, 6)

    assert np.array_equal(bench.call("ImageCrop", image=image, width=2, height=3, x=1, y=1), image[:, 1:4, 1:3])
    assert np.array_equal(bench.call("ImageFlip", image=image, flip_method="x-axis: vertically"), image[:, ::-1])
    turned = bench.call("ImageRotate", image=image, rotation="90 degrees")
    assert turned.shape == (1, 6, 4, 3)
    assert np.array_equal(turned[0, 0, -1], image[0, 0, 0])  # clockwise: top left goes top right


def test_outpaint_padding_is_grey_and_masked(bench: Any) -> None:
    """The picture stays as it is on a mid-grey canvas; the mask is 1 outside and fades into the padded side only."""
    image = ramp(40, 40)
    padded, mask = bench.call("ImagePadForOutpaint", image=image, left=8, top=0, right=0, bottom=4, feathering=10)

    assert padded.shape == (1, 44, 48, 3)
    assert np.array_equal(padded[:, :40, 8:], image)
    assert (padded[0, 42] == 0.5).all()
    assert (mask[0, :, :8] == 1).all()
    assert mask[0, 20, 8] == 1.0
    assert np.isclose(mask[0, 20, 13], ((10 - 5) / 10) ** 2)
    assert mask[0, 5, 47] == 0


@given(x=st.integers(0, 30), y=st.integers(0, 30), level=st.floats(0, 1, width=32))
def test_composite_is_exact_outside_the_mask(x: int, y: int, level: float) -> None:
    """Where the mask is 0, and outside the source, pixels are bit for bit the same; inputs stay untouched."""
    destination = np.random.default_rng(0).random((1, 24, 24, 3), dtype=np.float32)
    kept = destination.copy()
    source = np.full((1, 12, 12, 3), level, np.float32)
    mask = np.zeros((1, 12, 12), np.float32)
    mask[:, 4:8, 4:8] = 1
    (result,) = image_composite_masked(
        None, destination=destination, source=source, x=x, y=y, resize_source=False, mask=mask
    )
    painted = np.zeros((24, 24), bool)
    painted[y + 4 : y + 8, x + 4 : x + 8] = True

    assert np.array_equal(destination, kept)
    assert np.array_equal(result[0][~painted], kept[0][~painted])
    assert (result[0][painted] == np.float32(level)).all()


def test_stitch_scales_to_the_shared_edge(bench: Any) -> None:
    """Right: equal heights, spacing between; left puts the second picture first."""
    one, two = np.zeros((1, 20, 30, 3), np.float32), np.ones((1, 10, 10, 3), np.float32)
    settings = {"match_image_size": True, "spacing_width": 3, "spacing_color": "red"}
    right = bench.call("ImageStitch", image1=one, image2=two, direction="right", **settings)
    left = bench.call("ImageStitch", image1=one, image2=two, direction="left", **settings)

    assert right.shape == (1, 20, 30 + 4 + 20, 3)
    assert (right[0, 0, 31] == [1, 0, 0]).all()
    assert left[0, 10, 0, 0] == 1
    assert left[0, 10, -1, 0] == 0


def test_batches(bench: Any) -> None:
    """The second batch takes the size of the first; slices and repeats keep order."""
    both = bench.call("ImageBatch", image1=np.zeros((1, 8, 8, 3), np.float32), image2=np.ones((2, 4, 4, 3), np.float32))

    assert both.shape == (3, 8, 8, 3)
    assert bench.call("ImageFromBatch", image=both, batch_index=1, length=5).shape[0] == 2
    assert bench.call("RepeatImageBatch", image=both, amount=2).shape[0] == 6
    assert bench.call("BatchImagesNode", images={"image0": both, "image1": both}).shape[0] == 6


def test_alpha_is_one_minus_the_mask(bench: Any) -> None:
    """JoinImageWithAlpha writes 1 - mask, SplitImageWithAlpha takes it apart again."""
    image, mask = ramp(6, 6), np.linspace(0, 1, 36, dtype=np.float32).reshape(1, 6, 6)
    joined = bench.call("JoinImageWithAlpha", image=image, alpha=mask)
    colour, again = bench.call("SplitImageWithAlpha", image=joined)

    assert joined.shape[-1] == 4
    assert np.array_equal(colour, image)
    assert np.allclose(again, mask)
    assert (bench.call("SplitImageWithAlpha", image=image)[1] == 0).all()
