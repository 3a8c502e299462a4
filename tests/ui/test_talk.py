"""Conversations as trees."""

from __future__ import annotations

from typing import Any

from protobanana.ui import talk as talks

URL = "http://gateway"
TOKEN = "a" * 36
KEPT: dict[str, Any] = {"id": "img_" + "a" * 16, "src": f"images/{TOKEN}", "note": "a [cat]", "size": "8x8"}
LOOSE: dict[str, Any] = {"id": "", "src": "data:image/png;base64,AAAA"}


def test_undo_keeps_the_branch() -> None:
    """What was undone can be gone back to; other words begin a branch beside it."""
    first = talks.added(talks.added(talks.empty(), "user", "a cat", []), "assistant", "", [KEPT])
    before, turn = talks.undone(first)
    second = talks.added(before, "user", "a dog", [])

    assert turn is not None
    assert turn["text"] == "a cat"
    assert [node["text"] for node in talks.path(second)] == ["a dog"]
    assert [node["text"] for node in talks.path(talks.moved(second, first["leaf"]))] == ["a cat", ""]


def test_undo_of_nothing() -> None:
    """There is nothing before the beginning."""
    assert talks.undone(talks.empty()) == (talks.empty(), None)


def test_messages_name_pictures_by_the_gateway() -> None:
    """A kept picture travels as the gateway's address of it, one that is not kept as its bytes."""
    talk = talks.added(talks.added(talks.empty(), "user", "make it red", [LOOSE]), "assistant", "Done.", [KEPT])
    user, assistant = talks.messages(talks.path(talk), URL)

    assert user["content"][1] == {"type": "image_url", "image_url": {"url": LOOSE["src"]}}
    assert assistant["content"] == f"Done.\n\n![{KEPT['id']} a (cat)]({URL}/images/{TOKEN})"


def test_reading_an_answer() -> None:
    """Pictures are taken out of the text, with the names and sizes in their alt texts."""
    said, (picture,) = talks.read(f"Here.\n\n![{KEPT['id']} generate: x, 8x8]({URL}/images/{TOKEN})\n\n")

    assert said == "Here."
    assert picture == {"id": KEPT["id"], "src": f"images/{TOKEN}", "note": "generate: x, 8x8", "size": "8x8"}


def test_what_lasts_is_small() -> None:
    """The browser keeps no bytes, and nothing that Gradio put beside the conversation."""
    talk = talks.added(talks.empty(), "user", "hm", [KEPT, LOOSE]) | {"__type__": "update"}

    assert talks.lasting(talk) == {"leaf": 0, "nodes": [{**talk["nodes"][0], "pictures": [KEPT]}]}


def test_a_long_conversation_is_cut() -> None:
    """The way to the newest turn is never cut, old branches are."""
    talk = talks.added(talks.empty(), "user", "root", [])
    for number in range(300):
        talk = talks.added(talks.moved(talk, 0), "user", f"branch {number}", [])

    assert len(talk["nodes"]) == 200
    assert [node["text"] for node in talks.path(talk)] == ["root", "branch 299"]
