"""One pool per event loop and set of addresses."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable
from typing import TYPE_CHECKING, TypeVar

from protobanana import comfy
from protobanana.cluster.fleet import Fleet
from protobanana.cluster.pool import Pool
from protobanana.cluster.ray.wire import SCHEME
from protobanana.cluster.scheduler import Limits
from protobanana.comfy.address import Address
from protobanana.errors import SettingsError
from protobanana.settings import get_settings

if TYPE_CHECKING:
    from protobanana.cluster.ray.pool import RayPool

T = TypeVar("T")
_fleets: dict[asyncio.AbstractEventLoop, Fleet] = {}
_applications: dict[asyncio.AbstractEventLoop, dict[str, RayPool]] = {}
_lock = threading.Lock()


def pool_for(addresses: str) -> Pool | RayPool:
    """The pool of the servers at these comma-separated addresses, or of the Ray Serve application at `ray://NAME`, in
    the running loop.

    Order, repetition and spelling do not matter; a server that is in two pools has one state. Raises SettingsError
    for an address that cannot be one, and for Ray where it is not installed.
    """
    loop = asyncio.get_running_loop()
    if addresses.strip().startswith(SCHEME):
        return _application(loop, addresses.strip())
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


def _application(loop: asyncio.AbstractEventLoop, address: str) -> RayPool:
    try:
        from protobanana.cluster.ray.pool import RayPool  # noqa: PLC0415 - Ray is an extra, and takes a second
    except ModuleNotFoundError as error:
        raise SettingsError(f"'{address}' needs Ray: pip install 'protobanana[ray]'.") from error
    with _lock:
        for dead in [known for known in _applications if known.is_closed()]:
            del _applications[dead]
        mine = _applications.setdefault(loop, {})
        if address not in mine:
            mine[address] = RayPool(address, get_settings().key_limit)
        return mine[address]


async def close_all() -> None:
    """End the pools of the running loop with their jobs, then close its clients."""
    loop = asyncio.get_running_loop()
    with _lock:
        fleet = _fleets.pop(loop, None)
        applications = _applications.pop(loop, {})
    for application in applications.values():
        await application.close()
    if fleet is not None:
        await fleet.close()
    await comfy.close_all()


async def then_close(work: Awaitable[T]) -> T:
    """Await `work`, then close what its loop has opened: for programs whose loop ends with the work."""
    try:
        return await work
    finally:
        await close_all()
