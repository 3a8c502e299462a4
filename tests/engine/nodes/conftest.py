"""A bench to try nodes on: the executor's side of a node in memory, and the smallest possible graph runner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pil

from protobanana.engine.nodes import load_all
from protobanana.engine.nodes.base import Result

NODES = load_all()


@dataclass
class Bench:
    """Implements the Context of `nodes.base` and keeps what nodes report."""

    folder: Path
    previews: bool = False
    prompt: Mapping[str, Any] = field(default_factory=dict)
    extra_pnginfo: Mapping[str, Any] | None = None
    node_id: str = "1"
    steps: list[tuple[int, int, bytes | None]] = field(default_factory=list)
    pushed: list[bytes] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    counter: int = 0

    def progress(self, value: int, total: int, preview: bytes | None = None) -> None:
        """Note a step."""
        self.steps.append((value, total, preview))

    def wants_preview(self) -> bool:
        """As configured."""
        return self.previews

    def wait(self, seconds: float) -> None:
        """Nobody waits here."""

    def read_path(self, annotated_name: str) -> Path:
        """A file of the bench's folder."""
        path = self.folder / annotated_name.partition(" [")[0]
        if not path.exists():
            raise FileNotFoundError(annotated_name)
        return path

    def save_path(self, prefix: str, kind: str, width: int, height: int, extension: str) -> tuple[Path, str, str]:
        """The next file of the bench's folder."""
        self.counter += 1
        name = f"{prefix}_{self.counter:05}_.{extension}"
        return self.folder / name, name, ""

    def push_image(self, png: bytes, index: int = 0, total: int = 1) -> None:
        """Note the bytes."""
        self.pushed.append(png)

    def push_text(self, text: str) -> None:
        """Note the text."""
        self.texts.append(text)

    def call(self, name: str, **inputs: Any) -> Any:
        """Run one node; its only output, or all of them."""
        result = NODES[name].run(self, **inputs)
        outputs = result.outputs if isinstance(result, Result) else result
        return outputs[0] if len(outputs) == 1 else outputs

    def run(self, graph: Mapping[str, Any], wanted: str, slot: int = 0) -> Any:
        """The output of one node of an API graph, everything it needs run first."""
        done: dict[str, tuple[Any, ...]] = {}

        def outputs(node_id: str) -> tuple[Any, ...]:
            if node_id not in done:
                node = graph[node_id]
                inputs = {
                    key: outputs(value[0])[value[1]] if isinstance(value, list) else value
                    for key, value in node["inputs"].items()
                }
                result = NODES[node["class_type"]].run(self, **inputs)
                done[node_id] = result.outputs if isinstance(result, Result) else result
            return done[node_id]

        return outputs(wanted)[slot]

    def write(self, name: str, pixels: np.ndarray[Any, Any]) -> str:
        """Put a picture (0..1 floats or 8-bit levels) into the folder."""
        levels = pixels if pixels.dtype == np.uint8 else np.round(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
        Pil.fromarray(levels).save(self.folder / name)
        return name


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A fresh bench."""
    return Bench(tmp_path)
