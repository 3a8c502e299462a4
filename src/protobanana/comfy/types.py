"""What goes in and what comes out: a job for ComfyUI, its finished files, and the client's patience."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from protobanana.errors import WorkflowError

Graph: TypeAlias = Mapping[str, Mapping[str, Any]]
"""ComfyUI's API format: node id -> `{"class_type": str, "inputs": {...}, "_meta": {"title": str}}`."""

UPLOAD_FOLDER = "protobanana"


@dataclass(frozen=True)
class Job:
    """One graph to run. `outputs` are the output node ids whose files are wanted, in the order they are wanted;
    `further` ones come after them, and need not give anything.

    `uploads` maps a LoadImage value (see `upload_name`) to its bytes; what this server already has is not sent again.
    `timeout` is in seconds from the moment ComfyUI starts the job, `queue_timeout` in seconds before that. Up to
    `load_timeout` seconds before the job's first progress message do not count: models may be loading. `previews`
    asks ComfyUI for pictures of the unfinished latent. `prompt_id` identifies the job in ComfyUI; one that was
    already used through the same client is replaced by a fresh one, because ComfyUI would mix the two up.
    """

    graph: Graph
    outputs: tuple[str, ...]
    uploads: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    timeout: float = 600.0
    queue_timeout: float = 3600.0
    load_timeout: float = 0.0
    previews: bool = False
    prompt_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    further: tuple[str, ...] = ()


@dataclass(slots=True)
class Course:
    """How far a job came, for whoever ordered it: the client writes it."""

    submitted: bool = False
    """Whether ComfyUI may have had the job."""
    rendered: Callable[[float | None], None] = lambda _seconds: None
    """Called when ComfyUI is through with the job, before its files are fetched, with the seconds since its start;
    None where the start went unheard."""


@dataclass(frozen=True, slots=True)
class Output:
    """One finished file of an output node; `index` counts within the node, in batch order.

    What a node says in words is `text/plain` in UTF-8 without a file name.
    """

    node: str
    index: int
    data: bytes = field(repr=False)
    media_type: str
    filename: str


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """How patient the client is; all times in seconds."""

    connect_timeout: float = 10.0
    """Until a TCP or TLS connection stands."""
    request_timeout: float = 60.0
    """For a whole request that carries JSON; ComfyUI answers late while it loads a model."""
    transfer_timeout: float = 300.0
    """For a whole upload or download."""
    backstop_interval: float = 5.0
    """A job of which the socket told nothing for this long is looked up over HTTP; drawn 20 % shorter or longer."""
    queue_interval: float = 1.0
    """Queue positions are read at most this often."""
    cancel_timeout: float = 5.0
    """Until a cancelled job is known to be out of ComfyUI; then it is left to the interrupt that was sent."""
    outage_timeout: float = 60.0
    """How long neither socket nor HTTP may answer before the running jobs are given up."""
    frames_timeout: float = 30.0
    """How long pictures that travel on a silent socket are awaited once ComfyUI says that the job is done."""
    heartbeat: float = 60.0
    """A socket without any sign of life for this long, and half as long after a ping, is replaced."""
    connections: int = 64
    """HTTP connections at once."""


def upload_name(data: bytes, extension: str) -> str:
    """Name of a picture in ComfyUI's input folder, by content: `protobanana/<sha256>.<extension>`.

    It is valid as a LoadImage value; equal pictures share one file and different ones never meet. Raises
    WorkflowError when `extension` (`png`, `.png`) is not alphanumeric.
    """
    suffix = extension.lower().removeprefix(".")
    if not re.fullmatch(r"[a-z0-9]{1,8}", suffix):
        raise WorkflowError(f"'{extension}' cannot be the extension of an upload; use letters and digits, as in 'png'.")
    return f"{UPLOAD_FOLDER}/{hashlib.sha256(data).hexdigest()}.{suffix}"
