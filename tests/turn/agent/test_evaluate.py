"""The labelled conversations, and how a model is judged by them."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest

from protobanana.errors import LanguageModelError
from protobanana.operations.base import operations
from protobanana.testing import Piece, Reply, ScriptedModel, Tokens, call
from protobanana.turn.agent.evaluate import evaluate, labelled
from protobanana.turn.agent.schemas import SHOW, picture_field
from protobanana.workflows.library import WorkflowLibrary

LIBRARY = WorkflowLibrary(None)
CONVERSATIONS = labelled()
LABELS = {"tool", "pictures", "shows", "prompt", "ratio", "from"}


def right_call(label: dict[str, Any]) -> Piece:
    """A call that is exactly what the label says."""
    name = label["tool"].split("|")[0]
    if name == SHOW:
        return call(name, image=str(label["shows"]))
    kind, pictures = operations()[name], [str(number) for number in label.get("pictures", [])]
    field = picture_field(kind)
    arguments: dict[str, Any] = {key: value for key, value in label.items() if key not in LABELS}
    if field:
        arguments[field] = pictures if field == "images" else pictures[0]
    words = " ".join(choice.split("|")[0] for choice in label.get("prompt", [])) or "as asked"
    wordy = [key for key in ("region", "result") if key in kind.model_fields]
    arguments |= dict.fromkeys(wordy or ["prompt"], words) if kind.needs_prompt else {}
    if "ratio" in label:
        arguments |= {"width": round(label["from"][1] * label["ratio"]), "height": label["from"][1]}
    return call(name, **arguments)


def right_replies(conversation: dict[str, Any]) -> list[Reply]:
    replies: list[Reply] = []
    for turn in conversation["turns"]:
        replies += [[right_call(label)] for label in turn.get("calls", [])]
        replies.append("Which one?" if turn.get("asks") else "Gladly.")
    return replies


def test_the_set() -> None:
    """At least 120 conversations of several turns, each with its own name, in several languages, every tool used."""
    tools = {label["tool"].split("|")[0] for c in CONVERSATIONS for t in c["turns"] for label in t.get("calls", [])}

    assert len(CONVERSATIONS) >= 120
    assert len({conversation["id"] for conversation in CONVERSATIONS}) == len(CONVERSATIONS)
    assert all(len(conversation["turns"]) >= 2 for conversation in CONVERSATIONS)
    assert tools == {SHOW} | {name for name, kind in operations().items() if not kind.needs_mask}


def test_the_lessons_are_not_the_exam() -> None:
    """No turn of the labelled set stands in the prompt."""
    path = resources.files("protobanana.operations") / "conversations" / "lessons.jsonl"
    lessons = {json.loads(line)["user"] for line in path.read_text("utf-8").splitlines()}

    assert not lessons & {turn["user"] for conversation in CONVERSATIONS for turn in conversation["turns"]}


@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=lambda conversation: conversation["id"])
async def test_the_labels_can_be_met(conversation: dict[str, Any]) -> None:
    """A model that does exactly what the labels say has nothing wrong: every call is one that the tools accept."""
    report = await evaluate(ScriptedModel(right_replies(conversation)), LIBRARY, [conversation])

    assert not report.misses
    assert report.tools.right == report.tools.total == len(conversation["turns"])


async def test_a_lazy_model_scores_low() -> None:
    """A model that only talks is right where talk was right, and nowhere else."""
    report = await evaluate(ScriptedModel([["No.", Tokens(10, 1)]], repeat=True), LIBRARY)

    assert 0 < report.tools.accuracy < 0.3
    assert report.questions.accuracy == 0
    assert report.prompt_tokens == 10 * report.tools.total
    assert len(report.misses) > 200


@pytest.mark.parametrize(
    ("made", "tools", "arguments"),
    [
        ([call("edit", image="1", prompt="at night")], 1, 1),
        ([call("edit", image="1", prompt="at day")], 1, 0),
        ([call("edit", image="2", prompt="at night")], 1, 0),
        ([call("edit", image="1", prompt="at night", n=2)], 1, 0),
        ([call("generate", prompt="at night")], 0, 0),
        ([call("edit", image="1", prompt="at night"), call("generate", prompt="x")], 0, 1),
        ([], 0, 0),
    ],
)
async def test_what_counts(made: list[Piece], tools: int, arguments: int) -> None:
    """The tools must be the labelled ones and no others; pictures, words and number of variants must fit."""
    sent = [{"note": "a street"}, {"note": "a cat"}]
    label = {"tool": "edit", "pictures": [1], "prompt": ["night"]}
    conversation = {"id": "x", "turns": [{"user": "the first at night", "attach": sent, "calls": [label]}]}
    report = await evaluate(ScriptedModel([made, "ok"]), LIBRARY, [conversation])

    assert (report.tools.right, report.arguments.right) == (tools, arguments)


async def test_a_dead_model() -> None:
    """A model that answers nothing is an error, not a score of zero; single failures are counted."""
    conversation = {"id": "x", "turns": [{"user": "hi"}, {"user": "bye"}]}
    dead = LanguageModelError("dead")
    report = await evaluate(ScriptedModel([[dead], "bye"]), LIBRARY, [conversation])

    assert (report.failed, report.tools.right) == (1, 1)
    with pytest.raises(LanguageModelError):
        await evaluate(ScriptedModel([[dead]], repeat=True), LIBRARY, [conversation])
