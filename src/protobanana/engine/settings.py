"""What one embedded engine is told: its pace, its cache, the models it pretends to have, and its faults."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field


@dataclass
class Faults:
    """What goes wrong with real servers, as switches; all off. They may be flipped while the engine runs.

    Paths are written without the `/api` prefix and cover what lies below them: `/history` also means `/history/<id>`.
    """

    lose_early_interrupts: int = 0
    """The next so many `POST /interrupt` answer 200 and do nothing (ComfyUI lost 4 of 30 sent right after a submit)."""
    drop_sockets_after_n_messages: int | None = None
    """Cut a websocket without a close frame once it has been sent so many messages; None: never."""
    silent_socket: bool = False
    """Websockets connect and then hear nothing: what a server looks like whose publishing is stuck."""
    stall_history: bool = False
    """`/history` and `/api/jobs` do not know finished prompts yet; switching it off shows them."""
    kill_worker: bool = False
    """The execution thread dies on the next prompt, which stays running for ever; only a restart helps."""
    http_500_on: set[str] = field(default_factory=set)
    """Paths that answer 500 text without being carried out."""
    garbage_json_on: set[str] = field(default_factory=set)
    """Paths that answer 200 with truncated JSON."""
    html_on: set[str] = field(default_factory=set)
    """Paths that answer 502 with an HTML page, as a proxy in front of a dead ComfyUI does."""
    lose_answers_on: set[str] = field(default_factory=set)
    """Paths whose requests are carried out, but the connection breaks before the answer."""
    delay: float = 0.0
    """Seconds added to every HTTP answer."""


@dataclass(frozen=True)
class EngineSettings:
    """How an engine behaves; the defaults are those of a freshly started ComfyUI, only faster."""

    pace: float = 0.0
    """Seconds per sampler step; with `instant_mb`, seconds per job."""
    load_time: float = 0.0
    """Seconds that loading a model set takes; cached loaders take none."""
    preview_method: str = "none"
    """`none`, `auto`, `latent2rgb` or `taesd`; a prompt overrides it with `extra_data.preview_method`."""
    cache_size: int = 0
    """0: results of exactly one previous graph are kept (ComfyUI's default); N: those of the N last used nodes."""
    max_upload_mb: float = 100
    """Limit of every request body."""
    history_size: int = 10_000
    """Finished prompts remembered; the oldest go first."""
    models: Mapping[str, Collection[str]] | None = None
    """Model folder -> file names installed. None: any plausible model file name is accepted, the usual ones listed."""
    missing_classes: Collection[str] = ()
    """Node classes that are pretended not to be installed."""
    instant_mb: float | None = None
    """Compute nothing: every output node shows the same PNG of about so many megabytes. None: nodes do their work."""
    faults: Faults = field(default_factory=Faults)


__all__ = ["EngineSettings", "Faults"]
