"""A file that appears in the folder is a model, changes with it, and goes with it; while the gateway runs."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import httpx
import openai
import PIL.Image
import PIL.PngImagePlugin
import pytest

from protobanana.engine import EngineThread
from support.gateways import KEY, Gateway, serve, stop
from support.pictures import opened, png

TEMPLATES = Path(__file__).parent.parent / "data" / "templates"
HEADERS = {"Authorization": f"Bearer {KEY}"}
RED = ("in.png", png(PIL.Image.new("RGB", (256, 256), "red")))
T = TypeVar("T")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The operator's folder, empty at first."""
    return tmp_path_factory.mktemp("workflows")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, engine: EngineThread, folder: Path) -> Iterator[Gateway]:
    """`protobanana serve` with that folder."""
    environment = {"PROTOBANANA_WORKFLOWS_DIR": str(folder)}
    running = serve(tmp_path_factory.mktemp("serve"), engine, environment=environment)
    yield running
    stop(running)


def eventually(ask: Callable[[], T | None], seconds: float = 30) -> T:
    """What `ask` gives once it gives anything; the bound is for broken code, not for slow machines."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if (found := ask()) is not None:
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come")


def listed(gateway: Gateway) -> set[str]:
    """The names of /v1/models."""
    return {model.id for model in gateway.client().models.list()}


def about(gateway: Gateway) -> dict[str, Any]:
    """The answer of /protobanana/workflows."""
    answer = httpx.get(f"{gateway.url}/protobanana/workflows", headers=HEADERS)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def problem(gateway: Gateway, file: str) -> str:
    """What is wrong with a file, once that is known."""
    return eventually(lambda: about(gateway)["problems"].get(file))


def form(gateway: Gateway, name: str) -> dict[str, Any]:
    """The form of a workflow, once it is there."""
    return eventually(lambda: next((one for one in about(gateway)["workflows"] if one["name"] == name), None))


def put(folder: Path, name: str, data: bytes | str) -> Path:
    """A file that is there all at once."""
    draft = folder / f".{name}.part"
    draft.write_bytes(data if isinstance(data, bytes) else data.encode())
    draft.replace(folder / name)
    return folder / name


def template(name: str) -> bytes:
    """An official template as its author saved it."""
    return (TEMPLATES / f"{name}.editor.json").read_bytes()


def test_a_template_is_a_model_under_its_file_name(gateway: Gateway, folder: Path) -> None:
    """A text-to-image template is callable by both names, listed with its mode, and gone when its file goes."""
    path = put(folder, "my_flow.json", template("image_z_image_turbo"))
    eventually(lambda: {"my_flow", "protobanana/my_flow"} <= listed(gateway) or None)

    for model in ("my_flow", "protobanana/my_flow"):
        answer = gateway.client().images.generate(model=model, prompt="a red square", size="512x512")
        assert opened(answer.data[0].b64_json).size == (512, 512)
        assert answer.data[0].provider_specific_fields["workflow"] == "my_flow"  # type: ignore[attr-defined]
    info = httpx.get(f"{gateway.url}/model/info", headers=HEADERS).json()["data"]
    assert {one["model_info"]["mode"] for one in info if one["model_name"] == "my_flow"} == {"image_generation"}

    path.unlink()
    eventually(lambda: not {"my_flow", "protobanana/my_flow"} & listed(gateway) or None)
    for model in ("my_flow", "protobanana/my_flow"):
        with pytest.raises(openai.NotFoundError):
            gateway.client().images.generate(model=model, prompt="a red square")


def test_an_edit_template_edits(gateway: Gateway, folder: Path) -> None:
    """A template with a picture to load is a model of the edit endpoint, also when its name has spaces."""
    path = put(folder, "My Edit (v2).json", template("image_qwen_image_edit_2509"))
    assert form(gateway, "My_Edit_v2")["endpoint"] == "/v1/images/edits"

    answer = eventually(lambda: "My_Edit_v2" in listed(gateway) or None)
    picture = gateway.client().images.edit(model="My_Edit_v2", image=RED, prompt="make it night")

    assert answer
    assert picture.data[0].provider_specific_fields["workflow"] == "My_Edit_v2"  # type: ignore[attr-defined]
    path.unlink()


def settled(gateway: Gateway, name: str, check: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The form of a workflow, once it is as it should be."""

    def ask() -> dict[str, Any] | None:
        found = next((one for one in about(gateway)["workflows"] if one["name"] == name), None)
        return found if found and check(found) else None

    return eventually(ask)


