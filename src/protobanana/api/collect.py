"""What a turn came to: the whole stream of its events folded, for answers that are sent in one piece."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import litellm

from protobanana.events import Attached, Done, Event, Produced, Text, Usage

OURS = "protobanana"
"""Mark on responses of ours, by which the callback tells them from other providers'."""
TEXT_MODEL = "gpt-4o"
"""Whose tokeniser counts words; every workflow's text encoder has its own, and none is at hand here."""


@dataclass
class Collected:
    """What a turn came to."""

    text: str = ""
    produced: list[Produced] = field(default_factory=list)
    attached: list[Attached] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)


async def collect(events: AsyncIterator[Event]) -> Collected:
    """Fold a whole turn."""
    collected = Collected()
    async for event in events:
        if isinstance(event, Text):
            collected.text += event.delta
        elif isinstance(event, Produced):
            collected.produced.append(event)
        elif isinstance(event, Attached):
            collected.attached.append(event)
        elif isinstance(event, Done):
            collected.usage = event.usage
    collected.produced = _in_order(collected.produced)
    return collected


def _in_order(produced: list[Produced]) -> list[Produced]:
    """Steps as they came; pictures of one step, which may be drawn side by side, by seed, the results before what
    further outputs show, then as they came: a job tells its outputs in their order.
    """
    steps: dict[tuple[object, ...], int] = {}
    for made in produced:
        steps.setdefault(_step(made), len(steps))
    return sorted(produced, key=lambda made: (steps[_step(made)], made.seed or 0, made.output != ""))


def _step(made: Produced) -> tuple[object, ...]:
    return (made.operation, made.workflow, made.prompt, made.parents)


def text_tokens(text: str) -> int:
    """Tokens of a text; 0 for none."""
    return int(litellm.token_counter(model=TEXT_MODEL, text=text)) if text else 0
