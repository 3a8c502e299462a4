"""`workflows run`: one run, with anything set."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from support.commands import TEMPLATES, api, invoke, plain, program, written
from support.pictures import close_to, mean, png

SMALL = ("--set", "width=256", "--set", "height=256", "--set", "steps=2")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own to stand in, with a red picture."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "red.png").write_bytes(png(PIL.Image.new("RGB", (256, 192), (200, 30, 40))))
    return tmp_path


def opened(path: Path) -> PIL.Image.Image:
    """A picture that was written, with whatever stands in its name."""
    found = PIL.Image.open(io.BytesIO(path.read_bytes()))
    found.load()
    return found


def flow(folder: Path, name: str = "image_qwen_Image_2512") -> Path:
    """A file as the editor saves it."""
    path = folder / f"{name}.json"
    path.write_bytes((TEMPLATES / f"{name}.editor.json").read_bytes())
    return path


def test_a_saved_file_draws(here: Path) -> None:
    """A file is drawn with the words, the size and the seed that are set, and the command says where the picture is."""
    said = invoke("workflows", "run", flow(here), "--set", "prompt=a red field with a white circle", "--set", "seed=7",
                  "--set", "size=320x256", "--set", "steps=4", "-o", "one.webp").stdout  # fmt: skip
    made = opened(here / "one.webp")

    assert said == "one.webp  320x256, seed 7\n"
    assert made.format == "WEBP"
    assert close_to(mean(made.convert("RGB"), (0, 0, 1, 0.08)), (218, 32, 38), 40)


def test_the_authors_words_are_kept(here: Path) -> None:
    """What is not set stays as its author drew it, the prompt too."""
    graph = api("image_z_image_turbo")
    words = next(node for node in graph.values() if node["_meta"]["title"] == "Prompt")
    words["inputs"]["value"] = "a blue field"
    invoke("workflows", "run", written(here / "flow.json", graph), *SMALL, "-o", "one.png")
    invoke("workflows", "run", "flow.json", *SMALL, "--set", "prompt=a red field", "-o", "two.png")

    assert close_to(mean(opened(here / "one.png").convert("RGB"), (0, 0, 1, 0.08)), (30, 80, 200), 70)
    assert close_to(mean(opened(here / "two.png").convert("RGB"), (0, 0, 1, 0.08)), (218, 32, 38), 40)


def test_any_input_of_any_node(here: Path) -> None:
    """Slots, `node title.input` and `node id.input` can be set; values are read as the input's type."""
    named = ("--set", "KSampler.sampler_name=heun", "--set", "86:3.cfg=2.5", "--set", "n=2")
    said = invoke("workflows", "run", flow(here), *SMALL, *named).stdout

    assert [line.split()[0] for line in said.splitlines()] == [
        "image_qwen_Image_2512.png",
        "image_qwen_Image_2512-2.png",
    ]


def test_a_name_that_nobody_chose_replaces_nothing(here: Path) -> None:
    """Without -o every run writes files of its own."""
    first, second = (invoke("workflows", "run", flow(here), *SMALL).stdout.split()[0] for _ in range(2))

    assert (first, second) == ("image_qwen_Image_2512.png", "image_qwen_Image_2512-2.png")


def test_pictures_and_a_mask(here: Path) -> None:
    """Pictures go in in order, a mask says where; the rest of the picture stays as it is."""
    mask = PIL.Image.new("L", (256, 192), 0)
    mask.paste(255, (96, 64, 160, 128))
    (here / "mask.png").write_bytes(png(mask))
    invoke("workflows", "run", "inpaint_qwen_image_2511", "--image", "red.png", "--mask", "mask.png",
           "--set", "prompt=a blue square", "--set", "quality=low", "-o", "in.png")  # fmt: skip
    invoke("workflows", "run", flow(here, "image_qwen_image_edit_2511"), "--image", "red.png", "--image", "red.png",
           "--set", "prompt=make it blue", "--set", "steps=2", "-o", "edit.jpg")  # fmt: skip

    assert opened(here / "in.png").convert("RGB").getpixel((5, 5)) == (200, 30, 40)
    assert opened(here / "edit.jpg").format == "JPEG"


