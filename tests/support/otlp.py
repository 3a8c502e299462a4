"""A receiver of OpenTelemetry's spans over HTTP, as collectors and Langfuse are one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PATIENCE = 30.0


@dataclass(frozen=True)
class Received:
    """A span as it arrived; `parent` is empty for the first of a trace. Times are nanoseconds of the epoch."""

    name: str
    scope: str
    trace: str
    id: str
    parent: str
    attributes: dict[str, Any]
    start: int
    end: int
    failed: bool
    path: str
    authorization: str

    def about(self, name: str) -> Any:
        """Metadata of an observation, as Langfuse shows it."""
        return self.attributes.get(f"langfuse.observation.metadata.{name}")


class Receiver:
    """`with Receiver() as receiver: receiver.url`; `receiver.raw` is all that came, as bytes."""

    def __init__(self) -> None:
        self.spans: list[Received] = []
        self.raw: list[bytes] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """One export; what is no trace (LiteLLM's metrics and logs) is taken and dropped."""
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.path.endswith("/v1/traces"):
                    receiver.take(body, self.path, self.headers.get("authorization", ""))
                self.send_response(200)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Nothing to say."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def take(self, body: bytes, path: str, authorization: str) -> None:
        """Read one export."""
        document = ExportTraceServiceRequest.FromString(body)
        for resource in document.resource_spans:
            for scope in resource.scope_spans:
                self.spans += [_received(span, scope.scope.name, path, authorization) for span in scope.spans]
        self.raw.append(body)

    def wait(self, enough: Callable[[list[Received]], bool]) -> list[Received]:
        """Everything so far, once it is `enough`."""
        deadline = time.monotonic() + PATIENCE
        while not enough(self.spans):
            assert time.monotonic() < deadline, [(span.name, span.trace[:6], span.path) for span in self.spans[-60:]]
            time.sleep(0.05)
        return list(self.spans)

    def trace_of(self, text: str, *names: str) -> dict[str, Received]:
        """The trace of the turn that was asked `text`, by names of spans (the last of a name), when `names` are in."""

        def found(spans: list[Received]) -> dict[str, Received]:
            turns = [span for span in spans if span.attributes.get("langfuse.trace.input") == text]
            return {span.name: span for span in spans if turns and span.trace == turns[-1].trace}

        return found(self.wait(lambda spans: found(spans).keys() >= {"turn", *names}))

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


def _received(span: Any, scope: str, path: str, authorization: str) -> Received:
    attributes = {entry.key: getattr(entry.value, entry.value.WhichOneof("value")) for entry in span.attributes}
    return Received(
        span.name,
        scope,
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        attributes,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        span.status.code == span.status.STATUS_CODE_ERROR,
        path,
        authorization,
    )
