"""From any file that an artist saves to a workflow document: converted, traced, and served as what it turns out to be.

Run as a program it does the same for one file on its standard input: large files are read in a process of their own,
where neither their time nor their memory is the gateway's.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from protobanana.cluster import then_close
from protobanana.comfy import client_for
from protobanana.errors import ProtoBananaError, WorkflowError
from protobanana.operations.base import operations
from protobanana.settings import get_settings
from protobanana.workflows.authoring.convert import read_any
from protobanana.workflows.authoring.infer import KEY, Inferred, Task, infer, tasks
from protobanana.workflows.authoring.infer.net import Net
from protobanana.workflows.authoring.png import embedded, is_picture
from protobanana.workflows.authoring.schema import Catalogue, read_catalogue, recorded
from protobanana.workflows.library import WorkflowLibrary
from protobanana.workflows.wiring import picture_number

Json = Mapping[str, Any]

LARGE = 256 * 1024
"""Bytes from which on a file is read in a process of its own; tracing takes 0.4 s there, and four times as long for
twice as much."""
PATIENCE = 20.0
"""Seconds that such a process may take."""
_SERVER_SECONDS = 5.0
"""Seconds in which a ComfyUI must say which node classes it has."""
_ASK_AGAIN = 30.0
"""Seconds after which it may have new ones."""
_CLASSLESS = 60.0
"""Seconds after which a file with node classes that a ComfyUI lacks is read again: somebody may install them."""
_UNASKED = 15.0
"""Seconds after which a file with unknown node classes is read again where no ComfyUI could be asked."""
_NAMES = {"STRING": "text", "AUDIO": "sound", "VIDEO": "video"}
"""What further results are called, by the type of link that they show."""


class Adopter:
    """What `WorkflowLibrary` wants as `adopt`. `servers`: addresses of the ComfyUIs that will run the workflows; they
    are asked only about node classes that the record does not have.
    """

    def __init__(self, servers: Callable[[], Iterable[str]]) -> None:
        self._servers = servers
        self._answers: dict[str, tuple[float, Json]] = {}
        self._lock = threading.Lock()

    def __call__(self, data: bytes, file: str) -> str:
        """The document of a file. Raises WorkflowError, with `retry_after` where a ComfyUI may know better later."""
        text, failure = "", None
        try:
            text = _adopted(data, file, None)
        except WorkflowError as error:
            failure = error
        unknown = {name for name in _classes(text.encode() or data) if name not in recorded().classes}
        if unknown and (live := self._live(unknown)):
            try:
                return _adopted(data, file, live)
            except WorkflowError as error:
                error.retry_after = _CLASSLESS
                raise
        if failure is not None:
            failure.retry_after = _UNASKED if unknown else None
            raise failure
        return text

    def _live(self, unknown: set[str]) -> Json | None:
        """What the first ComfyUI that answers says of its node classes; each is asked once while it knows them all."""
        with self._lock:
            for server in self._servers():
                asked, known = self._answers.get(server, (-_ASK_AGAIN, {}))
                if not unknown <= known.keys() and time.monotonic() > asked + _ASK_AGAIN:
                    try:
                        known = asyncio.run(_object_info(server))
                    except (ProtoBananaError, TimeoutError):
                        continue
                    self._answers[server] = (time.monotonic(), known)
                if known:
                    return known
        return None


def library(*, strict: bool = True) -> WorkflowLibrary:
    """The workflows of the settings: bundled documents, and whatever lies in the operator's folder.

    With `strict`, raises WorkflowError naming file and slot when a file is broken.
    """
    settings = get_settings()
    adopter = Adopter(lambda: get_settings().comfyui_base_url.split(","))
    return WorkflowLibrary(settings.user_workflows, strict=strict, adopt=adopter)


async def _object_info(server: str) -> Json:
    async with asyncio.timeout(_SERVER_SECONDS):
        return await then_close(client_for(server).object_info())


def adopt(data: bytes, file: str, schemas: Catalogue) -> str:
    """The document of a file, in this process. Raises WorkflowError naming what is wrong with it."""
    authored = read_any(data, file, schemas)
    stated = authored.header or {}
    found = infer({KEY: stated, **authored.graph}, schemas, operations=_tasks())
    header = {"title": Path(file).stem, **found.header}
    if "operation" not in stated and not _serves(found):
        header["operation"] = []
    if "outputs" not in stated:
        header["outputs"] = dict(found.header["outputs"]) | _further(found, schemas)
    return json.dumps({KEY: header, **found.graph}, ensure_ascii=False)


@cache
def _tasks() -> list[Task]:
    return tasks(operations().values())


def _serves(found: Inferred) -> bool:
    """Whether an operation fills just these slots and gets a picture for it."""
    names, slots = found.header["operation"], found.header.get("slots", {})
    required = [
        slot
        for slot, entry in slots.items()
        if (slot == "mask" or picture_number(slot)) and not (isinstance(entry, Mapping) and "absent" in entry)
    ]
    meant = [task for task in _tasks() if task.name in ([names] if isinstance(names, str) else names)]
    return found.medium == "image" and any(task.covers(slots, required) for task in meant)


def _further(found: Inferred, schemas: Catalogue) -> dict[str, str]:
    """Results beside the main one: pictures that might as well be it, and what is said, sounds or moves."""
    net, taken = Net(found.graph, schemas), set(found.header["outputs"].values())
    named = [("result", rival.node) for rival in found.ambiguous.get("output", ())[1:]]
    for node_id in sorted(net.graph, key=net.rank):
        spec = net.spec(node_id)
        if spec is None or not spec.is_output or net.takes(node_id, "IMAGE") or net.takes(node_id, "MASK"):
            continue
        named += [(name, node_id) for kind, name in _NAMES.items() if net.takes(node_id, kind)][:1]
    further: dict[str, str] = {}
    for name, node_id in named:
        if node_id not in taken:
            taken.add(node_id)
            number = 1 + sum(other.startswith(name) for other in further) + (name == "result")
            further[name if number == 1 else f"{name}_{number}"] = node_id
    return further


def _classes(data: bytes) -> Iterator[str]:
    """Every node class that a file names, whatever its format; nothing for a file that cannot be read."""
    try:
        document = embedded(data)._asdict() if is_picture(data) else json.loads(data)
    except (WorkflowError, ValueError, RecursionError):
        return
    waiting = [value for key, value in document.items() if key != KEY] if isinstance(document, dict) else []
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()
            # A node of the editor's has a mode; its inputs, too, have a type.
            name = value.get("class_type") or (value.get("type") if "mode" in value else None)
            if isinstance(name, str):
                yield name


# Large files ----------------------------------------------------------------------------------------------------------


def _adopted(data: bytes, file: str, live: Json | None) -> str:
    if len(data) < LARGE:
        return adopt(data, file, read_catalogue(live))
    order = json.dumps({"file": file, "live": live}).encode() + b"\n" + data
    command = [sys.executable, "-m", "protobanana.turn.adoption"]
    try:
        done = subprocess.run(command, input=order, capture_output=True, timeout=PATIENCE, check=False)  # noqa: S603 - our own module
        answer = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, OSError, ValueError):
        raise WorkflowError(f"it is too large to be read within {PATIENCE:g} s.") from None
    if "problem" in answer:
        raise WorkflowError(answer["problem"])
    return str(answer["document"])


def _main() -> None:
    order, _, data = sys.stdin.buffer.read().partition(b"\n")
    asked = json.loads(order)
    try:
        answer = {"document": adopt(data, asked["file"], read_catalogue(asked["live"]))}
    except WorkflowError as error:
        answer = {"problem": error.message}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    _main()

__all__ = ["Adopter", "adopt"]
