"""A turn with a language model against the real engine: talk, tools, chains, going back."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import pytest

from protobanana.events import Event, Produced, Progress, Text
from protobanana.pictures.handles import mint
from protobanana.testing import Reasoning, ScriptedModel, Tokens, call
from protobanana.turn.agent.loop import MAX_ANSWER
from protobanana.turn.request import Line, Wishes
from support.agents import first_id, made, picture, results, said, usage
from support.pictures import close_to, mean

Play = Callable[..., Awaitable[list[Event]]]


async def test_talk_alone(play: Play) -> None:
    """An answer in words is streamed as it is written, and nothing is drawn."""
    events = await play(ScriptedModel([["Hel", "lo ", "there."]]), "hi")

    assert [event.delta for event in events if isinstance(event, Text)] == ["Hel", "lo ", "there."]
    assert not made(events)


async def test_one_edit(play: Play) -> None:
    """A tool call draws; the picture comes before the closing words, with its handle, its parent and its progress."""
    red = picture("red", attached=True)
    model = ScriptedModel([[call("edit", image=red.handle, prompt="make it green", quality="low")], "It is green now."])
    events = await play(model, "make it green", red)
    kinds = [type(event) for event in events]

    assert Progress in kinds
    assert kinds.index(Produced) < kinds.index(Text)
    assert made(events)[0].handle == mint("me", made(events)[0].image.data)
    assert made(events)[0].parents == (red.handle,)
    assert said(events) == "It is green now."


async def test_chain_of_three(play: Play) -> None:
    """Each step works on the picture of the step before; the turn ends in words."""
    model = ScriptedModel(
        [
            ["Step by step.", call("generate", prompt="a plain red square", quality="low")],
            lambda r: [call("edit", image=first_id(r), prompt="make it blue", quality="low")],
            lambda r: [call("remove_background", image=first_id(r))],
            "All done.",
        ]
    )
    events = await play(model, "draw a square, make it blue, cut it out")
    first, second, third = made(events)

    assert second.parents == (first.handle,)
    assert third.parents == (second.handle,)
    assert third.image.has_alpha
    assert said(events) == "Step by step.\n\nAll done."


async def test_independent_calls_run_together(play: Play) -> None:
    """Several calls of one step are all carried out, and their results come back in the order of the calls."""
    model = ScriptedModel(
        [
            [call("generate", prompt="plain red", quality="low"), call("generate", prompt="plain blue", quality="low")],
            "Two.",
        ]
    )
    events = await play(model, "one red, one blue")
    by_handle = {event.handle: event for event in made(events)}
    red, blue = (by_handle[result["pictures"][0]["id"]] for result in results(model.requests[1]))

    assert (red.prompt, blue.prompt) == ("plain red", "plain blue")
    assert [m["role"] for m in model.requests[1].messages[-3:]] == ["assistant", "tool", "tool"]


async def test_clarifying_question(play: Play) -> None:
    """A question is only words; the turn is over."""
    model = ScriptedModel(["Which one do you mean?"])
    events = await play(model, "change the colour", picture("red"), picture("blue"))

    assert said(events) == "Which one do you mean?"
    assert len(model.requests) == 1


async def test_undo_needs_no_gpu(play: Play) -> None:
    """Going back shows the very bytes of the earlier picture under its own name, without a job in ComfyUI."""
    red, blue = picture("red"), picture("blue")
    events = await play(ScriptedModel([[call("show_image", image=red.handle)], "Back."]), "undo", red, blue)

    assert made(events)[0].image is await red.load()
    assert made(events)[0].handle == red.handle
    assert not [event for event in events if isinstance(event, Progress)]
    assert usage(events).output_tokens == 0


async def test_variants(play: Play) -> None:
    """`n` variants are n pictures with n names, all of them told to the model."""
    model = ScriptedModel([[call("generate", prompt="a cat", n=3, seed=7, quality="low")], "Three."])
    events = await play(model, "three variants of a cat with seed 7")

    assert len({event.handle for event in made(events)}) == 3
    assert len(results(model.requests[1])[0]["pictures"]) == 3
    assert {event.seed for event in made(events)} <= {7, 8, 9}


@pytest.mark.parametrize("spoken", ["2", 2, "#2", "picture 2", "handle", "handle[:12]", "<handle>"])
async def test_reference_by_position(play: Play, spoken: str | int) -> None:
    """The second picture is found by its number, its handle, or an unambiguous beginning of it."""
    red, green, blue = picture("red"), picture("lime"), picture("blue")
    name = {"handle": green.handle, "handle[:12]": green.handle[:12], "<handle>": f"<{green.handle}>"}
    model = ScriptedModel([[call("show_image", image=name.get(str(spoken), spoken))], "There."])
    events = await play(model, "the second one", red, green, blue)

    assert close_to(mean(made(events)[0].image.decoded()), (0, 255, 0))


async def test_the_current_picture_is_meant_when_none_is_named(play: Play) -> None:
    """A call without an image works on the picture shown last, wherever it was first shown."""
    red, blue = picture("red"), picture("blue")
    model = ScriptedModel([[call("remove_background")], "Cut."])
    events = await play(model, "cut it out", red, blue, red)

    assert made(events)[0].parents == (red.handle,)


async def test_what_the_caller_set_wins(play: Play) -> None:
    """A seed and a size of the request hold for what the model draws; a default of one picture does not."""
    model = ScriptedModel([[call("generate", prompt="a cat", n=2, seed=1)], "Two."])
    events = await play(model, "two cats", wishes=Wishes(seed=5, width=512, height=512, quality="low"))

    assert {event.image.size for event in made(events)} == {"512x512"}
    assert min(event.seed or 0 for event in made(events)) == 5


async def test_thinking_never_reaches_the_answer(play: Play) -> None:
    """Neither tagged thinking, however it is cut into deltas, nor separate reasoning, nor made-up pictures are said."""
    thinking = list("<think>the user wants <b>talk</b></think>\nFine, x < y!")
    model = ScriptedModel([[Reasoning("hmm"), *thinking, " ![cat](https://x.example/c.png)", " Bye"]])
    events = await play(model, "hi")

    assert said(events) == "Fine, x < y!  Bye"


async def test_calls_written_as_text(play: Play) -> None:
    """A call in the text, as local models write it when no server reads it, is carried out and not shown."""
    written = json.dumps({"name": "generate", "arguments": {"prompt": "a cat", "quality": "low"}})
    model = ScriptedModel([["Sure. <tool", f"_call>{written}</tool_", "call>"], "Done."])
    events = await play(model, "draw a cat")

    assert len(made(events)) == 1
    assert said(events) == "Sure. \n\nDone."


async def test_tokens_are_counted(play: Play) -> None:
    """Usage sums what the model counted in all its calls, beside the tokens of the pictures drawn."""
    model = ScriptedModel([[call("generate", prompt="x", quality="low"), Tokens(100, 10)], ["ok", Tokens(150, 5)]])
    events = await play(model, "draw x", wishes=Wishes(width=512, height=512))

    assert (usage(events).text_tokens, usage(events).answer_tokens) == (250, 15)
    assert usage(events).output_tokens == 32 * 32


async def test_step_limit(play: Play) -> None:
    """A model that never stops calling is stopped after three rounds, and told so before its last word."""
    again = [call("generate", prompt="more", quality="low", width=256, height=256)]
    model = ScriptedModel([again], repeat=True)
    events = await play(model, "go on for ever")

    assert len(made(events)) == 3
    assert len(model.requests) == 4
    assert "last round" in results(model.requests[-1])[-1]["note"]


async def test_an_endless_answer_is_cut_off(play: Play) -> None:
    """A model that talks without end is stopped, and the turn ends properly."""
    model = ScriptedModel([["blah " * 500] * 1000])
    events = await play(model, "talk")

    assert len(said(events)) < 2 * MAX_ANSWER
    assert model.closed == 1


async def test_the_conversation_is_told(play: Play) -> None:
    """Earlier lines, their handles in them, and the client's own system message reach the model."""
    red = picture("red", note="edit: a red field")
    history = (Line("system", "Always speak like a pirate."), Line("user", "red!"), Line("assistant", red.handle))
    model = ScriptedModel(["Arr."])
    await play(model, "thanks", red, history=history)
    messages = model.requests[0].messages

    assert "pirate" in messages[0]["content"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[2]["content"] == red.handle
    assert '"edit: a red field"' in messages[3]["content"]
    assert messages[3]["content"].endswith("thanks")
