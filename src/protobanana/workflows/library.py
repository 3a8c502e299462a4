"""All workflows: the bundled documents and the operator's folder, followed while its files come, change and go."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import resources
from pathlib import Path

from protobanana.errors import UnknownWorkflowError, WorkflowError
from protobanana.workflows.document import NAME, Workflow, is_document
from protobanana.workflows.folder import Found, Stamp, scan

Adopt = Callable[[bytes, str], str]
"""From the bytes of a file and its name to the text of a workflow document. Called in threads, it may take its time.
Raises WorkflowError; one with `retry_after` (seconds) may come to another end later although the file stays as it is.
"""
_READERS = 4
"""Files that are read at once: one that takes long does not hold up the others."""
_FRESH = 5.0
"""Seconds in which a file that cannot be read may still be on its way: clocks of disks are coarse."""
_AGAIN = 0.5
"""Seconds until such a file is read again."""


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the folder as last read. `workflow` is the newest version that could be read, None if none could."""

    name: str
    stamp: Stamp
    workflow: Workflow | None
    problem: str | None = None
    declared: bool = False
    """Whether the file says of itself that it is a document of ours."""
    again: float = math.inf
    """When it is to be read again although it has not changed, by the monotonic clock."""


@cache
def bundled() -> Mapping[str, Workflow]:
    """The documents that ship with the package, by name; works from a wheel or a zip."""
    folder = resources.files("protobanana.workflows").joinpath("bundled")
    documents = (entry for entry in folder.iterdir() if entry.name.endswith(".json"))
    found = (Workflow.parse(entry.name.removesuffix(".json"), entry.read_text(encoding="utf-8")) for entry in documents)
    return {workflow.name: workflow for workflow in sorted(found, key=lambda workflow: workflow.name)}


