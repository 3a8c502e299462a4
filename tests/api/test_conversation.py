"""Messages in, words and pictures out."""

from __future__ import annotations

import base64
import time
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from protobanana.api.conversation import read
from protobanana.api.references import Shown, split
from protobanana.errors import AskBackError, InvalidImageError, InvalidRequestError
from protobanana.pictures.files import FolderFiles
from protobanana.pictures.handles import mint
from protobanana.pictures.image import Image
from protobanana.pictures.store import ImageStore
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


OWNER = "somebody"


def store(tmp_path: Path) -> ImageStore:
    return ImageStore(FolderFiles(tmp_path), 10**8, 3600)


def picture(colour: str) -> Image:
    return Image.from_bytes(png(PIL.Image.new("RGB", (4, 4), colour)))


def asked(*assistant: Any, then: str = "go on") -> list[dict[str, Any]]:
    """A conversation in which these were the answers."""
    talk: list[dict[str, Any]] = [{"role": "user", "content": "draw"}]
    for answer in assistant:
        talk += [answer if isinstance(answer, dict) else {"role": "assistant", "content": answer}]
        talk += [{"role": "user", "content": then}]
    return talk


def test_the_history_in_words() -> None:
    """Every message as words; a picture stands as its handle where it was."""
    red = mint(OWNER, RED)
    messages = [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": [{"type": "text", "text": "look:"}, {"type": "input_image", "image_url": RED}]},
        {"role": "assistant", "content": f"here ![{red} a dot]({RED}) it is"},
        {"role": "tool", "content": "ignored"},
        {"role": "user", "content": "bigger"},
    ]  # fmt: skip
    lines = [(line.role, line.text) for line in read(messages, OWNER).history]

    assert lines == [
        ("system", "be brief"),
        ("user", f"look:\n[{red}]"),
        ("assistant", f"here [{red}] it is"),
        ("user", "bigger"),
    ]


def test_one_content_has_one_handle() -> None:
    """Uploaded, as markdown, in `images` and as bytes: the same content of the same caller has the same name."""
    messages = asked(f"![x]({RED})", {"role": "assistant", "content": "", "images": [{"image_url": {"url": RED}}]})
    handles = {one.handle for one in read(messages, OWNER).pictures}

    assert handles == {mint(OWNER, base64.b64decode(RED.partition(",")[2]))}
    assert handles != {one.handle for one in read(messages, "another").pictures}


def test_a_handle_of_ours_is_kept_with_its_note() -> None:
    """What the alt text says is known of the picture, and its name stays."""
    handle = mint(OWNER, "anything")
    (one,) = read(asked(f"![{handle} edit of it: bluer, 4x4]({RED})"), OWNER).pictures

    assert (one.handle, one.note) == (handle, "edit of it: bluer, 4x4")


@pytest.mark.parametrize("whose", ["nobody's", "another's"])
@pytest.mark.parametrize("form", ["![{h} x]({u})", "![{h}](/api/v1/files/1/content)", "![{h}](http://h/images/x)"])
def test_a_handle_that_was_not_given_to_the_caller_is_not_kept(whose: str, form: str) -> None:
    """An invented name, or one of somebody else, is replaced by a fresh one."""
    claimed = mint("another", RED) if whose == "another's" else "img_aaaaaaaaaaaaaaaa"
    (one,) = read(asked(form.format(h=claimed, u=RED)), OWNER).pictures

    assert one.handle != claimed
    assert one.handle


@pytest.mark.parametrize(
    "form",
    [
        "![{h} a dot](/api/v1/files/5f1e/content)",
        "![{h}](https://example.invalid/moved.png)",
        "![{h}]()",
        "[{h} a dot]",
        "[{h}]",
        "{h}",
        "Done: {h}.",
        '![{h} a dot](/api/v1/files/5f1e/content "title")',
        "![{h} a dot](data:image/png;base64,iVBORw0KGgo",
        "![{h} a dot](data:image/png;base64,iVBORw0KGgo\nand so on",
        '<img alt="{h}" src="blob:1">',
    ],
)
async def test_the_bytes_come_from_the_store(tmp_path: Path, form: str) -> None:
    """Whatever a client has made of the answer: the name is enough."""
    kept, blue = store(tmp_path), picture("blue")
    handle = mint(OWNER, blue.data)
    await kept.put(blue, OWNER, handle)
    (one,) = read(asked(form.format(h=handle)), OWNER, kept).pictures

    assert one.handle == handle
    assert (await one.load()).data == blue.data


async def test_a_short_address_is_read_from_the_store(tmp_path: Path) -> None:
    """An address of ours is looked up by its owner, and never fetched; nobody else gets it."""
    kept, blue = store(tmp_path), picture("blue")
    handle = mint(OWNER, blue.data)
    await kept.put(blue, OWNER, handle)
    messages = asked(f"![a dot](http://gateway/images/{kept.token(handle)})")
    (own,), (other,) = read(messages, OWNER, kept).pictures, read(messages, "another", kept).pictures

    assert own.handle == handle
    assert (await own.load()).data == blue.data
    with pytest.raises(AskBackError):
        await other.load()


