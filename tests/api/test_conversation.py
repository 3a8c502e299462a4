"""Messages in, words and pictures out."""

from __future__ import annotations

import base64
import time
from typing import Any

import PIL.Image
import pytest

from protobanana.api.conversation import read, split_markdown
from protobanana.errors import InvalidRequestError
from support.pictures import png


def url(colour: str) -> str:
    return "data:image/png;base64," + base64.b64encode(png(PIL.Image.new("RGB", (4, 4), colour))).decode()


async def colours(messages: list[Any]) -> list[tuple[int, ...]]:
    return [(await picture.load()).decoded().getpixel((0, 0)) for picture in read(messages).pictures]  # type: ignore[misc]


RED, BLUE = url("red"), url("blue")


async def test_pictures_from_every_place_in_order() -> None:
    """Parts, markdown of earlier answers and `images` of answers sent back: oldest first, newest turn marked."""
    messages = [
        {"role": "system", "content": f"never look at ![x]({RED})"},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": RED}}, {"type": "text", "text": "hm"}]},
        {"role": "assistant", "content": f"here ![img_1]({BLUE}) it is"},
        {"role": "assistant", "content": None, "images": [{"type": "image_url", "image_url": {"url": RED}}]},
        {"role": "user", "content": [{"type": "text", "text": "now this"}, {"type": "input_image", "image_url": BLUE}]},
    ]
    talk = read(messages)

    assert talk.text == "now this"
    assert await colours(messages) == [(255, 0, 0), (0, 0, 255), (255, 0, 0), (0, 0, 255)]
    assert [picture.attached for picture in talk.pictures] == [False, False, False, True]


def test_the_last_user_turn_counts() -> None:
    """A trailing assistant message does not hide what the user said."""
    assert (
        read(
            [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}, {"role": "assistant", "content": "c"}]
        ).text
        == "b"
    )


def test_boilerplate_is_no_prompt() -> None:
    """What a front-end adds about attached files is not taken for words of the user."""
    content = [
        {"type": "text", "text": "<attached_files>\n<file name='draw a cat'/>\n</attached_files>"},
        {"type": "text", "text": "make it blue"},
    ]

    assert read([{"role": "user", "content": content}]).text == "make it blue"


def test_a_mask_part() -> None:
    """A picture part named mask is the mask, not a picture."""
    content = [
        {"type": "text", "text": "change this"},
        {"type": "image_url", "image_url": {"url": RED}},
        {"type": "image_url", "name": "mask", "image_url": {"url": BLUE}},
    ]
    talk = read([{"role": "user", "content": content}])

    assert len(talk.pictures) == 1
    assert talk.mask is not None


@pytest.mark.parametrize(
    ("text", "words", "count"),
    [
        ("a ![x](data:image/png;base64,AAAA) b", "a  b", 1),
        ("![one](http://h/1.png)![two](https://h/2.png)", "", 2),
        ("![no](/local/file.png) and [link](http://h)", "![no](/local/file.png) and [link](http://h)", 0),
        ("![open](data:image/png;base64,AAAA", "![open](data:image/png;base64,AAAA", 0),
        ("plain", "plain", 0),
    ],
)
def test_markdown(text: str, words: str, count: int) -> None:
    """Markdown pictures are taken out with their addresses; everything else stays as it is."""
    kept, references = split_markdown(text)

    assert (kept, len(references)) == (words, count)


def test_hostile_markdown_is_linear() -> None:
    """Megabytes of half-open markdown are read in time proportional to their length."""
    took = []
    for size in (20_000, 200_000):
        start = time.perf_counter()
        split_markdown("![" * size)
        split_markdown("![a](data:image/" * (size // 8))
        took.append(time.perf_counter() - start)

    assert took[1] < 60 * took[0] + 1


@pytest.mark.parametrize(
    "messages",
    [
        "text",
        [],
        [5],
        [{"role": "assistant", "content": "x"}],
        [{"role": "user", "content": 5}],
        [{"role": "user", "content": ["x"]}],
        [{"role": "user", "content": [{"type": "file", "file": {}}]}],
    ],
)
def test_what_cannot_be_read_names_messages(messages: Any) -> None:
    """Every unreadable form is a 400 for `messages`."""
    with pytest.raises(InvalidRequestError) as caught:
        read(messages)

    assert caught.value.param == "messages"
