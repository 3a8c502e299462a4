"""What an author's command is given: a workflow's name, a file of any kind, and the node classes to judge it by."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protobanana.cli import console
from protobanana.comfy import client_for
from protobanana.errors import SettingsError, WorkflowError
from protobanana.settings import get_settings
from protobanana.turn.adoption import Adopter, adopt
from protobanana.workflows.authoring.convert.reading import MAX_BYTES
from protobanana.workflows.authoring.schema import read_catalogue
from protobanana.workflows.document import Workflow, is_document
from protobanana.workflows.folder import PICTURES, name_for
from protobanana.workflows.library import Adopt, WorkflowLibrary

Json = Mapping[str, Any]
STDIN = "-"
FILE_HELP = (
    "A workflow saved by ComfyUI's editor, an API graph, a document with a header, or a picture that ComfyUI made; "
    "'-' reads standard input."
)
NAME_HELP = "Name of a workflow, or a file of any kind that `convert` reads."
COMFYUI_HELP = "Judge by the nodes and model files of this ComfyUI; default: the recorded nodes of ComfyUI 0.12.1."
_ENDS = (".json", *PICTURES)
_ROUTE = "/object_info"


@dataclass(frozen=True)
class Source:
    """The bytes of a file, and what messages call it."""

    data: bytes
    file: str

    @property
    def name(self) -> str:
        """The model name that the file would have in the folder of workflows; empty where none can be made."""
        return name_for(self.file)


def is_file(given: str) -> bool:
    """Whether a file is meant rather than a workflow's name, which has neither a folder nor such an end."""
    return given == STDIN or Path(given).name != given or given.lower().endswith(_ENDS)


def read(given: str) -> Source:
    """A file, or standard input. Raises WorkflowError when it cannot be read, or is larger than any workflow."""
    if given == STDIN:
        return Source(sys.stdin.buffer.read(MAX_BYTES + 1), "stdin.json")
    try:
        with Path(given).open("rb") as file:
            return Source(file.read(MAX_BYTES + 1), Path(given).name)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "that is no file name"
        raise WorkflowError(f"{given}: it cannot be read: {reason}.") from None


def workflow(given: str, library: WorkflowLibrary, adopt: Adopt) -> Workflow:
    """A workflow by name, or a file as it would be served from the folder. `adopt` makes documents of files that are
    none yet. Raises WorkflowError or UnknownWorkflowError.
    """
    if not is_file(given):
        return library.get(given)
    source = read(given)
    text = source.data if is_document(source.data) else adopt(source.data, source.file)
    return Workflow.parse(source.name, text, file=source.file)


def adopter(info: Json | None) -> Adopt:
    """Adoption with these node classes; None: with the recorded ones, and those of the ComfyUIs of the settings."""
    if info is None:
        return Adopter(lambda: get_settings().comfyui_base_url.split(","))
    return lambda data, file: adopt(data, file, read_catalogue(info))


def object_info(given: str | None) -> Json | None:
    """The node classes of a ComfyUI: its address, or a file with its answer on /object_info; None for the record.

    Raises SettingsError for a file that is no such answer, and what `ComfyClient.object_info` raises.
    """
    if given is None:
        return None
    if "://" in given:
        return console.run(_asked(console.checked_url(given).removesuffix(_ROUTE)))
    try:
        answer = json.loads(Path(given).read_bytes())
        _check_answer(answer)
        read_catalogue(answer)
    except OSError as error:
        raise SettingsError(f"{given}: it cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        raise SettingsError(
            f"{given}: it is not what ComfyUI answers on {_ROUTE}. Get it with: curl http://127.0.0.1:8188{_ROUTE}"
        ) from None
    return dict(answer)


async def _asked(server: str) -> Json:
    return await client_for(server).object_info()


def _check_answer(answer: Any) -> None:
    """Raises TypeError, KeyError or ValueError for anything but node classes by name."""
    if not answer or not all(isinstance(entry["input"], Mapping) for entry in answer.values()):
        raise ValueError


__all__ = ["COMFYUI_HELP", "FILE_HELP", "NAME_HELP", "Source", "adopter", "is_file", "object_info", "read", "workflow"]
