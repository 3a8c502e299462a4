"""A model that can see gets small copies, looks once at what was made, and may try once more."""

from __future__ import annotations

import base64
import io
from typing import Any

import PIL.Image

from protobanana.engine import EngineThread
from protobanana.pictures.image import Image
from protobanana.testing import Request, ScriptedModel, call
from protobanana.turn.agent.loop import converse
from protobanana.turn.agent.sight import small
from protobanana.workflows.library import WorkflowLibrary
from support.agents import asked, made, picture, results, said


def copies(message: Any) -> list[PIL.Image.Image]:
    """Pictures in a message's parts."""
    parts = message["content"] if isinstance(message["content"], list) else []
    urls = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    assert all(url.startswith("data:image/jpeg;base64,") for url in urls)
    return [PIL.Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) for url in urls]


def seen(request: Request) -> int:
    return sum(len(copies(message)) for message in request.messages)


def test_small_copies() -> None:
    """A copy keeps its proportions, has at most 512 pixels a side and no transparency."""
    wide = small(Image.from_pil(PIL.Image.new("RGBA", (2000, 500), (255, 0, 0, 0))))

    assert (wide.width, wide.height, wide.format) == (512, 128, "jpeg")
    assert min(wide.decoded().getpixel((5, 5))) > 250  # type: ignore[arg-type, type-var]
    assert small(Image.from_pil(PIL.Image.new("RGB", (64, 32)))).size == "64x32"


async def test_blind_by_default(library: WorkflowLibrary, engine: EngineThread) -> None:
    """Without the setting not a byte of any picture is sent."""
    model = ScriptedModel([[call("edit", image="1", prompt="blue", quality="low")], "Blue."])
    request = asked("make it blue", engine.url, picture("red", attached=True))
    _ = [event async for event in converse(request, library, model)]

    assert [seen(each) for each in model.requests] == [0, 0]
    assert "base64" not in str(model.requests[-1])


async def test_the_newest_pictures_are_sent(library: WorkflowLibrary, engine: EngineThread) -> None:
    """The three newest come with the newest message, each after its handle."""
    pictures = [picture(colour) for colour in ("red", "lime", "blue", "black")]
    model = ScriptedModel(["Four fields."])
    request = asked("what do you see?", engine.url, *pictures)
    _ = [event async for event in converse(request, library, model, sees=True)]
    names = [part.get("text", "") for part in model.requests[0].messages[-1]["content"]]

    assert [copy.size for copy in copies(model.requests[0].messages[-1])] == [(256, 192)] * 3
    assert all(f"{each.handle}:" in names for each in pictures[1:])


async def test_one_look_and_one_retry(library: WorkflowLibrary, engine: EngineThread) -> None:
    """What was made is shown to the model once; its second try is carried out, a third is refused."""

    def attempt(words: str) -> list[Any]:
        return [call("edit", image="1", prompt=words, quality="low")]

    model = ScriptedModel([attempt("blue"), attempt("deep blue"), attempt("deepest blue"), "As blue as I can."])
    request = asked("make it blue", engine.url, picture("red"))
    events = [event async for event in converse(request, library, model, sees=True)]

    assert len(made(events)) == 2
    assert [seen(each) for each in model.requests] == [1, 2, 2, 2]
    assert "once already" in results(model.requests[3])[-1]["error"]
    assert said(events) == "As blue as I can."


async def test_a_chain_is_no_retry(library: WorkflowLibrary, engine: EngineThread) -> None:
    """Steps that go on from their own results are all carried out."""
    model = ScriptedModel(
        [
            [call("generate", prompt="plain red", quality="low")],
            [call("edit", image="newest", prompt="blue", quality="low")],
            [call("edit", image="newest", prompt="green", quality="low")],
            "Done.",
        ]
    )
    events = [event async for event in converse(asked("go", engine.url), library, model, sees=True)]

    assert len(made(events)) == 3
