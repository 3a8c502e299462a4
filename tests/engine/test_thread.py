"""The engine without an event loop."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from typing import Any

import pytest

from protobanana.engine import EngineThread


def get(url: str) -> Any:
    """GET JSON."""
    with urllib.request.urlopen(url) as response:
        return json.load(response)


def test_engine_thread() -> None:
    """It serves while the block lasts, restarts, and leaves no thread behind."""
    before = set(threading.enumerate())
    with EngineThread() as engine:
        assert get(f"{engine.url}/prompt") == {"exec_info": {"queue_remaining": 0}}
        engine.restart()
        assert get(f"{engine.url}/history") == {}
        engine.faults.stall_history = True

    assert set(threading.enumerate()) == before


def test_taken_port_is_raised() -> None:
    """The caller hears why it could not start."""
    with EngineThread() as engine:
        port = int(engine.url.rpartition(":")[2])
        with pytest.raises(OSError, match="address already in use"):
            EngineThread(port=port).__enter__()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_stops_on_signals(number: signal.Signals) -> None:
    """The blocking form tells its address and ends cleanly on SIGINT and SIGTERM."""
    code = "from protobanana.engine import run; run(port=0, ready=lambda url: print(url, flush=True))"
    command = [sys.executable, "-W", "error", "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = process.stdout.readline().strip()
        assert get(f"{url}/features")["supports_preview_metadata"] is True
        os.kill(process.pid, number)

        assert process.wait(20) == 0
        assert process.stderr.read() == ""
