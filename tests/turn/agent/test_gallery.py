"""The list of pictures that the model reads, and how it refers to them."""

from __future__ import annotations

import pytest

from protobanana.errors import InvalidImageError, InvalidRequestError
from protobanana.events import Produced
from protobanana.pictures.image import Image
from protobanana.turn.agent.gallery import MAX_TEXT, Gallery, note, quoted
from protobanana.turn.request import Picture
from support.agents import asked, picture


async def gallery_of(*pictures: Picture) -> Gallery:
    return await Gallery.of(asked("x", "http://127.0.0.1:9", *pictures))


async def test_the_list() -> None:
    """Numbers, handles, origin, the size of what is new, the description in quotes, the current one marked."""
    old = picture("red", note="a red field")
    new = picture("blue", attached=True, author="user")
    text = (await gallery_of(old, new)).text()

    assert text == (
        f'1. {old.handle}, drawn by you: "a red field"\n'
        f"2. {new.handle}, uploaded by the user, 256x192, sent with this message, CURRENT"
    )


async def test_no_pictures() -> None:
    """An empty gallery says so, in the list and in the error."""
    gallery = await gallery_of()

    assert gallery.text() == "No pictures yet."
    assert gallery.current is None
    with pytest.raises(InvalidRequestError, match="none yet"):
        gallery.find("newest")


async def test_a_picture_that_comes_twice_keeps_its_number() -> None:
    """The same picture shown again is the current one, under its first number."""
    red, blue = picture("red"), picture("blue")
    gallery = await gallery_of(red, blue, red)

    assert [entry.handle for entry in gallery] == [red.handle, blue.handle]
    assert gallery.current is not None
    assert gallery.current.number == 1


async def test_fifty_pictures_stay_small() -> None:
    """A long list leaves out old descriptions, never the names, and is not longer than its limit."""
    pictures = [picture(f"#{n:02x}0000", note="word " * 50) for n in range(50)]
    text = (await gallery_of(*pictures)).text()

    assert len(text) <= MAX_TEXT + 100
    assert all(each.handle in text for each in pictures)


async def test_hundreds_of_pictures_stay_small() -> None:
    """What does not fit at all is counted, and can still be named."""
    pictures = [picture(f"#{n:06x}") for n in range(300)]
    gallery = await gallery_of(*pictures)

    assert len(gallery.text()) <= MAX_TEXT + 100
    assert "older pictures" in gallery.text()
    assert gallery.find(pictures[0].handle).number == 1
    assert gallery.find("3").number == 3


async def test_only_the_newest_is_opened() -> None:
    """Earlier pictures are not loaded for the list; one that cannot be opened says so and breaks nothing."""
    opened = []

    def lazy(number: int) -> Picture:
        async def load() -> Image:
            opened.append(number)
            raise InvalidImageError("gone")

        return Picture(load, attached=False, handle=f"img_{'a' * 15}{number}")

    gallery = await gallery_of(lazy(2), lazy(3), lazy(4))

    assert opened == [4]
    assert "cannot be opened" in gallery.text()


async def test_a_picture_without_a_handle_gets_one() -> None:
    """A picture that came without a name is named by its content."""
    nameless = Picture.of(await picture("red").load())
    gallery = await gallery_of(nameless)

    assert gallery.current is not None
    assert gallery.current.handle == picture("red").handle


@pytest.mark.parametrize("reference", ["0", "3", "-1", "img_", "img_zzzzzzzzzzzzzzzz", "x" * 10_000, {}, True])
async def test_unknown_references(reference: object) -> None:
    """What names no picture is refused in a short message that names the ones there are."""
    red, blue = picture("red"), picture("blue")
    gallery = await gallery_of(red, blue)
    with pytest.raises(InvalidRequestError) as caught:
        gallery.find(reference)

    assert red.handle in caught.value.message
    assert len(caught.value.message) < 200


def test_notes() -> None:
    """A description says how a picture was made, of which, by which words and seed."""
    image = Image(b"", "png", 8, 8)
    made = Produced(image, "region_edit", "w", seed=7, prompt="a red tie", parents=("img_a",))

    assert note(made) == "region edit of img_a: a red tie (seed 7)"
    assert note(Produced(image, "remove_background", "w", parents=("img_a",))) == "remove background of img_a"
    assert len(note(Produced(image, "generate", "w", prompt="x" * 9000))) < 200
    assert note(Produced(image, "show_image", "", prompt="generate: a cat, 8x8")) == "generate: a cat"


def test_quoted() -> None:
    """Foreign words become one line in quotes without markup, however long and odd they are."""
    assert quoted('say "hi"\n<b>\x00 ![x](y)') == '"say \\"hi\\" b ! x (y)"'
    assert len(quoted("x" * 100_000)) <= 122
