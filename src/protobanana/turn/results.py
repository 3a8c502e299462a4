"""What one graph gives, as events: the pictures that were ordered, and whatever else its outputs show."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from protobanana.comfy import Job, Output
from protobanana.errors import InvalidRequestError, ServerProtocolError
from protobanana.events import Attached, Produced, Text
from protobanana.operations.base import Inputs, Operation
from protobanana.operations.sizing import crop_to
from protobanana.pictures.attachment import Attachment, is_still
from protobanana.pictures.image import Image
from protobanana.pictures.metadata import STRIP
from protobanana.settings import get_settings
from protobanana.workflows.document import Workflow

_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif"})


@dataclass(frozen=True)
class Task:
    """What all graphs of one request have in common; `target` is the exact size asked for, in pixels."""

    operation: Operation
    inputs: Inputs
    workflow: Workflow
    target: tuple[int, int] | None


@dataclass(frozen=True)
class Batch:
    """`count` pictures drawn in one graph from one seed; `first` is the number of its first picture."""

    first: int
    count: int
    seed: int


class Results:
    """Takes the outputs of one job as they come."""

    def __init__(self, task: Task, batch: Batch, job: Job) -> None:
        self._task = task
        self._batch = batch
        self._main, *others = job.outputs
        names = [name for name in task.operation.extra_outputs if name in task.workflow.header.outputs]
        self._needed = dict(zip(others, names, strict=True))
        """Outputs that the operation needs to finish a picture."""
        self._names = {node: name for name, node in task.workflow.header.outputs.items()}
        self._files: list[bytes] = []
        self._extras: dict[str, Image] = {}
        self._counts: dict[str, int] = {}
        self._done = 0
        self._other = False
        """Whether the main output gave something else than still pictures."""

    async def take(self, output: Output) -> AsyncGenerator[Produced | Attached | Text]:
        """What an output makes known."""
        if output.media_type == "text/plain":
            self._other = self._other or output.node == self._main
            yield Text(f"{output.data.decode('utf-8', 'replace').strip()}\n\n")
        elif output.node in self._needed:
            self._extras.setdefault(self._needed[output.node], read(output.data))
        elif not await asyncio.to_thread(is_still, output.data):
            self._other = self._other or output.node == self._main
            yield Attached(_attachment(output), self._task.operation.name, self._task.workflow.name)
        elif output.node == self._main:
            self._files.append(output.data)
        else:
            number = self._counts[output.node] = self._counts.get(output.node, -1) + 1
            image = await asyncio.to_thread(read, output.data)
            yield self._produced(image, number, output=self._names[output.node])
        while self._done < len(self._files) and len(self._extras) == len(self._needed):
            image = await asyncio.to_thread(_finished, self._task, self._files[self._done], self._extras)
            yield self._produced(image, self._done)
            self._done += 1

    def check(self) -> None:
        """Raises ServerProtocolError when fewer pictures came than were ordered."""
        if self._done < self._batch.count and not self._other:
            raise ServerProtocolError(
                f"ComfyUI finished '{self._task.workflow.name}' with {self._done or 'no'} pictures where "
                f"{self._batch.count} were ordered."
            )

    def _produced(self, image: Image, number: int, *, output: str = "") -> Produced:
        operation, workflow = self._task.operation, self._task.workflow
        return Produced(
            image,
            operation=operation.name,
            workflow=workflow.name,
            seed=self._batch.seed if workflow.accepts("seed") else None,
            batch_index=number,
            prompt=operation.prompt,
            mask=None if output else self._extras.get("mask"),
            output=output,
        )


def read(data: bytes) -> Image:
    """A picture of ComfyUI's, without what it has written into it unless the settings keep that.

    Raises ServerProtocolError: what ComfyUI sends is not the caller's fault.
    """
    try:
        image = Image.from_bytes(data, name="ComfyUI's output")
        return image if get_settings().keep_metadata else image.without_metadata()
    except InvalidRequestError as error:
        raise ServerProtocolError(f"ComfyUI sent a picture that cannot be used. {error.message}") from error


def _attachment(output: Output) -> Attachment:
    """A file that is no still picture. Raises ServerProtocolError where it ought to be one."""
    file = Attachment(output.data, output.filename)
    if PurePosixPath(output.filename).suffix.lower() in _PICTURES and not file.mime.startswith("image/"):
        raise ServerProtocolError(f"ComfyUI sent something as '{file.given}' that is no picture.")
    strip = STRIP.get(file.format)
    return file if strip is None or get_settings().keep_metadata else replace(file, data=b"".join(strip(file.data)))


def _finished(task: Task, data: bytes, extras: Mapping[str, Image]) -> Image:
    image = read(data)
    if task.target is not None:
        image = crop_to(image, *task.target)
    return task.operation.finish(image, task.inputs, extras)


__all__ = ["Batch", "Results", "Task", "read"]
