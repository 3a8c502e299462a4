"""What travels between a gateway and a replica, beside jobs, events and files."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from yarl import URL

from protobanana.errors import ProtoBananaError, SettingsError

SCHEME = "ray://"
APPLICATION = "protobanana"
"""Name of the Serve application where nobody says another."""


@dataclass(frozen=True)
class Ended:
    """The last thing a replica says of a job that was not done. `submitted`: ComfyUI may have had it.

    It is said and not raised: an error would arrive wrapped, and Serve would log a traceback for every refused graph.
    """

    error: ProtoBananaError
    submitted: bool


@dataclass(frozen=True)
class Report:
    """How one replica and its ComfyUI are; `members` are the addresses that all replicas were told to serve."""

    address: str
    why: str
    running: int
    models: frozenset[str] | None
    members: tuple[str, ...]


def application_of(address: str) -> str:
    """`ray://NAME`: the name of the Serve application. Raises SettingsError for anything behind the name."""
    url = URL(address.strip())
    if not url.host or url.port or url.user or url.path.strip("/") or url.query_string or url.fragment:
        raise SettingsError(
            f"'{address}' is no address of a Serve application; it looks like {SCHEME}{APPLICATION}. "
            "Which Ray cluster is meant is said by RAY_ADDRESS."
        )
    # Not `url.host`, which is lower case.
    return address.strip().removeprefix(SCHEME).strip("/")


def model_id(models: Collection[str]) -> str:
    """One name for a set of model files, by which Serve finds the replicas that have them loaded; empty for none."""
    return "+".join(sorted(models))