class WorkflowLibrary:
    """Workflows by name. A file of the operator's folder hides the bundled document of the same name.

    `adopt` makes documents of files that are none yet; without it they are problems. A file that breaks keeps its last
    good version in service; `problems` says what is wrong with it. With `strict` a broken document, two documents that
    both want to be the default, or a folder that is not there raise WorkflowError at once; files that never said to be
    documents do not keep anything from starting. Safe to use from several threads.
    """

    def __init__(self, folder: Path | None = None, *, strict: bool = True, adopt: Adopt | None = None) -> None:
        self._folder = folder
        self._adopt = adopt
        self._files: dict[str, _File] = {}
        self._unread: Mapping[str, Found] = {}
        self._reading: dict[str, tuple[str, Future[_File]]] = {}
        self._readers = ThreadPoolExecutor(_READERS, "workflow-reader")
        self._lock = threading.Lock()
        self._folder_problem: str | None = None
        self._workflows: Mapping[str, Workflow] = bundled()
        self.settle()
        fatal = [*self._broken(declared=True).values(), *self._rivals().values()]
        if strict and (self._folder_problem or fatal):
            raise WorkflowError(self._folder_problem or " ".join(fatal))

    @property
    def watches(self) -> bool:
        """Whether there is a folder of the operator's, in which something may change."""
        return self._folder is not None

    @property
    def problems(self) -> Mapping[str, str]:
        """File name -> what is wrong with it; empty when all is well. The folder itself is listed as `.`."""
        unread = {file: f"{file}: {found.problem}" for file, found in self._unread.items() if found.problem}
        folder = {".": self._folder_problem} if self._folder_problem else {}
        return {**unread, **self._broken(), **folder, **self._rivals()}

    def names(self) -> list[str]:
        """Names of all workflows, sorted."""
        return sorted(self._workflows)

    def all(self) -> list[Workflow]:
        """All workflows as of now, by name; a folder that changes meanwhile does not matter."""
        return sorted(self._workflows.values(), key=lambda workflow: workflow.name)

    def own(self) -> dict[str, str]:
        """Names of the workflows that come from the folder, and the files they are in."""
        return {file.name: name for name, file in sorted(self._files.items()) if file.workflow}

    def get(self, name: str) -> Workflow:
        """The workflow of that name. Raises UnknownWorkflowError (404) listing the existing ones."""
        workflow = self._workflows.get(name)
        if workflow is not None:
            return workflow
        close = get_close_matches(name, self._workflows, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        shown = f"'{name}'" if NAME.fullmatch(name) else "of that name"
        raise UnknownWorkflowError(
            f"There is no workflow {shown}.{hint} Existing ones: {', '.join(self.names())}.", param="model"
        )

    def for_operation(self, operation: str) -> list[Workflow]:
        """The workflows of an operation, its default first, the rest by name; empty when there are none.

        The default is the operator's file marked `"default": true`, else the bundled one (or the operator's file that
        hides it), else the first by name.
        """
        found = [workflow for workflow in self._workflows.values() if operation in workflow.header.operations]
        own = self.own()
        return sorted(found, key=lambda workflow: (_rank(workflow, own), workflow.name))

    def refresh(self) -> bool:
        """Look at the folder again and have what is new read; take in what has been read since. Whether any workflow
        changed. Costs one directory listing and waits for nothing.
        """
        if self._folder is None:
            return False
        with self._lock:
            try:
                seen = scan(self._folder)
            except OSError as error:
                # An unmounted volume must not take down what is in service.
                self._folder_problem = f"The workflow folder cannot be read: {error.strerror}."
                return False
            self._folder_problem = None
            return self._follow(self._folder, seen)

    def settle(self, seconds: float | None = None) -> bool:
        """As `refresh`, and wait until all that was found has been read, for so many seconds at most."""
        end = math.inf if seconds is None else time.monotonic() + seconds
        changed = self.refresh()
        while (reading := self.reading()) and (left := end - time.monotonic()) > 0:
            wait(reading, None if left == math.inf else left)
            changed = self.refresh() or changed
        return changed

    def reading(self, name: str | None = None) -> list[Future[_File]]:
        """The reading under way that may bring the workflow of that name, or a new version of it; None: any."""
        return [future for whose, future in list(self._reading.values()) if name in (None, whose)]

    def _follow(self, folder: Path, seen: Mapping[str, Found]) -> bool:
        before = {file: known.workflow for file, known in self._files.items()}
        # What cannot be read any more serves on as it was; what is gone goes.
        files = {file: known for file, known in self._files.items() if file in seen and seen[file].name == known.name}
        for file, (_, future) in list(self._reading.items()):
            if future.done():
                del self._reading[file]
                if file in seen:
                    files[file] = _outcome(future, seen[file], files.get(file))
        for file, found in seen.items():
            if file not in self._reading and not found.problem and _is_due(found, files.get(file)):
                reading = self._readers.submit(self._read, folder, found, files.get(file))
                self._reading[file] = (found.name, reading)
        self._files, self._unread = files, {file: found for file, found in seen.items() if found.problem}
        if {file: known.workflow for file, known in files.items()} == before:
            return False
        own = {known.workflow.name: known.workflow for known in files.values() if known.workflow}
        self._workflows = {**bundled(), **own}
        return True

    def _read(self, folder: Path, found: Found, known: _File | None) -> _File:
        declared = known.declared if known else False
        try:
            data = _bytes_of(folder / found.file)
            declared = is_document(data)
            text = data if self._adopt is None or declared else self._adopt(data, found.file)
            workflow = Workflow.parse(found.name, text, file=found.file)
        except WorkflowError as error:
            message = error.message if error.message.startswith(f"{found.file}:") else f"{found.file}: {error.message}"
            pause = error.retry_after or (_AGAIN if abs(time.time() - found.written) < _FRESH else math.inf)
            again = time.monotonic() + pause
            return _File(found.name, found.stamp, known.workflow if known else None, message, declared, again)
        return _File(found.name, found.stamp, workflow, declared=declared)

    def _broken(self, *, declared: bool = False) -> dict[str, str]:
        return {name: file.problem for name, file in self._files.items() if file.problem and file.declared >= declared}

    def _rivals(self) -> dict[str, str]:
        """Files of the folder that claim an operation's default beside another one."""
        claims: dict[str, str] = {}
        rivals: dict[str, str] = {}
        for name, file in sorted(self._files.items()):
            if file.workflow is None or not file.workflow.header.default:
                continue
            for operation in file.workflow.header.operations:
                first = claims.setdefault(operation, name)
                if first != name:
                    rivals[name] = f"{name}: {first} is the default for '{operation}' already."
        return rivals


def _is_due(found: Found, known: _File | None) -> bool:
    return known is None or (known.stamp, known.name) != (found.stamp, found.name) or time.monotonic() >= known.again


def _outcome(future: Future[_File], found: Found, known: _File | None) -> _File:
    """What reading a file came to. A file that our own reading stumbles over is a problem like any other."""
    error = future.exception()
    if error is None:
        return future.result()
    message = f"{found.file}: it cannot be read ({type(error).__name__}); its author may want to report that."
    return _File(found.name, found.stamp, known.workflow if known else None, message)


def _rank(workflow: Workflow, own: Iterable[str]) -> int:
    if workflow.name in own and workflow.header.default:
        return 0
    original = bundled().get(workflow.name)
    return 1 if original is not None and original.header.default else 2


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WorkflowError(f"it cannot be read: {error.strerror}.") from None


__all__ = ["Adopt", "WorkflowLibrary", "bundled"]
