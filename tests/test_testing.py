"""The scripted model itself."""

from __future__ import annotations

import asyncio

import pytest

from protobanana.errors import LanguageModelError
from protobanana.testing import Reasoning, ScriptedModel, Tokens, Wait, call
from protobanana.turn.agent.model import ModelDelta


async def said(model: ScriptedModel, text: str = "hi") -> list[ModelDelta]:
    return [delta async for delta in model.stream([{"role": "user", "content": text}], [])]


async def test_a_script_is_played_in_order() -> None:
    """Texts, pieces, reasoning, tokens, pauses and calls come as they stand; requests are remembered."""
    model = ScriptedModel(["one", ["t", Wait(0.0), "wo", Reasoning("hm"), Tokens(3, 1), call("draw", prompt="x")]])
    first, second = await said(model), await said(model, "again")

    assert [delta.text for delta in first] == ["one"]
    assert "".join(delta.text for delta in second) == "two"
    assert second[2].reasoning == "hm"
    assert (second[3].prompt_tokens, second[3].answer_tokens) == (3, 1)
    assert second[4].calls[0].arguments == '{"prompt": "x"}'
    assert [request.last for request in model.requests] == ["hi", "again"]


async def test_failures_and_functions() -> None:
    """An exception is raised where it stands; a function sees what it is asked."""
    model = ScriptedModel([["a", LanguageModelError("dead")], lambda request: request.last.upper()])
    with pytest.raises(LanguageModelError):
        await said(model)

    assert (await said(model, "echo"))[0].text == "ECHO"


async def test_the_end_of_the_script() -> None:
    """A call too many is misuse, unless the last reply shall repeat."""
    with pytest.raises(TypeError, match="1 replies, this is call 2"):
        [await said(model) for model in [ScriptedModel(["x"])] * 2]

    model = ScriptedModel(["x"], repeat=True)
    assert [(await said(model))[0].text for _ in range(3)] == ["x"] * 3


async def test_a_reader_who_leaves() -> None:
    """A reply that is closed before its end counts as closed."""
    model = ScriptedModel([["a", Wait(asyncio.Event())]])
    stream = model.stream([], [])
    await anext(stream)
    await stream.aclose()

    assert model.closed == 1
