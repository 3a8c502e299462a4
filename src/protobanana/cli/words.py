"""`protobanana route` and `protobanana eval router`: the word router from the outside."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from protobanana.cli import console
from protobanana.turn import adoption
from protobanana.turn.agent.evaluate import evaluate as play
from protobanana.turn.agent.remote import LiteLLMModel
from protobanana.turn.evaluate import Score, corpus, evaluate
from protobanana.turn.route_lines import answers

evaluations = typer.Typer(help="Measure against labelled conversations.", no_args_is_help=True)


def route() -> None:
    """Read JSON lines of turns on standard input, write for each what it means.

    In: {"text", "has_image", "n_refs", "has_mask", "width", "height"}. Out: {"operation", "width", "height", "pads",
    "region", "result"}.
    """
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # a text stream in every real start
    sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]  # likewise
    for line in answers(sys.stdin):
        sys.stdout.write(line.rstrip("\n") + "\n")


@evaluations.command("agent")
def eval_agent(
    model: Annotated[str, typer.Option("--model", help="Name of the LLM, as LiteLLM writes it.")],
    base: Annotated[str | None, typer.Option("--base", help="OpenAI-compatible address of the LLM.")] = None,
    key: Annotated[str | None, typer.Option("--key", envvar="PROTOBANANA_AGENT_KEY", help="Its API key.")] = None,
    misses: Annotated[bool, typer.Option(help="Show the turns that went wrong.")] = False,
) -> None:
    """How well an LLM drives the tools: labelled conversations are played to it, nothing is drawn."""
    with console.plain_errors():
        report = console.run(play(LiteLLMModel(model, base, key), adoption.library()))
        table = Table("what", "right", "of", "share")
        for name, score in report.rows():
            table.add_row(name, str(score.right), str(score.total), f"{score.right / max(score.total, 1):.1%}")
        console.out.print(table)
        console.out.print(
            f"prompts {report.version}, {report.prompt_tokens} tokens asked, {report.failed} turns failed"
        )
        if misses:
            for miss in report.misses:
                console.out.print(f"{miss.conversation}: {miss.user}\n  {miss.verdict}", markup=False, soft_wrap=True)


@evaluations.command("router")
def eval_router(
    file: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="Labelled turns, JSON lines; default: our own.")
    ] = None,
    misses: Annotated[bool, typer.Option(help="Show the turns that went wrong.")] = False,
) -> None:
    """Accuracy of the word router: per operation, sizes, outpaint amounts, region splits."""
    turns = [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()] if file else corpus()
    report = evaluate(turns)
    table = Table("what", "right", "of", "share")
    rows: list[tuple[str, Score]] = [*sorted(report.operations.items())]
    rows += [("sizes", report.sizes), ("outpaint amounts", report.pads), ("region splits", report.splits)]
    for name, score in rows:
        table.add_row(name, str(score.right), str(score.total), f"{score.right / max(score.total, 1):.1%}")
    console.out.print(table)
    shares = [score.right / score.total for score in report.operations.values() if score.total]
    console.out.print(f"macro average over {len(shares)} outcomes: {sum(shares) / max(len(shares), 1):.1%}")
    if misses:
        for given, got in report.misses:
            console.out.print(
                f"{json.dumps(given, ensure_ascii=False)}\n  got {json.dumps(got, ensure_ascii=False)}", markup=False
            )
