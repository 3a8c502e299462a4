"""`protobanana comfyui` with programs on PATH that write down what they are told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from support.program import program, run

RECORDER = """#!{python}
import json, os, sys
with open({log!r}, "a") as log:
    log.write(json.dumps([os.path.basename(sys.argv[0]), *sys.argv[1:]]) + "\\n")
{then}
"""
RMBG = "https://github.com/1038lab/ComfyUI-RMBG"
LANPAINT = "https://github.com/scraed/LanPaint"


class Machine:
    """A home, and a PATH with stand-ins that record how they are called."""

    def __init__(self, home: Path) -> None:
        self.home, self.bin, self.log = home, home / "bin", home / "calls.jsonl"
        self.comfyui = home / "ComfyUI"
        self.bin.mkdir()

    def program(self, name: str, then: str = "", folder: Path | None = None) -> None:
        """Put a stand-in on PATH (or elsewhere); `then` is what it does besides writing its arguments down."""
        (folder or self.bin).mkdir(exist_ok=True)
        path = (folder or self.bin) / name
        path.write_text(RECORDER.format(python=sys.executable, log=str(self.log), then=then), "utf-8")
        path.chmod(0o755)

    def installed(self) -> None:
        """A ComfyUI that is there already."""
        self.comfyui.mkdir()
        (self.comfyui / "main.py").touch()

    def run(self, *words: str, status: int = 0, text: str | None = None, **more: str) -> str:
        """The command; all it printed."""
        done = run(self.home, "comfyui", *words, status=status, text=text, PATH=str(self.bin), **more)
        return done.stdout + done.stderr

    def calls(self) -> list[list[str]]:
        """What the stand-ins were told."""
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines()] if self.log.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_install(machine: Machine) -> None:
    """ComfyUI first, then the packs of the bundled workflows; what will be done is said before."""
    machine.program("comfy")
    said = machine.run("install", str(machine.comfyui), "--nvidia", "--yes")
    place = f"--workspace={machine.comfyui}"

    assert machine.calls() == [
        ["comfy", "--skip-prompt", place, "install", "--nvidia", "--version", "latest"],
        ["comfy", "--skip-prompt", place, "node", "install", "--exit-on-fail", RMBG, LANPAINT],
    ]
    assert f"comfy --skip-prompt {place} install --nvidia" in said


def test_packs_of_one_workflow(machine: Machine) -> None:
    """Only what the named workflow needs; nothing where it needs nothing."""
    machine.program("comfy")
    machine.run("install", str(machine.comfyui), "--cpu", "--yes", "--workflow", "qwen_image_2512")

    assert [call[3] for call in machine.calls()] == ["install"]

    machine.run("install", str(machine.comfyui), "--cpu", "--yes", "--workflow", "inpaint_lanpaint_qwen")

    assert machine.calls()[-1][-1] == LANPAINT


def test_an_installed_comfyui_gets_packs_only(machine: Machine) -> None:
    """Nothing is installed over a ComfyUI that is there."""
    machine.installed()
    machine.program("comfy")
    machine.run("install", str(machine.comfyui), "--yes")

    assert [call[3:5] for call in machine.calls()] == [["node", "install"]]


def test_the_card_is_found(machine: Machine) -> None:
    """Where nvidia-smi is, the card is NVIDIA's; without it the kind has to be said."""
    machine.program("comfy")
    asked = machine.run("install", str(machine.comfyui), "--yes", status=1)
    machine.program("nvidia-smi")
    machine.run("install", str(machine.comfyui), "--yes")

    assert "--amd" in asked
    assert "--nvidia" in machine.calls()[0]


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_nothing_happens_without_consent(machine: Machine, answer: str) -> None:
    """A no, and no answer at all, leave everything as it is."""
    machine.program("comfy")
    machine.run("install", str(machine.comfyui), "--cpu", text=answer, status=1)

    assert machine.calls() == []


def test_a_failing_step_ends_it(machine: Machine) -> None:
    """The command and its status are named, and nothing further is tried."""
    machine.program("comfy", "sys.exit(3)")
    said = machine.run("install", str(machine.comfyui), "--cpu", "--yes", status=1)

    assert "ended with status 3" in said
    assert len(machine.calls()) == 1


