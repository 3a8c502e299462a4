"""Metrics and spans, recorded for real and read back; and what remains without the libraries."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import StatusCode
from prometheus_client import REGISTRY

from protobanana import telemetry
from protobanana.errors import InvalidRequestError, JobFailedError
from protobanana.telemetry import current, parent, placed, span, traced
from protobanana.telemetry.lag import INTERVAL
from support.hidden import hiding


class Book:
    """A tracer and what it recorded."""

    def __init__(self, **options: object) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider(**options)  # type: ignore[arg-type]
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = self.provider.get_tracer("test")

    @property
    def spans(self) -> dict[str, ReadableSpan]:
        """The spans that have ended, by name; every test gives each its own."""
        ended = self._exporter.get_finished_spans()
        assert len({each.name for each in ended}) == len(ended)
        return {each.name: each for each in ended}

    def above(self, name: str) -> str | None:
        """Name of the span above a span."""
        names = {each.context.span_id: each.name for each in self.spans.values()}
        over = self.spans[name].parent
        return names[over.span_id] if over else None

    def said(self, name: str) -> dict[str, object]:
        """Attributes of a span."""
        return dict(self.spans[name].attributes or {})


@pytest.fixture
def book() -> Iterator[Book]:
    """Spans of a test go here."""
    book = Book()
    with parent(None, book.tracer):
        yield book
    book.provider.shutdown()


@traced("counting")
async def numbers(upto: int) -> AsyncGenerator[int]:
    for number in range(upto):
        with span(f"inner {number}"):
            yield number


class TestSpan:
    """What one span says."""

    def test_nesting(self, book: Book) -> None:
        """A span belongs to the one in which it is begun, and the one before is current again afterwards."""
        with span("outer"):
            with span("first"):
                pass
            with span("second"):
                pass

        assert [book.above(name) for name in ("first", "second", "outer")] == ["outer", "outer", None]

    @pytest.mark.parametrize(
        ("kind", "operation"),
        [("span", None), ("generation", "chat"), ("agent", "invoke_agent"), ("tool", "execute_tool")],
    )
    def test_kinds(self, book: Book, kind: str, operation: str | None) -> None:
        """Langfuse's type of observation, and OpenTelemetry's name for the same."""
        with span("it", kind):
            pass

        assert book.said("it")["langfuse.observation.type"] == kind
        assert book.said("it").get("gen_ai.operation.name") == operation

    def test_names_of_attributes(self, book: Book) -> None:
        """What Langfuse has a place for goes there, all else is metadata, and None says nothing."""
        with span("it", input="in", workflow="w", nothing=None) as begun:
            begun.set(output="out", model="m", input_tokens=3, output_tokens=4, user="u", trace_name="t", mask=True)

        assert book.said("it") == {
            "langfuse.observation.type": "span",
            "langfuse.observation.input": "in",
            "langfuse.observation.output": "out",
            "langfuse.observation.metadata.workflow": "w",
            "langfuse.observation.metadata.mask": True,
            "gen_ai.request.model": "m",
            "gen_ai.usage.input_tokens": 3,
            "gen_ai.usage.output_tokens": 4,
            "user.id": "u",
            "langfuse.trace.name": "t",
        }

    @pytest.mark.parametrize(
        ("text", "kept"),
        [
            ("x" * 500, "x" * 500),
            ("x" * 501, "x" * 499 + "…"),
            ("x" * 100_000, "x" * 499 + "…"),
            ("see ![a](data:image/png;base64,iVBORw0KGgo=) there", "see ![a](data:image/png;base64,…) there"),
            ("data:image/png;base64," + "A" * 100_000, "data:image/png;base64,……"),
            ("half \ud83d a pair", "half ? a pair"),
        ],
    )
    def test_texts(self, book: Book, text: str, kept: str) -> None:
        """Texts are cut, pictures in them left out, and what cannot be written as UTF-8 replaced."""
        with span("it", input=text):
            pass

        assert book.said("it")["langfuse.observation.input"] == kept

    @pytest.mark.parametrize(
        ("seed", "kept"), [(2**63 - 1, 2**63 - 1), (2**63, str(2**63)), (2**64 - 1, str(2**64 - 1))]
    )
    def test_large_seeds(self, book: Book, seed: int, kept: int | str) -> None:
        """A number that the wire format cannot carry travels as text: it would take the whole export with it."""
        with span("it", seed=seed):
            pass

        assert book.said("it")["langfuse.observation.metadata.seed"] == kept

    @pytest.mark.parametrize(
        ("error", "level", "kind", "events"),
        [
            (InvalidRequestError("no such size", code="invalid_size"), "WARNING", "invalid_size", 0),
            (JobFailedError("out of memory"), "ERROR", "render_failed", 0),
            (KeyError("surprise"), "ERROR", "KeyError", 1),
        ],
    )
    def test_failures(self, book: Book, error: Exception, level: str, kind: str, events: int) -> None:
        """An error is on the span by its code; the trace of one that nobody foresaw is kept."""
        with pytest.raises(type(error)), span("it"):
            raise error

        assert book.said("it")["langfuse.observation.level"] == level
        assert book.said("it")["error.type"] == kind
        assert book.spans["it"].status.status_code is StatusCode.ERROR
        assert len(book.spans["it"].events) == events

    async def test_a_cancellation(self, book: Book) -> None:
        """Work that was given up is no failure."""

        async def work() -> None:
            with span("it"):
                await asyncio.sleep(60)

        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

        assert book.spans["it"].status.status_code is StatusCode.UNSET
        assert book.said("it")["langfuse.observation.status_message"] == "given up"


class TestPhases:
    """Parts of a work that one after the other are heard of."""

    def test_one_after_the_other(self, book: Book) -> None:
        """A phase ends where another begins, the last with the whole, and none is current."""
        with span("job") as job:
            job.phase("queue")
            job.phase("queue")
            with span("aside"):
                job.phase("render")
        queue, render, whole = (book.spans[name] for name in ("queue", "render", "job"))

        assert [book.above(name) for name in ("queue", "render", "aside")] == ["job"] * 3
        assert (queue.end_time or 0) <= (render.start_time or 0)
        assert (render.end_time or 0) <= (whole.end_time or 0)

    def test_the_last_one_fails_with_the_whole(self, book: Book) -> None:
        """What was being done when the work failed has failed, what was done before has not."""

        def work() -> None:
            with span("job") as job:
                job.phase("queue")
                job.phase("render")
                raise JobFailedError("out of memory")

        with pytest.raises(JobFailedError):
            work()

        assert book.spans["queue"].status.status_code is StatusCode.UNSET
        assert book.spans["render"].status.status_code is StatusCode.ERROR

    def test_one_that_comes_late(self, book: Book) -> None:
        """When the work is over, nothing more begins."""
        with span("job") as job:
            pass
        job.phase("late")
        job.phase("later")

        assert book.spans.keys() == {"job"}


class TestGenerators:
    """Spans of async generators."""

    async def test_suspended(self, book: Book) -> None:
        """A generator's span is current inside of it, and nowhere else while it is suspended."""
        async for number in numbers(2):
            with span(f"consumer {number}"):
                pass

        assert [book.above(name) for name in ("inner 0", "inner 1")] == ["counting", "counting"]
        assert [book.above(name) for name in ("consumer 0", "consumer 1")] == [None, None]

    async def test_two_in_turn(self, book: Book) -> None:
        """Two that are read in turn in one task keep apart."""

        @traced("other")
        async def letters() -> AsyncGenerator[str]:
            for letter in "ab":
                with span(letter):
                    yield letter

        async with aclosing(numbers(2)) as one, aclosing(letters()) as other:
            for _ in range(2):
                await anext(one)
                await anext(other)

        assert [book.above(name) for name in ("inner 0", "inner 1", "a", "b")] == ["counting"] * 2 + ["other"] * 2

    async def test_its_place_is_where_it_was_called(self, book: Book) -> None:
        """The span above is the one of the call, wherever the generator is read."""
        with span("caller"):
            events = numbers(1)
        assert [number async for number in events] == [0]

        assert book.above("counting") == "caller"

    async def test_placed(self, book: Book) -> None:
        """A generator without a span of its own runs in the span of its call."""

        @placed
        async def chain() -> AsyncGenerator[int]:
            async for number in numbers(1):
                yield number

        with span("caller"):
            events = chain()
        assert [number async for number in events] == [0]

        assert book.above("counting") == "caller"

    async def test_closed_early(self, book: Book) -> None:
        """One that is closed has ended, with what was open in it, and has not failed."""
        async with aclosing(numbers(5)) as events:
            await anext(events)

        assert book.spans.keys() == {"inner 0", "counting"}
        assert book.spans["counting"].status.status_code is StatusCode.UNSET
        assert current() is not None
        assert current().native is None

    async def test_closed_by_another_task(self, book: Book, caplog: pytest.LogCaptureFixture) -> None:
        """Nothing has to be put back where it was not taken, and nothing is logged."""
        events = numbers(5)
        await asyncio.create_task(_first(events))
        await asyncio.create_task(events.aclose())
        with span("after"):
            pass

        assert book.above("after") is None
        assert not caplog.records

    async def test_failing(self, book: Book) -> None:
        """What a generator raises is on its span, and reaches the reader."""

        @traced("failing")
        async def failing() -> AsyncGenerator[int]:
            yield 1
            raise JobFailedError("out of memory")

        with pytest.raises(JobFailedError):
            [number async for number in failing()]

        assert book.said("failing")["error.type"] == "render_failed"

    async def test_in_tasks(self, book: Book) -> None:
        """Tasks that a generator starts belong to it."""

        @traced("starter")
        async def starter() -> AsyncGenerator[int]:
            async with asyncio.TaskGroup() as group:
                group.create_task(_spanned("task"))
            yield 1

        assert [number async for number in starter()] == [1]
        assert book.above("task") == "starter"


