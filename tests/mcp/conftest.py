"""Fixtures of the MCP tests: one gateway on the embedded engine, one MCP server over HTTP in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from mcp.client.client import Client

from protobanana.engine import EngineSettings, EngineThread
from support.gateways import Gateway, serve, stop
from support.mcps import BEARER, Connect, over_http, over_stdio, serving


@pytest.fixture(scope="session")
def engine() -> Iterator[EngineThread]:
    """The embedded engine, slow enough for a job to be seen running."""
    with EngineThread(EngineSettings(pace=0.01)) as running:
        yield running


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The operator's folder of workflows."""
    return tmp_path_factory.mktemp("workflows")


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory, engine: EngineThread, folder: Path) -> Iterator[Gateway]:
    """`protobanana serve`."""
    environment = {"PROTOBANANA_WORKFLOWS_DIR": str(folder)}
    running = serve(tmp_path_factory.mktemp("gateway"), engine, environment=environment)
    yield running
    stop(running)


@pytest.fixture(scope="session")
def keyless(tmp_path_factory: pytest.TempPathFactory, gateway: Gateway) -> Iterator[str]:
    """Address of an MCP server without a key of its own."""
    with serving(gateway.url, tmp_path_factory.mktemp("keyless"), key=None) as url:
        yield url


@pytest.fixture(scope="session")
def keyed(tmp_path_factory: pytest.TempPathFactory, gateway: Gateway) -> Iterator[str]:
    """Address of an MCP server with a key, a name of its own, and little room for pictures."""
    options = ("--image-kb", "8", "--allow-host", "pictures.example")
    with serving(gateway.url, tmp_path_factory.mktemp("keyed"), options) as url:
        yield url


@pytest.fixture(params=["stdio", "http"])
def transport(request: pytest.FixtureRequest) -> str:
    """Both ways in."""
    return str(request.param)


@pytest.fixture
def connect(transport: str, gateway: Gateway, keyless: str) -> Connect:
    """How to connect by the transport under test; over HTTP with the caller's own key."""

    def opened(**client: Any) -> AbstractAsyncContextManager[Client]:
        if transport == "stdio":
            return over_stdio(gateway.url, **client)
        return over_http(keyless, BEARER, **client)

    return opened
