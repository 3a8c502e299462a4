"""All servers of one event loop, and the pools that share them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from protobanana.cluster.estimates import Estimates
from protobanana.cluster.health import Health
from protobanana.cluster.server import Server
from protobanana.comfy import ComfyClient, client_for
from protobanana.comfy.address import Address
from protobanana.errors import ProtoBananaError

if TYPE_CHECKING:
    from protobanana.cluster.pool import Pool


class Fleet:
    """A server has one state, however many pools it is in; pools that want the same one take turns."""

    def __init__(self) -> None:
        self.estimates = Estimates()
        self.health = Health(self.client_of, self.changed, self._dead)
        self.pools: dict[frozenset[Address], Pool] = {}
        self.named: dict[str, Pool] = {}
        """Pools by the addresses as they were written: they are asked for once per job."""
        self._servers: dict[Address, Server] = {}
        self._urls: dict[Server, str] = {}
        self._clients: dict[Server, ComfyClient] = {}
        self._sent: dict[Pool, int] = {}
        self._turns = 0

    def server(self, url: str) -> Server:
        """The server at an address; raises SettingsError for an address that cannot be one."""
        address = Address.parse(url)
        if address not in self._servers:
            server = self._servers[address] = Server(address, Estimates(self.estimates))
            self._urls[server] = url
        return self._servers[address]

    def client_of(self, server: Server) -> ComfyClient:
        """The connection to a server."""
        client = self._clients.get(server)
        if client is None or client.closed:
            client = self._clients[server] = client_for(self._urls[server])
        return client

    def changed(self, server: Server) -> None:
        """A server came, went, or is done with something: see what that makes possible, and what impossible."""
        pools = self._pools_of(server)
        for pool in pools:
            pool.scheduler.refresh(server)
        self.pump(pools)
        for pool in pools:
            pool.give_up()
            pool.report(server)

    def pump(self, pools: Iterable[Pool]) -> None:
        """Send jobs until none goes; the pool that has waited longest for a turn first."""
        turns = sorted(pools, key=lambda pool: self._sent.get(pool, 0))
        while turns:
            pool = turns.pop(0)
            server = pool.step()
            if server is not None:
                self._turns += 1
                self._sent[pool] = self._turns
                turns.append(pool)
                for other in self._pools_of(server):
                    if other is not pool:
                        other.scheduler.refresh(server)

    async def close(self) -> None:
        """End all jobs and all questions."""
        for pool in list(self.pools.values()):
            await pool.close()
        await self.health.close()

    def _pools_of(self, server: Server) -> list[Pool]:
        return [pool for pool in self.pools.values() if server in pool.servers]

    def _dead(self, server: Server, why: ProtoBananaError) -> None:
        for pool in self._pools_of(server):
            pool.evict(server, why)
