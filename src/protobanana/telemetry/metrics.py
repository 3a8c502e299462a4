"""Numbers for Prometheus, in the library's default registry: LiteLLM's own metrics stand in the same exposition.

Labels take values from small sets only: workflows and servers of the configuration, statuses, codes of errors.
"""

from __future__ import annotations

from pathlib import Path

try:
    import prometheus_client as prometheus
    from prometheus_client import multiprocess
except ImportError:  # nobody counts: every function below does nothing
    prometheus = None  # type: ignore[assignment]

SECONDS = (0.004, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600)
"""Upper bounds of the buckets of durations: from a cached answer to a cold model on a busy card."""
LAGS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
STALL = 0.05
"""Seconds by which the event loop must be late for a stall."""

if prometheus is not None:
    _place = ("server", "workflow")
    _requests = prometheus.Counter("protobanana_requests", "Requests answered.", ("endpoint", "model", "status"))
    _request_seconds = prometheus.Histogram(
        "protobanana_request_seconds",
        "From a request to the end of its answer.",
        ("endpoint", "model"),
        buckets=SECONDS,
    )
    _jobs = prometheus.Counter(
        "protobanana_jobs",
        "Jobs given to ComfyUI, by how they ended: success, or an error's code.",
        (*_place, "outcome"),
    )
    _queue_seconds = prometheus.Histogram(
        "protobanana_queue_seconds", "From a job's submission to its start.", _place, buckets=SECONDS
    )
    _render_seconds = prometheus.Histogram(
        "protobanana_render_seconds", "From a job's start to its end.", _place, buckets=SECONDS
    )
    _swaps = prometheus.Counter("protobanana_swaps", "Jobs for which a server had to change its models.", _place)
    _queue = prometheus.Gauge(
        "protobanana_queue_jobs", "Jobs in a server's queue now.", ("server", "state"), multiprocess_mode="livesum"
    )
    _up = prometheus.Gauge(
        "protobanana_server_up", "Whether a server answers: 1 or 0.", ("server",), multiprocess_mode="livemax"
    )
    _bytes = prometheus.Counter(
        "protobanana_moved_bytes", "Bytes of pictures moved to and from a server.", ("server", "direction")
    )
    _answer_seconds = prometheus.Histogram(
        "protobanana_answer_seconds",
        "From ComfyUI's word that a picture is done to the first byte of the answer.",
        buckets=SECONDS,
    )
    _stalls = prometheus.Counter("protobanana_loop_stalls", "Times that the event loop came 50 ms late or more.")
    _lag_seconds = prometheus.Histogram(
        "protobanana_loop_lag_seconds", "How late the event loop came whenever it was looked at.", buckets=LAGS
    )


def counting() -> bool:
    """Whether anything is counted."""
    return prometheus is not None


def request_done(endpoint: str, model: str, status: int, seconds: float) -> None:
    """A request was answered with HTTP `status` after `seconds`. `model` is a known name; others say `other`."""
    if prometheus is not None:
        _requests.labels(endpoint, model, str(status)).inc()
        _request_seconds.labels(endpoint, model).observe(seconds)


def job_done(  # noqa: PLR0917 - one line per job, read in the order of its life
    server: str, workflow: str, outcome: str, waited: float, rendered: float, swapped: bool
) -> None:
    """A job ended: `outcome` is `success` or the error's code; seconds in the queue, and from start to end."""
    if prometheus is not None:
        _jobs.labels(server, workflow, outcome).inc()
        _queue_seconds.labels(server, workflow).observe(waited)
        _render_seconds.labels(server, workflow).observe(rendered)
        if swapped:
            _swaps.labels(server, workflow).inc()


def queue_depth(server: str, waiting: int, running: int) -> None:
    """Jobs that wait and run on a server now."""
    if prometheus is not None:
        _queue.labels(server, "waiting").set(waiting)
        _queue.labels(server, "running").set(running)


def server_up(server: str, up: bool) -> None:
    """Whether a server answers."""
    if prometheus is not None:
        _up.labels(server).set(up)


def bytes_moved(server: str, direction: str, count: int) -> None:
    """Bytes of pictures moved; `direction`, seen from here, is `to` or `from` the server."""
    if prometheus is not None:
        _bytes.labels(server, direction).inc(count)


def answered(seconds: float) -> None:
    """Seconds from ComfyUI's `executed` message to the first byte of the answer that shows the picture."""
    if prometheus is not None:
        _answer_seconds.observe(seconds)


def loop_late(seconds: float) -> None:
    """The event loop came `seconds` late."""
    if prometheus is not None:
        _lag_seconds.observe(seconds)
        if seconds >= STALL:
            _stalls.inc()


def exposition(shared: Path | None = None) -> tuple[bytes, str]:
    """All numbers in Prometheus' text format, and its content type; of all processes that count in `shared`."""
    if prometheus is None:
        return b"# prometheus_client is not installed: nothing is counted.\n", "text/plain; charset=utf-8"
    registry = prometheus.REGISTRY
    if shared is not None:
        registry = prometheus.CollectorRegistry()
        multiprocess.MultiProcessCollector(registry, str(shared))  # type: ignore[no-untyped-call]  # as shipped
    return prometheus.generate_latest(registry), prometheus.CONTENT_TYPE_LATEST
