"""What stands between requests and the servers: admission, fairness, the choice of a server, its health."""

from protobanana.cluster.pool import Pool
from protobanana.cluster.registry import close_all, pool_for, then_close
from protobanana.cluster.scheduler import Order
from protobanana.cluster.state import ServerState

__all__ = ["Order", "Pool", "ServerState", "close_all", "pool_for", "then_close"]
