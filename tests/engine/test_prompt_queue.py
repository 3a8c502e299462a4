"""Waiting, running and finished prompts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protobanana.engine.prompt_queue import Job, PromptQueue, Record

Starter = Callable[..., Awaitable[Any]]
DONE = Record({}, {}, "success", [])


def job(number: float, prompt_id: str) -> Job:
    """A job without a graph."""
    return Job(number, prompt_id, {}, {}, [])


def ignore(_: object) -> None:
    """Nothing."""


def taken(queue: PromptQueue) -> Job:
    """The next job."""
    found = queue.get(ignore)
    assert found is not None
    return found


@given(st.lists(st.tuples(st.integers(-5, 5), st.text("ab", min_size=1, max_size=4)), unique=True))
def test_order(pairs: list[tuple[int, str]]) -> None:
    """Jobs come out by number, then by the text of their id, whatever the order of arrival."""
    queue = PromptQueue(ignore, 10)
    for number, prompt_id in pairs:
        queue.put(job(number, prompt_id))

    assert [(each.number, each.prompt_id) for each in (taken(queue) for _ in pairs)] == sorted(pairs)


def test_every_change_is_told() -> None:
    """Put, get, done and clear each tell how many are left."""
    told: list[int] = []
    queue = PromptQueue(told.append, 10)
    queue.put(job(0, "a"))
    queue.put(job(1, "b"))
    queue.done(taken(queue), DONE)
    queue.clear()

    assert told == [1, 2, 2, 1, 0]


def test_twins_raise_and_run() -> None:
    """A waiting twin of number and id is refused loudly, and yet both run."""
    queue = PromptQueue(ignore, 10)
    queue.put(job(5, "a"))
    with pytest.raises(TypeError):
        queue.put(job(5, "a"))

    assert [taken(queue).prompt_id, taken(queue).prompt_id] == ["a", "a"]


def test_history_is_bounded() -> None:
    """The oldest entry goes; an id that runs again becomes the newest."""
    queue = PromptQueue(ignore, 2)
    for number, prompt_id in enumerate("abac"):
        queue.put(job(number, prompt_id))
        queue.done(taken(queue), DONE)

    assert list(queue.history()) == ["a", "c"]


def test_actions_between_jobs() -> None:
    """An action waits for the running job, and runs at once when there is none."""
    queue, happened = PromptQueue(ignore, 10), []
    queue.between_jobs(lambda: happened.append("idle"))
    queue.put(job(0, "a"))
    running = taken(queue)
    queue.between_jobs(lambda: happened.append("after"))
    assert happened == ["idle"]

    queue.done(running, DONE)
    assert happened == ["idle", "after"]


def test_secrets_are_not_public() -> None:
    """Credentials in extra_data are for the worker only."""
    secret = Job(0, "a", {}, {"api_key_comfy_org": "k", "auth_token_comfy_org": "t", "other": 1}, [])

    assert secret.public()[3] == {"other": 1}


def test_closed_queue_hands_out_nothing() -> None:
    """After close, get returns None."""
    queue = PromptQueue(ignore, 10)
    queue.put(job(0, "a"))
    queue.close()

    assert queue.get(ignore) is None
