"""`protobanana demo`: a gateway in the background, and one real chat request to it with the `openai` SDK."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from protobanana.cli import console
from protobanana.cli.serve import DEMO_KEY
from protobanana.errors import ServerUnreachableError

PROMPT = "Draw a yellow banana and a palm tree on a sunny beach"
MODEL = "protolabs/qwen-image-chat"
START_SECONDS = 180
_READY = re.compile(r"Studio: (?P<studio>.+)\nReady: base URL (?P<url>\S+)")


@dataclass(frozen=True)
class Running:
    """A gateway that a demo started."""

    pid: int
    url: str
    studio: str = ""
    """Address of the web page with the key in it, or why there is none."""

    def stop(self) -> bool:
        """End it if it still runs and is ours; whether there was something to end."""
        command = Path(f"/proc/{self.pid}/cmdline")
        if command.exists() and b"protobanana" not in command.read_bytes():
            return False  # the number has been given to another program since
        try:
            os.kill(self.pid, signal.SIGTERM)
            for _ in range(100):
                os.kill(self.pid, 0)
                time.sleep(0.1)
            os.kill(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        return True


def demo(
    folder: Annotated[Path, typer.Option("-d", "--dir", file_okay=False, help="Where picture and log go.")] = Path(
        "demo"
    ),
    stop: Annotated[
        bool, typer.Option("--stop", help="Stop the gateway of an earlier demo, and do nothing else.")
    ] = False,
) -> None:
    """Start the gateway with the embedded engine, draw one picture through it, and leave it running."""
    record = folder / "gateway.json"
    with console.plain_errors():
        stopped = _recorded(record)
        if stopped:
            record.unlink()
        if stop:
            ended = stopped is not None and stopped.stop()
            where = f" at {stopped.url}" if stopped else ""
            console.out.print(f"Stopped the gateway{where}." if ended else "No gateway of a demo runs here.")
            return
        if stopped:
            stopped.stop()
        folder.mkdir(parents=True, exist_ok=True)
        console.out.print("Starting the gateway (some seconds) ...")
        running = _start(folder / "gateway.log")
        record.write_text(json.dumps(asdict(running)), "utf-8")
        picture = _draw(running.url, folder / "picture.png")
        console.out.print(
            f"\nPicture:  {picture.resolve()}\nStudio:   {running.studio}\nBase URL: {running.url}\n"
            f"API key:  {DEMO_KEY}\nModel:    {MODEL}\n\n"
            f"The gateway keeps running; open the studio, or point any OpenAI client at it. `make stop` ends it.",
            soft_wrap=True,
            highlight=False,
            markup=False,
        )


def _recorded(record: Path) -> Running | None:
    try:
        return Running(**json.loads(record.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _start(log: Path) -> Running:
    """Start the gateway as a program of its own; raises ServerUnreachableError with the log's end when it dies."""
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "protobanana", "serve", "--engine", console.EMBEDDED, "--key", DEMO_KEY],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if ready := _READY.search(log.read_text("utf-8")):
            return Running(process.pid, ready["url"], ready["studio"])
        if process.poll() is not None:
            break
        time.sleep(0.1)
    process.kill()
    tail = "\n".join(log.read_text("utf-8").splitlines()[-15:])
    raise ServerUnreachableError(f"The gateway did not start. The end of {log}:\n{tail}")


def _draw(url: str, path: Path) -> Path:
    """One chat request, as any client would send it."""
    from openai import OpenAI  # noqa: PLC0415 - only the demo needs a client

    client = OpenAI(base_url=url, api_key=DEMO_KEY, max_retries=0)
    console.out.print(f'Asking {MODEL}: "{PROMPT}"')
    answer = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": PROMPT}])
    message: Any = answer.choices[0].message
    header, _, body = message.images[0]["image_url"]["url"].partition(",")
    if not header.startswith("data:image/"):
        raise ServerUnreachableError(f"The gateway answered without a picture: {message.content[:200]}")
    path.write_bytes(base64.b64decode(body))
    return path
