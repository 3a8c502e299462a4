"""Open WebUI as the tutorial starts it: installed from PyPI, on a folder of its own, without a way to the outside."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from support.gateways import KEY, Gateway, free_port

ROOT = Path(__file__).parents[3]
TUTORIAL = ROOT / "docs/tutorial/open-webui.md"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
ENVIRONMENT = ROOT / ".clients/open-webui"
START_SECONDS = 400
NO_OUTSIDE = {
    "OFFLINE_MODE": "true",
    "ANONYMIZED_TELEMETRY": "false",
    "DO_NOT_TRACK": "true",
    # The local model for searching documents would be fetched at the start.
    "RAG_EMBEDDING_ENGINE": "openai",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "NO_PROXY": "127.0.0.1,localhost",
}
"""What keeps the program from asking anybody but the gateway; the tests need it, users do not."""


@dataclass(frozen=True)
class OpenWebUI:
    """The running program."""

    url: str
    process: subprocess.Popen[bytes]
    folder: Path


@dataclass(frozen=True)
class Site:
    """Open WebUI, the gateway behind it, and the chat model's name there."""

    name: str
    webui: OpenWebUI
    gateway: Gateway
    chat: str

    def jobs(self) -> int:
        """How many jobs ComfyUI has finished."""
        return len(self.gateway.graphs())


def documented(gateway: str, *headings: str) -> dict[str, str]:
    """The variables that the tutorial exports under headings, with the gateway's real address and key."""
    sections = re.split(r"^## ", TUTORIAL.read_text("utf-8"), flags=re.MULTILINE)
    found: dict[str, str] = {}
    for heading in headings:
        (section,) = [one for one in sections if one.startswith(heading)]
        for line in re.findall(r"^export (.+)", section, re.MULTILINE):
            found |= dict(re.findall(r"([A-Z][A-Z_]+)=(\S+)", line))
    return {
        name: value.replace("http://127.0.0.1:4000", gateway).replace("sk-protobanana", KEY)
        for name, value in found.items()
    }


def installed() -> Path:
    """The program, installed when it is missing or another version; minutes, and gigabytes."""
    ENVIRONMENT.parent.mkdir(exist_ok=True)
    wanted, have = REQUIREMENTS.read_text("utf-8"), ENVIRONMENT / "installed.txt"
    with (ENVIRONMENT.parent / "open-webui.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not have.is_file() or have.read_text("utf-8") != wanted:
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], check=True)
            pip = [str(ENVIRONMENT / "bin/pip"), "install", "--quiet", "--no-compile", "-r", str(REQUIREMENTS)]
            subprocess.run(pip, check=True)
            have.write_text(wanted, "utf-8")
    return ENVIRONMENT / "bin/open-webui"


def start(folder: Path, settings: dict[str, str]) -> OpenWebUI:
    """Start it in an empty home, and wait until it answers."""
    url, log = f"http://127.0.0.1:{(port := free_port())}", folder / "open-webui.log"
    own = {"PATH": os.environ["PATH"], "HOME": str(folder), "DATA_DIR": str(folder / "data")}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(installed()), "serve", "--host", "127.0.0.1", "--port", str(port)],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=folder,
            env=own | NO_OUTSIDE | settings,
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if _answers(url):
            return OpenWebUI(url, process, folder)
        time.sleep(0.5)
    stop(process)
    raise AssertionError("Open WebUI did not start:\n" + log.read_text("utf-8", errors="replace")[-4000:])


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def stop(process: subprocess.Popen[bytes]) -> None:
    """End it, also when it does not want to."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
