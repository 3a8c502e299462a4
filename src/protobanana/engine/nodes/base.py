"""How a node of the embedded engine is written: a plain function, registered under its ComfyUI class name.

    @node("ImageInvert")
    def image_invert(ctx: Context, *, image: Image) -> Outputs:
        return (1.0 - image,)

Input names, types, ranges and outputs come from the recorded `/object_info` of genuine ComfyUI
(`protobanana/data/object_info.json`), so a node here cannot drift from the real schema.

Values that travel along links (B, H, W, C as in ComfyUI):
IMAGE is float32 `[B, H, W, 3 or 4]` in 0..1, MASK is float32 `[B, H, W]` in 0..1; the other socket types are the
dataclasses of `values.py`. Values are shared between nodes and with the cache: a node never writes into its inputs.

A node receives its declared inputs that the graph contains, by name. Inputs with dotted names arrive nested under
their first part: the autogrow `images.image0`, `images.image1` as `images={"image0": ..., "image1": ...}`; the dynamic
combo `resize_type`, `resize_type.width` as `resize_type={"resize_type": "scale dimensions", "width": ...}`.
Where the record says `is_input_list`, every input is a list; where it says `output_is_list`, return a list there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

Outputs = tuple[Any, ...]


@dataclass(frozen=True)
class Result:
    """What an output node returns besides its link outputs: `ui` is what `/history` and `executed` show."""

    outputs: Outputs = ()
    ui: Mapping[str, Sequence[Any]] | None = None


class Context(Protocol):
    """What a node may ask of the executor. Every call may raise the executor's own interrupt exception."""

    prompt: Mapping[str, Any]
    """The API graph being executed (for PNG metadata)."""
    extra_pnginfo: Mapping[str, Any] | None
    node_id: str

    def progress(self, value: int, total: int, preview: bytes | None = None) -> None:
        """Report a step; `preview` is JPEG bytes. Paces the step and honours interrupts."""

    def wants_preview(self) -> bool:
        """Whether anybody asked for preview frames (`preview_method` other than none)."""

    def wait(self, seconds: float) -> None:
        """Sleep, interruptibly: emulated load or swap time."""

    def read_path(self, annotated_name: str) -> Path:
        """The file behind a LoadImage value: `sub/name.png`, or `name.png [temp]`, `name.png [output]`."""

    def save_path(self, prefix: str, kind: str, width: int, height: int, extension: str) -> tuple[Path, str, str]:
        """Reserve the next counter file for `prefix` in `output` or `temp`: (path, filename, subfolder)."""

    def push_image(self, png: bytes, index: int = 0, total: int = 1) -> None:
        """Send a full-size PNG, picture `index` (from 0) of `total`, over the websocket, as SaveImageWebsocket does.

        Reports the progress `index / total` too, as ComfyUI does: no `progress` call beside it.
        """

    def push_text(self, text: str) -> None:
        """Send a text frame (binary event 3), as GetImageSize does."""


@dataclass(frozen=True)
class NodeClass:
    """A registered node. `changed` maps the inputs to a cache-key part (LoadImage: the file's sha256)."""

    name: str
    run: Callable[..., Outputs | Result]
    output_node: bool = False
    changed: Callable[..., str] | None = None
    validate: Callable[..., str | None] | None = None
    """Custom validation of the constant inputs: None, or the reason, e.g. `Invalid image file: x.png`.

    It takes the place of the list check for the inputs that name uploaded files.
    """
    lazy: Callable[..., Sequence[str]] | None = None
    """For nodes with `lazy` inputs: from the inputs known so far, the names of the lazy ones that it needs."""


REGISTRY: dict[str, NodeClass] = {}


def node(
    name: str,
    *,
    output_node: bool = False,
    changed: Callable[..., str] | None = None,
    validate: Callable[..., str | None] | None = None,
    lazy: Callable[..., Sequence[str]] | None = None,
) -> Callable[[Callable[..., Outputs | Result]], Callable[..., Outputs | Result]]:
    """Register `run(ctx, **inputs)` under a ComfyUI class name.

    `changed` and `validate` take `(files, **inputs)`, the constant inputs; `lazy` takes `(**inputs)`, those known.
    """

    def register(run: Callable[..., Outputs | Result]) -> Callable[..., Outputs | Result]:
        REGISTRY[name] = NodeClass(name, run, output_node, changed, validate, lazy)
        return run

    return register


class Files(Protocol):
    """The part of the engine's file store that `changed` and `validate` see."""

    def read_path(self, annotated_name: str) -> Path:
        """Path of an input, temp or output file by its annotated name; raises FileNotFoundError."""


__all__ = ["REGISTRY", "Context", "Files", "NodeClass", "Outputs", "Result", "node"]
