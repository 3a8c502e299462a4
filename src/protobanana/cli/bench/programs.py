"""The programs that are measured: each a process of its own, with an environment and a folder that nobody else uses."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from protobanana.errors import ServerUnreachableError
from protobanana.settings import Settings, variable_of

KEY = "sk-bench"
START_SECONDS = 120
_STOP_SECONDS = 10
_LITELLM = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION"}
"""As `protobanana serve` has it: nothing is fetched from outside at start, no debug code."""


@dataclass
class Program:
    """A process that was started; `url` is known once it is ready."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    find: Callable[[str], str | None]
    """The address in what the program has printed so far; None while it is not ready."""
    url: str = ""

    def wait(self) -> Self:
        """Wait until it serves; raises ServerUnreachableError with the end of what it printed."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            if found := self.find(self.log.read_text("utf-8", errors="replace")):
                self.url = found
                return self
            time.sleep(0.1)
        tail = "\n".join(self.log.read_text("utf-8", errors="replace").splitlines()[-15:])
        raise ServerUnreachableError(f"{self.name} did not start:\n{tail}")

    def memory(self) -> float | None:
        """Its resident memory in MB (10^6 bytes); None where the system does not tell."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        except OSError:
            return None
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        return int(found[1]) * 1024 / 1e6 if found else None


class Programs:
    """Starts programs and ends them with the block. `folder` takes their logs and pictures."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: list[Program] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for program in self.running:
            program.process.terminate()
        for program in self.running:
            try:
                program.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                program.process.kill()
                program.process.wait()

    def engine(self, megabytes: float, pace: float) -> Program:
        """An instant engine."""
        words = ["engine", "--port", "0", "--instant", f"{megabytes}", "--pace", f"{pace}"]
        return self._start("engine", [*_own(), *words], _said(r"Ready: .* at (http://\S+)"))

    def gateway(self, comfyui: str, *options: str) -> Program:
        """`protobanana serve` in front of a ComfyUI."""
        words = ["serve", "--port", "0", "--key", KEY, "--engine", comfyui, *options]
        return self._start("gateway", [*_own(), *words], _said(r"Ready: base URL (\S+)"))

    def litellm(self, name: str, config: dict[str, Any]) -> Program:
        """LiteLLM's own proxy program with a configuration."""
        path = self.folder / f"{name}.yaml"
        path.write_text(json.dumps(config), "utf-8")
        port = _free_port()
        program = str(Path(sys.executable).with_name("litellm"))
        command = [program, "--config", str(path), "--host", "127.0.0.1", "--port", str(port)]
        return self._start(name, command, lambda _said: _alive(f"http://127.0.0.1:{port}"))

    def _start(self, name: str, command: list[str], find: Callable[[str], str | None]) -> Program:
        log = self.folder / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own programs
                [*self._clean_environment(name), *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
            )
        self.running.append(Program(name, process, log, find))
        return self.running[-1]

    def _clean_environment(self, name: str) -> list[str]:
        """A command's beginning: without the operator's settings, which are for gateways with users."""
        unset = [word for field in Settings.model_fields for word in ("-u", variable_of(field))]
        chosen = {**_LITELLM, "PROTOBANANA_STORE": str(self.folder / f"{name}-pictures")}
        return [shutil.which("env") or "env", *unset, *(f"{key}={value}" for key, value in chosen.items())]


def _own() -> list[str]:
    return [sys.executable, "-m", "protobanana"]


def _said(pattern: str) -> Callable[[str], str | None]:
    def find(text: str) -> str | None:
        found = re.search(pattern, text)
        return found[1] if found else None

    return find


def _alive(base: str) -> str | None:
    try:
        with urllib.request.urlopen(f"{base}/health/liveliness", timeout=2):  # noqa: S310 - an address of our own
            return f"{base}/v1"
    except (OSError, urllib.error.URLError):
        return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