class TestParent:
    """Where spans belong."""

    def test_a_native_span(self, book: Book) -> None:
        """Spans nest under a span of OpenTelemetry's."""
        native = book.tracer.start_span("request")
        with parent(native, book.tracer), span("turn"):
            pass
        native.end()

        assert book.above("turn") == "request"

    def test_one_of_ours(self, book: Book) -> None:
        """A span of ours can be named as the parent where none is current."""
        with span("first") as first:
            pass
        with parent(first), span("second"):
            pass

        assert book.above("second") == "first"

    def test_the_outermost_is_adopted(self, book: Book) -> None:
        """Whoever wants to nest what it records beside ours is told of the first span, and only of that."""
        told: list[object] = []
        with parent(None, book.tracer, told.append), span("outer") as outer, span("inner"):
            pass

        assert told == [outer.native]

    def test_one_that_is_not_recorded(self, book: Book) -> None:
        """Under a request that was sampled out nothing is recorded, not even as a trace of its own."""
        off = Book(sampler=ALWAYS_OFF)
        with parent(off.tracer.start_span("request"), book.tracer), span("outer") as outer, span("inner"):
            assert outer.native is None

        assert not book.spans


class TestNobodyListens:
    """Nothing is recorded, and nothing is in the way."""

    async def test_sampled_out(self) -> None:
        """Where the first span is sampled out, the spans inside do not begin traces of their own."""
        off = Book(sampler=ALWAYS_OFF)
        told: list[object] = []
        with parent(None, off.tracer, told.append):
            events = numbers(2)
        assert [number async for number in events] == [0, 1]

        assert not told
        assert not off.spans

    async def test_no_provider(self) -> None:
        """Where none is configured a generator is handed on as it is, and the span takes what it is told."""
        events = numbers(1)
        assert "numbers" in repr(events)
        assert [number async for number in events] == [0]
        with span("it", input="x") as begun:
            begun.set(output="y")
            begun.phase("part")
            begun.fail(ValueError("z"))

        assert begun.native is None
        assert current().native is None

    @pytest.mark.parametrize("module", ["opentelemetry", "prometheus_client"])
    def test_not_installed(self, module: str, tmp_path: Path) -> None:
        """Without the libraries everything can be called, and the exposition says that nothing is counted."""
        script = """
import asyncio, sys
from protobanana import telemetry as t

@t.traced("x")
async def numbers():
    with t.span("y", input="z"):
        yield 1

async def main():
    t.watch_loop()
    with t.parent(None), t.Record("images/edits") as record:
        t.record().executed()
        record.begun(200)
        assert [n async for n in numbers()] == [1]
    t.job_done("s", "w", "success", 0.1, 0.2, True)
    t.queue_depth("s", 1, 1), t.server_up("s", True), t.bytes_moved("s", "to", 5), t.answered(0.1)
    text, kind = t.exposition()
    print(text.decode().splitlines()[0], kind, sys.argv[1] in sys.modules)

asyncio.run(main())
"""
        done = subprocess.run(
            [sys.executable, "-c", script, module], env=hiding(tmp_path, module), capture_output=True, text=True
        )

        assert done.returncode == 0, done.stderr
        assert ("prometheus_client is not installed" in done.stdout) == (module == "prometheus_client")
        assert "text/plain" in done.stdout
        assert done.stdout.split()[-1] == "False"


