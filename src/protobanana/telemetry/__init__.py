"""What is going on, for operators: numbers for Prometheus and spans for OpenTelemetry (Langfuse speaks it too).

Neither library is needed: without it, and with nobody listening, every function here returns at once.
"""

from protobanana.telemetry.lag import watch_loop
from protobanana.telemetry.metrics import (
    answered,
    bytes_moved,
    exposition,
    job_done,
    queue_depth,
    request_done,
    server_up,
)
from protobanana.telemetry.record import OTHER, Record, record
from protobanana.telemetry.tracing import Span, current, parent, placed, span, traced

__all__ = [
    "OTHER",
    "Record",
    "Span",
    "answered",
    "bytes_moved",
    "current",
    "exposition",
    "job_done",
    "parent",
    "placed",
    "queue_depth",
    "record",
    "request_done",
    "server_up",
    "span",
    "traced",
    "watch_loop",
]
