"""One client per event loop and server, shared by everything that runs in that loop."""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings

from protobanana.comfy.address import Address
from protobanana.comfy.client import ComfyClient

_clients: dict[asyncio.AbstractEventLoop, dict[Address, ComfyClient]] = {}
_lock = threading.Lock()


def client_for(base_url: str) -> ComfyClient:
    """The client for a server in the running loop; the same one for every spelling of the same address.

    Raises SettingsError for an address that cannot be one.
    """
    address, loop = Address.parse(base_url), asyncio.get_running_loop()
    with _lock:
        for dead in [known for known in _clients if known.is_closed()]:
            _bury(dead, _clients.pop(dead))
        mine = _clients.setdefault(loop, {})
        if address not in mine or mine[address].closed:
            mine[address] = ComfyClient(base_url)
        return mine[address]


async def close_all() -> None:
    """Close all clients of the running loop."""
    with _lock:
        mine = _clients.pop(asyncio.get_running_loop(), {})
    await asyncio.gather(*(client.close() for client in mine.values()))


def _bury(loop: asyncio.AbstractEventLoop, clients: dict[Address, ComfyClient]) -> None:
    """Let go of clients whose loop is closed.

    `asyncio.run` has closed them. A loop that was closed with tasks pending has not, and nothing can be awaited in it
    any more: its sockets close when they are collected, which is done here so that the remarks on it reach nobody.
    """
    open_clients = [client for client in clients.values() if not client.closed]
    if not open_clients:
        return
    for client in open_clients:
        client.abandon()
    del client, open_clients
    loop.set_exception_handler(lambda _loop, _context: None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        clients.clear()
        gc.collect()
