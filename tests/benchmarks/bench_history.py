"""How long it takes to read a conversation of 50 turns with 50 pictures of 2 MB as data URLs, and what that needs.

Run it: `python tests/benchmarks/bench_history.py`.
"""

from __future__ import annotations

import base64
import os
import statistics
import time
import tracemalloc
from typing import Any

TURNS = 50
BYTES = 2_000_000
ROUNDS = 7


def conversation() -> list[dict[str, Any]]:
    """Answers as our own gateway gave them: markdown, the handle in the alt text."""
    from protobanana.pictures.handles import mint

    messages: list[dict[str, Any]] = []
    for turn in range(TURNS):
        url = "data:image/png;base64," + base64.b64encode(os.urandom(BYTES)).decode()
        messages.append({"role": "user", "content": f"make it number {turn}"})
        messages.append({"role": "assistant", "content": f"Done.\n\n![{mint('me', url)} number {turn}]({url})\n\n"})
    return [*messages, {"role": "user", "content": "actually I prefer the previous one"}]


def main() -> None:
    """Measure and print."""
    os.environ["PROTOBANANA_STORE"] = "off"
    from protobanana.api.conversation import read

    messages = conversation()
    body = sum(len(message["content"]) for message in messages)
    took = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        talk = read(messages, "me")
        took.append((time.perf_counter() - start) * 1000)
    tracemalloc.start()
    read(messages, "me")
    peak = tracemalloc.get_traced_memory()[1]
    words = sum(len(line.text) for line in talk.history)
    print(f"body                 {body / 1e6:.0f} MB, {len(talk.pictures)} pictures")
    print(f"reading              median {statistics.median(took):.0f} ms, worst {max(took):.0f} ms of {ROUNDS}")
    print(f"memory added         {peak / 1e6:.2f} MB")
    print(f"history as words     {words / 1e3:.1f} kB")


if __name__ == "__main__":
    main()