async def test_bytes_in_the_message_need_no_store() -> None:
    """A picture named later is loaded from where its bytes are in the conversation."""
    handle = mint(OWNER, RED)
    pictures = read(asked(f"![{handle}]({RED})", f"as before: [{handle}]"), OWNER).pictures

    assert [one.handle for one in pictures] == [handle, handle]
    assert (await pictures[1].load()).decoded().getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize("place", ["/api/v1/files/1/content", "", "data:image/png;base64,AAAA", "http://127.0.0.1/x"])
async def test_a_lost_picture_is_asked_for(tmp_path: Path, place: str) -> None:
    """An earlier picture that is nowhere any more is no error until it is needed; then it is asked for in words."""
    (one,) = read(asked(f"![{mint(OWNER, 'gone')} a dot]({place})"), OWNER, store(tmp_path)).pictures

    with pytest.raises(AskBackError, match="Attach it"):
        await one.load()


async def test_what_was_just_sent_is_refused_by_its_field() -> None:
    """A picture of this very turn that cannot be read is the caller's error."""
    content = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]
    (one,) = read([{"role": "user", "content": content}], OWNER).pictures

    with pytest.raises(InvalidImageError):
        await one.load()


async def test_bytes_that_a_client_changed(tmp_path: Path) -> None:
    """The picture of that name goes before other bytes that a client put there; those serve when it is gone."""
    kept, blue = store(tmp_path), picture("blue")
    handle = mint(OWNER, blue.data)
    messages = asked(f"![{handle}]({RED})")
    (before,) = read(messages, OWNER, kept).pictures
    await kept.put(blue, OWNER, handle)
    (after,) = read(messages, OWNER, kept).pictures

    assert (await after.load()).data == blue.data
    assert (await before.load()).data == blue.data
    assert (await read(messages, OWNER).pictures[0].load()).decoded().getpixel((0, 0)) == (255, 0, 0)


def test_the_newest_is_the_one_that_was_shown() -> None:
    """Names in a sentence come before what the answer shows; a caption beside a picture is no second one."""
    first, second = mint(OWNER, RED), mint(OWNER, BLUE)
    shown = {"role": "assistant", "content": f"[{second} blue]\nnot {first} any more", "images": [{"image_url": BLUE}]}
    pictures = read(asked(f"![{first}]({RED})", shown), OWNER).pictures

    assert [one.handle for one in pictures] == [first, first, second]


def test_both_forms_are_one_picture() -> None:
    """An answer that carried its picture twice did not make two."""
    shown = {"role": "assistant", "content": f"![{mint(OWNER, RED)}]({RED})", "images": [{"image_url": {"url": RED}}]}

    assert len(read(asked(shown), OWNER).pictures) == 1


def test_the_same_upload_twice_is_two_pictures() -> None:
    """What the user attached twice is meant twice."""
    part = {"type": "image_url", "image_url": {"url": RED}}

    assert len(read([{"role": "user", "content": [part, part]}], OWNER).pictures) == 2


@pytest.mark.parametrize(
    ("text", "words", "count"),
    [
        ("a ![x](data:image/png;base64,AAAA) b", "a  b", 1),
        ("![one](http://h/1.png)![two](https://h/2.png)", "", 2),
        ('![one](http://h/1.png "a (nice) title") b', " b", 1),
        ("![one](http://h/1.png) (b)", " (b)", 1),
        ("![no](/local/file.png) and [link](http://h)", "![no](/local/file.png) and [link](http://h)", 0),
        ("![cut](data:image/png;base64,AAAA", "", 1),
        ("![cut](data:image/png;base64,AAAA\nmake it blue", "\nmake it blue", 1),
        ("![cut](data:image/png;base64,AAAA ... (more)", " ... (more)", 1),
        ("![wrapped](data:image/png;base64,AAAA\nBBBB) b", " b", 1),
        ("an open ![ bracket", "an open ![ bracket", 0),
        ("plain", "plain", 0),
    ],
)
def test_markdown(text: str, words: str, count: int) -> None:
    """Markdown pictures are taken out with their addresses; everything else stays as it is."""
    pieces = list(split(text))

    assert "".join(piece for piece in pieces if isinstance(piece, str)) == words
    assert sum(isinstance(piece, Shown) for piece in pieces) == count


@pytest.mark.parametrize(
    "text", ["![", "![a](data:image/", "![a](data:image/ ", "![a](data:image/\n", "[img_", "img_a ", "![a]("]
)
def test_hostile_markdown_is_linear(text: str) -> None:
    """Megabytes of half-open markdown are read in time proportional to their length."""
    took = []
    for size in (20_000, 200_000):
        messages = asked(text * (size // len(text)) + ")")
        start = time.perf_counter()
        read(messages, OWNER)
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
        [{"role": "user", "content": "x", "images": 1}],
        [{"role": "user", "content": "x", "images": {"a": "b"}}],
        [{"role": "user", "content": [{"type": "file", "file": {}}]}],
    ],
)
def test_what_cannot_be_read_names_messages(messages: Any) -> None:
    """Every unreadable form is a 400 for `messages`."""
    with pytest.raises(InvalidRequestError) as caught:
        read(messages)

    assert caught.value.param == "messages"
