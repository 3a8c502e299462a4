"""Commands as a newcomer types them, in processes of their own, on the embedded engine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx
import PIL.Image
import pytest

from support.pictures import close_to, mean, png


def run(folder: Path, *words: str, text: str | None = None, status: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "protobanana", *words],
        capture_output=True, text=True, timeout=90, cwd=folder, input=text,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "COLUMNS": "200", "PYTHONWARNINGS": "error"},
    )  # fmt: skip

    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if status == 0 else done.stderr


def picture(path: Path) -> PIL.Image.Image:
    found = PIL.Image.open(path)
    found.load()
    return found


def test_generate_then_edit(tmp_path: Path) -> None:
    """A first picture, and a change of it."""
    said = run(
        tmp_path, "generate", "a red field with a white circle", "-o", "one.png", "--size", "512x384", "--seed", "3"
    )
    run(tmp_path, "edit", "one.png", "make it night", "-o", "two.webp", "--quality", "low")

    assert "one.png" in said
    assert "seed 3" in said
    assert picture(tmp_path / "one.png").size == (512, 384)
    assert close_to(mean(picture(tmp_path / "one.png"), (0, 0, 1, 0.08)), (218, 32, 38), 40)
    assert picture(tmp_path / "two.webp").format == "WEBP"


def test_variants_get_numbered_files(tmp_path: Path) -> None:
    """-n writes one file each."""
    run(tmp_path, "generate", "a tree", "-o", "t.jpg", "-n", "3", "--size", "256x256", "--quality", "low")

    assert sorted(path.name for path in tmp_path.glob("*.jpg")) == ["t-2.jpg", "t-3.jpg", "t.jpg"]


def test_every_operation_has_a_command(tmp_path: Path) -> None:
    """Cut-out without words, sides as options, several pictures, a region with its mask."""
    scene = PIL.Image.new("RGB", (300, 200), (200, 30, 40))
    scene.paste((255, 255, 255), (110, 60, 190, 140))
    (tmp_path / "a.png").write_bytes(png(scene))
    (tmp_path / "b.png").write_bytes(png(PIL.Image.new("RGB", (200, 200), "blue")))
    run(tmp_path, "remove-background", "a.png", "-o", "cut.png")
    run(tmp_path, "outpaint", "a.png", "more wall", "--left", "50", "-o", "wide.png")
    run(tmp_path, "compose", "a.png", "b.png", "combine them", "-o", "both.png", "--quality", "low")
    run(tmp_path, "region-edit", "a.png", "make the white square green", "--return-mask", "-o", "region.png")

    assert picture(tmp_path / "cut.png").mode == "RGBA"
    assert picture(tmp_path / "wide.png").size == (350, 200)
    assert picture(tmp_path / "region-mask.png").size == (300, 200)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("generate", "x", "-o", "out.txt"), "--out"),
        (("generate", "x", "--size", "huge"), "size"),
        (("generate", "x", "--workflow", "nope"), "nope"),
        (("generate", "x", "--engine", "ftp://x"), "--engine"),
        (("generate", "x", "--engine", "http://127.0.0.1:9"), "127.0.0.1:9"),
        (("edit", __file__, "x"), "picture"),
        (("inpaint", "a.png", "x"), "mask"),
    ],
)
def test_mistakes_are_told_in_a_line(tmp_path: Path, words: tuple[str, ...], named: str) -> None:
    """Status 1, one line, the name of what was wrong."""
    (tmp_path / "a.png").write_bytes(png(PIL.Image.new("RGB", (20, 20))))

    assert named in run(tmp_path, *words, status=1)


def test_a_conversation(tmp_path: Path) -> None:
    """Draw, change, go back, save, attach: pictures become files, words are answered."""
    (tmp_path / "in.png").write_bytes(png(PIL.Image.new("RGB", (64, 64), "lime")))
    talk = "draw a red square, 256x256\nmake it blue\n/undo\n/save kept.png\n/image in.png\nthanks!\n/nonsense\n/quit\n"
    said = run(tmp_path, "chat", text=talk)

    assert "picture-1.png" in said
    assert "picture-2.png" in said
    assert (tmp_path / "kept.png").read_bytes() == (tmp_path / "picture-1.png").read_bytes()
    assert "attached in.png" in said


def test_route_reads_lines(tmp_path: Path) -> None:
    """JSON lines in, JSON lines out, bad lines answered in place."""
    lines = [
        '{"text": "extend left 256px", "has_image": true, "n_refs": 0, "has_mask": false}',
        "not json",
        '{"text": "a cat"}',
    ]
    first, second, third = map(json.loads, run(tmp_path, "route", text="\n".join(lines) + "\n").splitlines())

    assert (first["operation"], first["pads"]["left"]) == ("outpaint", 256)
    assert "error" in second
    assert third["operation"] == "generate"


def test_the_authors_commands(tmp_path: Path) -> None:
    """list, show, check and smoke say what they found, by table and by status."""
    assert "qwen_image_2512" in run(tmp_path, "workflows", "list")
    assert json.loads(run(tmp_path, "workflows", "show", "qwen_image_2512", "--json"))["operations"]
    assert "0 errors" in run(tmp_path, "workflows", "check")
    assert "ok" in run(tmp_path, "smoke", "qwen_image_2512", "--keep", "seen")
    assert list((tmp_path / "seen").glob("*.png"))
    (tmp_path / "bad.json").write_text("{}", "utf-8")
    run_bad = subprocess.run(
        [sys.executable, "-m", "protobanana", "workflows", "check", "bad.json"],
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
    )
    assert run_bad.returncode == 1


def test_help_and_version(tmp_path: Path) -> None:
    """Help names every command; the version is the package's."""
    from importlib.metadata import version

    text = run(tmp_path, "--help")

    assert all(word in text for word in ("serve", "engine", "generate", "edit", "chat", "region-edit"))
    assert run(tmp_path, "--version").strip() == version("protobanana")


def test_the_engine_says_where_it_is(tmp_path: Path) -> None:
    """`protobanana engine` names its address once it serves, and ends quietly."""
    command = [sys.executable, "-u", "-m", "protobanana", "engine", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        assert process.stdout
        url = process.stdout.readline().split()[-1]
        stats = httpx.get(f"{url}/system_stats").json()
        process.terminate()

    assert "preview engine" in json.dumps(stats)
    assert process.returncode == 0
