"""Things found again in scenes that are full of other things."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from protobanana.engine.painter import drawing, layout, scene, segmenting, tracing
from protobanana.engine.painter.editing import edit
from protobanana.engine.painter.regions import View

SIDE = 384


def painted(text: str, seed: int, noun: str) -> tuple[Any, Any]:
    """A painted scene, and the true area of everything in it that is drawn as `noun`."""
    wanted = scene.read_scene(text)
    picture = drawing.paint_scene(wanted, SIDE, SIDE, scene.dice_for(text, seed))
    dice = scene.dice_for(text, seed)
    drawing.background(wanted, SIDE, SIDE, dice)
    area = np.zeros((SIDE, SIDE), bool)
    for spot in layout.arrange(wanted, SIDE, SIDE, dice):
        side = round(spot.side)
        x, y = round(spot.x - side / 2), round(spot.y - side / 2)
        covered = drawing.tile_of(spot.thing.noun, side, (1, 0, 0)).alpha > 0.5
        rows, columns = slice(max(0, -y), SIDE - y), slice(max(0, -x), SIDE - x)
        covered = covered[rows, columns]
        area[max(0, y) :, max(0, x) :][: covered.shape[0], : covered.shape[1]][covered] = spot.thing.noun == noun
    return picture, area


def overlap(one: Any, other: Any) -> float:
    """Intersection over union."""
    return float((one & other).sum() / max(1, (one | other).sum()))


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    ("text", "words", "noun"),
    [
        ("a red car on a street", "the car", "car"),
        ("a dog on a beach", "the dog", "dog"),
        ("a cat and a dog in a forest", "the dog", "dog"),
        ("a boat on the sea", "the boat", "boat"),
        ("a house in a forest at night", "the house", "house"),
        ("a robot in a city at night", "the robot", "robot"),
        ("a man with a tie in a city", "the man's tie", "tie"),
        ("three cats in a forest", "the cats", "cat"),
        ("a green car and a red car on a street", "the cars", "car"),
    ],
)
def test_thing_is_found_in_its_scene(text: str, words: str, noun: str, seed: int) -> None:
    """The mask covers the whole pictogram, all its colours, and next to nothing else."""
    picture, area = painted(text, seed, noun)

    assert overlap(segmenting.by_words(picture, words) > 0.5, area) > 0.8


@pytest.mark.parametrize("noun", ["truck", "elephant", "sofa", "circle"])
@pytest.mark.parametrize("text", ["a red car on a street", "a cat in a forest at night", "a blue background"])
def test_nothing_is_traced_that_is_not_there(text: str, noun: str) -> None:
    """Houses, trees and the parts of other things are not taken for a drawing."""
    assert tracing.traces(View(painted(text, 1, "")[0]), noun, 3) == []


def test_noise_has_no_drawing() -> None:
    """A picture of nothing but noise holds no cat."""
    noise = np.random.default_rng(5).random((200, 150, 3), dtype=np.float32)

    assert tracing.traces(View(noise), "cat") == []


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 3)])
def test_smallest_pictures_have_no_drawing(size: tuple[int, int]) -> None:
    """Pictures too small for any drawing are no error."""
    assert tracing.traces(View(np.full((*size, 3), 0.4, np.float32)), "cat") == []


def test_only_the_car_of_a_street_is_recoloured() -> None:
    """`make the car blue` turns its red to blue and leaves the houses behind it as they are."""
    picture, area = painted("a red car on a street", 1, "car")
    after = edit(picture, "make the car blue", scene.dice_for(1))
    red = area & (picture[..., 0] > picture[..., 2] + 0.4)

    assert (after[red][:, 2] > after[red][:, 0] + 0.2).mean() > 0.95
    assert (np.abs(after - picture).max(-1) > 0.02)[~area].mean() < 0.02


def test_areas_do_not_overlap() -> None:
    """Asked for many, each of three cats is returned once, best first."""
    picture, _ = painted("three cats in a forest", 1, "cat")
    found = tracing.traces(View(picture), "cat", 8)

    assert len(found) == 3
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_sky_is_above_and_sea_below() -> None:
    """`the sky` and `the sea` are the two parts of the surroundings, without the boat."""
    picture, boat = painted("a boat on the sea", 1, "boat")
    sky, sea = (segmenting.by_words(picture, words) > 0.5 for words in ("the sky", "the sea"))

    assert sky[: SIDE // 3].mean() > 0.8
    assert sky[SIDE * 2 // 3 :].mean() < 0.01
    assert sea[: SIDE // 3].mean() < 0.01
    assert sea[SIDE * 2 // 3 :][~boat[SIDE * 2 // 3 :]].mean() > 0.95
    assert (boat & (sea | sky)).sum() < 0.1 * boat.sum()
