"""The programs that stand for other people's clients, and what each of them can be asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clients import installs

HERE = Path(__file__).parent
PATIENCE = 100
"""Seconds for a step: a bound for what hangs."""
STEPS = {
    "models": "list of models",
    "generate": "draw, `b64_json`",
    "address": "draw, by address",
    "own": "fields of ours",
    "edit": "edit with a mask",
    "several": "several pictures",
    "frames": "rough frames",
    "chat": "chat, two turns",
    "streamed": "the same, streamed",
    "progress": "progress",
    "refused": "errors",
    "busy": "a full line",
    "stop": "stopping",
}
"""Step -> its column in docs/clients.md."""


@dataclass(frozen=True)
class Program:
    """A client. `name` is its row in docs/clients.md, `command` installs what is missing and says how to start it."""

    name: str
    command: Callable[[], list[str]]
    steps: frozenset[str]
    """What it can do; all other steps it has no call for, or cannot show."""
    slow: bool = False
    """Whether it takes so long, to install or to run, that only `make clients` asks it."""

    def run(self, step: str, settings: dict[str, Any]) -> dict[str, Any]:
        """The findings of a step."""
        environment = {
            **os.environ,
            "CLIENT_SETTINGS": json.dumps(settings),
            # LiteLLM's SDK asks a public address for prices otherwise.
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        }
        command = [*self.command(), step]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0, f"{self.name}, {step}\n{done.stdout[-1000:]}\n{done.stderr[-3000:]}"
        return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def _node(program: str) -> Callable[[], list[str]]:
    return lambda: ["node", str(installs.node() / program)]


def _ours(program: str) -> Callable[[], list[str]]:
    return lambda: [sys.executable, "-W", "ignore", str(HERE / "python" / program)]


def _langchain(*way: str) -> Callable[[], list[str]]:
    folder = HERE / "python"
    return lambda: [
        str(installs.python("langchain", folder / "langchain.txt")), str(folder / "langchain_chat.py"), *way
    ]  # fmt: skip


_CHATS = frozenset({"address", "own", "several", "chat", "streamed", "refused", "busy", "stop"})
PROGRAMS = (
    Program("OpenAI SDK, Python", _ours("openai_sdk.py"), frozenset(STEPS)),
    Program("OpenAI SDK, Node", _node("openai.mjs"), frozenset(STEPS)),
    Program("LiteLLM SDK", _ours("litellm_sdk.py"), frozenset(STEPS) - {"models", "frames"}, slow=True),
    Program("Vercel AI SDK", _node("vercel.mjs"), frozenset(STEPS) - {"models", "address", "frames"}),
    Program("LangChain", _langchain(), _CHATS | {"edit"}, slow=True),
    Program("LangChain, Responses API", _langchain("responses"), _CHATS | {"progress"}, slow=True),
)
