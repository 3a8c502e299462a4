"""compose.yaml: its form, and its programs as it starts them, as far as they run without containers."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from support.gateways import KEY, free_port, start, stop

VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?:(?P<sign>:[-?])(?P<rest>(?:[^${}]|\$\{\w+\})*))?\}")
SECRETS = ["LITELLM_MASTER_KEY", "PROTOBANANA_SECRET", "REDIS_PASSWORD", "WEBUI_SECRET_KEY"]


def example(deploy: Path, *, everything: bool = False) -> dict[str, str]:
    """Names and values of .env.example; with those that it only suggests."""
    lines = (deploy / ".env.example").read_text("utf-8").splitlines()
    pattern = r"#?([A-Z_]+)=(.*)" if everything else r"([A-Z_]+)=(.*)"
    return {found[1]: found[2] for line in lines if (found := re.fullmatch(pattern, line))}


def filled(text: str, environment: dict[str, str]) -> str:
    """What Compose makes of a text with variables; a missing one that is required is a LookupError."""

    def value(found: re.Match[str]) -> str:
        given = environment.get(found["name"], "")
        if not given and found["sign"] == ":?":
            raise LookupError(f"{found['name']}: {found['rest']}")
        return given or (filled(found["rest"], environment) if found["sign"] == ":-" else "")

    return VARIABLE.sub(value, text)


@pytest.fixture(scope="module")
def text(deploy: Path) -> str:
    """The file as it is."""
    return (deploy / "compose.yaml").read_text("utf-8")


@pytest.fixture(scope="module")
def services(text: str) -> dict[str, dict[str, Any]]:
    """The services, with variables as they stand."""
    return dict(yaml.safe_load(text)["services"])


def test_the_specification_allows_it(deploy: Path) -> None:
    """The file fits the schema of the Compose specification."""
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*check, deploy / "compose.yaml"], capture_output=True, text=True)

    assert done.returncode == 0, done.stdout


def test_every_variable_is_explained(text: str, services: dict[str, dict[str, Any]], deploy: Path) -> None:
    """Each variable that is used stands in .env.example, and each that stands there is used."""
    used = {found[1] for found in re.finditer(r"\$\{(\w+)", text)}
    used |= {name for one in services.values() for name in one.get("environment", ()) if "=" not in name}

    assert used | {"COMPOSE_PROFILES"} == example(deploy, everything=True).keys()


@pytest.mark.parametrize("missing", SECRETS)
def test_a_missing_secret_stops_it(text: str, deploy: Path, missing: str) -> None:
    """The example starts nothing before its secrets are filled in: the message names the one that is missing."""
    chosen = example(deploy) | {name: "x" for name in SECRETS if name != missing}

    assert not [value for name, value in example(deploy).items() if name in SECRETS and value]
    with pytest.raises(LookupError, match=missing):
        filled(text, chosen)
    filled(text, chosen | {missing: "x"})


def test_only_two_doors(text: str) -> None:
    """Nothing but the gateway and Open WebUI is published, both on loopback unless it is said otherwise."""
    services = yaml.safe_load(filled(text, dict.fromkeys(SECRETS, "x")))["services"]
    published = {name: one["ports"] for name, one in services.items() if "ports" in one}

    assert published == {"gateway": ["127.0.0.1:4000:4000"], "webui": ["127.0.0.1:3000:8080"]}
    assert not [name for name, one in services.items() if one.get("privileged") or one.get("network_mode")]


def test_comfyui_is_the_gateways_alone(text: str) -> None:
    """ComfyUI shares a network with the gateway only; Redis and Postgres have no way to the world."""
    document = yaml.safe_load(text)
    sharing = {name for name, one in document["services"].items() if "render" in one["networks"]}

    assert sharing == {"gateway", "comfyui"}
    assert document["networks"]["inside"]["internal"] is True
    assert document["services"]["redis"]["networks"] == document["services"]["database"]["networks"] == ["inside"]


def test_services_outlive_trouble(services: dict[str, dict[str, Any]], text: str) -> None:
    """Each has an image with a version, a health check and a restart; what is kept is kept in a named volume."""
    document = yaml.safe_load(filled(text, dict.fromkeys(SECRETS, "x")))
    for name, one in document["services"].items():
        assert re.fullmatch(r".+:(v?\d[\w.-]*|local)", one["image"]), name
        assert name == "gateway" or one["healthcheck"], name
        assert one["restart"] == ("no" if name == "database-setup" else "unless-stopped")
        for volume in one.get("volumes", ()):
            source = volume.partition(":")[0]
            assert source in document["volumes"] or source.startswith("./")


def test_open_webui_asks_for_what_there_is(services: dict[str, dict[str, Any]]) -> None:
    """Every model that Open WebUI is told of is one of the gateway's, and so is the address."""
    from protobanana.gateway.config import model_names
    from protobanana.workflows.library import WorkflowLibrary

    given = dict(line.split("=", 1) for line in services["webui"]["environment"])

    models = {value for name, value in given.items() if name.endswith(("_MODEL", "_MODELS"))}
    assert len(models) == 3
    assert models <= set(model_names(WorkflowLibrary(None)))
    assert {value for name, value in given.items() if name.endswith("BASE_URL")} == {"http://gateway:4000/v1"}


@pytest.fixture
def redis(text: str) -> Iterator[int]:
    """Port of a Redis, started as the file says."""
    program = shutil.which("redis-server")
    assert program, "apt-get install redis-server"
    environment = dict.fromkeys(SECRETS, "sk-secret")
    words = yaml.safe_load(filled(text, environment))["services"]["redis"]["command"]
    port = free_port()
    running = subprocess.Popen([program, *words[1:], "--port", str(port)], stdout=subprocess.DEVNULL)
    yield port
    running.terminate()
    running.wait()


def test_the_programs_run_together(text: str, deploy: Path, redis: int, tmp_path: Path) -> None:
    """The gateway starts by the lines that the files give it, is healthy, draws, and has found its Redis."""
    values = example(deploy) | dict.fromkeys(SECRETS, "sk-secret") | {"LITELLM_MASTER_KEY": KEY}
    lines = yaml.safe_load(filled(text, values))["services"]["gateway"]["environment"]
    given = dict(line.split("=", 1) for line in lines if "=" in line)
    command, health = commands(deploy / "Dockerfile")
    port = free_port()
    gateway = start(
        [sys.executable, "-m", *here(command, port)], f"http://127.0.0.1:{port}", tmp_path, None,
        given | {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(redis)},
    )  # fmt: skip
    try:
        healthy = subprocess.run([sys.executable, *here(health[1:], port)])
        answer = gateway.client().images.generate(model="protolabs/qwen-image", prompt="a red field", size="256x256")
        refused = httpx.get(f"{gateway.url}/v1/models")
        with socket.create_connection(("127.0.0.1", redis), 5) as connection:
            connection.sendall(b"AUTH sk-secret\r\nCLIENT LIST\r\n")
            clients = connection.recv(65536).decode()
    finally:
        stop(gateway)

    assert healthy.returncode == 0
    assert answer.data
    assert refused.status_code == 401
    # Whoever asks for the list is in it, too.
    assert clients.count(" name=") > 1


def commands(dockerfile: Path) -> tuple[list[str], list[str]]:
    """What an image runs, and by what it is judged healthy."""
    found = re.findall(r"^(?: +)?CMD (\[.*\])$", dockerfile.read_text("utf-8"), re.MULTILINE)
    health, command = (json.loads(one) for one in found)
    return command, health


def here(words: list[str], port: int) -> list[str]:
    """The same on a port that is free here."""
    return [word.replace("4000", str(port)) for word in words]
