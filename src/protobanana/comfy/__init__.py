"""The wire to ComfyUI: jobs in, events and finished files out. Knows nothing of OpenAI or of operations."""

from protobanana.comfy.client import ComfyClient
from protobanana.comfy.registry import client_for, close_all
from protobanana.comfy.types import ClientOptions, Course, Graph, Job, Output, upload_name

__all__ = [
    "ClientOptions",
    "ComfyClient",
    "Course",
    "Graph",
    "Job",
    "Output",
    "client_for",
    "close_all",
    "upload_name",
]