class TestMetrics:
    """What is counted."""

    def test_a_job(self) -> None:
        """A job is counted by how it ended, with its times; a change of models is counted with it."""
        place = {"server": "http://a", "workflow": "w"}
        before = _values("protobanana_swaps_total", place)
        telemetry.job_done("http://a", "w", "success", 0.5, 12.0, True)
        telemetry.job_done("http://a", "w", "render_failed", 0.0, 1.0, False)

        assert _values("protobanana_jobs_total", place | {"outcome": "success"}) == before + 1
        assert _values("protobanana_jobs_total", place | {"outcome": "render_failed"}) == before + 1
        assert _values("protobanana_swaps_total", place) == before + 1
        assert _values("protobanana_queue_seconds_sum", place) == 0.5 * (before + 1)
        assert _values("protobanana_render_seconds_count", place) == 2 * (before + 1)

    def test_a_server(self) -> None:
        """What a server does now can go up and down, what was moved only up."""
        telemetry.server_up("http://b", True)
        telemetry.server_up("http://b", False)
        telemetry.queue_depth("http://b", 3, 1)
        telemetry.bytes_moved("http://b", "to", 10)
        telemetry.bytes_moved("http://b", "to", 5)

        assert _values("protobanana_server_up", {"server": "http://b"}) == 0
        assert _values("protobanana_queue_jobs", {"server": "http://b", "state": "waiting"}) == 3
        assert _values("protobanana_queue_jobs", {"server": "http://b", "state": "running"}) == 1
        assert _values("protobanana_moved_bytes_total", {"server": "http://b", "direction": "to"}) == 15

    async def test_a_request(self) -> None:
        """A request is counted when it is over; what its tasks say of it is said of it, not of its neighbour."""

        async def request(model: str, status: int | None) -> None:
            with telemetry.Record("images/edits"):
                await asyncio.create_task(_drawn(model, status))

        await asyncio.gather(request("one", 200), request("two", 502), request("three", None))

        assert [_requests("one", 200), _requests("two", 502), _requests("three", 499)] == [1, 1, 1]

    def test_the_exposition(self) -> None:
        """All of it in Prometheus' format, beside whatever else is in the process's registry."""
        text, kind = telemetry.exposition()

        assert b"protobanana_render_seconds_bucket" in text or b"# TYPE protobanana_render_seconds histogram" in text
        assert b"python_info" in text
        assert kind.startswith("text/plain")

    async def test_a_stall(self) -> None:
        """Whatever blocks the event loop for 50 ms is counted once."""
        telemetry.watch_loop()
        await asyncio.sleep(3 * INTERVAL)
        before = _values("protobanana_loop_stalls_total", {})
        time.sleep(0.2)
        await asyncio.sleep(3 * INTERVAL)

        assert _values("protobanana_loop_stalls_total", {}) >= before + 1

    async def test_watched_once(self) -> None:
        """A loop that is watched already is not watched twice."""
        loop = asyncio.get_running_loop()
        telemetry.watch_loop()
        telemetry.watch_loop()
        before, began = _values("protobanana_loop_lag_seconds_count", {}), loop.time()
        await asyncio.sleep(20 * INTERVAL)

        looks = _values("protobanana_loop_lag_seconds_count", {}) - before
        assert 0 < looks <= (loop.time() - began) / INTERVAL + 1


async def _first(events: AsyncGenerator[int]) -> int:
    return await anext(events)


async def _spanned(name: str) -> None:
    with span(name):
        await asyncio.sleep(0)


async def _drawn(model: str, status: int | None) -> None:
    telemetry.record().model = model
    await asyncio.sleep(0)
    if status is not None:
        telemetry.record().begun(status)


def _values(name: str, labels: dict[str, str]) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def _requests(model: str, status: int) -> float:
    return _values("protobanana_requests_total", {"endpoint": "images/edits", "model": model, "status": str(status)})
