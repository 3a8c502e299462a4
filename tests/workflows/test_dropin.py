"""Adoption: from whatever file lies in the folder to a document, with the schemas of a running ComfyUI where needed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from protobanana.errors import WorkflowError
from protobanana.turn.adoption import LARGE, Adopter
from protobanana.workflows.authoring.schema import recorded_object_info
from protobanana.workflows.document import Workflow
from protobanana.workflows.library import WorkflowLibrary
from support.editor import drawing

TEMPLATES = Path(__file__).parent.parent / "data" / "templates"
NOWHERE = "http://127.0.0.1:9"
SHARPEN = {
    "input": {"required": {"image": ["IMAGE"], "amount": ["FLOAT", {"default": 1.0, "min": 0.0, "max": 5.0}]}},
    "output": ["IMAGE"],
    "output_name": ["IMAGE"],
    "output_node": False,
}


class Server(ThreadingHTTPServer):
    """Tells of one node class more than the record, and counts how often it is asked."""

    asked = 0

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """`GET /object_info`."""

    def do_GET(self) -> None:
        """The schemas, whatever is asked for."""
        assert isinstance(self.server, Server)
        self.server.asked += 1
        body = json.dumps({**recorded_object_info(), "HouseSharpen": SHARPEN}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    """A ComfyUI as far as its schemas go."""
    with Server(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def custom() -> bytes:
    """An editor's file with a node that the record does not know, its values without names."""
    made = drawing()
    made.node(20, "HouseSharpen", [2.5], outputs=["IMAGE"], inputs=[("image", "IMAGE")])
    made.node(21, "SaveImage", ["sharp"])
    made.wire(8, 0, 20, "image", "IMAGE")
    made.wire(20, 0, 21, "images", "IMAGE")
    return json.dumps(made.done()).encode()


def test_a_class_of_the_servers_own(server: Server) -> None:
    """What the record does not know the server is asked for, once; its word gives values their names."""
    adopt = Adopter(lambda: [NOWHERE, server.url])

    first, second = (Workflow.parse("flow", adopt(custom(), f"{name}.json")) for name in ("one", "two"))

    assert first.graph["20"]["inputs"]["amount"] == second.graph["20"]["inputs"]["amount"] == 2.5
    assert server.asked == 1


def test_a_known_file_asks_nobody(server: Server) -> None:
    """Files of known classes are read without any server."""
    adopt = Adopter(lambda: [server.url])
    adopt((TEMPLATES / "image_qwen_Image_2512.editor.json").read_bytes(), "flow.json")

    assert server.asked == 0


def test_without_a_server_it_is_tried_again() -> None:
    """Where nobody can be asked the file is refused for the time being, naming the class."""
    with pytest.raises(WorkflowError, match="HouseSharpen") as caught:
        Adopter(lambda: [NOWHERE])(custom(), "flow.json")

    assert caught.value.retry_after


def test_a_broken_file_is_not(tmp_path: Path) -> None:
    """A file that is wrong in itself waits for nothing but its author."""
    with pytest.raises(WorkflowError, match="not valid JSON") as caught:
        Adopter(lambda: [NOWHERE])(b'{"nodes": [', "flow.json")

    assert caught.value.retry_after is None


def test_a_large_file_is_read_in_a_process_of_its_own() -> None:
    """It becomes the same document as a small one, and its problems are told alike."""
    adopt = Adopter(lambda: [NOWHERE])
    small = json.loads((TEMPLATES / "image_qwen_Image_2512.editor.json").read_text("utf-8"))
    large = {**small, "extra": {"padding": "x" * LARGE}}
    documents = [json.loads(adopt(json.dumps(one).encode(), "flow.json")) for one in (small, large)]

    assert documents[0] == documents[1]
    with pytest.raises(WorkflowError, match="no node of ComfyUI"):
        adopt(json.dumps({"padding": "x" * LARGE}).encode(), "flow.json")


def test_what_no_operation_fills_stands_for_none() -> None:
    """A graph whose slots fit no operation is a model of its own, never a choice for anything else."""
    graph = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}},
        "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
        "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}},
    }
    made = Workflow.parse("flow", Adopter(list)(json.dumps(graph).encode(), "flow.json"))

    assert made.header.operations == ()
    assert (made.min_images, made.max_images) == (1, 1)


def test_further_results() -> None:
    """Beside the picture, words that the graph shows are results; pictures that are only shown on the way are not."""
    graph = json.loads((TEMPLATES / "image_qwen_Image_2512.api.json").read_text("utf-8"))
    words = next(key for key, one in graph.items() if "value" in one["inputs"])
    decoded = next(key for key, one in graph.items() if one["class_type"] == "VAEDecode")
    graph["a"] = {"class_type": "PreviewAny", "inputs": {"source": [words, 0]}}
    graph["b"] = {"class_type": "PreviewImage", "inputs": {"images": [decoded, 0]}}
    made = Workflow.parse("flow", Adopter(list)(json.dumps(graph).encode(), "flow.json"))

    assert made.header.outputs.keys() == {"image", "text"}
    assert made.header.outputs["text"] == "a"


def test_a_gap_in_a_header_is_filled(tmp_path: Path) -> None:
    """A header that says only a part keeps its part; what is missing is found."""
    graph = json.loads((TEMPLATES / "image_qwen_Image_2512.api.json").read_text("utf-8"))
    (tmp_path / "flow.json").write_text(json.dumps({"_protobanana": {"title": "Mine"}, **graph}), "utf-8")
    library = WorkflowLibrary(tmp_path, adopt=Adopter(list))

    assert library.get("flow").title == "Mine"
    assert "prompt" in library.get("flow").slots
    assert library.own() == {"flow": "flow.json"}


def test_files_that_are_no_documents_keep_nothing_from_starting(tmp_path: Path) -> None:
    """At start-up a file that never said to be a document is only told of."""
    (tmp_path / "notes.json").write_text("{}", "utf-8")
    (tmp_path / "half.json").write_text('{"nodes": [', "utf-8")

    assert WorkflowLibrary(tmp_path, adopt=Adopter(list)).problems.keys() == {"notes.json", "half.json"}
