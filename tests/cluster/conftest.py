"""Engines that end with the test, after the pools before them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from protobanana import comfy
from protobanana.cluster import close_all
from support.pools import Engines


@pytest.fixture
async def engines() -> AsyncIterator[Engines]:
    running = Engines()
    yield running
    await close_all()
    await comfy.close_all()
    await asyncio.to_thread(running.stack.close)
