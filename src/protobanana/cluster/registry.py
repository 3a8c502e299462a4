"""One pool per event loop and set of addresses."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable
from typing import TypeVar

from protobanana import comfy
from protobanana.cluster.fleet import Fleet
from protobanana.cluster.pool import Pool
from protobanana.cluster.scheduler import Limits
from protobanana.comfy.address import Address
from protobanana.errors import SettingsError
from protobanana.settings import get_settings

T = TypeVar("T")
_fleets: dict[asyncio.AbstractEventLoop, Fleet] = {}
_lock = threading.Lock()


def pool_for(addresses: str) -> Pool:
    """The pool of the servers at these comma-separated addresses, in the running loop.

    Order, repetition and spelling do not matter; a server that is in two pools has one state. Raises SettingsError
    for an address that cannot be one.
    """
    loop = asyncio.get_running_loop()
    with _lock:
        for dead in [known for known in _fleets if known.is_closed()]:
            del _fleets[dead]
        if loop not in _fleets:
            _fleets[loop] = Fleet()
        fleet = _fleets[loop]
    if addresses not in fleet.named:
        fleet.named[addresses] = _pool(fleet, addresses)
    return fleet.named[addresses]


def _pool(fleet: Fleet, addresses: str) -> Pool:
    urls = {Address.parse(url): url for url in addresses.split(",") if url.strip()}
    if not urls:
        raise SettingsError("There is no address of ComfyUI; it looks like http://host:8188.")
    key = frozenset(urls)
    if key not in fleet.pools:
        settings = get_settings()
        limits = Limits(settings.queue_limit, settings.key_limit)
        fleet.pools[key] = Pool(fleet, [fleet.server(url) for url in urls.values()], limits)
    return fleet.pools[key]


async def close_all() -> None:
    """End the pools of the running loop with their jobs, then close its clients."""
    with _lock:
        fleet = _fleets.pop(asyncio.get_running_loop(), None)
    if fleet is not None:
        await fleet.close()
    await comfy.close_all()


async def then_close(work: Awaitable[T]) -> T:
    """Await `work`, then close what its loop has opened: for programs whose loop ends with the work."""
    try:
        return await work
    finally:
        await close_all()
