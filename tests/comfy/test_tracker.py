"""How long a job may take."""

from __future__ import annotations

import pytest

from protobanana.comfy import Job
from protobanana.comfy.tracker import Tracker
from protobanana.errors import JobTimeoutError

GRAPH = {"1": {"class_type": "EmptyImage", "inputs": {}}}


def tracker(**times: float) -> Tracker:
    tracked = Tracker(Job(GRAPH, ("1",), **times), "id")
    tracked.start()
    return tracked


async def test_loading_may_take_longer() -> None:
    """Before the first progress message a job has the time for loading on top, and says so when it is over."""
    with pytest.raises(JobTimeoutError, match=r"0\.3 s of its start, loading of models included"):
        await tracker(timeout=0.1, load_timeout=0.2).next()


async def test_progress_ends_the_loading() -> None:
    """After the first progress message only the time that was spent until then is granted on top."""
    tracked = tracker(timeout=0.1, load_timeout=60.0)
    tracked.message("progress", {"value": 1, "max": 4, "node": "1"})
    await tracked.next()

    with pytest.raises(JobTimeoutError, match=r"within 0\.1 s of its start\."):
        await tracked.next()


async def test_without_loading() -> None:
    """A job that is granted nothing for loading has its plain time."""
    with pytest.raises(JobTimeoutError, match=r"within 0\.1 s of its start\."):
        await tracker(timeout=0.1).next()
