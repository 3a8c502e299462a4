"""Region and result phrases."""

from __future__ import annotations

import pytest

from protobanana.operations.base import Turn
from protobanana.operations.region_edit import RegionEdit


@pytest.mark.parametrize(
    ("text", "region", "result"),
    [
        ("make the man's tie red", "the man's tie", "a red tie"),
        ("change the white circle to a yellow star, keep the red background", "the white circle", "a yellow star"),
        ("Please replace the Cat with a Dog", "the Cat", "a Dog"),
        ("her shoes should be white", "her shoes", "white shoes"),
        ("change the car's colour from red to orange", "the car", "an orange car"),
        ("make the horse white with black spots", "the horse", "a white horse with black spots"),
        ("a crown instead of the hat", "the hat", "a crown"),
        ("the bag: make it leather", "the bag", "a leather bag"),
        ("remove the stain from the shirt", "the stain from the shirt", "the shirt"),
        ("remove the car from the picture", "the car", "the background"),
        ("mach den Hut blau", "den Hut", "einen blauen Hut"),
        ("cambia el color del coche a azul", "el coche", "un coche azul"),
        ("rends la porte vert", "la porte", "une porte verte"),
        ("把桌上的杯子换成花瓶", "桌上的杯子", "花瓶"),
        ("車の色を青に変えて", "車", "青い車"),
        ("cambia el coche rojo por uno azul", "el coche rojo", "un coche azul"),
        ("tausche den grünen Stuhl gegen einen gelben aus", "den grünen Stuhl", "einen gelben Stuhl"),
        ("swap out the plastic chairs for wooden ones", "the plastic chairs", "wooden chairs"),
        ("make the t-shirt that the boy is wearing green", "the t-shirt that the boy is wearing", "a green t-shirt"),
        ("recolor the bridesmaids' dresses to dusty blue", "the bridesmaids' dresses", "dusty blue dresses"),
        ("the car on the left is boring, make it red", "the car on the left", "a red car"),
        ("make the kid's balloon blue instead of red", "the kid's balloon", "a blue balloon"),
        ("her necklace -> a pearl necklace", "her necklace", "a pearl necklace"),
        ("take the scratches off the car door", "the scratches off the car door", "the car door"),
        ("i dont want the fence", "the fence", "the background"),
    ],
)
def test_phrases(text: str, region: str, result: str) -> None:
    """The region is quoted from the text, the result is what shall be seen there."""
    params = RegionEdit.read(Turn(text, has_image=True))

    assert (params["region"], params["result"]) == (region, result)


def test_no_part_no_phrases() -> None:
    """A change of the whole picture has no region."""
    assert RegionEdit.read(Turn("make it darker", has_image=True)) == {"prompt": "make it darker"}