def test_change_break_repair(gateway: Gateway, folder: Path) -> None:
    """A changed file is served changed, a broken or half-written one is told of while its last version serves on."""
    good = template("image_qwen_Image_2512")
    path = put(folder, "changing.json", good)
    settled(gateway, "changing", lambda one: one["file"] == "changing.json")

    put(folder, "changing.json", good[: len(good) // 2])
    assert "not valid JSON" in problem(gateway, "changing.json")
    answer = gateway.client().images.generate(model="changing", prompt="a red square", size="256x256")
    assert answer.data

    document = json.loads(template("image_z_image_turbo"))
    put(folder, "changing.json", json.dumps(document))
    repaired = settled(gateway, "changing", lambda one: one["problem"] is None)
    assert "negative_prompt" not in repaired["slots"]
    path.unlink()
    eventually(lambda: "changing" not in listed(gateway) or None)


def test_a_file_that_is_still_being_copied(gateway: Gateway, folder: Path) -> None:
    """Written piece by piece into its place, a file is a model when its last piece is there."""
    data = template("image_z_image_turbo")
    with (folder / "slow.json").open("wb") as file:
        for start in range(0, len(data), len(data) // 4):
            file.write(data[start : start + len(data) // 4])
            file.flush()
            time.sleep(0.6)

    assert form(gateway, "slow")["problem"] is None
    (folder / "slow.json").unlink()


def test_every_kind_of_file(gateway: Gateway, folder: Path) -> None:
    """A document, an API graph and a picture that ComfyUI made are models as well; a picture beside a file is not."""
    graph = (TEMPLATES / "image_z_image_turbo.api.json").read_bytes()
    note = PIL.PngImagePlugin.PngInfo()
    note.add_text("prompt", graph.decode())
    made = io.BytesIO()
    PIL.Image.new("RGB", (8, 8)).save(made, "PNG", pnginfo=note)
    bundled = files("protobanana.workflows").joinpath("bundled/z_image_turbo.json").read_bytes()
    paths = [
        put(folder, "as_graph.json", graph),
        put(folder, "as_picture.png", made.getvalue()),
        put(folder, "as_document.json", bundled.replace(b'"default": true', b'"default": false')),
        put(folder, "as_graph.png", png(PIL.Image.new("RGB", (8, 8)))),
        put(folder, "holiday.png", png(PIL.Image.new("RGB", (8, 8)))),
    ]

    for name in ("as_graph", "as_picture", "as_document"):
        assert form(gateway, name)["endpoint"] == "/v1/images/generations"
        eventually(lambda name=name: name in listed(gateway) or None)  # type: ignore[misc]
        assert gateway.client().images.generate(model=name, prompt="a red square", size="256x256").data
    assert "without a workflow" in problem(gateway, "holiday.png")
    assert "as_graph.png" not in about(gateway)["problems"]
    for path in paths:
        path.unlink()


def test_hostile_files(gateway: Gateway, folder: Path, tmp_path: Path) -> None:
    """Whatever lies in the folder is a message at worst; the gateway answers on, and nothing outside is read."""
    secret = put(tmp_path, "secret.json", template("image_z_image_turbo"))
    (folder / "out.json").symlink_to(secret)
    (folder / "circle.json").symlink_to(folder / "circle.json")
    (folder / "folder.json").mkdir()
    graph = json.loads((TEMPLATES / "image_z_image_turbo.api.json").read_text("utf-8"))
    kill = {**graph, "x1": {"class_type": "PreviewAny"}}
    dangling = json.loads(json.dumps(graph))
    next(iter(dangling.values()))["inputs"]["stray"] = ["nowhere", 0]
    names = {
        "\u732b.json": template("image_z_image_turbo"),
        "chat.json": template("image_z_image_turbo"),
        "deep.json": b"[" * 200_000,
        "deeper.json": b'{"a":' * 200_000,
        "list.json": b"[1, 2]",
        "kill.json": json.dumps(kill).encode(),
        "dangling.json": json.dumps(dangling).encode(),
        "bytes.json": bytes(range(256)) * 100,
        "odd.json": json.dumps({"nodes": [{"id": 1, "type": {"a": 1}, "inputs": 7}, None, 3], "links": "x"}).encode(),
        "huge.json": b" " * (17 * 1024 * 1024),
    }
    paths = [put(folder, name, data) for name, data in names.items()]

    for name in ("out.json", *names):
        assert problem(gateway, name), name
    assert "leads out of the folder" in about(gateway)["problems"]["out.json"]
    assert str(folder) not in json.dumps(about(gateway)["problems"])
    assert gateway.client().images.generate(model="protolabs/qwen-image-turbo", prompt="x", size="256x256").data
    for path in (*paths, folder / "out.json", folder / "circle.json"):
        path.unlink()
    (folder / "folder.json").rmdir()
    eventually(lambda: not about(gateway)["problems"] or None)


def test_a_large_file_does_not_hold_up_the_others(gateway: Gateway, folder: Path) -> None:
    """While a file is read that takes long, another one becomes a model and requests are answered."""
    graph = json.loads((TEMPLATES / "image_qwen_Image_2512.api.json").read_text("utf-8"))
    many = {}
    for copy in range(400):
        for node_id, node in graph.items():
            inputs = {k: [f"{v[0]}_{copy}", v[1]] if isinstance(v, list) else v for k, v in node["inputs"].items()}
            many[f"{node_id}_{copy}"] = {**node, "inputs": inputs}
    large = put(folder, "large.json", json.dumps(many))
    small = put(folder, "small.json", template("image_z_image_turbo"))

    form(gateway, "small")
    still_reading = "large.json" not in about(gateway)["problems"] and "large" not in listed(gateway)
    answer = gateway.client().images.generate(model="protolabs/qwen-image-turbo", prompt="x", size="256x256")

    assert still_reading
    assert answer.data
    large.unlink()
    small.unlink()
