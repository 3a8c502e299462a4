"""What protoBanana itself keeps and reads: the store of pictures, and the folder of workflows."""

from __future__ import annotations

import asyncio
import shutil
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

from protobanana.cli.doctor.finding import Finding, gigabytes, ok, problem, warning
from protobanana.errors import SettingsError
from protobanana.pictures.files import BucketFiles, Files, FolderFiles
from protobanana.settings import get_settings
from protobanana.workflows.library import WorkflowLibrary

PATIENCE = 20.0
"""Seconds for writing, reading and removing one small file; a bucket's driver may try for minutes."""


def check_workflows(library: WorkflowLibrary) -> Iterator[Finding]:
    """Documents of the operator's folder that cannot be used, or are in each other's way."""
    for file, reason in library.problems.items():
        yield problem("workflows", reason if file == "." or reason.startswith(file) else f"{file}: {reason}")
    folder = get_settings().user_workflows
    if folder is not None and not library.problems:
        yield ok("workflows", f"{folder}: all documents can be used")


async def check_store() -> list[Finding]:
    """Whether pictures can be kept, and whether there is room for as many as the settings allow."""
    settings = get_settings()
    place, folder = settings.store or "", settings.store_folder
    if "://" in place and not place.startswith("file://"):
        folder = None  # that of the settings is the secret's then
        try:
            files: Files = BucketFiles(place)
        except SettingsError as error:
            return [problem("store", error.message, "pip install 'protobanana[store]'")]
    elif folder is not None:
        files = FolderFiles(folder)
    else:
        message = "Off: only pictures that the client sends back can be spoken of."
        return [warning("store", message, "PROTOBANANA_STORE=/path")]
    shown = str(folder or f"{place.partition('://')[0]} bucket")
    failure = await _tried(files)
    if failure:
        fix = "PROTOBANANA_STORE=/a/folder/that/can/be/written"
        return [problem("store", f"{shown} cannot be used ({failure}); conversations lose their pictures.", fix)]
    return [ok("store", f"{shown} can be written"), *(_check_room(folder) if folder else _check_bucket())]


async def _tried(files: Files) -> str | None:
    """Why a small file cannot be kept; None when it can.

    On a daemon thread: one that hangs in a driver must not hold the program's end.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[str | None] = loop.create_future()

    def report(reason: str | None) -> None:
        if not done.done():
            done.set_result(reason)

    def work() -> None:
        name, data = f"doctor/probe/{uuid.uuid4().hex}", b"protobanana doctor"
        try:
            files.write(name, data)
            reason = None if files.read(name) == data else "what was written is not what is read"
            files.remove(name)
        except OSError as error:
            reason = error.strerror or str(error).partition("\n")[0][:120]
        loop.call_soon_threadsafe(report, reason)

    threading.Thread(target=work, name="protobanana-doctor-store", daemon=True).start()
    try:
        return await asyncio.wait_for(done, PATIENCE)
    except TimeoutError:
        return f"no answer within {PATIENCE:g} s"


def _check_room(folder: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(folder).free
    limit = get_settings().store_mb * 1024 * 1024
    kept = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    if free + kept < limit:
        yield warning(
            "store",
            f"{gigabytes(free)} are free, {gigabytes(kept)} used, {gigabytes(limit)} allowed by PROTOBANANA_STORE_MB.",
            f"PROTOBANANA_STORE_MB={max(1, int((free + kept) * 0.8 / 1024 / 1024))}",
        )
    else:
        yield ok("store", f"{gigabytes(free)} free, {gigabytes(kept)} of {gigabytes(limit)} used")


def _check_bucket() -> Iterator[Finding]:
    if not get_settings().secret:
        yield warning(
            "store",
            "A bucket without PROTOBANANA_SECRET: a second gateway, or this one after a new installation, cannot find "
            "the pictures again.",
            'PROTOBANANA_SECRET="$(openssl rand -hex 32)"',
        )


__all__ = ["check_store", "check_workflows"]
