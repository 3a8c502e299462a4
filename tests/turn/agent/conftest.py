"""A real engine and the bundled workflows for turns with a scripted language model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing

import pytest

from protobanana.comfy import close_all
from protobanana.engine import EngineSettings, EngineThread
from protobanana.events import Event
from protobanana.testing import ScriptedModel
from protobanana.turn.request import Picture
from protobanana.turn.turn import turn
from protobanana.workflows.library import WorkflowLibrary
from support.agents import asked

Play = Callable[..., Awaitable[list[Event]]]


@pytest.fixture(scope="module")
def engine() -> Iterator[EngineThread]:
    """An engine of this module's own, as fast as it can be."""
    with EngineThread(EngineSettings()) as running:
        yield running


@pytest.fixture(scope="session")
def library() -> WorkflowLibrary:
    return WorkflowLibrary(None)


@pytest.fixture(autouse=True)
async def closed() -> AsyncIterator[None]:
    """Sessions to the engine end with their event loop."""
    yield
    await close_all()


@pytest.fixture
def play(engine: EngineThread, library: WorkflowLibrary) -> Play:
    """A whole turn of a model, a text and pictures, as its events."""

    async def run(model: ScriptedModel, text: str, *pictures: Picture, **fields: object) -> list[Event]:
        request = asked(text, engine.url, *pictures, **fields)  # type: ignore[arg-type]
        async with aclosing(turn(request, library, model=model)) as events:
            return [event async for event in events]

    return run
