"""`protobanana simulate`: how long jobs would wait, by the scheduler that the gateway runs."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from protobanana.cli import console
from protobanana.cluster import simulate as simulation

Shape = Enum("Shape", {name: name for name in simulation.SHAPES}, type=str)  # type: ignore[misc]  # read by typer


def simulate(
    servers: Annotated[int, typer.Option(min=2, max=200, help="ComfyUI servers.")] = 8,
    load: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of their time that the work takes.")] = 0.7,
    edits: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of edits; the rest is generated.")] = 0.6,
    shape: Annotated[Shape, typer.Option(help="How the jobs come.")] = Shape("steady"),
    jobs: Annotated[int, typer.Option(min=10, max=100_000, help="How many; with 'greedy' always a thousand.")] = 2000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same answer.")] = 1,
    plot: Annotated[Path | None, typer.Option(dir_okay=False, help="Draw the waits into a PNG.")] = None,
) -> None:
    """Simulate servers under load: the gateway's scheduler beside round robin, least busy and an oracle.

    A wait is the time from a job's arrival to its end less its own work, so loading models counts. The oracle knows
    all service times and is the best, with hindsight, of all static partitions and of greedy choice.
    """
    with console.plain_errors():
        mix = simulation.Mix(servers, max(load, 0.01), edits, jobs, seed)
        requests = simulation.SHAPES[shape.value](mix)
        others = list(simulation.without_greedy(requests))
        results = simulation.compare(requests, mix, others)
        table = Table("", "p50 s", "p95 s", "p99 s", "worst s", "swaps", "busy")
        for name, result in results.items():
            waits = (f"{result.percentile(share, others):.1f}" for share in (0.5, 0.95, 0.99, 1.0))
            table.add_row(name, *waits, str(result.swaps), f"{result.busy:.0%}")
        title = f"{servers} servers, {load:.0%} load, {edits:.0%} edits, {shape.value}, {len(requests)} jobs"
        console.out.print(title, highlight=False)
        console.out.print(table)
        times = simulation.measured()
        if len(others) < len(requests):
            console.out.print(
                f"Waits of the {len(others)} jobs of those who asked for one picture each, beside an owner of "
                f"{len(requests) - len(others)}. A job takes {times.longest:.1f} s at most, a swap {times.swap:g} s.",
                highlight=False,
            )
        console.out.print(f"[dim]{times.origin}[/]", highlight=False)
        if plot is not None:
            from protobanana.cluster.simulate.plot import plot as drawn  # noqa: PLC0415 - Pillow only where it is used

            drawn(results, others, title).save(plot, "PNG")
            console.out.print(f"{plot}", highlight=False, soft_wrap=True)
