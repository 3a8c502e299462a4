"""Fixtures of the browser tests: `protobanana serve` with the embedded engine, and Chromium."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from protobanana.engine import EngineSettings, EngineThread
from support.browser import Studio, chromium
from support.gateways import KEY, Gateway, serve, stop


@pytest.fixture(scope="session")
def engine() -> Iterator[EngineThread]:
    """The embedded engine, slow enough for its progress to be seen."""
    with EngineThread(EngineSettings(pace=0.05)) as running:
        yield running


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory, engine: EngineThread) -> Iterator[Gateway]:
    """`protobanana serve`, with a folder for workflows."""
    environment = {"PROTOBANANA_WORKFLOWS_DIR": str(tmp_path_factory.mktemp("workflows"))}
    running = serve(tmp_path_factory.mktemp("studio"), engine, environment=environment)
    yield running
    stop(running)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a file of tests; each has its own profile in it.

    Not for all files: playwright's event loop runs in this thread for as long as it is open, and no other loop can.
    """
    with chromium() as running:
        yield running


@pytest.fixture
def studio(browser: Browser, gateway: Gateway) -> Iterator[Studio]:
    """The page of a new visitor with the key. At the end: no error in the console, nobody else was asked."""
    opened = Studio(browser, f"{gateway.url}/studio", KEY)
    yield opened
    opened.close()

    assert opened.errors == []
    assert opened.strangers(gateway.url) == set()


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the screenshots go: STUDIO_SHOTS=docs/images renews those of the documents."""
    folder = Path(os.environ.get("STUDIO_SHOTS") or tmp_path_factory.mktemp("shots"))
    folder.mkdir(exist_ok=True)
    return folder
