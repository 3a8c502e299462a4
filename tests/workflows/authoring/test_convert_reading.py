"""Files of all kinds that authors have."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from protobanana.errors import WorkflowError
from protobanana.workflows.authoring.convert import convert, read_any
from protobanana.workflows.authoring.export import export
from protobanana.workflows.authoring.schema import recorded
from support.editor import drawing

EDITOR = drawing().done()
API = convert(EDITOR, recorded()).graph
HEADER = {"schema": 1, "operation": "generate", "outputs": {"image": "9"}, "slots": {"prompt": "6.text"}}


def encoded(document: Any) -> bytes:
    """A JSON file."""
    return json.dumps(document).encode()


def picture(**texts: Any) -> bytes:
    """A PNG with texts."""
    info = PngImagePlugin.PngInfo()
    for key, value in texts.items():
        info.add_text(key, json.dumps(value))
    buffer = BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "kind", "header"),
    [
        (encoded(API), "api", None),
        (b"\xef\xbb\xbf" + encoded(API), "api", None),
        (encoded(API | {"_protobanana": HEADER, "_doc": "x"}), "api", HEADER),
        (encoded({"prompt": API, "client_id": "me"}), "api", None),
        (encoded(EDITOR), "editor", None),
        (encoded(export(API | {"_protobanana": HEADER}, recorded())), "editor", HEADER),
        (picture(workflow=EDITOR), "editor", None),
        (picture(prompt=API, workflow=EDITOR), "api", None),
    ],
    ids=["api", "api with a mark", "document", "request", "editor", "exported", "picture", "picture with both"],
)
def test_every_kind_of_file_gives_its_graph(data: bytes, kind: str, header: Any) -> None:
    """Whatever the author has, the graph in it is the same."""
    found = read_any(data, "mine.json", recorded())

    assert (found.graph, found.kind, found.header) == (API, kind, header)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "mine: it is not valid JSON"),
        (b"{", "mine: it is not valid JSON"),
        (b"[1]", "mine: it is JSON, but no object"),
        (b"{}", "mine: it is JSON, but no node of ComfyUI is in it"),
        (b'{"version": "1", "name": "x"}', "no node of ComfyUI is in it. It may be an API graph"),
        (b"\x00\xff\xfe", "neither UTF-8 text nor a picture"),
        (b"[" * 200_000, "nested too deeply"),
        (picture(), "a picture without a workflow in it"),
        (encoded({"1": {"class_type": "A", "inputs": {"x": ["2", 0]}}}), "linked to node 2, which does not exist"),
        (encoded({"nodes": [{"id": 1}]}), "mine: a node is no object with a `type`"),
    ],
)
def test_other_files_are_refused_with_a_sentence(data: bytes, message: str) -> None:
    """The error says what the file is not, and which kinds there are."""
    with pytest.raises(WorkflowError) as caught:
        read_any(data, "mine", recorded())
    assert message in caught.value.message
