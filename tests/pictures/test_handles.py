"""Names of pictures: stable, bound to one caller, quick."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protobanana.pictures.handles import PATTERN, is_ours, mint

CONTENT = bytes(range(256)) * 5000


def url(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


@given(st.binary(min_size=1, max_size=5000), st.text(max_size=20))
def test_bytes_and_data_url_have_one_name(data: bytes, owner: str) -> None:
    """The same content has the same name however it travels, and the name is recognised."""
    handle = mint(owner, data)

    assert handle == mint(owner, url(data)) == mint(owner, f"({url(data)})", 1, len(url(data)) + 1)
    assert PATTERN.fullmatch(handle)
    assert is_ours(handle, owner)


@pytest.mark.parametrize("cut", [0, 1, 2])
def test_long_contents_too(cut: int) -> None:
    """Samples of bytes and of base64 meet, whatever the padding."""
    data = CONTENT[: len(CONTENT) - cut]

    assert mint("me", data) == mint("me", url(data))


@pytest.mark.parametrize("head", [b"\x89PNG", b"\xff\xd8\xff", b"RIFF"])
def test_the_end_and_the_length_count(head: bytes) -> None:
    """A compressed picture that changed has another end or length."""
    data = head + CONTENT

    assert len({mint("me", data), mint("me", data + b"x"), mint("me", data[:-1] + b"y")}) == 3


@pytest.mark.parametrize("head", [b"BM", b"II*\0", b"MM\0*"])
def test_uncompressed_pictures_are_read_in_full(head: bytes) -> None:
    """In a bitmap a single pixel may be the only difference."""
    data = head + CONTENT
    changed = data[:700_001] + b"!" + data[700_002:]

    assert mint("me", data) != mint("me", changed)
    assert mint("me", changed) == mint("me", url(changed))


@pytest.mark.parametrize(
    "text", ["", "http://h/1.png", "data:image/png;base64,%%%%", "data:image/png;base64,AAA", "data:,x", "\ud800"]
)
def test_any_text_has_a_name(text: str) -> None:
    """An address, and base64 that is none, are named by their characters."""
    assert is_ours(mint("me", text), "me")


def test_names_belong_to_one_caller() -> None:
    """Another caller's name for the same content is different, and not one's own."""
    mine, theirs = mint("me", CONTENT), mint("them", CONTENT)

    assert mine != theirs
    assert not is_ours(theirs, "me")


@pytest.mark.parametrize(
    "made_up", ["", "img_", "img_aaaaaaaaaaaaaaaa", "IMG_AAAAAAAAAAAAAAAA", "img_aaaaaaaaaaaaaaaab", "../secret"]
)
def test_made_up_names_are_not_ours(made_up: str) -> None:
    """A name that was never given is recognised as such."""
    assert not is_ours(made_up, "me")
