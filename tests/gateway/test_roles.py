"""An administrator's key and an ordinary one, as LiteLLM tells them apart."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import httpx
import pytest

from protobanana.engine import EngineSettings, EngineThread
from support.gateways import Gateway, litellm_config, start, stop

JUDGE = """
from litellm.proxy._types import UserAPIKeyAuth


async def judge(request, api_key):
    return UserAPIKeyAuth(api_key=api_key, user_id=api_key, user_role=api_key.removeprefix("sk-"))
"""
"""Takes the role from the key: a database, which knows it otherwise, is not needed."""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """`protobanana serve` with keys of both kinds, and a folder for workflows."""
    folder = tmp_path_factory.mktemp("roles")
    (folder / "people.py").write_text(JUDGE, "utf-8")
    (folder / "workflows").mkdir()
    with EngineThread(EngineSettings()) as engine:
        config = litellm_config(engine.url, callback=True)
        config["general_settings"]["custom_auth"] = "people.judge"
        (folder / "config.yaml").write_text(json.dumps(config), "utf-8")
        command = [sys.executable, "-m", "protobanana", "serve", "--port", "0", "--engine", engine.url]
        running = start(
            [*command, "--config", str(folder / "config.yaml")], None, folder, engine,
            {"PROTOBANANA_WORKFLOWS_DIR": str(folder / "workflows")},
        )  # fmt: skip
        yield running
        stop(running)


def ask(gateway: Gateway, role: str, method: str, path: str, **request: object) -> httpx.Response:
    headers = {"Authorization": f"Bearer sk-{role}"}
    return httpx.request(method, gateway.url + path, headers=headers, timeout=60, **request)  # type: ignore[arg-type]


def test_an_ordinary_key_draws(gateway: Gateway) -> None:
    """It draws, and reads what a page or a program needs to know."""
    body = {"model": "generate", "prompt": "a red square", "size": "256x256"}

    assert ask(gateway, "internal_user", "POST", "/v1/images/generations", json=body).status_code == 200
    assert ask(gateway, "internal_user", "GET", "/protobanana/workflows").status_code == 200


@pytest.mark.parametrize("action", ["drain", "undrain"])
def test_only_an_administrator_takes_servers_out(gateway: Gateway, action: str) -> None:
    """An ordinary key gets 403 and changes nothing; an administrator's does it."""
    path, about = f"/protobanana/cluster/{action}", {"address": gateway.engine.url}
    refused = ask(gateway, "internal_user", "POST", path, params=about)

    assert (refused.status_code, refused.json()["error"]["message"]) == (
        403,
        "Only an administrator's key may do that.",
    )
    assert ask(gateway, "proxy_admin", "POST", "/protobanana/cluster/undrain", params=about).status_code == 200


def test_only_an_administrator_adds_workflows(gateway: Gateway) -> None:
    """A workflow is a program for ComfyUI."""
    files = {"file": ("flow.json", b"{}")}

    assert ask(gateway, "internal_user", "POST", "/protobanana/workflows", files=files).status_code == 403
    assert ask(gateway, "proxy_admin", "POST", "/protobanana/workflows", files=files).status_code == 400
