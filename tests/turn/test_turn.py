"""Who decides a turn: a language model, or the words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import pytest

from protobanana.comfy import close_all
from protobanana.engine import EngineThread
from protobanana.errors import AskBackError
from protobanana.pictures.handles import mint
from protobanana.testing import ScriptedModel
from protobanana.turn.request import ImageRequest, Wishes
from protobanana.turn.turn import thinks, turn
from protobanana.workflows.library import WorkflowLibrary
from support.agents import asked, made, picture, said

NOWHERE = "http://127.0.0.1:9"
TALK = asked("hello", NOWHERE)


@pytest.fixture(autouse=True)
async def closed() -> AsyncIterator[None]:
    yield
    await close_all()


@pytest.mark.parametrize(
    ("request_", "modes"),
    [
        (TALK, {"agent", "hybrid"}),
        (replace(TALK, mask=picture("white")), {"agent"}),
        (replace(TALK, wishes=Wishes(extra={"left": 64})), {"agent"}),
        (replace(TALK, wishes=Wishes(extra={"steps": 8})), {"agent", "hybrid"}),
        (replace(TALK, model="qwen_image_2512"), set()),
        (replace(TALK, endpoint="generations"), set()),
    ],
    ids=["talk", "mask", "side", "steps", "workflow", "images endpoint"],
)
def test_who_decides(request_: ImageRequest, modes: set[str]) -> None:
    """A chat turn is the model's; where a mask or a named side leaves nothing to decide, only in agent mode."""
    assert {mode for mode in ("agent", "hybrid", "keyword") if thinks(request_, mode)} == modes


async def test_a_mask_is_drawn_at_once() -> None:
    """In the default mode the words answer a turn that brings a mask; the model is not asked."""
    model = ScriptedModel(["never said"])
    request = replace(TALK, mask=picture("white"))
    events = [event async for event in turn(request, WorkflowLibrary(None), model=model)]

    assert said(events)
    assert not model.requests


async def test_without_a_model_the_words_decide() -> None:
    """No model configured: what is missing is asked for in words, an image endpoint is told with an error."""
    request = replace(TALK, text="remove the background", history=())
    events = [event async for event in turn(request, WorkflowLibrary(None))]

    assert "picture" in said(events)
    with pytest.raises(AskBackError):
        [event async for event in turn(replace(request, endpoint="edits"), WorkflowLibrary(None))]


async def test_pictures_have_names_and_parents() -> None:
    """A picture that the words drew has its handle for this owner, and names the picture it was made from."""
    red = picture("red", attached=True)
    with EngineThread() as engine:
        request = replace(asked("make it blue", engine.url, red), wishes=Wishes(quality="low"))
        async with aclosing(turn(request, WorkflowLibrary(None))) as events:
            produced = made([event async for event in events])[0]

    assert produced.handle == mint("me", produced.image.data)
    assert produced.parents == (red.handle,)
