"""Programs of other people in front of the real gateway: one that draws at once, and one that takes its time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from protobanana.engine import EngineSettings, EngineThread
from support.gateways import KEY, Gateway, serve, stop
from support.pictures import png

MODELS = {
    "image": "protolabs/qwen-image",
    "edit": "gpt-image-1",
    "several": "protolabs/qwen-image-multiref",
    "chat": "protolabs/qwen-image-chat",
}
WORDS = {
    "words": "draw a red square on white",
    "change": "make it blue",
    "combine": "put the square of image 1 beside the disc of image 2",
}


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """`protobanana serve`."""
    with EngineThread(EngineSettings()) as engine:
        running = serve(tmp_path_factory.mktemp("clients"), engine)
        yield running
        stop(running)


@pytest.fixture(scope="session")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """The same before an engine that draws for longer than anybody waits."""
    with EngineThread(EngineSettings(pace=5)) as engine:
        running = serve(tmp_path_factory.mktemp("slow"), engine, environment={"PROTOBANANA_QUEUE_LIMIT": "1"})
        yield running
        stop(running)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Paths of what is sent: `picture` (a red square on white), `second` (a green one), `mask` (open where it is)."""
    folder = tmp_path_factory.mktemp("pictures")
    middle = (128, 128, 384, 384)
    for name, colour in (("picture", (217, 32, 38)), ("second", (32, 160, 64))):
        picture = PIL.Image.new("RGB", (512, 512), "white")
        picture.paste(colour, middle)
        (folder / f"{name}.png").write_bytes(png(picture))
    mask = PIL.Image.new("RGBA", (512, 512), "white")
    mask.paste((0, 0, 0, 0), (96, 96, 416, 416))
    (folder / "mask.png").write_bytes(png(mask))
    return {path.stem: str(path) for path in Path(folder).iterdir()}


def settings(gateway: Gateway, pictures: dict[str, str]) -> dict[str, Any]:
    """What a client's program has to know."""
    return {
        "base": f"{gateway.url}/v1", "key": KEY, "comfyui": gateway.engine.url, **MODELS, **WORDS, **pictures,
    }  # fmt: skip
