"""The first token of the 51st turn: a conversation with 50 pictures of 2 MB as data URLs, and a language model that
answers at once. What is printed is our own share: reading the messages, planning, the LLM's payload, memory.

Run it: `make bench`, or `taskset -c 0 python tests/benchmarks/bench_conversation.py` for one core.
"""

from __future__ import annotations

import asyncio
import base64
import io
import os
import resource
import statistics
import time
from typing import Any

import numpy as np
import PIL.Image

TURNS = 50
SIDE = 830
"""A square of noise with this side makes a PNG of 2 MB."""
ROUNDS = 7


def picture(seed: int) -> str:
    """A 2 MB PNG as a data URL."""
    pixels = np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    out = io.BytesIO()
    PIL.Image.fromarray(pixels).save(out, "PNG", compress_level=0)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def conversation() -> list[dict[str, Any]]:
    """As a client sends it back that keeps everything."""
    messages: list[dict[str, Any]] = []
    for turn in range(TURNS):
        asked = f"make the sky over the harbour a little more dramatic, version {turn}"
        messages.append({"role": "user", "content": asked})
        messages.append({"role": "assistant", "content": f"![picture {turn}]({picture(turn)})\n\nHere it is."})
    return [*messages, {"role": "user", "content": "and now at night"}]


async def first_token(messages: list[dict[str, Any]]) -> tuple[float, int]:
    """Milliseconds from the parsed body to the first words, and bytes sent to the LLM."""
    from protobanana.api.conversation import read
    from protobanana.events import Text
    from protobanana.testing import ScriptedModel
    from protobanana.turn.request import ImageRequest
    from protobanana.turn.turn import turn
    from protobanana.workflows.library import WorkflowLibrary

    library, model = WorkflowLibrary(None), ScriptedModel(["At once."])
    start = time.perf_counter()
    talk = read(messages, "me")
    request = ImageRequest("chat", "chat", talk.text, talk.pictures, history=talk.history, owner="me")
    took = 0.0
    async for event in turn(request, library, model=model):
        if isinstance(event, Text) and not took:
            took = (time.perf_counter() - start) * 1000
    return took, model.requests[0].size


def main() -> None:
    """Measure and print."""
    os.environ["PROTOBANANA_STORE"] = "off"
    asyncio.run(first_token(conversation()[-1:]))  # imports are paid once per process, not per turn
    messages = conversation()
    body = sum(len(message["content"]) for message in messages)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    took, payload = zip(*(asyncio.run(first_token(messages)) for _ in range(ROUNDS)), strict=True)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"body             {body / 1e6:.0f} MB, {TURNS} pictures")
    print(f"first token      median {statistics.median(took):.0f} ms, worst {max(took):.0f} ms of {ROUNDS}")
    print(f"LLM payload      {max(payload) / 1e3:.1f} kB")
    print(
        f"resident memory  {after / 1e3:.0f} MB with the body in it, {(after - before) / 1e3:.0f} MB more than before"
    )


if __name__ == "__main__":
    main()
