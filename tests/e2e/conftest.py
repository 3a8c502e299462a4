"""Fixtures for end-to-end tests: an engine in this process, gateways as processes of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from protobanana.engine import EngineSettings, EngineThread
from support.gateways import Gateway, litellm_config, start_litellm, stop


@pytest.fixture(scope="session")
def engine() -> Iterator[EngineThread]:
    """The embedded engine, in this process, so that tests can look at its queue and history."""
    with EngineThread(EngineSettings()) as running:
        yield running


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory, engine: EngineThread) -> Iterator[Gateway]:
    """A plain LiteLLM proxy with our handler and our callback."""
    running = start_litellm(tmp_path_factory.mktemp("litellm"), litellm_config(engine.url, callback=True), engine)
    yield running
    stop(running)


@pytest.fixture(scope="session")
def bare_gateway(tmp_path_factory: pytest.TempPathFactory, engine: EngineThread) -> Iterator[Gateway]:
    """A plain LiteLLM proxy with our handler alone."""
    running = start_litellm(tmp_path_factory.mktemp("bare"), litellm_config(engine.url, callback=False), engine)
    yield running
    stop(running)
