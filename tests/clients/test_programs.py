"""Other people's SDKs against the real gateway: each draws, edits, talks, is refused and is stopped."""

from __future__ import annotations

import re
import time
from typing import Any

import httpx
import PIL.Image
import pytest

from clients.conftest import MODELS, settings
from clients.programs import PROGRAMS, STEPS, Program
from support.gateways import Gateway
from support.pictures import close_to, mean, opened

RED, BLUE, WHITE = (217, 32, 38), (36, 86, 213), (255, 255, 255)
MIDDLE, CORNER = (0.45, 0.45, 0.55, 0.55), (0, 0, 0.05, 0.05)
MARKDOWN = re.compile(r"!\[img_[a-z2-7]{16}[^\]]*\]\((data:image/png;base64,[A-Za-z0-9+/=]+)\)")


def able(step: str) -> Any:
    """All programs that have a call for the step."""
    chosen = [
        pytest.param(one, id=one.name, marks=pytest.mark.clients if one.slow else ())
        for one in PROGRAMS
        if step in one.steps
    ]
    return pytest.mark.parametrize("program", chosen)


@pytest.fixture
def told(gateway: Gateway, pictures: dict[str, str]) -> dict[str, Any]:
    return settings(gateway, pictures)


def square(picture: PIL.Image.Image, colour: tuple[int, int, int]) -> bool:
    """Whether it shows a square of that colour on white."""
    return close_to(mean(picture, MIDDLE), colour) and close_to(mean(picture, CORNER), WHITE)


def idle(gateway: Gateway) -> bool:
    """Whether ComfyUI soon has nothing to do."""
    deadline = time.monotonic() + 60
    while gateway.waiting() and time.monotonic() < deadline:
        time.sleep(0.05)
    return gateway.waiting() == 0


def shown(turns: list[str]) -> list[PIL.Image.Image]:
    """The picture of each turn, of which there must be one."""
    found = [MARKDOWN.findall(turn) for turn in turns]
    assert [len(each) for each in found] == [1] * len(turns), [turn[:200] for turn in turns]
    return [opened(each[0]) for each in found]


@able("models")
def test_models(program: Program, told: dict[str, Any]) -> None:
    """It lists the gateway's models."""
    assert set(MODELS.values()) <= set(program.run("models", told)["names"])


@able("generate")
def test_generate(program: Program, told: dict[str, Any]) -> None:
    """It gets two pictures of the size that it asked for, as base64."""
    made = [opened(one) for one in program.run("generate", told)["pictures"]]

    assert [picture.size for picture in made] == [(512, 512)] * 2
    assert all(square(picture, RED) for picture in made)


@able("address")
def test_address(program: Program, told: dict[str, Any]) -> None:
    """It gets an address, and behind it lies the picture."""
    (address,) = program.run("address", told)["addresses"]

    assert square(opened(httpx.get(address).content), RED)


@able("own")
def test_own(program: Program, told: dict[str, Any]) -> None:
    """A field that OpenAI has not, the seed, arrives: the same twice gives the same picture twice."""
    one, other = (opened(picture) for picture in program.run("own", told)["pictures"])

    assert one.tobytes() == other.tobytes()


@able("edit")
def test_edit(program: Program, told: dict[str, Any]) -> None:
    """Picture and mask arrive: what the mask keeps is as it was, the square is blue."""
    (made,) = (opened(one).convert("RGB") for one in program.run("edit", told)["pictures"])

    assert close_to(mean(made, MIDDLE), BLUE)
    assert made.crop((0, 0, 512, 90)).tobytes() == PIL.Image.new("RGB", (512, 90), "white").tobytes()


@able("several")
def test_several(program: Program, told: dict[str, Any], gateway: Gateway) -> None:
    """Both pictures arrive, in their order."""
    known = set(gateway.graphs())
    (made,) = (opened(one) for one in program.run("several", told)["pictures"])
    (graph,) = (graph for name, graph in gateway.graphs().items() if name not in known)

    assert made.width > 0
    assert sum(node["class_type"] == "LoadImage" for node in graph.values()) == 2


@able("frames")
def test_frames(program: Program, told: dict[str, Any]) -> None:
    """Two rough frames come first, as pictures, then the finished one."""
    events = program.run("frames", told)["events"]

    assert [event["type"] for event in events] == [
        *["image_generation.partial_image"] * 2, "image_generation.completed"
    ]  # fmt: skip
    assert all(opened(event["picture"]).width > 0 for event in events)
    assert square(opened(events[-1]["picture"]), RED)


@able("chat")
def test_chat(program: Program, told: dict[str, Any]) -> None:
    """The text shows a red square; with the history as the client keeps it, "make it blue" changes that very one."""
    first, second = shown(program.run("chat", told)["turns"])

    assert square(first, RED)
    assert square(second, BLUE)


@able("streamed")
def test_streamed(program: Program, told: dict[str, Any]) -> None:
    """The same in a stream; whether its user can be shown progress is as the table says."""
    said = program.run("streamed", told)
    first, second = shown(said["turns"])

    assert square(first, RED)
    assert square(second, BLUE)
    assert all(said["progress"]) == ("progress" in program.steps)
    assert any(said["progress"]) == ("progress" in program.steps)


@able("refused")
def test_refused(program: Program, told: dict[str, Any]) -> None:
    """What is wrong reaches the program as its own error, with the status and with our words."""
    errors = program.run("refused", told)["errors"]
    said = ("7x7: sides must lie between", "no-such-model", "The API key is not valid")

    assert [error["status"] for error in errors] == [400, 404, 401]
    assert all(words in error["message"] for words, error in zip(said, errors, strict=True)), errors
    assert all(error["name"] for error in errors)


@able("busy")
def test_busy(program: Program, slow: Gateway, pictures: dict[str, str]) -> None:
    """Who finds the line full is told so, with the status for it; those who leave the line leave nothing behind."""
    (error,) = program.run("busy", settings(slow, pictures))["errors"]

    assert error["status"] == 429
    assert "The queue is full" in error["message"]
    assert error["name"]
    assert idle(slow)


@able("stop")
def test_stop(program: Program, slow: Gateway, pictures: dict[str, str]) -> None:
    """A request that is given up stops the job in ComfyUI."""
    said = program.run("stop", settings(slow, pictures))

    assert said["stopped"] not in (None, "answered")
    assert idle(slow)


def test_every_step_is_tested() -> None:
    """A column of the table stands for a test."""
    tests = {name.removeprefix("test_") for name in globals()}

    assert set(STEPS) - {"progress"} <= tests
