"""Cut-outs and areas by words, measured on drawn pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image as Pil
from PIL import ImageDraw


def drawn(**shapes: Any) -> Any:
    """A white 300 x 300 picture with a red disc and a blue square, drawn by Pillow, not by the painter."""
    sheet = Pil.new("RGB", (300, 300), shapes.get("ground", "white"))
    brush = ImageDraw.Draw(sheet)
    brush.ellipse((30, 90, 130, 190), (220, 30, 30))
    brush.rectangle((180, 100, 270, 190), (30, 60, 210))
    return np.asarray(sheet, dtype=np.float32)[None] / 255


RED = np.zeros((300, 300), bool)
ROWS, COLUMNS = np.ogrid[:300, :300]
RED = (ROWS - 140) ** 2 + (COLUMNS - 80) ** 2 <= 50**2
BLUE = (ROWS >= 100) & (ROWS <= 190) & (COLUMNS >= 180) & (COLUMNS <= 270)


def overlap(mask: Any, truth: Any) -> float:
    """Intersection over union."""
    found = mask > 0.5
    return float((found & truth).sum() / max(1, (found | truth).sum()))


@pytest.mark.parametrize("node", ["BiRefNetRMBG", "RMBG"])
def test_foreground_gets_the_alpha(bench: Any, node: str) -> None:
    """Things on a plain ground are opaque, the ground is transparent; picture, mask and mask picture agree."""
    model = "BiRefNet-general" if node == "BiRefNetRMBG" else "RMBG-2.0"
    image, mask, shown = bench.call(node, image=drawn(), model=model)

    assert overlap(mask[0], RED | BLUE) > 0.97
    assert image.shape == (1, 300, 300, 4)
    assert np.array_equal(image[..., 3], mask)
    assert np.array_equal(shown[..., 0], mask)
    assert mask[0, 140, 80] == 1
    assert mask[0, 5, 5] == 0


def test_options_of_the_matting_nodes(bench: Any) -> None:
    """A colour instead of alpha, inversion, offset."""
    colour, _, _ = bench.call("RMBG", image=drawn(), model="RMBG-2.0", background="Color", background_color="#00ff00")
    _, inverted, _ = bench.call("RMBG", image=drawn(), model="RMBG-2.0", invert_output=True)
    _, wide, _ = bench.call("RMBG", image=drawn(), model="RMBG-2.0", mask_offset=10)

    assert np.allclose(colour[0, 5, 5], [0, 1, 0], atol=0.01)
    assert inverted[0, 5, 5] == 1
    assert wide[0, 140, 22] == 1


@pytest.mark.parametrize(
    ("words", "truth"),
    [
        ("the red circle", RED), ("circle", RED), ("blue square", BLUE), ("the square", BLUE), ("red", RED),
        ("红色的圆", RED), ("el cuadrado azul", BLUE), ("the red circle on the left", RED), ("blue thing", BLUE),
    ],
)  # fmt: skip
def test_words_find_their_area(bench: Any, words: str, truth: Any) -> None:
    """By colour, by shape, by both, in other languages."""
    _, mask, _ = bench.call("SAM3Segment", image=drawn(), prompt=words, output_mode="Merged", confidence_threshold=0.5)

    assert overlap(mask[0], truth) > 0.95


@pytest.mark.parametrize("words", ["the green triangle", "a yellow banana", "purple hat", "star", "the cat"])
def test_what_is_not_there_gives_an_empty_mask(bench: Any, words: str) -> None:
    """A colour or a simple shape that is clearly absent, and a character among simple shapes."""
    _, mask, _ = bench.call(
        "SAM2Segment", image=drawn(), prompt=words, sam2_model="sam2.1_hiera_tiny",
        dino_model="GroundingDINO_SwinB (938MB)", device="Auto",
    )  # fmt: skip

    assert not mask.any()


def test_separate_gives_one_mask_per_thing(bench: Any) -> None:
    """`Separate` with two circles gives two masks; `segment_pick` takes one."""
    image = drawn()
    image[:, 210:280, 30:100] = 1
    sheet = Pil.fromarray((image[0] * 255).astype(np.uint8))
    ImageDraw.Draw(sheet).ellipse((30, 210, 90, 270), (220, 30, 30))
    image = np.asarray(sheet, dtype=np.float32)[None] / 255
    inputs = {"image": image, "prompt": "red circles", "output_mode": "Separate", "confidence_threshold": 0.5}

    assert bench.call("SAM3Segment", **inputs)[1].shape == (2, 300, 300)
    assert bench.call("SAM3Segment", **inputs, segment_pick=2)[1][0, 240, 60] == 1


def test_remover_fills_from_around(bench: Any) -> None:
    """The masked disc is white afterwards, the square untouched."""
    mask = ((ROWS - 140) ** 2 + (COLUMNS - 80) ** 2 <= 60**2).astype(np.float32)[None]
    image = bench.call("AILab_LamaRemover", images=drawn(), masks=mask, removal_strength=230, edge_smoothness=8)

    assert image[0, 90:190, 30:130].min() > 0.97
    assert np.array_equal(image[0][BLUE], drawn()[0][BLUE])