def test_text_and_further_results(here: Path) -> None:
    """What a node says is printed; a further picture gets its output's name."""
    graph = api("image_z_image_turbo")
    decoded = next(key for key, node in graph.items() if node["class_type"] == "VAEDecode")
    graph |= {
        "a": {"class_type": "PrimitiveStringMultiline", "inputs": {"value": "hello there"}},
        "b": {"class_type": "PreviewAny", "inputs": {"source": ["a", 0]}},
        "c": {"class_type": "ImageInvert", "inputs": {"image": [decoded, 0]}},
        "d": {"class_type": "SaveImage", "inputs": {"images": ["c", 0], "filename_prefix": "x"}},
    }
    main = next(key for key, node in graph.items() if node["class_type"] == "SaveImage")
    header = {"outputs": {"image": main, "text": "b", "inverted": "d"}}
    said = invoke("workflows", "run", written(here / "flow.json", {"_protobanana": header, **graph}), *SMALL).stdout

    assert "hello there" in said
    assert (here / "flow.png").exists()
    assert (here / "flow-inverted.png").exists()


def test_standard_input(here: Path) -> None:
    """`-` runs what stands on standard input."""
    text = (TEMPLATES / "image_z_image_turbo.editor.json").read_bytes()
    invoke("workflows", "run", "-", *SMALL, "-o", "one.png", text=text)

    assert opened(here / "one.png").size == (256, 256)


def test_ones_own_by_name(here: Path) -> None:
    """A workflow of the folder runs under its name."""
    folder = here / "workflows"
    folder.mkdir()
    flow(folder)
    program(
        here, "workflows", "run", "image_qwen_Image_2512", *SMALL, "-o", "a.png", PROTOBANANA_WORKFLOWS_DIR=str(folder)
    )

    assert opened(here / "a.png").size == (256, 256)


CASES: list[tuple[list[str], str]] = [
    (["--set", "steps"], "NAME=VALUE"),
    (["--set", "=3"], "NAME=VALUE"),
    (["--set", "steps=many"], "steps"),
    (["--set", "steps=0"], "smallest allowed"),
    (["--set", "KSampler.sampler=euler"], "KSampler.sampler_name"),
    (["--set", "KSampler.sampler_name=eulerr"], "Did you mean 'euler'"),
    (["--set", "KSampler.model=x"], "linked"),
    (["--set", "n=0"], "'n'"),
    (["--set", "size=big"], "size"),
    (["--set", "image=red.png"], "image"),
    (["--image", "red.png"], "image"),
    (["-o", "out.txt"], "--out"),
    (["--engine", "http://127.0.0.1:9"], "127.0.0.1:9"),
]


@pytest.mark.parametrize(("more", "named"), CASES)
def test_mistakes_are_told_in_a_line(here: Path, more: list[str], named: str) -> None:
    """Status 1, a sentence with what was wrong, and no picture."""
    said = plain(invoke("workflows", "run", flow(here), *more, status=1).stderr)

    assert named in said
    assert [path.suffix for path in here.iterdir() if path.name != "red.png"] == [".json"]


def test_words_for_nobody(here: Path) -> None:
    """A prompt for a workflow that has no use for one is refused, not dropped."""
    graph = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}},
        "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
        "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}},
    }
    path = written(here / "invert.json", graph)
    invoke("workflows", "run", path, "--image", "red.png", "-o", "out.png")

    assert "no use for a prompt" in invoke(
        "workflows", "run", path, "--image", "red.png", "--set", "prompt=hi", status=1
    ).stderr  # fmt: skip
    assert close_to(mean(opened(here / "out.png").convert("RGB"), (0, 0, 1, 1)), (55, 225, 215), 2)


@pytest.mark.parametrize("text", [b"{}", b"", b'{"nodes": []}', json.dumps({"1": 2}).encode()])
def test_what_cannot_run(here: Path, text: bytes) -> None:
    """A file that is no workflow is refused by name."""
    (here / "flow.json").write_bytes(text)

    assert "flow.json" in invoke("workflows", "run", "flow.json", status=1).stderr


def test_a_file_of_another_end(here: Path) -> None:
    """A file that no folder of workflows would serve is refused with its name."""
    document: dict[str, Any] = api("image_z_image_turbo")
    written(here / "flow.txt", document)

    assert "flow.txt" in invoke("workflows", "run", "./flow.txt", status=1).stderr
