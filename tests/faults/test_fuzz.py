"""Bad requests by the thousand: each is answered in time, none with a 500, a traceback or a path of the server."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections import Counter
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from support.gateways import KEY, Gateway
from support.junk import GENERATE, SECRET, Shot, shots

SALVO = 10
"""Requests at once."""
COUNT = 20_000 if "SOAK" in os.environ else 500
"""Requests in all."""
SECONDS = 60.0
LEAKS = re.compile(
    r"Traceback|site-packages|\bFile \"|object has no attribute|\w\.py\b|litellm\.\w+Error|validation error for|"
    + "|".join(map(re.escape, (sys.prefix, str(Path(__file__).parents[2]), SECRET)))
)
TALLY: Counter[tuple[str, int]] = Counter()


def flaw(shot: Shot, answer: httpx.Response) -> str | None:
    """What is wrong with an answer; None when it is as it ought to be."""
    text = answer.text
    if answer.status_code >= 500:
        return f"status {answer.status_code}"
    # What the client said itself may be said back to it.
    for match in LEAKS.finditer(text):
        if match[0] not in shot.content.decode("utf-8", "replace"):
            return f"says {match[0]!r}"
    if "x-litellm-model-api-base" in answer.headers:
        return "tells where ComfyUI is"
    if answer.status_code < 400:
        return None
    error = answer.json().get("error")
    if not answer.headers["content-type"].startswith("application/json") or not isinstance(error, dict):
        return "is not OpenAI's error"
    if set(error) != {"message", "type", "param", "code"} or not error["message"]:
        return f"has the fields {sorted(error)}"
    if error["param"] in ("None", "") or error["code"] == str(answer.status_code):
        return "has a param or code that says nothing"
    return None


async def fire(url: str, salvo: list[Shot]) -> list[str]:
    """Send requests at once; what was wrong with their answers."""

    async def one(client: httpx.AsyncClient, shot: Shot) -> str | None:
        headers = {"authorization": f"Bearer {KEY}", **dict(shot.headers)}
        if shot.content_type:
            headers["content-type"] = shot.content_type
        answer = await client.post(url + shot.path, content=shot.content, headers=headers)
        TALLY[shot.path, answer.status_code] += 1
        wrong = flaw(shot, answer)
        return (
            f"{wrong}: {shot.path} {shot.content_type} {shot.headers} {shot.content[:1500]!r} -> {answer.text[:500]}"
            if wrong
            else None
        )

    async with httpx.AsyncClient(timeout=SECONDS) as client:
        return [wrong for wrong in await asyncio.gather(*(one(client, shot) for shot in salvo)) if wrong]


@pytest.mark.timeout(3600)
@settings(
    max_examples=COUNT // SALVO,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
@given(salvo=st.lists(shots, min_size=SALVO, max_size=SALVO))
def test_no_request_is_too_bad(instant: Gateway, salvo: list[Shot]) -> None:
    """Ten bad requests at once: each gets an answer of OpenAI's shape that gives nothing away."""
    wrong = asyncio.run(fire(instant.url, salvo))

    assert not wrong, "\n".join(wrong)


def test_alive_and_discreet_afterwards(instant: Gateway) -> None:
    """The gateway still draws, nothing is left in ComfyUI, and the log holds neither keys nor pictures."""
    answer = instant.client().images.generate(model=GENERATE, prompt="a cat", size="256x256")
    log = instant.log.read_text("utf-8", errors="replace")
    print(json.dumps({f"{path} {status}": count for (path, status), count in sorted(TALLY.items())}, indent=1))

    assert answer.data
    assert instant.process.poll() is None
    assert instant.waiting() == 0
    assert SECRET not in log
    # Letters and digits mixed at length are a picture; a number of 400 digits may be quoted in a complaint.
    assert not re.search(r"(?!\d+\b)[A-Za-z0-9+/]{200,}", log)
