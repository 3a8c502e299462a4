"""Spans for OpenTelemetry, nested by the flow of the program, under names that Langfuse reads too.

The span in which code runs is kept in a context variable of our own. A generator's span is current only while the
generator itself runs (`traced`), never while it is suspended: what its consumer does meanwhile is not its work, and
nothing has to be detached in a task that did not attach it.

OpenTelemetry is used where somebody else has loaded and configured it; otherwise nothing is recorded.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from protobanana.telemetry.attributes import Plain, failure, named, of_kind

P = ParamSpec("P")
T = TypeVar("T")
TRACER = "protobanana"
"""What our spans say of their origin (the instrumentation scope)."""


class Span:
    """A piece of work that is being recorded, or a place to begin one in, or (`OFF`) neither."""

    def __init__(
        self, tracer: Any = None, context: Any = None, span: Any = None, adopt: Callable[[Any], None] | None = None
    ) -> None:
        self._tracer, self._context, self._span, self._adopt = tracer, context, span, adopt
        self._part: Span | None = None
        self._phase = ""

    @property
    def native(self) -> Any:
        """OpenTelemetry's own span, for a library that nests its spans under it; None when nothing is recorded."""
        return self._span

    def set(self, **attributes: Plain) -> None:
        """Say more about it (see `attributes.named`); None says nothing."""
        if self._span is not None:
            self._span.set_attributes(named(attributes))

    def fail(self, error: BaseException) -> None:
        """It came to nothing because of `error`; a cancellation is noted, but is no error."""
        if self._span is None:
            return
        message, attributes, unexpected = failure(error)
        self._span.set_attributes(attributes)
        if "error.type" in attributes:
            otel = sys.modules["opentelemetry.trace"]
            self._span.set_status(otel.Status(otel.StatusCode.ERROR, message))
        if unexpected:
            self._span.record_exception(error)

    def phase(self, name: str) -> None:
        """The part of the work called `name` goes on from here; the part before it, if another, ends. The last one ends
        with the whole.

        Anybody may say so, from any task: a part is never current.
        """
        if name != self._phase and self._span is not None and self._span.is_recording():
            if self._part is not None:
                self._part.end()
            self._phase, self._part = name, self.begin(name)

    def begin(self, name: str, kind: str = "span") -> Span:
        """A span under this one."""
        if self._tracer is None:
            return OFF
        otel: Any = sys.modules["opentelemetry.trace"]
        native = self._tracer.start_span(name, self._context, attributes=of_kind(kind))
        if not native.is_recording():
            return OFF  # sampled out, with all that is inside
        if self._adopt is not None:
            self._adopt(native)
        return Span(self._tracer, otel.set_span_in_context(native), native)

    def end(self) -> None:
        """The work is done."""
        if self._span is not None:
            self._span.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: TracebackType | None) -> None:
        """The work has ended, with what was raised by it."""
        if self._part is not None:
            self._part.__exit__(kind, error, trace)
        if error is not None:
            self.fail(error)
        self.end()


class _Inside:
    """Makes current what was current when its block was left last: first `span`."""

    def __init__(self, span: Span) -> None:
        self._mine: Span | None = span
        self._before: Span | None = None

    def __enter__(self) -> None:
        self._before = _current.get()
        _current.set(self._mine)

    def __exit__(self, *error: object) -> None:
        self._mine = _current.get()
        _current.set(self._before)


OFF = Span()
_current: ContextVar[Span | None] = ContextVar("protobanana_span", default=None)


def current() -> Span:
    """The span in which this code runs; one that records nothing where there is none."""
    return _current.get() or OFF


@contextmanager
def span(name: str, kind: str = "span", **attributes: Plain) -> Iterator[Span]:
    """Record what happens inside. Only a `traced` generator, or one that runs inside of it, may `yield` there.

    `kind` is Langfuse's type of observation: span, generation, agent, tool.
    """
    above = _current.get() or _outermost()
    if above is OFF:
        yield OFF
        return
    begun = above.begin(name, kind)
    begun.set(**attributes)
    with begun, _within(begun):
        yield begun


@contextmanager
def parent(context: object, tracer: object = None, adopt: Callable[[Any], None] | None = None) -> Iterator[None]:
    """Spans begun inside, and those of generators called inside, belong to `context`: a span of ours or of
    OpenTelemetry, a context of OpenTelemetry, or None.

    `tracer` records them (None: the global provider's). `adopt` is told OpenTelemetry's span of each that is outermost.
    """
    if isinstance(context, Span):
        place: Span | None = context
    elif "opentelemetry.trace" not in sys.modules or (context is None and tracer is None):
        place = _current.get()
    else:
        otel: Any = sys.modules["opentelemetry.trace"]
        inherited: Any = context
        if hasattr(context, "get_span_context"):
            inherited = otel.set_span_in_context(context)
        elif context is None:
            # What the web framework records goes elsewhere than to this tracer: it would be a parent nobody can find.
            inherited = otel.set_span_in_context(otel.INVALID_SPAN)
        place = Span(tracer or otel.get_tracer(TRACER), inherited, adopt=adopt)
    with _within(place):
        yield


def traced(name: str, kind: str = "span") -> Callable[[Callable[P, AsyncGenerator[T]]], Callable[P, AsyncGenerator[T]]]:
    """A span for the whole run of an async generator, under the span in which the generator was called."""

    def decorate(function: Callable[P, AsyncGenerator[T]]) -> Callable[P, AsyncGenerator[T]]:
        @functools.wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[T]:
            events = function(*args, **kwargs)
            above = _current.get() or _outermost()
            return events if above is OFF else _steps(events, lambda: above.begin(name, kind))

        return called

    return decorate


def placed(function: Callable[P, AsyncGenerator[T]]) -> Callable[P, AsyncGenerator[T]]:
    """An async generator that runs in the span, or under the parent, where it was called, without one of its own."""

    @functools.wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[T]:
        events, above = function(*args, **kwargs), _current.get()
        return events if above is None or above is OFF else _steps(events, lambda: nullcontext(above))

    return called


async def _steps(events: AsyncGenerator[T], begin: Callable[[], AbstractContextManager[Span]]) -> AsyncGenerator[T]:
    with begin() as begun:
        inside = _Inside(begun)
        try:
            while True:
                with inside:
                    try:
                        event = await anext(events)
                    except StopAsyncIteration:
                        return
                yield event
        finally:
            with inside:
                await events.aclose()


@contextmanager
def _within(place: Span | None) -> Iterator[None]:
    before = _current.get()
    _current.set(place)
    try:
        yield
    finally:
        # Left in another context than it was entered in, there is nothing of ours to put back.
        if _current.get() is place:
            _current.set(before)


def _outermost() -> Span:
    """Where spans without a parent begin: OFF unless a provider is configured for the whole process."""
    otel: Any = sys.modules.get("opentelemetry.trace")
    if otel is None:
        return OFF
    provider = otel.get_tracer_provider()
    if isinstance(provider, otel.ProxyTracerProvider | otel.NoOpTracerProvider):
        return OFF
    return Span(provider.get_tracer(TRACER))
