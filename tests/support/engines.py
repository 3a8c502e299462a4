"""The embedded engine as a process of its own, to be killed and started again at the same address."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx

from support.gateways import free_port


class EngineProcess:
    """`with EngineProcess(pace=0.1) as engine: engine.kill(); engine.start()`."""

    def __init__(self, pace: float) -> None:
        self._port = free_port()
        self._pace = pace
        self.url = f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-m", "protobanana", "engine", "--port", str(self._port), "--pace", str(self._pace)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", urlsplit(self.url).port or 0)) == 0:
                    return
            assert self._process.poll() is None, "the engine did not start"
            time.sleep(0.05)
        raise AssertionError("the engine does not listen")

    def kill(self) -> None:
        """SIGKILL: no good-bye to anybody."""
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()


def running(url: str) -> list[str]:
    """Ids of the jobs that an engine works on now."""
    return [item[1] for item in httpx.get(f"{url}/queue").json()["queue_running"]]


def pending(url: str) -> list[str]:
    """Ids of the jobs that wait in an engine."""
    return [item[1] for item in httpx.get(f"{url}/queue").json()["queue_pending"]]


def outcomes(url: str) -> dict[str, str]:
    """How every job ended that an engine has worked on, by id."""
    return {key: entry["status"]["status_str"] for key, entry in httpx.get(f"{url}/history").json().items()}
