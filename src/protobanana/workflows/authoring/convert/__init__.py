"""From a file of ComfyUI's editor to the API graph that its server runs."""

from protobanana.workflows.authoring.convert.conversion import Converted, convert
from protobanana.workflows.authoring.convert.document import is_editor_format
from protobanana.workflows.authoring.convert.notes import Note
from protobanana.workflows.authoring.convert.reading import AuthoredFile, read_any

__all__ = ["AuthoredFile", "Converted", "Note", "convert", "is_editor_format", "read_any"]