@pytest.mark.parametrize(
    ("tool", "asks", "words"),
    [("uv", ["tool", "dir", "--bin"], ["tool", "install"]), ("pipx", ["environment"], ["install"])],
)
def test_comfy_cli_on_demand(machine: Machine, tool: str, asks: list[str], words: list[str]) -> None:
    """uv, else pipx, installs comfy-cli, and it is found although its folder is not on PATH."""
    there = machine.home / "tools"
    machine.program("comfy", folder=there)
    machine.program(tool, f"if sys.argv[1:{len(asks) + 1}] == {asks!r}: print({str(there)!r})")
    said = machine.run("install", str(machine.comfyui), "--cpu", "--yes")

    assert machine.calls()[0] == [tool, *words, "comfy-cli"]
    assert [call[3] for call in machine.calls() if call[0] == "comfy"] == ["install", "node"]
    assert f"{tool} {' '.join(words)} comfy-cli" in said


def test_comfy_cli_in_an_environment_of_its_own(machine: Machine) -> None:
    """Without uv and pipx a private virtual environment gets it, once, and not ours."""
    wheels = machine.home / "wheels"
    wheels.mkdir()
    _wheel(wheels, machine.log)
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_CONFIG_FILE": os.devnull}
    machine.run("install", str(machine.comfyui), "--cpu", "--yes", **offline)
    again = machine.run("install", str(machine.comfyui), "--cpu", "--yes", **offline)

    assert [call[3] for call in machine.calls()] == ["install", "node"] * 2
    assert "pip install" not in again


def test_start(machine: Machine) -> None:
    """ComfyUI is launched with its address, a larger cache and the operator's own flags; its status is ours."""
    machine.installed()
    machine.program("comfy", "sys.exit(7)")
    machine.run("start", "--comfyui-dir", str(machine.comfyui), "--port", "8199", "--", "--reserve-vram", "2", status=7)

    assert machine.calls()[0][3:] == [
        "launch", "--", "--listen", "127.0.0.1", "--port", "8199", "--cache-lru", "64", "--reserve-vram", "2"
    ]  # fmt: skip


def test_an_own_cache_flag_wins(machine: Machine) -> None:
    """ComfyUI takes one of its cache flags only."""
    machine.installed()
    machine.program("comfy")
    machine.run("start", "--comfyui-dir", str(machine.comfyui), "--", "--cache-none")

    assert "--cache-lru" not in machine.calls()[0]


def test_start_where_nothing_is(machine: Machine) -> None:
    """The folder is named, and the command that installs."""
    machine.program("comfy")

    assert "comfyui install" in machine.run("start", "--comfyui-dir", str(machine.comfyui), status=1)
    assert machine.calls() == []


def test_ctrl_c_lets_comfyui_end_in_its_own_time(machine: Machine) -> None:
    """An interrupt waits for ComfyUI's own end and passes on its status."""
    machine.installed()
    machine.program(
        "comfy",
        "import signal, time\n"
        "def end(*_): time.sleep(0.5); sys.exit(5)\n"
        "signal.signal(signal.SIGINT, end)\n"
        "print('up', flush=True)\n"
        "time.sleep(60)",
    )
    process = subprocess.Popen(
        program("comfyui", "start", "--comfyui-dir", str(machine.comfyui)),
        stdout=subprocess.PIPE, text=True, start_new_session=True,
        env={"PATH": str(machine.bin), "HOME": str(machine.home)},
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        os.killpg(process.pid, signal.SIGINT)

        assert process.wait(30) == 5


def _wheel(folder: Path, log: Path) -> None:
    """A package comfy-cli whose program writes its arguments down."""
    write = f"open({str(log)!r}, 'a').write(json.dumps(['comfy', *sys.argv[1:]]) + '\\n')"
    code = f"import json, sys\ndef main():\n    {write}\n"
    info = "comfy_cli-1.0.dist-info"
    with zipfile.ZipFile(folder / "comfy_cli-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("comfy_stand_in.py", code)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: comfy-cli\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/entry_points.txt", "[console_scripts]\ncomfy = comfy_stand_in:main\n")
        wheel.writestr(f"{info}/RECORD", "")
