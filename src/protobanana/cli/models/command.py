"""`protobanana models list` and `protobanana models pull`."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Column, Table
from rich.text import Text

from protobanana.cli import console
from protobanana.cli.models.hub import Hub, Remote, Report
from protobanana.cli.models.place import is_there, models_folder, place_of, put
from protobanana.cli.models.wanted import Wanted, wanted
from protobanana.errors import SettingsError
from protobanana.turn import adoption

app = typer.Typer(help="Model files of the workflows: what they are, and getting them.", no_args_is_help=True)
TIER_HELP = "Only the files of these qualities, separated by commas (`low,medium`); default: all of them."
UNKNOWN = Remote(None, cached=False)


@dataclass
class _Item:
    """A file on its way. `trouble` is the sentence that says why it cannot be had."""

    wanted: Wanted
    place: Path | None
    remote: Remote = UNKNOWN
    there: bool = False
    trouble: str = ""

    @property
    def size(self) -> int | None:
        """In bytes: the hub's word, else about what the document says."""
        return self.remote.size if self.remote.size is not None else self.wanted.file.size

    @property
    def state(self) -> str:
        if self.trouble:
            return "REFUSED"
        if self.there:
            return "there"
        return "in the cache" if self.remote.cached else "to download"


@app.command("list")
def list_(names: Annotated[list[str] | None, typer.Argument(help="Workflows; default: all.")] = None) -> None:
    """Files that the workflows need, with place, size, source and licence."""
    with console.plain_errors():
        library = adoption.library(strict=False)
        table = Table(
            *(Column(head, no_wrap=True) for head in ("place under models/", "size", "repository")), "licence"
        )
        table.add_column("workflows")
        for one in wanted([library.get(name) for name in names or library.names()]):
            about = f"about {_gigabytes(one.file.size)}" if one.file.size else ""
            source = f"{one.file.repo} (fetched by {one.fetched_by})" if one.fetched_by else one.file.repo
            cells = (f"{one.folder}/{one.name}", about, source, "; ".join(one.licences), ", ".join(one.workflows))
            table.add_row(*map(Text, cells))
        console.out.print(table)


@app.command()
def pull(
    names: Annotated[list[str], typer.Argument(help="Workflows whose files are wanted.")],
    tier: Annotated[str | None, typer.Option(help=TIER_HELP)] = None,
    comfyui_dir: Annotated[Path | None, typer.Option(help="ComfyUI's folder; files go into `models` there.")] = None,
    target: Annotated[Path | None, typer.Option(help="The models folder itself, where it is somewhere else.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, download nothing.")] = False,
    token_from_env: Annotated[
        bool, typer.Option("--token-from-env", help="Send HF_TOKEN, or what `hf auth login` saved; for gated files.")
    ] = False,
) -> None:
    """Download model files into the Hugging Face cache and link them to where ComfyUI looks."""
    with console.plain_errors():
        library = adoption.library(strict=False)
        tiers = [part.strip() for part in (tier or "").split(",") if part.strip()]
        files = wanted([library.get(name) for name in names], tiers)
        folder = models_folder(comfyui_dir, target)
        if folder is None and not dry_run:
            raise SettingsError("Say where ComfyUI is: --comfyui-dir DIR, or --target DIR for its models folder.")
        hub = Hub(token=token_from_env)
        items = [_looked_up(one, folder, hub) for one in files if one.fetched_by is None]
        _show(items, files)
        troubles = list(dict.fromkeys(item.trouble for item in items if item.trouble))
        if troubles:
            raise SettingsError("\n".join(troubles))
        _check_room(items, hub)
        if not dry_run:
            _get(items, hub)


def _looked_up(one: Wanted, folder: Path | None, hub: Hub) -> _Item:
    """What the hub and the disk say of a file; a hub that does not answer is asked for no further one."""
    place = place_of(folder or Path(), one.folder, one.name)
    item = _Item(one, place if folder else None)
    try:
        remotes = [hub.ask(source) for source in one.sources]
        item.remote = remotes[0]
        if len({remote.size for remote in remotes}) > 1:
            repos = " and ".join(source.repo for source in one.sources)
            item.trouble = f"{one.folder}/{one.name}: {repos} have different files for it; pull the workflows apart."
        elif item.place is not None:
            item.there = is_there(item.place, item.remote.size)
    except SettingsError as error:
        item.trouble = error.message
    return item


def _show(items: list[_Item], files: list[Wanted]) -> None:
    table = Table(*(Column(head, no_wrap=True) for head in ("file", "size", "state", "repository")), "licence")
    for item in items:
        one = item.wanted
        size = "" if item.size is None else _gigabytes(item.size)
        cells = (f"{one.folder}/{one.name}", size, item.state, one.file.repo, "; ".join(one.licences))
        table.add_row(*map(Text, cells))
    if items:
        console.out.print(table)
    for one in files:
        if one.fetched_by:
            console.out.print(
                Text(f"{one.folder}/{one.name}: {one.fetched_by} fetches it on first use."), soft_wrap=True
            )
    total = sum(item.size or 0 for item in items)
    missing = sum(item.size or 0 for item in _missing(items))
    console.out.print(f"{_gigabytes(total)} in all, {_gigabytes(missing)} to download", highlight=False)


def _missing(items: list[_Item]) -> list[_Item]:
    """What has to be downloaded; a file that goes to two places only once."""
    files = {
        (item.wanted.file.repo, item.wanted.file.path): item
        for item in items
        if not (item.there or item.remote.cached or item.trouble)
    }
    return list(files.values())


def _check_room(items: list[_Item], hub: Hub) -> None:
    """All downloads must fit into the cache before the first of them begins."""
    needed = sum(item.size or 0 for item in _missing(items))
    folder = next(path for path in (hub.cache, *hub.cache.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise SettingsError(
            f"{hub.cache} has {_gigabytes(free)} free, {_gigabytes(needed)} are needed. "
            "HF_HOME moves the cache to another disk, --tier leaves qualities out."
        )


def _get(items: list[_Item], hub: Hub) -> None:
    for item in items:
        if item.place is None or item.there:
            continue
        one = item.wanted
        with _progress(one.name, item.size) as report:
            source = hub.fetch(one.file, report)
        size = source.stat().st_size
        if is_there(item.place, size):
            continue  # somebody has put it there meanwhile
        way = put(source, item.place)
        console.out.print(Text(f"{item.place}  {_gigabytes(size)}, {way}"), soft_wrap=True)


@contextmanager
def _progress(name: str, size: int | None) -> Iterator[Report]:
    """A bar on standard error, gone when the file is there; silent when nobody watches."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(
        *columns, TimeRemainingColumn(), console=console.err, transient=True, disable=not sys.stderr.isatty()
    ) as progress:
        task = progress.add_task(name, total=size)
        # The library may count the same bytes twice, on the wire and on the disk: the one that is further counts.
        most = 0

        def report(done: int) -> None:
            nonlocal most
            most = max(most, done)
            progress.update(task, completed=most)

        yield report


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


__all__ = ["app"]
