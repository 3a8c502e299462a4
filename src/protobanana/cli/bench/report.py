"""What was measured, as a table for people and as a document for programs."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from statistics import mean
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table

from protobanana.cli.bench.doors import GATEWAY, IN_MEMORY, IN_MEMORY_GZIP, PLAIN
from protobanana.cli.bench.load import Tally
from protobanana.cli.bench.measure import FLOOR, Cell


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that `share` (0..1) of them do not exceed; NaN without values."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


@dataclass(frozen=True)
class Row:
    """One lane in one cell."""

    cell: Cell
    lane: str

    @property
    def tally(self) -> Tally:
        """What it did."""
        return self.cell.lanes[self.lane]

    @property
    def floor(self) -> float:
        """Median seconds of the floor in this cell; NaN without one, and where nothing is asked of ComfyUI."""
        standing = FLOOR in self.cell.lanes and self.lane not in (IN_MEMORY, IN_MEMORY_GZIP)
        return percentile(self.cell.lanes[FLOOR].seconds, 0.5) if standing else math.nan

    @property
    def median(self) -> float:
        """Median seconds to the picture."""
        return percentile(self.tally.seconds, 0.5)

    @property
    def answered(self) -> tuple[float, bool]:
        """Seconds from `executed` to the first byte, and whether the gateway itself has measured them.

        Otherwise it is what the lane takes beyond the floor, which includes what is done before the job.
        """
        if self.lane == GATEWAY and self.cell.answered is not None:
            return self.cell.answered, True
        return percentile(self.tally.first, 0.5) - self.floor, False

    def document(self) -> dict[str, Any]:
        """The row, times in milliseconds; numbers that do not exist are null."""
        tally, (answered, measured) = self.tally, self.answered
        cell = self.cell
        return {
            "endpoint": cell.endpoint,
            "response_format": cell.form or None,
            "concurrency": cell.at_once,
            "pace_seconds": cell.pace,
            "lane": self.lane,
            "requests": len(tally.seconds),
            **{f"p{share}_ms": _ms(percentile(tally.seconds, share / 100)) for share in (50, 95, 99)},
            "first_byte_p50_ms": _ms(percentile(tally.first, 0.5)),
            "pictures_per_second": _number(len(tally.seconds) / tally.elapsed if tally.elapsed else math.nan),
            "answer_bytes": tally.size,
            "floor_p50_ms": _ms(self.floor),
            "difference_ms": _ms(self.median - self.floor),
            "ratio": _number(self.median / self.floor),
            "executed_to_first_byte_ms": _ms(answered),
            "executed_to_first_byte_measured": measured,
            "loop_stalls": cell.stalls if self.lane == GATEWAY else None,
            "compared": tally.compared,
            "errors": len(tally.errors),
            "first_errors": tally.errors[:3],
        }


def rows(cells: Iterable[Cell]) -> list[Row]:
    """A row for every lane but the floor, which each row names."""
    return [Row(cell, lane) for cell in cells for lane in cell.lanes if lane != FLOOR]


def machine(megabytes: float | None) -> dict[str, Any]:
    """What the numbers depend on."""
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        **{name: _version(name) for name in ("protobanana", "litellm", "aiohttp", "uvicorn")},
        "picture_mb": megabytes,
        "load_generator": "one process on the same machine: aiohttp, bodies read to the end",
        "floor": "the bench's own aiohttp client of ComfyUI: upload, submit, wait on the websocket, fetch",
    }


def document(cells: Sequence[Cell], idle: dict[str, float], after: dict[str, float], megabytes: float | None) -> Any:
    """Everything."""
    return {
        "machine": machine(megabytes),
        "rows": [row.document() for row in rows(cells)],
        "floor": [_floor(cell) for cell in cells if FLOOR in cell.lanes],
        "slow_jobs": [] if megabytes is None else slow_jobs(cells),
        "memory_mb": memory(cells, idle, after),
        "errors": sum(len(tally.errors) for cell in cells for tally in cell.lanes.values()),
    }


def slow_jobs(cells: Iterable[Cell]) -> list[dict[str, Any]]:
    """What a lane adds to a job that takes its time, against what it adds to an instant one; in milliseconds."""

    def place(row: Row) -> tuple[str, str, int, str]:
        return row.cell.endpoint, row.cell.form, row.cell.at_once, row.lane

    found = rows(cells)
    instants = {place(row): row for row in found if not row.cell.pace}
    lines = []
    for row in found:
        instant = instants.get(place(row))
        if row.cell.pace and instant:
            slow, quick = row.median - row.floor, instant.median - instant.floor
            lines.append(
                {
                    "endpoint": row.cell.endpoint,
                    "response_format": row.cell.form or None,
                    "concurrency": row.cell.at_once,
                    "lane": row.lane,
                    "pace_seconds": row.cell.pace,
                    "added_ms": _ms(slow),
                    "added_to_instant_ms": _ms(quick),
                    "difference_ms": _ms(slow - quick),
                }
            )
    return lines


def memory(cells: Sequence[Cell], idle: dict[str, float], after: dict[str, float]) -> dict[str, dict[str, float]]:
    """Resident MB of each program of the first pace: idle, the most at each concurrency, and at the end."""
    report: dict[str, dict[str, float]] = {}
    for name, held in idle.items():
        peaks: dict[int, float] = {}
        for cell in (cell for cell in cells if cell.pace == cells[0].pace):
            peaks[cell.at_once] = max(peaks.get(cell.at_once, 0.0), cell.memory.get(name, 0.0))
        at = {f"at {at_once}": round(peak) for at_once, peak in sorted(peaks.items())}
        report[name] = {"idle": round(held), **at, "after": round(after.get(name, math.nan))}
    return report


def shown(report: dict[str, Any]) -> RenderableType:
    """The document for people."""
    parts: list[RenderableType] = [_rows_table(report["rows"])]
    parts += _slow_lines(report["slow_jobs"])
    parts += _litellm_lines(report["rows"])
    for name, held in report["memory_mb"].items():
        parts.append(f"Memory of {name}, MB resident: " + ", ".join(f"{when} {size}" for when, size in held.items()))
    parts.append("  ".join(f"{name} {value}" for name, value in report["machine"].items() if value is not None))
    parts += [
        f"Error ({row['lane']}, {row['endpoint']}): {row['first_errors'][0]}" for row in report["rows"] if row["errors"]
    ]
    return Group(*parts)


def _rows_table(found: Sequence[dict[str, Any]]) -> Table:
    table = Table(
        title="milliseconds to the whole picture (an address is followed); floor: straight from the same ComfyUI"
    )
    for name in ("endpoint", "format", "lane"):
        table.add_column(name)
    names = ("at once", "p50", "p95", "p99", "first byte", "pictures/s", "MB", "floor p50", "+ms", "ratio")
    for name in (*names, "executed → byte", "stalls", "errors"):
        table.add_column(name, justify="right")
    for row in found:
        pace = f" ({row['pace_seconds']:g} s job)" if row["pace_seconds"] else ""
        times = ("p50_ms", "p95_ms", "p99_ms", "first_byte_p50_ms", "pictures_per_second")
        against = ("floor_p50_ms", "difference_ms", "ratio", "executed_to_first_byte_ms")
        estimate = "" if row["executed_to_first_byte_measured"] or row["executed_to_first_byte_ms"] is None else "~"
        *floor, answered = (_text(row[name]) for name in against)
        table.add_row(
            f"{row['endpoint']}{pace}",
            row["response_format"] or "",
            row["lane"],
            str(row["concurrency"]),
            *(_text(row[name]) for name in times),
            f"{row['answer_bytes'] / 1e6:.2f}",
            *floor,
            f"{estimate}{answered}",
            _text(row["loop_stalls"]),
            str(row["errors"]),
        )
    table.caption = (
        "executed → byte: to the first byte, mean, as the gateway measures it; ~: median first byte less floor"
    )
    return table


def _slow_lines(lines: Sequence[dict[str, Any]]) -> list[str]:
    return [
        f"{line['endpoint']} {line['response_format'] or ''} at {line['concurrency']}, {line['lane']}: a job of "
        f"{line['pace_seconds']:g} s costs {line['added_ms']} ms more than the floor, an instant one "
        f"{line['added_to_instant_ms']} ms; difference {line['difference_ms']} ms"
        for line in lines
    ]


def _litellm_lines(found: Sequence[dict[str, Any]]) -> list[str]:
    """What our provider costs in a plain LiteLLM, against LiteLLM itself with the same picture from memory."""
    by_place: dict[tuple[Any, ...], dict[str, dict[str, Any]]] = {}
    for row in found:
        place = (row["endpoint"], row["response_format"], row["concurrency"], row["pace_seconds"])
        by_place.setdefault(place, {})[row["lane"]] = row
    lines = []
    for (endpoint, form, at_once, _), lanes in by_place.items():
        if PLAIN in lanes and IN_MEMORY in lanes and lanes[PLAIN]["difference_ms"] is not None:
            ours = lanes[PLAIN]["difference_ms"]
            against = ", ".join(
                f"{lanes[name]['p50_ms']} ms {name} (x {ours / lanes[name]['p50_ms']:.2f})"
                for name in (IN_MEMORY, IN_MEMORY_GZIP)
                if lanes.get(name, {}).get("p50_ms")
            )
            lines.append(
                f"Plain LiteLLM, {endpoint} {form or ''} at {at_once}: ours adds {ours} ms; itself takes {against}"
            )
    return lines


def _floor(cell: Cell) -> dict[str, Any]:
    tally = cell.lanes[FLOOR]
    return {
        "endpoint": cell.endpoint,
        "concurrency": cell.at_once,
        "pace_seconds": cell.pace,
        "requests": len(tally.seconds),
        **{f"p{share}_ms": _ms(percentile(tally.seconds, share / 100)) for share in (50, 95, 99)},
        "mean_ms": _ms(mean(tally.seconds) if tally.seconds else math.nan),
        "pictures_per_second": _number(len(tally.seconds) / tally.elapsed if tally.elapsed else math.nan),
        "errors": len(tally.errors),
        "first_errors": tally.errors[:3],
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _ms(seconds: float) -> float | None:
    return _number(seconds * 1000)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 2)


def _text(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.1f}" if isinstance(value, float) else str(value)
