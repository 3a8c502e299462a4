"""What needs no Ray: addresses of applications, and a ComfyUI that is started and ends with whoever started it."""

from __future__ import annotations

import subprocess
import sys
import time

import httpx
import pytest

from protobanana.cluster.ray.program import Program, check
from protobanana.cluster.ray.wire import application_of, model_id
from protobanana.errors import ServerUnreachableError, SettingsError

ENGINE = f"{sys.executable} -m protobanana engine --port {{port}}"
_OWNER = """
import sys
from protobanana.cluster.ray.program import Program
program = Program(sys.argv[1])
print(program.address, flush=True)
sys.stdin.read()
"""


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/prompt").status_code == 200
    except httpx.TransportError:
        return False


def becomes(address: str, expected: bool) -> bool:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if answers(address) == expected:
            return True
        time.sleep(0.05)
    return False


def end_of(program: Program) -> str:
    """What is said of a program that has ended; empty for one that runs."""
    try:
        program.check()
    except ServerUnreachableError as error:
        return error.message
    return ""


class TestAddress:
    """`ray://NAME`."""

    @pytest.mark.parametrize("address", ["ray://pictures", " ray://pictures/ "])
    def test_name(self, address: str):
        """It is the name of an application, as it is written."""
        assert application_of(address) == "pictures"
        assert application_of("ray://Pictures") == "Pictures"

    @pytest.mark.parametrize("address", ["ray://", "ray://head:10001", "ray://a/b", "ray://a?b=c", "ray://me@a"])
    def test_what_is_none(self, address: str):
        """An address of Ray's own client, or one with more than a name, is refused with the form it should have."""
        with pytest.raises(SettingsError, match="ray://protobanana"):
            application_of(address)

    def test_models(self):
        """A set of models has one name, however it is ordered; no models have none."""
        assert model_id(frozenset({"b", "a"})) == model_id(["a", "b"])
        assert model_id(frozenset({"a"})) != model_id({"a", "b"})
        assert model_id(()) == ""


class TestProgram:
    """A command line as ComfyUI."""

    def test_starts_and_stops(self):
        """It answers at its address while it is kept, and not after."""
        program = Program(ENGINE)
        assert becomes(program.address, expected=True)
        assert not end_of(program)

        program.stop()
        assert not answers(program.address)
        assert "status" in end_of(program)

    def test_dies_with_its_owner(self):
        """When its owner is killed it ends too: no GPU memory stays behind."""
        owner = subprocess.Popen(
            [sys.executable, "-c", _OWNER, ENGINE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert owner.stdout is not None
        address = owner.stdout.readline().strip()
        assert becomes(address, expected=True)

        owner.kill()
        owner.communicate()
        assert becomes(address, expected=False)

    @pytest.mark.parametrize(
        ("command", "said"),
        [
            (f"{sys.executable} -c 'raise SystemExit(3)' {{port}}", "ended with status 3"),
            ("/nowhere/comfyui --port {port}", "ended before it began"),
        ],
    )
    def test_that_ends_by_itself(self, command: str, said: str):
        """A command that fails is noticed, and said to have, as often as somebody asks."""
        program = Program(command)
        deadline = time.monotonic() + 20
        while not end_of(program) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert said in end_of(program)
        assert said in end_of(program)
        program.stop()

    def test_shell_that_ends_first(self):
        """What a shell started ends with it."""
        program = Program(f"sh -c '{ENGINE} & sleep 60'")
        assert becomes(program.address, expected=True)

        program.stop()
        assert becomes(program.address, expected=False)

    @pytest.mark.parametrize("command", ["python main.py", "python 'main.py {port}", ""])
    def test_bad_commands(self, command: str):
        """One that cannot be read, or has no place for the port, is refused."""
        with pytest.raises(SettingsError):
            check(command)
