"""What a running node may ask for, and how a running prompt is stopped."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protobanana.engine import frames
from protobanana.engine.files import FileStore
from protobanana.engine.progress import Progress, Sender
from protobanana.engine.prompt_queue import Job
from protobanana.engine.settings import EngineSettings
from protobanana.errors import JobInterruptedError

PREVIEW_METHODS = ("none", "auto", "latent2rgb", "taesd")


class InterruptSwitch:
    """Stops the running prompt at its next node or step. Set from any thread."""

    def __init__(self) -> None:
        self._set = threading.Event()

    def set(self) -> None:
        """Stop what runs now."""
        self._set.set()

    def clear(self) -> None:
        """A new prompt begins: an interrupt that met no prompt is forgotten."""
        self._set.clear()

    def check(self, seconds: float = 0.0) -> None:
        """Sleep for so long; JobInterruptedError as soon as the switch is set."""
        if self._set.is_set() or (seconds > 0 and self._set.wait(seconds)):
            raise JobInterruptedError("the prompt was interrupted")


@dataclass(frozen=True)
class NodeContext:
    """The `Context` of one running node."""

    node_id: str
    job: Job
    client_id: str | None
    progress_board: Progress
    sender: Sender
    files: FileStore
    settings: EngineSettings
    interrupt: InterruptSwitch

    @property
    def prompt(self) -> Mapping[str, Any]:
        """The graph that runs."""
        return self.job.prompt

    @property
    def extra_pnginfo(self) -> Mapping[str, Any] | None:
        """What the client wants to be written into PNG files, by chunk name."""
        info: Mapping[str, Any] | None = self.job.extra_data.get("extra_pnginfo")
        return info

    def progress(self, value: int, total: int, preview: bytes | None = None) -> None:
        """Take the time of one step, then report it; `preview` is JPEG bytes."""
        self.interrupt.check(self.settings.pace)
        self.progress_board.update(self.node_id, value, total, preview, "image/jpeg")

    def wants_preview(self) -> bool:
        """Whether the prompt, or else the server, asked for previews."""
        asked = self.job.extra_data.get("preview_method")
        method = asked if asked in PREVIEW_METHODS else self.settings.preview_method
        return method != "none"

    def wait(self, seconds: float) -> None:
        """Sleep, interruptibly."""
        self.interrupt.check(seconds)

    def read_path(self, annotated_name: str) -> Path:
        """The file behind a LoadImage value."""
        return self.files.read_path(annotated_name)

    def save_path(self, prefix: str, kind: str, width: int, height: int, extension: str) -> tuple[Path, str, str]:
        """Reserve the next counter file: (path, filename, subfolder)."""
        return self.files.save_path(prefix, kind, width, height, extension)

    def push_image(self, png: bytes, index: int = 0, total: int = 1) -> None:
        """Send a full-size PNG to the prompt's client, to everybody when it has none."""
        self.interrupt.check()
        self.progress_board.update(self.node_id, index, total, png, "image/png")

    def push_text(self, text: str) -> None:
        """Send a text frame."""
        self.sender.send_frame(frames.text(self.node_id, text), self.client_id)


__all__ = ["PREVIEW_METHODS", "InterruptSwitch", "NodeContext"]
